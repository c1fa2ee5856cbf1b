"""What is told of records of which a channel itself says that it cannot read them?"""

from collections.abc import Callable

import pytest

from adapters.contract.channel import Capability
from tests.live.conftest import Panel
from tests.live.vendor import AcmeSettings, Vendor, told_ticket
from tests.makers import Makers

QUERY = "query ($id: ID!) { customer(id: $id) { tickets { nodes { number } sources { missing } } } }"
ALL = """query ($id: ID!) { customer(id: $id) {
  tickets { nodes { number } } purchases { nodes { number } } sources { missing } } }"""
ODD = {"odd": "`state` is no word of ours; write to ann@example.org or +49 151 12345678."}


async def test_counted_once(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Whoever is asked for by their address, too, is the same person, whose records are counted once."""
    ann = await make.customer()
    await make.identity(ann, "acme", "77")
    await make.identity(ann, "email", "ann@example.org")
    for value in ("77", "ann@example.org"):
        vendor.has("tickets", value, told_ticket("7"), ODD)
    shown = await panel(main=AcmeSettings(by=("email",), own_id="77"))(QUERY, id=ann.id)
    tickets = shown.data["customer"]["tickets"]
    assert [one["number"] for one in tickets["nodes"]] == ["7"]
    assert tickets["sources"][1]["missing"] == "1 of its tickets could not be read."


async def test_counted_by_kind(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Of each kind it is told how many."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", ODD, ODD)
    vendor.has("purchases", "1", ODD)
    shown = await panel(main=AcmeSettings(offers=(Capability.TICKETS, Capability.PURCHASES)))(ALL, id=ann.id)
    missing = shown.data["customer"]["sources"][1]["missing"]
    assert missing == "2 of its tickets and 1 of its purchases could not be read."


async def test_told_to_operators(
    panel: Callable[..., Panel], vendor: Vendor, make: Makers, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which and why, without what looks like an address or a number, and once for the same answer."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", ODD)
    ask = panel()
    for _ in range(2):
        await ask(QUERY, id=ann.id)
    (told,) = [one.getMessage() for one in caplog.records if "records left out" in one.getMessage()]
    assert "entry 0: `state` is no word of ours" in told
    assert "ann@" not in told
    assert "12345678" not in told
