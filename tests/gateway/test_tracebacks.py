"""What nobody foresaw is shown by its place and its kind, and quotes nothing, wherever it comes out."""

import asyncio
import gc
import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable
from io import StringIO

import aiohttp
import graphql
import jmespath.exceptions
import pytest
from pymongo.errors import DuplicateKeyError

from adapters.failures import StoreDown
from gateway.logs import configure_logs
from gateway.tracebacks import traceback_of
from tests.gateway.conftest import logs_as_before

__all__ = ["logs_as_before"]

MARK = "zqxvjwkhaoutside"
QUOTING = [
    OSError(2, "No such file", f"/home/{MARK}"),
    DuplicateKeyError(f'E11000 dup key: {{ value: "{MARK}" }}', 11000, {"keyValue": {"value": MARK}}),
    jmespath.exceptions.JMESPathTypeError("length", MARK, "string", ["array"]),
    aiohttp.InvalidURL(f"https://acme.example/{MARK}"),
    graphql.GraphQLError(f"String cannot represent {MARK}"),
    ExceptionGroup(f"of {MARK}", [ValueError(MARK)]),
    LookupError(MARK),
    Exception(f"first\nsecond {MARK}"),
]


@pytest.mark.parametrize("error", QUOTING, ids=lambda one: type(one).__name__)
def test_words_of_others_left_out(error: Exception) -> None:
    """Of an error that is not the house's own, its kind is shown and none of its words."""
    error.add_note(MARK)
    told = traceback_of(error)
    assert type(error).__name__ in told
    assert MARK not in told


def test_own_words_stay() -> None:
    """What the house itself says of an error is shown, and that the other error stood behind it."""
    try:
        raise StoreDown("The database does not answer.") from KeyError(MARK)  # noqa: TRY301  raised here to have a traceback
    except StoreDown as error:
        told = traceback_of(error)
    assert told.endswith("StoreDown: The database does not answer.")
    assert "KeyError: (its words are left out" in told
    assert "direct cause" in told
    assert "test_tracebacks.py" in told


def _lost_task() -> None:
    async def fail() -> None:
        raise ValueError(MARK)

    asyncio.get_running_loop().create_task(fail(), name=MARK)


def _failing_callback() -> None:
    asyncio.get_running_loop().call_soon(int, MARK)


@pytest.mark.parametrize(
    ("cause", "said"),
    [(_lost_task, "Task exception was never retrieved"), (_failing_callback, "Exception in callback")],
)
@pytest.mark.usefixtures("logs_as_before")
def test_loop_shows_no_object(cause: Callable[[], None], said: str) -> None:
    """The event loop's own lines say what happened, and nothing of tasks, callbacks and what they were given."""
    logs = StringIO()
    configure_logs("debug", stream=logs)

    async def run() -> None:
        cause()
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    asyncio.run(run())
    gc.collect()
    assert json.loads(logs.getvalue())["event"].startswith(said)
    assert "ValueError" in logs.getvalue()
    assert MARK not in logs.getvalue()


@pytest.mark.usefixtures("logs_as_before")
def test_libraries_say_no_details() -> None:
    """Even at `debug` libraries say only what is amiss: their details are what was sent and read."""
    logs = StringIO()
    configure_logs("debug", stream=logs)
    for name in ("pymongo.command", "aiohttp.client", "websockets.server", "uvicorn.error"):
        logging.getLogger(name).debug("sent %s", MARK)
    logging.getLogger("gateway.test").debug("heard")
    assert json.loads(logs.getvalue())["event"] == "heard"


@pytest.mark.usefixtures("logs_as_before")
def test_warning_without_words() -> None:
    """A warning is logged by its place and kind."""
    logs = StringIO()
    with warnings.catch_warnings():
        logging.captureWarnings(capture=False)
        configure_logs("info", stream=logs)
        warnings.simplefilter("always")
        warnings.warn(f"Expected str but got {MARK}", stacklevel=1)
    assert json.loads(logs.getvalue())["event"].endswith(": UserWarning")


# As `gateway/__main__.py` does it, for a command that fails.
_LAST_WORDS = """
from gateway.tracebacks import guard_last_words
guard_last_words()
import sys, threading, typer
from gateway.cli import app
guard_last_words()

class Odd:
    def __del__(self):
        raise ValueError(sys.argv[1])

@app.command()
def fail():
    Odd()
    thread = threading.Thread(target=int, args=(sys.argv[1],))
    thread.start()
    thread.join()
    raise ValueError(sys.argv[1])

app(["fail"])
"""


def test_last_words_quote_nothing() -> None:
    """What nobody caught, in a command, a thread or an object's end, is told on stderr without its words."""
    words = [sys.executable, "-c", _LAST_WORDS, MARK]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr.count("ValueError: (its words are left out")) == (1, 3)
    assert MARK not in ran.stderr
