"""How long does an agent wait for the panel while channels are in trouble, beside how long where all are well?

    python -m benchmarks.trouble [customers]

Five channel accounts know tickets of each customer. In the bad phase one hangs, one answers 500, one is throttled, one
sends junk, and one is well. Each customer is asked for once in each phase, so that nothing is kept of an answer before.
"""

import asyncio
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from adapters.contract.way import Breaker
from adapters.http.session import Outside
from adapters.records import Observation, key_hash, new_id
from benchmarks.bench import Bench, bench, judged
from gateway.answering import Answering, Question
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.customers import CUSTOMERS, customer_document
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.context import Context
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.viewer import Role, Viewer
from resolvers.live.asking import Asking
from resolvers.live.question import LiveQuestion
from tests.live.vendor import AcmeSettings, Vendor, lines_to, standing, told_ticket
from tests.workloads import W1

MOODS = {"hanging": "hangs", "broken": "broken", "throttled": "throttled", "garbled": "junk", "fine": "fine"}
LIVE_S = 0.8
_RECOVERY_S = 30.0
_AT = datetime(2026, 1, 1, tzinfo=UTC)


async def main(customers: int = 200) -> None:
    """Prints both phases, and judges the bad one against its deadline."""
    async with bench() as house, standing() as vendor, Outside() as outside:
        await _fill(house, vendor, 2 * customers)
        lines = lines_to(outside, vendor, **{account: AcmeSettings() for account in MOODS})
        asking = Asking(house.store, lines, clock=lambda: datetime.now(UTC))
        panel = _Panel(house, asking)
        print(f"trouble: the panel (W1) of {customers} customers, five live sources, {LIVE_S:g} s for all of them")
        well = [await panel.took_s(n) for n in range(customers)]
        _tell("all are well", well)
        vendor.moods = dict(MOODS)
        panel.statuses.clear()
        bad = [await panel.took_s(n) for n in range(customers, 2 * customers)]
        _tell("four are not", bad)
        told = ", ".join(f"{account} {dict(statuses)}" for account, statuses in sorted(panel.statuses.items()))
        print(f"  sources: {told}")
        worst = max(bad)
        print(f"    {judged(worst <= LIVE_S * 1.1)}: the longest took {worst:.2f} s (at most {LIVE_S * 1.1:.2f})")
        print(f"    {judged(panel.errors == 0)}: {panel.errors} answers with an entry in `errors` (none)")
        vendor.moods = {}
        vendor.gate.set()
        print(f"    all breakers are closed {await _closed_after_s(panel, lines):.1f} s after the trouble's end")
        await asking.close()


class _Panel:
    """Asks the panel as an agent."""

    def __init__(self, house: Bench, asking: Asking) -> None:
        self._house, self._asking = house, asking
        self._answering = Answering(house.graph, execution_s=15, question_tokens=2_000, long_at_once=4)
        self.statuses: dict[str, Counter[str]] = {}
        self.errors = 0

    async def took_s(self, n: int) -> float:
        """The seconds until the n-th customer's panel was there."""
        context = Context(
            viewer=Viewer(subject="bench", role=Role.AGENT),
            store=self._house.store,
            declared=self._house.graph.declared,
            seal=CursorSeal("a sample secret for benchmarks"),
            clock=lambda: datetime.now(UTC),
        )
        live = LiveQuestion(self._asking, self._house.graph.declared, live_s=LIVE_S)
        question = Question(text=W1, variables={"channel": "acme", "account": "fine", "value": str(n)})
        began = time.perf_counter()
        prepared = self._answering.prepare(question)
        answer = await self._answering.answer(prepared, question, replace(context, live=live))
        took = time.perf_counter() - began
        self._note(answer.body)
        return took

    def _note(self, body: Mapping[str, Any]) -> None:
        self.errors += "errors" in body
        for one in body["extensions"]["sources"]:
            self.statuses.setdefault(one["account"] or one["name"], Counter())[one["status"]] += 1


async def _fill(house: Bench, vendor: Vendor, customers: int) -> None:
    for account in MOODS:
        await house.store.insert(CHANNEL_ACCOUNTS, channel_account_document("acme", account))
    seen = Observation(observed_from="acme/fine", observed_at=_AT)
    people, keys, identities = [], [], []
    for n in range(customers):
        one = customer_document(key=new_id(), values={"firstName": f"Ann{n}"}, observed=seen, at=_AT, by="bench")
        people.append(one)
        for account in MOODS:
            place = {"channel": "acme", "account": account, "value": str(n)}
            heard = {"claim": "VERIFIED", "profile": None, "first_seen_at": _AT, "last_seen_at": _AT}
            keys.append({"_id": key_hash(*place.values()), "customer_id": one["_id"]})
            identities.append({"_id": new_id(), "customer_id": one["_id"], **place, **heard})
            vendor.has("tickets", str(n), told_ticket(f"{account}-{n}"), account=account)
    await house.store.insert(CUSTOMERS, *people)
    await house.store.insert(IDENTITY_KEYS, *keys)
    await house.store.insert(IDENTITIES, *identities)


async def _closed_after_s(panel: _Panel, lines: Any) -> float:
    """Breakers close with what is asked anyway; nobody tells them to."""
    began = time.monotonic()
    for n in range(10_000):
        await panel.took_s(n % 100)
        if all(line.channel.way.standing().breaker is Breaker.CLOSED for line in lines):
            break
        if time.monotonic() - began > _RECOVERY_S:
            raise RuntimeError("A breaker has not closed by itself.")
        await asyncio.sleep(0.1)
    return time.monotonic() - began


def _tell(phase: str, took: list[float]) -> None:
    middle, high = (statistics.quantiles(took, n=100)[at - 1] * 1000 for at in (50, 99))
    print(f"  {phase:<13} {middle:7.1f} ms, p99 {high:.1f}")


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
