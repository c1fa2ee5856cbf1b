"""How long does an agent wait for the panel while channels are in trouble, beside how long where all are well?

    python -m benchmarks.trouble [customers]

The panel is asked of a gateway that runs by itself, over HTTP. Five channel accounts know a ticket of each customer;
in the bad phase one hangs, one answers 500, one is throttled, one sends junk, and one is well. Each customer is asked
for once, so that nothing is kept of an answer before; right ahead of it the same is asked of a gateway without any
channel on the same database, so that the machine is in the ratios. Behind it the vendor is well again, and breakers
close with what is asked anyway.
"""

import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import SecretStr

from benchmarks.bench import DATABASE, Bench, bench, judged
from benchmarks.peers.running import UNREACHED
from gateway.settings import Settings
from gateway.tokens import signed_token
from resolvers.kit.viewer import Role
from tests.gateway.processes import Running
from tests.live.five import MOODS, file_of, known_on_five
from tests.live.vendor import Vendor, standing
from tests.makers import Makers
from tests.workloads import W1, busy_customers

LIVE_S: Final = Settings.model_fields["live_s"].default
_ROWS: Final = 5
"""Of each kind, beside what the channels know."""
_WARM_UP: Final = 20
_RECOVERY_S: Final = 40.0
_BREAKERS: Final = "{ channels { accounts { account breaker } } }"


async def main(customers: int = 200) -> None:
    """Prints both phases, and judges the bad one against its deadline."""
    async with bench() as house, standing() as vendor:
        await _fill(house, vendor, _WARM_UP + 2 * customers)
        async with _gateways(house, vendor) as (live, stored):
            print(
                f"trouble: the panel (W1) of {customers} customers over HTTP, five live sources, {LIVE_S:g} s for all"
            )
            people = iter(range(_WARM_UP + 2 * customers))
            await _phase(live, stored, islice(people, _WARM_UP))
            well = await _phase(live, stored, islice(people, customers))
            well.tell("all are well")
            vendor.moods = dict(MOODS)
            bad = await _phase(live, stored, people)
            bad.tell("four are not")
            vendor.moods = {}
            vendor.gate.set()
            closed = await _closed_after_s(live)
            print(f"    all breakers are closed {closed:.1f} s after the trouble's end")
            _judge(bad)


@dataclass
class _Phase:
    """What came of asking for some customers."""

    took: list[float] = field(default_factory=list)
    """Seconds, with the channels."""
    beside: list[float] = field(default_factory=list)
    """Seconds, without any, of the same customers."""
    errors: int = 0
    short: int = 0
    """Answers without what the source that is well knows, or with other than four reasons."""
    statuses: dict[str, Counter[str]] = field(default_factory=dict)

    def note(self, n: int, body: Mapping[str, Any]) -> None:
        """Remembers what an answer told."""
        self.errors += "errors" in body
        reasons = 0
        for one in body["extensions"]["sources"]:
            self.statuses.setdefault(one["account"] or one["name"], Counter())[one["status"]] += 1
            reasons += bool(one["missing"])
        tickets = body["data"]["customerByIdentity"]["customer"]["tickets"]["nodes"]
        numbers = {one["number"] for one in tickets}
        self.short += f"fine-{n}" not in numbers or len(numbers) < _ROWS or reasons != len(MOODS) - 1

    def tell(self, name: str) -> None:
        """Prints how long it took, and who said what."""
        ratio = statistics.median(a / b for a, b in zip(self.took, self.beside, strict=True))
        print(f"  {name:<13} {_times(self.took)}")
        print(f"  {'no channels':<13} {_times(self.beside)}; the first is {ratio:.2f} times as long (median of pairs)")
        told = ", ".join(f"{account} {dict(statuses)}" for account, statuses in sorted(self.statuses.items()))
        print(f"    sources: {told}")


