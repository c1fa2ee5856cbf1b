"""Does one long question at a time make something of what it read, and does no question wait for ever for its turn?"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.courtesy import read_of
from adapters.failures import StoreRefused
from gateway import places as room
from gateway.execution import Known
from gateway.places import SHORT_ROWS, Places

Work = Callable[[], Awaitable[Any]]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gives up waiting for a turn, so that a turn that is lost is seen."""
    monkeypatch.setattr(room, "_PATIENCE_S", 60.0)


def _long() -> Known:
    return Known(None)  # type: ignore[arg-type]  # nobody looks at the document


class _Diary:
    """Who computes, and how many of them at once at most."""

    def __init__(self) -> None:
        self.computing: list[str] = []
        self.most = 0

    @asynccontextmanager
    async def computes(self, name: str) -> AsyncIterator[None]:
        """A block in which a question computes, letting the loop go on as plans do."""
        self.computing.append(name)
        self.most = max(self.most, len(self.computing))
        for _ in range(5):
            await asyncio.sleep(0)
        yield
        self.computing.remove(name)


@pytest.mark.usefixtures("impatient")
async def test_one_computes() -> None:
    """Of several questions that are under way one computes at a time; their reads are under way together."""
    places, diary = Places(3), _Diary()
    reading = most_reading = 0

    async def read() -> None:
        nonlocal reading, most_reading
        reading += 1
        most_reading = max(most_reading, reading)
        await asyncio.sleep(0.01)
        reading -= 1

    async def question(name: str) -> None:
        async with places.take(_long(), SHORT_ROWS + 1):
            for _ in range(3):
                async with diary.computes(name):
                    pass
                await read_of(read())

    async with asyncio.timeout(5):
        await asyncio.gather(*map(question, "abc"))
    assert diary.most == 1
    assert most_reading > 1


@pytest.mark.usefixtures("impatient")
async def test_reads_of_one_come_back_together() -> None:
    """Reads of one question that are answered at the same moment stand in line once, and none waits for another."""
    places = Places(2)

    async def question() -> list[str]:
        async with places.take(_long(), SHORT_ROWS + 1):
            answered = asyncio.Event()
            asyncio.get_running_loop().call_later(0.01, answered.set)
            return await asyncio.gather(*[read_of(_after(answered, name)) for name in "xyz"])

    async with asyncio.timeout(5):
        assert await asyncio.gather(question(), question()) == [["x", "y", "z"]] * 2


async def _after(event: asyncio.Event, name: str) -> str:
    await event.wait()
    return name


@pytest.mark.usefixtures("impatient")
async def test_left_while_waiting() -> None:
    """A question that is left while it waits for its turn, or while it reads, or fails, leaves the turn to the next."""
    places, held, never = Places(9), asyncio.Event(), asyncio.Event()

    async def question(work: Work) -> Any:
        async with places.take(_long(), SHORT_ROWS + 1):
            return await work()

    async def refused() -> None:
        raise StoreRefused("no")

    async with asyncio.timeout(5):
        holder = asyncio.create_task(question(held.wait))
        await asyncio.sleep(0.01)
        waiting = [asyncio.create_task(question(never.wait)) for _ in range(2)]
        await asyncio.sleep(0.01)
        waiting[0].cancel()
        held.set()
        await holder
        await asyncio.sleep(0.01)
        # The second has the turn by now, and nothing to give up but the turn.
        waiting[1].cancel()
        reading = asyncio.create_task(question(lambda: read_of(never.wait())))
        await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.gather(*waiting, reading, return_exceptions=True)
        with pytest.raises(StoreRefused):
            await question(lambda: read_of(refused()))
        assert await question(lambda: read_of(_after(held, "free"))) == "free"


@pytest.mark.usefixtures("impatient")
async def test_read_behind_the_answer() -> None:
    """A read that comes back when its question is answered takes no turn away."""
    places, late = Places(2), asyncio.Event()
    async with places.take(_long(), SHORT_ROWS + 1):
        straggler = asyncio.create_task(read_of(_after(late, "late")))
        await asyncio.sleep(0)
    late.set()
    async with asyncio.timeout(5):
        assert await straggler == "late"
        async with places.take(_long(), SHORT_ROWS + 1):
            pass


async def test_turn_is_no_lock() -> None:
    """A question that has the turn and waits for what only another one brings gets it."""
    places, brought = Places(2), asyncio.Event()

    async def brings() -> None:
        async with places.take(_long(), SHORT_ROWS + 1):
            await read_of(asyncio.sleep(0.01))
            brought.set()

    async with asyncio.timeout(5):
        other = asyncio.create_task(brings())
        await asyncio.sleep(0)
        async with places.take(_long(), SHORT_ROWS + 1):
            await brought.wait()
        await other
