"""Does anything that the house says during a test hold a secret or a person's value? Then that test fails.

Heard are each line of every log as the gateway would write it, whatever stands on stdout and stderr, warnings, what
processes wrote that a test started, and what answers tell of errors. `tests/planted.py` says what is searched for.
"""

import logging
import subprocess
from collections.abc import Generator, Mapping, Sequence
from io import StringIO
from typing import Any

import pytest

from gateway.logs import configure_logs
from tests.planted import planted_in


class Net:
    """What was heard that must not be said, since the last look."""

    def __init__(self) -> None:
        self._caught: list[str] = []
        configure_logs("debug", stream=StringIO())
        (handler,) = logging.getLogger().handlers
        self._format = handler.format
        # The net hears for itself; a handler of the root would say everything twice.
        logging.getLogger().removeHandler(handler)

    def hear(self, where: str, text: str) -> None:
        """Keeps the text, if a planted value stands in it."""
        value = planted_in(text)
        if value is not None:
            at = text.index(value)
            self._caught.append(f"{where}: ...{text[max(at - 200, 0) : at + 200]}...")

    def hear_record(self, record: logging.LogRecord) -> None:
        """The same of a line of a log, as the gateway writes it."""
        self.hear(f"the log {record.name}", self._format(record))

    def hear_errors(self, told: Sequence[Mapping[str, Any]]) -> None:
        """The same of what an answer tells of errors."""
        for one in told:
            self.hear("an error of an answer", f"{one.get('message')} {one.get('extensions')}")

    def hear_refusals(self, data: Any) -> None:
        """The same of the refusals that mutations answer."""
        if isinstance(data, Mapping):
            if "message" in data:
                self.hear("a refusal", f"{data['message']} {data.get('inputPath')}")
            for one in data.values():
                self.hear_refusals(one)
        elif isinstance(data, list):
            for one in data:
                self.hear_refusals(one)

    def taken_out(self) -> list[str]:
        """What was caught; the net is empty then."""
        caught, self._caught = self._caught, []
        return caught


NET = Net()


def _hear_logs() -> None:
    """Every record of every logger that is enabled, before any handler has it."""
    plain = logging.Logger.callHandlers

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        NET.hear_record(record)
        plain(self, record)

    logging.Logger.callHandlers = call_handlers


def _hear_processes() -> None:
    """What processes wrote whose output a test reads at their end."""
    plain = subprocess.Popen.communicate

    def communicate(self: subprocess.Popen, *given: Any, **named: Any) -> tuple[Any, Any]:
        written = plain(self, *given, **named)
        for text in written:
            if text:
                NET.hear(
                    f"what process {self.args!r:.80} wrote", text if isinstance(text, str) else text.decode("latin-1")
                )
        return written

    subprocess.Popen.communicate = communicate


_hear_logs()
_hear_processes()
# What doubles and clients of the tests write down is theirs: the URLs that they were asked.
for _name in ("aiohttp.access", "httpx", "httpcore", "hypothesis", "faker"):
    logging.getLogger(_name).setLevel(logging.WARNING)


def pytest_warning_recorded(warning_message: Any, nodeid: str) -> None:
    """Hears warnings; most of them are errors in these tests anyway."""
    NET.hear(f"a warning in {nodeid}", str(warning_message.message))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """The report of a part of a test; it failed, if anything was said in it that must not be."""
    report = yield
    if call.when == "teardown":
        for name, text in report.sections:
            # Lines of the log were heard already, as the gateway writes them.
            if "log" not in name:
                NET.hear(name, text)
    if (caught := NET.taken_out()) and report.outcome != "failed" and not item.get_closest_marker("says_planted"):
        report.outcome = "failed"
        report.longrepr = "Somebody's value or a secret was said:\n" + "\n".join(caught)
    return report
