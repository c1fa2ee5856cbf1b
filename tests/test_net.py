"""The net under the whole run catches what must not be said, and fails the test in which it was said."""

import logging
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from tests.net import NET
from tests.planted import CALLER, SEAL, TOY_SECRET, planted_in


def _structured() -> None:
    structlog.get_logger("gateway.test").debug("heard", who=CALLER)


def _raised() -> None:
    try:
        raise RuntimeError(TOY_SECRET)  # noqa: TRY301  raised here to have a traceback
    except RuntimeError:
        logging.getLogger("acme").exception("It failed.")


def _of_library() -> None:
    logging.getLogger("acme").warning("sent %s", {"to": "ann.lee@example.com"})


def _error() -> None:
    NET.hear_errors([{"message": f"no {SEAL}"}])


@pytest.mark.parametrize("say", [_structured, _raised, _of_library, _error], ids=lambda one: one.__name__)
def test_net_catches(say: Callable[[], None]) -> None:
    """A planted value is caught in a line's values, in a traceback, in a library's line, and in what answers tell."""
    say()
    caught = NET.taken_out()
    assert len(caught) == 1
    assert planted_in(caught[0])


def test_refusal_caught() -> None:
    """A planted value is caught in the message of a refusal, however deep; what was asked for is nobody's leak."""
    NET.hear_refusals({"a": [{"name": SEAL, "message": "It is taken.", "inputPath": ["value"]}]})
    assert NET.taken_out() == []
    NET.hear_refusals({"a": [{"message": "+14155550123 is taken."}]})
    assert len(NET.taken_out()) == 1


def test_hints_are_no_leak() -> None:
    """How a number is written may be said by the house's own sample, which is somebody's value anywhere else."""
    assert planted_in("Send it with its country code, as +14155550123.") is None
    assert planted_in("Send it with its country code, as +14155550123. Not +14155550123.") == "+14155550123"


_LEAKING = """
import logging, sys
from tests.planted import SEAL

def test_says_nothing(): logging.getLogger("gateway").debug("well")
def test_logs(): logging.getLogger("gateway").debug("sealed by %s", SEAL)
def test_prints(): print(SEAL)
def test_writes(): sys.stderr.write(SEAL)
"""


def test_leaking_tests_fail(tmp_path: Path, root: Path) -> None:
    """The very test in which something was said fails, though its own assertions hold."""
    file = tmp_path / "test_leaking.py"
    file.write_text(_LEAKING, "utf-8")
    words = ["-m", "pytest", "-q", "-rA", "-c", "/dev/null", "-p", "tests.net", "-p", "no:cacheprovider", str(file)]
    # Not by `communicate`, which the net hears, too.
    with (tmp_path / "said").open("w") as said:
        subprocess.call([sys.executable, *words], cwd=root, stdout=said, stderr=said)
    told = (tmp_path / "said").read_text("utf-8").splitlines()
    failed = {line.rpartition("::test_")[2].split()[0] for line in told if line.startswith(("FAILED", "ERROR"))}
    assert failed == {"logs", "prints", "writes"}
