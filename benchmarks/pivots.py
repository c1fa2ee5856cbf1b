"""Do the pivots cost the same when there is very much: ten million history entries, and 12,000 interests of one person?

    python -m benchmarks.pivots             ten million entries, a million of them of one customer
    python -m benchmarks.pivots 1000000     fewer, for a quick look

The entries are made inside the database, four kinds side by side, five in each second.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.records import Observation, Record, RecordId, new_id
from benchmarks.bench import Bench, bench, interleaved, ratio, report
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.conversations import MESSAGES
from resolvers.customers import CUSTOMERS, customer_document
from resolvers.interests import INTERESTS
from resolvers.kit.ids import global_id
from resolvers.notes import NOTES
from resolvers.tickets import TICKETS

BEGIN = datetime(2015, 1, 1, tzinfo=UTC)
ALL = 10_000_000
# A tenth of all is one customer's; the others have a thousand each.
LONG_SHARE, OTHERS_HAVE = 10, 1_000
MUST, GOAL = 1.2, 1.05
# As MongoDB counts in a pipeline: so many documents are unwound at once.
_BLOCK = 1_000

PAGE = """
query Page($id: ID!, $first: Int, $after: String, $last: Int, $before: String, $filter: HistoryFilter) {
  customer(id: $id) { history(first: $first, after: $after, last: $last, before: $before, filter: $filter) {
    edges { cursor node { at kind channel item { ... on Node { id } ... on Message { text } } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }
}
"""
SUMMARY = """
query Summary($id: ID!) { customer(id: $id) {
  summary(top: 3) { factCount categories { category count top { name score } } }
} }
"""
FACTS = "query Facts($id: ID!) { customer(id: $id) { facts(first: 20) { nodes { category name score } } } }"

# Each kind: its share of ten entries, and what stands in it beside customer, moment and number.
_KINDS: Mapping[str, tuple[Record, str, int, Mapping[str, Any]]] = {
    "ticket": (TICKETS, "created_at", 1, {"subject": "?", "status": "OPEN", "updated_at": BEGIN}),
    "note": (NOTES, "created_at", 1, {"text": "Remember", "author_id": None}),
    "interest": (INTERESTS, "triggered_at", 1, {"name": "Cycling", "category": "Sports", "score": 0.5}),
    "message": (MESSAGES, "sent_at", 7, {"direction": "IN", "text": "Hello", "status": "RECEIVED"}),
}


async def main() -> None:
    """Fills, then measures pages at both ends and in the middle, both ways, filtered; then summaries."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else ALL
    async with bench(cache_gb=6.0) as house:
        await _pages(house, total)
        await _interests(house)


async def _pages(house: Bench, total: int) -> None:
    length = total // LONG_SHARE
    await house.store.insert(CHANNEL_ACCOUNTS, channel_account_document("whatsapp", "main"))
    short, long = await _customer(house), await _customer(house)
    await _history(house, [short], 100)
    await _history(house, [long], length)
    others = [await _customer(house) for _ in range((total - length) // OTHERS_HAVE)]
    for start in range(0, len(others), 1_000):
        await _history(house, others[start : start + 1_000], OTHERS_HAVE)
    whole = sum([await house.size(record) for record, *_ in _KINDS.values()])
    print(f"history: pages of 20; {whole:,} entries in all, {length:,} of one customer, five in each second")
    middle = await _cursor_at(house, long, length // 2)
    ids = {"short": global_id("Customer", short), "long": global_id("Customer", long)}
    by_kind, by_channel = {"kinds": ["TICKET"]}, {"channels": ["whatsapp"]}
    asked: dict[str, dict[str, Any]] = {
        "first of 100": {"id": ids["short"], "first": 20},
        "first": {"id": ids["long"], "first": 20},
        "middle": {"id": ids["long"], "first": 20, "after": middle},
        "middle, backwards": {"id": ids["long"], "last": 20, "before": middle},
        "last": {"id": ids["long"], "last": 20},
        "first, one kind": {"id": ids["long"], "first": 20, "filter": by_kind},
        "middle, one kind": {"id": ids["long"], "first": 20, "after": middle, "filter": by_kind},
        "first, one channel": {"id": ids["long"], "first": 20, "filter": by_channel},
        "middle, one channel": {"id": ids["long"], "first": 20, "after": middle, "filter": by_channel},
    }
    times = await interleaved({name: _asking(house, PAGE, one) for name, one in asked.items()}, rounds=15, calls=20)
    report(times, "first")
    for name, against in (
        ("middle", "first"),
        ("last", "first"),
        ("middle, backwards", "last"),
        ("middle, one kind", "first, one kind"),
        ("middle, one channel", "first, one channel"),
    ):
        print(f"  {name} to {against}: {ratio(times, name, against):.2f} (at most {MUST}, goal {GOAL})")


async def _interests(house: Bench) -> None:
    few, many = await _customer(house), await _customer(house)
    for customer, count in ((few, 120), (many, 12_000)):
        await _numbered(house, INTERESTS, customer, count)
    tasks = {
        f"{name}, {count} interests": _asking(house, question, {"id": global_id("Customer", customer)})
        for name, question in (("summary", SUMMARY), ("facts", FACTS))
        for customer, count in ((few, 120), (many, 12_000))
    }
    times = await interleaved(tasks, rounds=15, calls=10)
    print("interests of one customer")
    report(times, "summary, 120 interests")
    for name in ("summary", "facts"):
        print(f"  {name}, 12,000 to 120: {ratio(times, f'{name}, 12000 interests', f'{name}, 120 interests'):.2f}")


def _asking(house: Bench, question: str, variables: Mapping[str, Any]) -> Callable[[], Awaitable[object]]:
    return lambda: house.ask(question, **variables)


async def _customer(house: Bench) -> RecordId:
    seen = Observation(observed_from="bench", observed_at=BEGIN)
    document = customer_document(key=new_id(), values={"firstName": "Ann"}, observed=seen, at=BEGIN, by="bench")
    await house.store.insert(CUSTOMERS, document)
    key: RecordId = document["_id"]
    return key


async def _history(house: Bench, customers: list[RecordId], length: int) -> None:
    """So many entries of each customer, made by the database in blocks."""
    for record, moment, share, more in _KINDS.values():
        mine = length * share // 10
        for start in range(0, mine, 100_000):
            count = min(100_000, mine - start)
            # Of ten entries this kind has `share`: its n-th is about the n * 10 / share-th of all, five a second.
            seconds = {"$floor": {"$multiply": [{"$add": ["$n", start]}, 10 / share / 5]}}
            at = {"$dateAdd": {"startDate": BEGIN, "unit": "second", "amount": {"$toLong": seconds}}}
            await _made(house, record, customers, count, {moment: at, "observed_at": at, **more}, start)


async def _made(
    house: Bench, record: Record, customers: list[RecordId], count: int, values: Mapping[str, Any], start: int = 0
) -> None:
    block = min(count, _BLOCK)
    number = {"$add": [{"$multiply": ["$b", block]}, "$a"]}
    document = {
        "customer_id": "$c",
        "channel": "whatsapp",
        "account": "main",
        "external_id": {"$concat": [{"$toString": "$c"}, "-", {"$toString": {"$add": ["$n", start]}}]},
        "number": {"$toString": "$n"},
        "conversation_id": "$c",
        "topic_id": "$c",
        **{key: {"$literal": one} if isinstance(one, str) else one for key, one in values.items()},
    }
    pipeline = [
        {"$documents": [{"c": one} for one in customers]},
        {"$set": {"b": {"$range": [0, -(-count // block)]}}},
        {"$unwind": "$b"},
        {"$set": {"a": {"$range": [0, block]}}},
        {"$unwind": "$a"},
        {"$set": {"n": number}},
        {"$match": {"n": {"$lt": count}}},
        {"$project": {"_id": 0, **document}},
        {"$merge": {"into": record.name, "on": "_id", "whenMatched": "fail", "whenNotMatched": "insert"}},
    ]
    await house.run(pipeline)


async def _numbered(house: Bench, record: Record, customer: RecordId, count: int) -> None:
    """Interests in 40 categories, each of its own strength."""
    name = {"$concat": ["Topic ", {"$toString": "$n"}]}
    category = {"$concat": ["Category ", {"$toString": {"$mod": ["$n", 40]}}]}
    score = {"$divide": [{"$mod": [{"$multiply": ["$n", 7919]}, 1000]}, 1000]}
    at = {"$dateAdd": {"startDate": BEGIN, "unit": "second", "amount": {"$toLong": "$n"}}}
    values = {"name": name, "category": category, "score": score, "triggered_at": at, "observed_at": at}
    await _made(house, record, [customer], count, values)


async def _cursor_at(house: Bench, customer: RecordId, wanted: int) -> str:
    """A cursor in the middle of the history, found by its date."""
    query = """
    query Near($id: ID!, $at: DateTime!) {
      customer(id: $id) { history(first: 7, filter: {since: $at}) { pageInfo { endCursor } } }
    }
    """
    at = (BEGIN + timedelta(seconds=wanted // 5)).isoformat()
    data = await house.ask(query, id=global_id("Customer", customer), at=at)
    return str(data["customer"]["history"]["pageInfo"]["endCursor"])


if __name__ == "__main__":
    asyncio.run(main())
