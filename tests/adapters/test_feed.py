"""Is a change that is told of never lost where the stream breaks, and is it said where it must be?"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from pymongo import AsyncMongoClient

from adapters import replicaset
from adapters.failures import StoreDown
from adapters.feed import Change, Feed, FeedLost, Since
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
                await anext(server.feed.changes(follower, Since(place, "anna", most=1, most_of_one=1)))


async def test_lost_stream(server: Server) -> None:
    """Where the common stream has lost its place, everybody who follows is told, and whoever comes then is followed."""
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        await server.fails("getMore", HISTORY_LOST)
        with pytest.raises(FeedLost):
            await asyncio.wait_for(follower.next(), 10)
    async with server.feed.follow(frozenset({ANN}), [NOTES]) as follower:
        await server.note("a")
        assert (await asyncio.wait_for(follower.next(), 10)).owner == ANN
