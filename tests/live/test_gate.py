"""The gate asks live where there are lines that can be asked, and is spared all of it where there are none."""

import pytest

from adapters.contract.channel import Capability
from adapters.http.session import Outside
from adapters.lines import NO_LINES
from adapters.mongo import Store
from gateway.app import House
from gateway.settings import Settings
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role, Viewer
from tests.live.vendor import AcmeSettings, Vendor, lines_to


@pytest.mark.parametrize(
    ("offers", "is_asked"), [((Capability.TICKETS,), True), ((Capability.SEND,), False), (None, False)]
)
async def test_asked_where_offered(
    house: Graph,
    store: Store,
    vendor: Vendor,
    outside: Outside,
    *,
    offers: tuple[Capability, ...] | None,
    is_asked: bool,
) -> None:
    """Questions are handed what asks live where a line offers something to be asked for, and else nothing at all."""
    lines = NO_LINES if offers is None else lines_to(outside, vendor, main=AcmeSettings(offers=offers))
    made = House(Settings(secret="s" * 32), store=store, graph=house, lines=lines)
    context = made.context_for(Viewer(subject="agent", role=Role.AGENT))
    assert (context.live is not None) is is_asked
