"""Is a change that is told of never lost where the stream breaks, and is it said where it must be?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from pymongo import AsyncMongoClient

from adapters import replicaset
from adapters.failures import StoreDown
from adapters.feed import Change, Feed, FeedLost
from adapters.records import Record, RecordId
from tests.gateway.conftest import lone_mongod

NOTES = Record(name="notes")
ANN = RecordId()
# From MongoDB's error_codes.yml.
HISTORY_LOST, STEPPING_DOWN = 286, 11602


@dataclass
class Server:
    """A database whose commands can be had fail, and a feed of it."""

    client: AsyncMongoClient[dict[str, Any]]
    feed: Feed

    async def note(self, text: str) -> None:
        """Adds a note of Ann's."""
        await self.client.shop.notes.insert_one({"customer_id": ANN, "text": text})

    async def fails(self, command: str, code: int, *, times: int = 1) -> None:
        """Has the next such commands fail."""
        data = {"failCommands": [command], "errorCode": code}
        await self.client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": times}, "data": data})


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A replica set of one, of which tests may ask for trouble."""
    async with lone_mongod("--replSet", replicaset.SET_NAME, "--setParameter", "enableTestCommands=1") as url:
        socket = Path(unquote(url.removeprefix("mongodb://").rstrip("/")))
        await replicaset.become_primary(socket)
        async with AsyncMongoClient(replicaset.url_of(socket), retryReads=False) as client:
            await client.shop.create_collection("notes")
            feed = Feed(client.shop)
            yield Server(client, feed)
            await feed.close()


async def texts(server: Server, changes: list[Change]) -> list[str]:
    """What was written, in the order in which it was told."""
    found = {one["_id"]: one["text"] async for one in server.client.shop.notes.find()}
    return [found[one.key] for one in changes]


@pytest.mark.parametrize("code", [STEPPING_DOWN, 50])
async def test_broken_stream_goes_on(server: Server, code: int) -> None:
    """A stream that breaks goes on from its place: nothing is lost, and nothing is told twice."""
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        changes = server.feed.changes(follower, None)
        await server.note("a")
        found = [await asyncio.wait_for(anext(changes), 10)]
        await server.fails("getMore", code, times=2)
        for text in "bc":
            await server.note(text)
        found += [await asyncio.wait_for(anext(changes), 10) for _ in range(2)]
        assert await texts(server, found) == ["a", "b", "c"]
        await changes.aclose()


async def test_lost_place(server: Server) -> None:
    """What the database does not remember is said to be lost; what it cannot look at now, to be tried again."""
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        changes = server.feed.changes(follower, None)
        await server.note("a")
        place = (await asyncio.wait_for(anext(changes), 10)).place
        await changes.aclose()
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        for code, error in ((HISTORY_LOST, FeedLost), (50, StoreDown)):
            await server.fails("aggregate", code)
            with pytest.raises(error):
                await anext(server.feed.changes(follower, place))


async def test_lost_stream(server: Server) -> None:
    """Where the common stream has lost its place, everybody who follows is told, and whoever comes then is followed."""
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        await server.fails("getMore", HISTORY_LOST)
        with pytest.raises(FeedLost):
            await asyncio.wait_for(follower.next(), 10)
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        await server.note("a")
        assert (await asyncio.wait_for(follower.next(), 10)).owner == ANN


async def test_one_leaves_another_comes(server: Server) -> None:
    """Who comes just while the last one leaves misses nothing."""
    for n in range(20):
        async with AsyncExitStack() as leaving:
            await leaving.enter_async_context(server.feed.follow(frozenset({ANN}), [NOTES]))
            closing = asyncio.ensure_future(leaving.pop_all().aclose())
            await asyncio.sleep(0)
        async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
            await server.note(str(n))
            found = await asyncio.wait_for(follower.next(), 10)
            assert await texts(server, [found]) == [str(n)]
            await closing


async def test_late_stream_repeats_nothing(server: Server) -> None:
    """A stream that is behind the place from which somebody goes on tells them nothing again."""
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as first:
        for text in "abc":
            await server.note(text)
        told = [await asyncio.wait_for(first.next(), 10) for _ in range(3)]
        async with server.feed.follow(frozenset({ANN}), [NOTES]) as late:
            for change in told:
                # As the common stream of another process would, which has not come so far.
                late.tell(change)
            changes = server.feed.changes(late, told[1].place)
            await server.note("d")
            found = [await asyncio.wait_for(anext(changes), 10) for _ in range(2)]
            assert await texts(server, found) == ["c", "d"]
            await server.note("e")
            assert await texts(server, [await asyncio.wait_for(anext(changes), 10)]) == ["e"]
            await changes.aclose()


async def test_unforeseen_ends_all(server: Server) -> None:
    """What nobody foresaw in the stream is raised to everybody who follows, and whoever comes next is followed."""
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        server.feed._owner = {}
        await server.note("nobody knows whose")
        with pytest.raises(KeyError):
            await asyncio.wait_for(follower.next(), 10)
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        await server.note("a")
        assert (await asyncio.wait_for(follower.next(), 10)).owner == ANN