def _times(took: list[float]) -> str:
    middle, high = (statistics.quantiles(took, n=100, method="inclusive")[at - 1] * 1000 for at in (50, 99))
    return f"p50 {middle:7.1f} ms, p99 {high:7.1f}, the longest {max(took) * 1000:7.1f}"


def _judge(bad: _Phase) -> None:
    worst = max(bad.took)
    print(f"    {judged(worst <= LIVE_S * 1.1)}: the longest took {worst:.2f} s (at most {LIVE_S * 1.1:.2f})")
    print(f"    {judged(bad.errors == 0)}: {bad.errors} answers with an entry in `errors` (none)")
    print(
        f"    {judged(bad.short == 0)}: {bad.short} answers without the fine one's ticket, the stored ones or a reason"
    )


async def _phase(live: "_Gateway", stored: "_Gateway", people: Iterable[int]) -> _Phase:
    phase = _Phase()
    for n in people:
        for gateway, took in ((stored, phase.beside), (live, phase.took)):
            began = time.perf_counter()
            body = await gateway.ask(W1, **_known_by(n))
            took.append(time.perf_counter() - began)
        phase.note(n, body)
    return phase


def _known_by(n: int) -> dict[str, str]:
    return {"channel": "whatsapp", "account": "main", "value": f"+1415555{n:04}"}


class _Gateway:
    """A gateway that runs by itself, asked by an agent who keeps the connection."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def ask(self, question: str, **variables: str) -> Any:
        """The whole answer."""
        answer = await self._client.post("/graphql", json={"query": question, "variables": variables})
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"The gateway answers {answer.status_code}: {answer.text[:500]}")
        return answer.json()


@asynccontextmanager
async def _gateways(house: Bench, vendor: Vendor) -> AsyncIterator[tuple[_Gateway, _Gateway]]:
    """One with the five accounts, and one without any, on the same database."""
    with tempfile.TemporaryDirectory() as folder:
        channels = file_of(vendor, Path(folder) / "channels.toml")
        async with (
            _gateway(house, Path(folder) / "live", GATEWAY_CHANNELS=channels) as live,
            _gateway(house, Path(folder) / "stored") as stored,
        ):
            yield live, stored


@asynccontextmanager
async def _gateway(house: Bench, folder: Path, **more: str) -> AsyncIterator[_Gateway]:
    secret, signs = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    places = {"MONGODB_URL": house.url, "GATEWAY_DATABASE": DATABASE, "GATEWAY_LOG_LEVEL": "error"}
    kept = {"GATEWAY_SECRET": secret, "GATEWAY_JWT_SECRET": signs, **UNREACHED}
    running = await asyncio.to_thread(partial(Running, folder, "serve", **places, **kept, **more))
    settings = Settings(secret=SecretStr(secret), jwt_secret=SecretStr(signs))
    token = signed_token(settings, Role.AGENT, "bench", at=time.time(), for_s=3600)
    headers = {"Authorization": f"Bearer {token}"}
    try:
        async with httpx.AsyncClient(base_url=running.address, headers=headers, timeout=30) as client:
            yield _Gateway(client)
    finally:
        await asyncio.to_thread(running.kill)


async def _fill(house: Bench, vendor: Vendor, customers: int) -> None:
    make = Makers(house.store)
    for n, one in enumerate(await busy_customers(make, customers, _ROWS)):
        await known_on_five(make, vendor, one, str(n), n)


async def _closed_after_s(live: _Gateway) -> float:
    """Breakers close with what is asked anyway; nobody tells them to."""
    began = time.monotonic()
    for n in range(10_000):
        await live.ask(W1, **_known_by(n % _WARM_UP))
        answer = await live.ask(_BREAKERS)
        accounts = [one for channel in answer["data"]["channels"] for one in channel["accounts"]]
        if not any(one["breaker"] in {"OPEN", "HALF_OPEN"} for one in accounts):
            break
        if time.monotonic() - began > _RECOVERY_S:
            raise RuntimeError("A breaker has not closed by itself.")
        await asyncio.sleep(0.1)
    return time.monotonic() - began


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
