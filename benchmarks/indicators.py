"""How long does counting take, as a dashboard does it, over a million tickets?

    python -m benchmarks.indicators             a million tickets of a hundred thousand customers
    python -m benchmarks.indicators 100000      fewer, for a quick look

W4: the gateway's answer beside the barest command for the same number, which knows neither merged customers nor the
other conditions that may stand beside it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta

from adapters.records import Observation, new_id
from benchmarks.bench import Bench, bench, interleaved, ratio, report
from resolvers.customers import CUSTOMERS, customer_document
from resolvers.tickets import TICKETS
from tests.makers import BEGIN

ALL, TICKETS_EACH, STATUSES = 1_000_000, 10, ("NEW", "OPEN", "PENDING", "SOLVED", "CLOSED")
# Every other customer has no ticket that is new.
_STATUS = {"$arrayElemAt": [list(STATUSES), {"$add": [{"$mod": ["$n", 2]}, {"$mod": ["$k", 4]}]}]}
_AT_ONCE = 10_000

QUESTIONS = {
    "all customers": "{ customers { totalCount } }",
    "those with a new ticket": "{ customers(filter: { withTickets: [NEW] }) { totalCount } }",
    "those with an open one, lately heard of": """{
      customers(filter: { withTickets: [NEW, OPEN, PENDING], heardOfSince: "2026-01-15T00:00:00Z" }) { totalCount }
    }""",
}


async def main() -> None:
    """Fills, then counts."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else ALL
    async with bench(cache_gb=2.0) as house:
        await _filled(house, total)
        print(f"indicators: {await house.size(TICKETS):,} tickets of {await house.size(CUSTOMERS):,} customers")
        barest = [{"$match": {"status": "NEW"}}, {"$group": {"_id": "$customer_id"}}, {"$count": "n"}]
        (bare,) = await house.store.aggregate(TICKETS, barest)
        found = await house.ask(QUESTIONS["those with a new ticket"])
        if found["customers"]["totalCount"] != bare["n"]:
            raise RuntimeError(f"The gateway counts {found}, and the database {bare}.")
        tasks = {name: _asking(house, question) for name, question in QUESTIONS.items()}
        tasks["a new ticket, barest"] = lambda: house.store.aggregate(TICKETS, barest)
        times = await interleaved(tasks, rounds=5, calls=1)
        report(times, "a new ticket, barest")
        told = ratio(times, "those with a new ticket", "a new ticket, barest")
        print(f"  counted by the gateway: {told:.1f} times the barest command")


def _asking(house: Bench, question: str) -> Callable[[], Awaitable[object]]:
    return lambda: house.ask(question)


async def _filled(house: Bench, total: int) -> None:
    seen = Observation(observed_from="bench", observed_at=BEGIN)
    customers = total // TICKETS_EACH
    for start in range(0, customers, _AT_ONCE):
        people = [
            customer_document(
                key=new_id(),
                values={"firstName": f"Ann{n}"},
                observed=seen,
                at=BEGIN + timedelta(minutes=n % 43_200),
                by="bench",
            )
            for n in range(start, min(start + _AT_ONCE, customers))
        ]
        await house.store.insert(CUSTOMERS, *people)
        await house.run(
            [
                {"$documents": [{"c": one["_id"], "n": n} for n, one in enumerate(people)]},
                {"$set": {"k": {"$range": [0, TICKETS_EACH]}}},
                {"$unwind": "$k"},
                {
                    "$project": {
                        "_id": 0,
                        "customer_id": "$c",
                        "number": {"$concat": [{"$toString": "$n"}, "-", {"$toString": "$k"}]},
                        "status": _STATUS,
                        "created_at": BEGIN,
                        "updated_at": BEGIN,
                        "channel": "desk",
                        "account": "main",
                    }
                },
                {"$merge": {"into": TICKETS.name, "whenMatched": "fail", "whenNotMatched": "insert"}},
            ]
        )


if __name__ == "__main__":
    asyncio.run(main())
