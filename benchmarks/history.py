"""Does a page of the history cost the same however long the history is, and wherever the page lies?"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.records import Observation, Record, RecordId, new_id
from benchmarks.bench import Bench, bench, interleaved, judged, ratio, report
from resolvers.conversations import MESSAGES
from resolvers.customers import CUSTOMERS, customer_document
from resolvers.interests import INTERESTS
from resolvers.kit.ids import global_id
from resolvers.notes import NOTES
from resolvers.tickets import TICKETS

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
SHORT, LONG = 100, 100_000
# A page costs the same wherever it lies; what is more is noise. Between histories the ratio stands above, unjudged.
GOAL = 1.05
PAGE = """
query Page($id: ID!, $first: Int, $after: String, $last: Int) {
  customer(id: $id) { history(first: $first, after: $after, last: $last) {
    edges { cursor node { at kind channel item { ... on Node { id } ... on Message { text } } } }
    pageInfo { hasNextPage endCursor }
  } }
}
"""


async def main() -> None:
    """Measures first, middle and last pages of a short and a long history, in turns."""
    async with bench() as house:
        short = await _history(house, SHORT)
        long = await _history(house, LONG)
        middle = await _cursor_at(house, long, LONG // 2)
        tasks = {
            f"first of {SHORT}": lambda: house.ask(PAGE, id=short, first=20),
            f"first of {LONG}": lambda: house.ask(PAGE, id=long, first=20),
            f"middle of {LONG}": lambda: house.ask(PAGE, id=long, first=20, after=middle),
            f"last of {LONG}": lambda: house.ask(PAGE, id=long, last=20),
        }
        times = await interleaved(tasks, rounds=15, calls=20)
        print(f"history: a page of 20 entries ({LONG} entries in four collections, five of a second)")
        report(times, f"first of {SHORT}")
        depth = max(ratio(times, f"{place} of {LONG}", f"first of {LONG}") for place in ("middle", "last"))
        print(f"  {judged(depth <= GOAL)}: a deep page costs {depth:.2f} x the first of its history; at most {GOAL} x")


async def _history(house: Bench, length: int) -> str:
    """A customer with so many entries, five in each second."""
    seen = Observation(observed_from="bench", observed_at=BEGIN)
    customer = customer_document(key=new_id(), values={"firstName": "Ann"}, observed=seen, at=BEGIN, by="bench")
    await house.store.insert(CUSTOMERS, customer)
    batches: dict[str, tuple[Record, list[dict[str, Any]]]] = {}
    for n in range(length):
        record, document = _entry(customer["_id"], n)
        batches.setdefault(record.name, (record, []))[1].append(document)
    for record, documents in batches.values():
        for begin in range(0, len(documents), 5000):
            await house.store.insert(record, *documents[begin : begin + 5000])
    return global_id("Customer", customer["_id"])


def _entry(customer: RecordId, n: int) -> tuple[Record, dict[str, Any]]:
    at = BEGIN + timedelta(seconds=n // 5)
    base = {"_id": new_id(), "customer_id": customer, "channel": "whatsapp", "account": "main", "external_id": str(n)}
    match n % 10:
        case 0:
            return TICKETS, base | {
                "number": str(n),
                "subject": "?",
                "status": "OPEN",
                "created_at": at,
                "updated_at": at,
            }
        case 1:
            return NOTES, base | {"text": "Remember", "author_id": None, "created_at": at}
        case 2:
            more = {"topic_id": new_id(), "name": "Cycling", "category": "Sports", "score": 0.5}
            return INTERESTS, base | more | {"triggered_at": at, "observed_at": at}
    more = {"conversation_id": customer, "direction": "IN", "text": f"Message {n}", "status": "RECEIVED"}
    return MESSAGES, base | more | {"sent_at": at}


async def _cursor_at(house: Bench, customer: str, wanted: int) -> str:
    """A cursor in the middle of the history, found by its date."""
    at = (BEGIN + timedelta(seconds=wanted // 5)).isoformat()
    query = """
    query Near($id: ID!, $at: DateTime!) {
      customer(id: $id) { history(first: 7, filter: {since: $at}) { pageInfo { endCursor } } }
    }
    """
    data = await house.ask(query, id=customer, at=at)
    return str(data["customer"]["history"]["pageInfo"]["endCursor"])


if __name__ == "__main__":
    asyncio.run(main())
