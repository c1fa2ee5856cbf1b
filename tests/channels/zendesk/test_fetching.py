"""What Zendesk has of a person's past comes whole, however many portions it takes."""

from collections.abc import AsyncIterator

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.lines import Lines
from resolvers.conversations import MESSAGES
from resolvers.live.memory import Freshness
from resolvers.live.pasts import PASTS
from tests.channels.zendesk.double import Desk, comment, ticket, user
from tests.conftest import Asking
from tests.live.conftest import Panel
from tests.live.old_vendor import fetched
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
