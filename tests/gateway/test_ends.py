"""Is each request told of once, with the moment of its end, in few pieces, and also where the process ends?"""

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest

from gateway import ends
from gateway.ends import Ends
from gateway.logs import configure_logs, together
from gateway.telemetry import Telemetry
from gateway.traces import Trace
from tests.waiting import until

# What else is served in this process may end meanwhile, and is told, too: what ends here has a path of its own.
PATH = "/here"
SCOPE = {"type": "http", "path": PATH, "method": "POST", "endpoint": None, "path_params": {}, "headers": []}


class Written(StringIO):
    """A stream that counts the pieces in which requests of `PATH` are told."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces = 0

    def write(self, text: str, /) -> int:
        """One more, or what is none of ours."""
        self.pieces += f'"{PATH}"' in text
        return super().write(text)

    @property
    def ids(self) -> list[str]:
        """Of which requests there are lines."""
        return [one["request_id"] for one in self.lines]

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The lines of requests of `PATH`."""
        return [one for one in map(json.loads, self.getvalue().splitlines()) if one.get("path") == PATH]


@pytest.fixture
def written(logs_as_before: None) -> Written:
    """Where the log goes."""
    del logs_as_before
    stream = Written()
    configure_logs("info", stream=stream)
    return stream


async def test_told_together(written: Written) -> None:
    """What ended in one moment is written in one piece, in order; each line has the moment of its end."""
    waiting, before = Ends(), datetime.now(UTC)
    for n in range(10):
        waiting.note(SCOPE, Trace(f"{n}"), 200, 0.001)
    after = datetime.now(UTC)
    assert written.ids == []
    await until(lambda: written.ids)
    assert (written.ids, written.pieces) == ([f"{n}" for n in range(10)], 1)
    moments = [one["timestamp"] for one in written.lines]
    assert all(before <= datetime.fromisoformat(one) <= after for one in moments)
    assert moments == sorted(moments)


async def test_many_do_not_wait(written: Written) -> None:
    """So many that others would wait for the telling are told at once."""
    waiting = Ends()
    for n in range(ends._MOST):
        waiting.note(SCOPE, Trace(f"{n}"), 200, 0.001)
    assert len(written.ids) == ends._MOST
    await asyncio.sleep(2 * ends._SOON_S)
    assert len(written.ids) == ends._MOST


async def test_process_ends(written: Written) -> None:
    """A process that ends tells first of what ended in it."""
    over = asyncio.Event()

    async def app(scope: object, _receive: object, _send: object) -> None:
        assert isinstance(scope, dict)
        if scope["type"] == "lifespan":
            await over.wait()

    telemetry = Telemetry(app)
    living = asyncio.create_task(telemetry({"type": "lifespan"}, asyncio.Event().wait, print))
    await telemetry(dict(SCOPE), asyncio.Event().wait, print)
    over.set()
    await living
    assert len(written.ids) == 1


async def test_each_has_its_own_context(written: Written) -> None:
    """What was bound to the request that noted first stands in no other's line."""
    waiting = Ends()

    async def noted(word: str) -> None:
        waiting.note(SCOPE, Trace(word, operation=word), 200, 0.001)

    await asyncio.gather(noted("a"), noted("b"))
    waiting.settle()
    assert [(one["request_id"], one["operation"]) for one in written.lines] == [("a", "a"), ("b", "b")]


def test_threads_lose_no_line(written: Written) -> None:
    """Lines of other threads come, whatever is gathered meanwhile."""
    log = logging.getLogger("gateway.somewhere")
    with ThreadPoolExecutor(4) as pool:
        told = [pool.submit(log.warning, "word") for _ in range(500)]
        for _ in range(200):
            with together():
                log.warning("word")
        for one in told:
            one.result()
    assert written.getvalue().count('"word"') == 700


def test_what_breaks_off_is_told(written: Written) -> None:
    """Lines that were gathered when something broke are written."""

    def broken() -> None:
        with together():
            logging.getLogger("gateway.somewhere").warning("before")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert "before" in written.getvalue()
