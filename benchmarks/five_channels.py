"""How soon behind the last delivery does the agent's panel (W1) show it, of one person across five channels?

    python -m benchmarks.five_channels

A gateway at work, its database, and the vendors' doubles on this machine. The same person chats, orders, mails, and
writes on Messenger and WhatsApp, in turn; from each acknowledgement on the agent asks W1 again and again, until what
was delivered stands in the history. So each figure holds the taking in and W1's own answer. Vendors, gateway and agent
share one process: that is slower than a company's, where they do not.
"""

import asyncio
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from benchmarks.bench import DATABASE, judged
from gateway.app import House, records_of
from gateway.database import opened_store
from gateway.mongod import Mongod
from gateway.settings import Settings
from resolvers.channel_standing import know_accounts
from resolvers.schema import graph
from tests.channels.five_channels import ADDRESS, Clock, Company, Person, opened, page, vendors
from tests.channels.shopify.making import told_sale

MOST_MS: Final = 1_000.0
ROUNDS: Final = 30
_FIRST_ORDER: Final = 2_000
_PATIENCE_S: Final = 30.0
# Beside it the gateway has time to do what it is asked for.
_PAUSE_S: Final = 0.01

Delivery = Callable[[Person, str], Awaitable[str]]


@asynccontextmanager
async def _company() -> AsyncIterator[Company]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_folder=Path(folder) / "gateway",
            database=DATABASE,
            secret=SecretStr(secrets.token_urlsafe(32)),
            jwt_secret=SecretStr(secrets.token_urlsafe(32)),
            # The agent here looks more often than a person does.
            lookups_per_minute=0,
            requests_per_minute=0,
            cost_per_minute=0,
        )
        made, clock = graph(), Clock()
        async with (
            Mongod(Path(folder) / "data", cache_gb=1.0) as server,
            vendors() as behind,
            opened_store(server.url, settings, records_of(made, settings)) as store,
        ):
            await know_accounts(store, behind.lines)
            house = House(settings, store=store, graph=made, lines=behind.lines, clock=clock)
            async with opened(house, clock, behind) as company:
                yield company


async def _known(company: Company) -> Person:
    """The person, who has come by all five channels and is one customer."""
    ann = Person(company)
    await ann.visits()
    await ann.chats("Hello")
    await ann.signs_in()
    await ann.buys()
    await ann.mails("Hello by mail")
    await _shown(company, "#1001", "Hello by mail")
    (customer,) = (await company.ask("{ customers { nodes { id } } }"))["customers"]["nodes"]
    await ann.messages("Hello on Messenger")
    await company.joins(customer["id"], "messenger", page.PAGE, page.PSID)
    await company.knows_number(customer["id"])
    await ann.texts("Hello on WhatsApp")
    await _shown(company, "Hello on Messenger", "Hello on WhatsApp")
    return ann


async def _shown(company: Company, *words: str) -> None:
    """Returns when W1 shows all of it; raises TimeoutError where it does not come to that."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            panel = await company.panel("email", "support", ADDRESS)
            items = [one["node"]["item"] for one in panel["history"]["edges"]] if panel else []
            if set(words) <= {item.get("text") or item.get("number") for item in items}:
                return
            await asyncio.sleep(_PAUSE_S)


async def _ordered(ann: Person, word: str) -> str:
    number = _FIRST_ORDER + int(word.rpartition(" ")[2])
    made = ann.orders(number)
    await ann.company.told_by_shop("orders/create", told_sale(made, ann.company.vendors.shop.buyers[0]))
    return f"#{number}"


def _said(way: Callable[[Person, str], Awaitable[None]]) -> Delivery:
    async def say(ann: Person, word: str) -> str:
        await way(ann, word)
        return word

    return say


_WAYS: Final[Mapping[str, Delivery]] = {
    "web chat": _said(Person.chats),
    "shop": _ordered,
    "e-mail": _said(Person.mails),
    "Messenger": _said(Person.messages),
    "WhatsApp": _said(Person.texts),
}


async def main(rounds: int = ROUNDS) -> None:
    """Prints milliseconds from the acknowledgement of a delivery to the panel that shows it."""
    print(f"one person across five channels: from a delivery to the agent's panel, {rounds} rounds")
    took: dict[str, list[float]] = {name: [] for name in _WAYS}
    async with _company() as company:
        ann = await _known(company)
        for n in range(rounds):
            name, way = list(_WAYS.items())[n % len(_WAYS)]
            word = await way(ann, f"Word {n}")
            began = time.perf_counter()
            await _shown(company, word)
            took[name].append((time.perf_counter() - began) * 1000)
        customers = (await company.ask("{ customers { totalCount } }"))["customers"]["totalCount"]
    for name, some in took.items():
        print(f"  {name:<9}  {statistics.median(some):7.1f} ms")
    figures = [one for some in took.values() for one in some]
    p50, p99 = (statistics.quantiles(figures, n=100, method="inclusive")[percent - 1] for percent in (50, 99))
    print(f"  {customers} customer; all channels {p50:.1f} ms (p50), {p99:.1f} ms (p99)")
    print(f"{judged(p99 <= MOST_MS and customers == 1)}: shown within {p99:.0f} ms (p99; at most {MOST_MS:.0f})")


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
