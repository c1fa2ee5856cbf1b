"""What does it cost to be told who else a customer may be, as the base grows, against looking the customer up?

    python -m benchmarks.suggestions            1,000,000 customers: ten minutes to fill, and 5 GB of disk
    python -m benchmarks.suggestions 20000      fewer, for a quick look

The customers are made up as for `benchmarks.matching`; no scan has gone over them, so that whoever is suggested was
found when it was asked. Each question is about another customer, one who has a double. It is asked twice: of a gateway
that runs beside, as callers ask it, and of the graph alone, without what HTTP and signing in cost both.
"""

import asyncio
import random
import secrets
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import orjson

from adapters.mongo import Store
from adapters.records import Document, Observation, key_hash, new_id
from benchmarks.bench import DATABASE, Bench, bench, judged
from benchmarks.made_up_people import People
from benchmarks.matching import MADE_UP_ATTRIBUTES
from benchmarks.peers.processes import running
from benchmarks.peers.questions import headers, probe
from benchmarks.peers.roster import OURS, SERVERS
from benchmarks.peers.running import shared_environment
from gateway.memory import settle_memory
from resolvers.attribute_schema import DEFINITIONS, SYSTEM_DEFINITIONS
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.customers import CUSTOMERS, customer_document, following
from resolvers.identities import IDENTITIES, IDENTITY_KEYS

CUSTOMERS_IN_ALL = 1_000_000
MOST_COMMANDS, MOST_RATIO = 3, 5.0
_ROUNDS, _ASKED, _WARMING = 5, 100, 1_000
_BATCH, _CACHE_GB = 2_000, 4.0
# Customers of a household, doubles included, in the made-up base.
_OF_HOUSEHOLD = 3.25
_PLAIN = """query ($value: String!) { customerByIdentity(channel: "shop", account: "main", value: $value) {
  kind customer { id displayName } } }"""
_SUGGESTING = """query ($value: String!) { customerByIdentity(channel: "shop", account: "main", value: $value) {
  kind customer { id displayName } suggestions { id score isSure reasons { role level weight } } } }"""
_WHO = """query ($value: String!) { customerByIdentity(channel: "shop", account: "main", value: $value) {
  suggestions(first: 20) { customers { id } } } }"""
_AT = datetime(2026, 1, 1, tzinfo=UTC)


