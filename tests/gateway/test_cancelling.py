"""Does whoever ends what it began wait for that, and hear of its own cancellation all the same?"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest
from structlog.testing import capture_logs

from gateway.cancelling import Over, ended, unless
from gateway.questions import Answer, Fate
from gateway.subscriptions import Held
from resolvers.kit.viewer import Role, Viewer
from tests.gateway.conftest import Gate


async def test_cancelled_while_process_ends(gate: Gate) -> None:
    """Whoever is cancelled while a subscription ends with the process is cancelled, and nothing is unforeseen in it."""
    began, closing, may_close = asyncio.Event(), asyncio.Event(), asyncio.Event()
    heard: list[Held] = []

    async def answers() -> AsyncGenerator[Answer, None]:
        try:
            began.set()
            await asyncio.Event().wait()
            yield Answer(Fate.ANSWERED, {})
        finally:
            closing.set()
            await may_close.wait()

    async def prove() -> None:
        return

    async def follow() -> None:
        async with aclosing(
            gate.house.subscriptions.held(Viewer(subject="anna", role=Role.AGENT), answers(), prove)
        ) as held:
            heard.extend([one async for one in held])

    with capture_logs() as logs:
        following = asyncio.create_task(follow())
        await asyncio.wait_for(began.wait(), 10)
        gate.house.subscriptions.close()
        await asyncio.wait_for(closing.wait(), 10)
        following.cancel()
        await asyncio.wait({following}, timeout=0.05)
        assert not following.done(), "what it reads from is still being closed"
        may_close.set()
        with pytest.raises(asyncio.CancelledError):
            await following
    assert (heard, [one["event"] for one in logs if one["log_level"] == "error"]) == ([], [])
    assert len(gate.house.subscriptions) == 0


async def _closes_slowly(for_s: float) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(for_s)


async def test_timeout_knows_its_own() -> None:
    """A time that is up while something ends is told as such behind that; the task is under no cancellation then."""
    slow = asyncio.create_task(_closes_slowly(0.2))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await ended([slow])
    assert slow.done()
    me = asyncio.current_task()
    assert me is not None
    assert me.cancelling() == 0


async def test_ends_what_lost_it() -> None:
    """What has lost a cancellation is told again."""

    async def loses() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.Event().wait()

    losing = asyncio.create_task(loses())
    await asyncio.sleep(0)
    await asyncio.wait_for(ended([losing]), 10)
    assert losing.cancelled()


async def test_broken_off() -> None:
    """A block is broken off by what comes first, and by nothing that comes behind its end."""
    over = asyncio.get_running_loop().create_future()
    async with unless(over):
        await asyncio.sleep(0)
        over.set_result(None)
    with pytest.raises(Over):
        async with unless(over):
            await asyncio.Event().wait()
    with pytest.raises(TimeoutError):
        async with unless(asyncio.get_running_loop().create_future()):
            raise TimeoutError
