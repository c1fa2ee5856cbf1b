"""What Zendesk has of a person's past comes whole, however many portions it takes."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.lines import Lines
from resolvers.conversations import MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.live.account_pasts import read_on
from resolvers.live.memory import Freshness
from resolvers.live.pasts import PASTS
from resolvers.tickets import TICKETS
from tests.channels.zendesk.double import Desk, comment, ticket, user
from tests.conftest import Asking
from tests.live.conftest import Panel
from tests.live.old_vendor import fetched, shift_of
from tests.makers import Makers

TALKS = """query Talks($id: ID!) { customer(id: $id) {
  conversations { totalCount sources { name isBackfilling completeSince } } } }"""


@pytest.fixture
async def panel(ask: Asking, zendesk: Zendesk) -> AsyncIterator[Panel]:
    """A graph with a line to the desk."""
    one = Panel(ask, Lines([zendesk]), live_s=5, freshness=Freshness(good_s=0, failed_s=0))
    yield one
    await one.asking.close()


async def test_desk_comes_whole(panel: Panel, desk: Desk, make: Makers) -> None:
    """Thirty tickets with their words come as thirty conversations; then nothing more is fetched."""
    ann = await make.customer()
    await make.identity(ann, "zendesk", "1", account="acme")
    desk.users = {1: user(1)}
    desk.tickets = {n: ticket(n, 1) for n in range(1, 31)}
    desk.comments = {n: [comment(1000 + n, 1), comment(2000 + n, 900)] for n in desk.tickets}
    first = (await panel(TALKS, id=ann.id)).data["customer"]["conversations"]
    await panel.settled()
    assert 0 < first["totalCount"] < 30
    assert first["sources"][1]["isBackfilling"]
    await fetched(panel, 10)
    last = (await panel(TALKS, id=ann.id)).data["customer"]["conversations"]
    assert last["totalCount"] == 30
    assert not last["sources"][1]["isBackfilling"]
    assert last["sources"][1]["completeSince"] is not None
    assert await panel.stored.store.count(MESSAGES, {}) == 60
    assert {one["state"] for one in await panel.stored.store.find(PASTS, {})} == {"DONE"}


async def _read_on(panel: Panel, steps: int, later: timedelta = timedelta()) -> list[str]:
    for _ in range(steps):
        await read_on(shift_of(panel, later))
    return sorted(one["number"] for one in await panel.stored.store.find(TICKETS, {}))


async def test_everything_is_read(panel: Panel, desk: Desk) -> None:
    """All tickets of a desk are read a portion at a time, and every hour what has come to them since."""
    desk.users = {1: user(1)}
    desk.tickets = {n: ticket(n, 1, updated_at=f"2026-02-0{n}T10:00:00Z") for n in range(1, 6)}
    assert len(await _read_on(panel, 2)) == 4
    assert len(await _read_on(panel, 1)) == 5
    desk.tickets[6] = ticket(6, 1, updated_at="2026-02-06T10:00:00Z")
    assert len(await _read_on(panel, 1)) == 5
    assert len(await _read_on(panel, 1, timedelta(hours=1))) == 6


async def test_erased_stays_erased(panel: Panel, desk: Desk) -> None:
    """Whoever was erased is not brought back by a portion that is asked for again unchanged."""
    desk.users = {1: user(1)}
    desk.tickets = {1: ticket(1, 1)}
    await _read_on(panel, 1)
    for record in (CUSTOMERS, TICKETS, IDENTITIES, IDENTITY_KEYS):
        await panel.stored.store.delete(record, {})
    assert await _read_on(panel, 1, timedelta(hours=1)) == []
    assert await panel.stored.store.count(CUSTOMERS, {}) == 0


async def test_desk_that_is_away(panel: Panel, desk: Desk) -> None:
    """A desk that does not answer is asked again later, from where the reading stood."""
    desk.users, desk.tickets = {1: user(1)}, {1: ticket(1, 1)}
    desk.fault("/api/v2/incremental/tickets/cursor.json", 503)
    assert await _read_on(panel, 2) == []
    assert await _read_on(panel, 1, timedelta(hours=1)) == ["1"]