async def main() -> None:
    """Prints a table, and judges commands and time."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else CUSTOMERS_IN_ALL
    sent = Sent()
    async with bench(cache_gb=_CACHE_GB, observer=sent) as house:
        doubles = await _fill(house, wanted)
        size = await house.size(CUSTOMERS)
        print(f"suggestions: one customer among {size:,}, of whom {sum(map(len, doubles)):,} have doubles")
        asked = random.Random(1).sample(doubles, min(len(doubles), 4 * _ROUNDS * _ASKED + _WARMING))
        settle_memory()
        values = [str(members[0]) for members in asked]
        await _settle(house, values[:_WARMING])
        values = values[_WARMING:]
        async with _gateway(house) as ask:
            await _measure("over HTTP, as callers ask", ask, values[: len(values) // 2])
        await _measure("the graph alone", _graph(house), values[len(values) // 2 :])
        await _count(house, sent, str(doubles[0][0]))
        await _judge_finding(house, [[str(one) for one in members] for members in asked[:_ASKED]])


class Sent:
    """Counts the commands of which the store tells."""

    def __init__(self) -> None:
        self.commands = 0

    def command_started(self, name: str, command: Document) -> None:
        """Called before a command leaves; the beat of the change stream does not count."""
        del command
        self.commands += name != "getMore"


async def _fill(house: Bench, wanted: int) -> list[list[int]]:
    """The numbers of those who are one person, person by person, of everyone who has a double."""
    begun = time.monotonic()
    known = {one["name"]: one for one in (*SYSTEM_DEFINITIONS, *MADE_UP_ATTRIBUTES)}
    await house.store.insert(DEFINITIONS, *MADE_UP_ATTRIBUTES)
    await house.store.insert(CHANNEL_ACCOUNTS, channel_account_document("shop", "main"))
    people, whose = People(seed=7, households=round(wanted / _OF_HOUSEHOLD)).records()
    del people[wanted:], whose[wanted:]
    for begin in range(0, len(people), _BATCH):
        await _write(house.store, begin, people[begin : begin + _BATCH], known)
        if begin % 100_000 == 0:
            print(f"  filling: {begin:,} of {len(people):,}, {time.monotonic() - begun:.0f} s", flush=True)
    by_person: defaultdict[int, list[int]] = defaultdict(list)
    for number, who in enumerate(whose):
        by_person[who].append(number)
    return [members for members in by_person.values() if len(members) > 1]


async def _write(store: Store, begin: int, people: Sequence[Document], known: dict[str, Document]) -> None:
    seen = Observation(observed_from="shop/main", observed_at=_AT)
    customers, keys, identities = [], [], []
    for number, one in enumerate(people, begin):
        made = customer_document(key=new_id(), values=one["attributes"], observed=seen, at=_AT, by="bench")
        made["contact_points"] = one.get("contact_points", [])
        customers.append(made | following(made, known))
        place = {"channel": "shop", "account": "main", "value": str(number)}
        keys.append({"_id": key_hash(*place.values()), "customer_id": made["_id"]})
        heard = {"claim": "VERIFIED", "profile": None, "first_seen_at": _AT, "last_seen_at": _AT}
        identities.append({"_id": new_id(), "customer_id": made["_id"], **place, **heard})
    await store.insert(CUSTOMERS, *customers)
    await store.insert(IDENTITY_KEYS, *keys)
    await store.insert(IDENTITIES, *identities)


Ask = Callable[[str, str], Awaitable[None]]
"""Asks one question about one customer, and returns when the answer is there."""


def _graph(house: Bench) -> Ask:
    async def ask(query: str, value: str) -> None:
        await house.ask(query, value=value)

    return ask


@asynccontextmanager
async def _gateway(house: Bench) -> AsyncIterator[Ask]:
    """A gateway of its own on the same database, asked over one connection that stays open."""
    secret = secrets.token_urlsafe(32)
    told = {**shared_environment(house.url, secret), "GATEWAY_DATABASE": DATABASE}
    async with running(SERVERS[OURS], told, None, probe(secret)) as server:
        place = urlsplit(server.url)
        connection, signed = HTTPConnection(place.hostname or "", place.port), headers(secret)

        async def ask(query: str, value: str) -> None:
            body = orjson.dumps({"query": query, "variables": {"value": value}})
            connection.request("POST", place.path, body, signed)
            answer = orjson.loads(connection.getresponse().read())
            if "errors" in answer:
                raise RuntimeError(answer["errors"][0])

        yield ask
        connection.close()


async def _settle(house: Bench, others: Sequence[str]) -> None:
    """Waits until what was filled lies on disk, and asks about others, so that the indexes are in use as on any day."""
    await house.command("fsync")
    for value in others:
        await house.ask(_SUGGESTING, value=value)


async def _measure(way: str, ask: Ask, asked: Sequence[str]) -> None:
    print(f" {way}")
    times: dict[str, list[list[float]]] = {"look-up": [], "suggestions": [], "again": []}
    values = iter(asked)
    for _ in range(_ROUNDS):
        some = _next(values, _ASKED)
        for name, query in (("look-up", _PLAIN), ("suggestions", _SUGGESTING), ("again", _SUGGESTING)):
            # The first questions are compiled, and the database plans anew.
            for value in some[:5] if name == "look-up" else _next(values, 5):
                await ask(query, value)
            times[name].append([await _timed(ask, query, value) for value in some])
    for name, rounds in times.items():
        middle, high = (statistics.median(_quantile(one, at) for one in rounds) for at in (50, 95))
        print(f"  {name:<12} {middle:7.2f} ms, p95 {high:.2f}")
    for name in ("suggestions", "again"):
        pairs = zip(times[name], times["look-up"], strict=True)
        found = statistics.median(_quantile(one, 95) / _quantile(other, 95) for one, other in pairs)
        print(f"    {judged(found <= MOST_RATIO)}: {name}, p95 {found:.1f} times a look-up's (at most {MOST_RATIO:g})")


def _next(values: Iterator[str], number: int) -> list[str]:
    return [value for _, value in zip(range(number), values, strict=False)]


def _quantile(times: Sequence[float], at: int) -> float:
    return statistics.quantiles(times, n=100)[at - 1]


async def _timed(ask: Ask, query: str, value: str) -> float:
    begin = time.perf_counter()
    await ask(query, value)
    return (time.perf_counter() - begin) * 1000


async def _count(house: Bench, sent: Sent, value: str) -> None:
    """How many commands it takes to suggest somebody for the first time: what is found is kept, too."""
    counts = []
    for query in (_PLAIN, _SUGGESTING):
        before = sent.commands
        await house.ask(query, value=value)
        counts.append(sent.commands - before)
    more = counts[1] - counts[0]
    print(f"    {judged(more <= MOST_COMMANDS)}: {more} commands beside the {counts[0]} of a look-up")


async def _judge_finding(house: Bench, people: Sequence[Sequence[str]]) -> None:
    """Of those who are one person with somebody, how many are suggested, and how many others."""
    ids = {}
    for members in people:
        for value in members:
            found = await house.ask(_PLAIN, value=value)
            ids[value] = found["customerByIdentity"]["customer"]["id"]
    right = wrong = missed = 0
    for members in people:
        answer: Any = (await house.ask(_WHO, value=members[0]))["customerByIdentity"]["suggestions"]
        suggested = {who["id"] for one in answer for who in one["customers"]} - {ids[members[0]]}
        same = {ids[value] for value in members[1:]}
        right, wrong = right + len(suggested & same), wrong + len(suggested - same)
        missed += len(same - suggested)
    print(f"  of {right + missed} doubles of {len(people)} customers {right} are suggested, and {wrong} others")


if __name__ == "__main__":
    asyncio.run(main())
