"""A channel whose past has portions, with trouble on demand, and a hand that fetches them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from adapters.contract.channel import Capability, Channel, ChannelSettings, Equipment
from adapters.contract.errors import ChannelError
from adapters.contract.found import Found, Portion
from adapters.contract.records import Who
from adapters.http.session import Outside
from adapters.lines import Lines
from resolvers.kit.shift import Shift
from resolvers.live.fetching import fetch
from resolvers.tickets import TICKETS
from tests.live.conftest import Panel
from tests.live.vendor import case, told_ticket


@dataclass
class Old:
    """What the vendor knows of anybody who asks: tickets, the newest first."""

    numbers: list[str] = field(default_factory=list)
    portion: int = 2
    trouble: ChannelError | None = None
    leads: Callable[[str], str] = str
    """What becomes of a cursor."""
    asked: list[tuple[str, str | None]] = field(default_factory=list)


class OldAcme(Channel):
    """Offers tickets in portions."""

    name = "acme"
    Settings = ChannelSettings
    settings: Any

    def capabilities(self) -> tuple[Capability, ...]:
        """Tickets alone."""
        return (Capability.TICKETS,)

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """The next portion."""
        old: Old = self.settings
        old.asked.append((who.value, portion.after))
        if old.trouble is not None:
            raise old.trouble
        start = int(portion.after or 0)
        end = start + old.portion
        shown = [case(who, told_ticket(one) | {"created": int(one)}) for one in old.numbers[start:end]]
        return Found(records=tuple(shown), after=old.leads(str(end)) if end < len(old.numbers) else None)


def old_lines(outside: Outside, old: Old) -> Lines:
    """A line to it."""
    way = outside.way("acme", "main", OldAcme.manners, base_url="http://127.0.0.1:9")
    return Lines([OldAcme("main", old, Equipment(way=way))])


def shift_of(panel: Panel, later: timedelta = timedelta()) -> Shift:
    """A hand in the jobs of this graph."""
    now = panel.stored.now + later
    return Shift(store=panel.stored.store, declared=panel.stored.graph.declared, clock=lambda: now, lines=panel.lines)


async def fetched(panel: Panel, steps: int, later: timedelta = timedelta()) -> list[str]:
    """The numbers of all tickets that are stored after so many steps."""
    for _ in range(steps):
        await fetch(shift_of(panel, later))
    return sorted(one["number"] for one in await panel.stored.store.find(TICKETS, {}))
