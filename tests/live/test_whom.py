"""A channel is asked about a person only by identities that are good enough for whoever asks."""

from collections.abc import Callable

import pytest

from adapters.contract.channel import Capability
from adapters.records import key_hash
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.viewer import Role
from resolvers.tickets import TICKETS
from tests.conftest import Commands
from tests.live.conftest import Panel
from tests.live.test_reading_through import EAGER, TICKETS_OF
from tests.live.vendor import AcmeSettings, Vendor, told_ticket
from tests.makers import Made, Makers

PURCHASES_OF = """query Purchases($id: ID!) { customer(id: $id) {
  purchases { nodes { number } sources { name } } } }"""
BOUGHT = {"id": "SO1", "amount": "1.00", "placed": 1}
BY_EMAIL = AcmeSettings(by=("email",), own_id="77")


async def doubt(make: Makers, ann: Made) -> None:
    """Has the customer's identities only asserted."""
    await make.store.update_all(IDENTITIES, {"customer_id": ann.key}, {"$set": {"claim": "ASSERTED"}})


@pytest.mark.parametrize("is_proven", [True, False])
async def test_visitors(panel: Callable[..., Panel], vendor: Vendor, make: Makers, *, is_proven: bool) -> None:
    """For a visitor a channel is asked by identities proven to be the visitor's, and by no others."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    if not is_proven:
        await doubt(make, ann)
    vendor.has("purchases", "1", BOUGHT)
    ask = panel(main=AcmeSettings(offers=(Capability.PURCHASES, Capability.PROFILE)))
    visitor = {"customer_id": ann.key}
    shown = (await ask(PURCHASES_OF, as_=Role.VISITOR, viewer=visitor, id=ann.id)).data["customer"]["purchases"]
    assert [one["number"] for one in shown["nodes"]] == ["SO1"] * is_proven
    assert [one["name"] for one in shown["sources"]] == ["stored", *["acme"] * is_proven]
    assert set(vendor.asked) == ({("main", "purchases", "1")} if is_proven else set())


async def test_what_visitors_read(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A visitor reads what may be missing, and neither why nor which account of the company's it is."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.moods = {"main": "refuses"}
    ask = panel(main=AcmeSettings(offers=(Capability.PURCHASES,)))
    query = PURCHASES_OF.replace("sources { name }", "sources { account missing }")
    shown = (await ask(query, as_=Role.VISITOR, viewer={"customer_id": ann.key}, id=ann.id)).data["customer"]
    assert shown["purchases"]["sources"][1:] == [{"account": None, "missing": "Purchases may be missing."}]


async def test_staff_by_asserted(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """For the staff a channel is asked by its own identities, as they would see what came by a delivery."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    await doubt(make, ann)
    vendor.has("tickets", "1", told_ticket("7"))
    shown = (await panel()(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert [one["number"] for one in shown["nodes"]] == ["7"]


async def test_found_by_email(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A channel that finds people by a proven address gives them its own id, which is asserted to be theirs."""
    ann = await make.customer()
    await make.identity(ann, "email", "ann@example.org")
    vendor.has("tickets", "ann@example.org", told_ticket("7"))
    shown = (await panel(main=BY_EMAIL)(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert [one["number"] for one in shown["nodes"]] == ["7"]
    [own] = await make.store.find(IDENTITIES, {"channel": "acme"})
    assert (own["customer_id"], own["value"], own["claim"]) == (ann.key, "77", "ASSERTED")
    assert await make.store.count(CUSTOMERS, {}) == 1


async def test_not_by_asserted_email(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Whoever only says that an address is theirs has nobody's past brought to them by it."""
    ann = await make.customer()
    await make.identity(ann, "email", "ann@example.org")
    await doubt(make, ann)
    vendor.has("tickets", "ann@example.org", told_ticket("7"))
    shown = (await panel(main=BY_EMAIL)(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert shown["nodes"] == []
    assert not vendor.asked


async def test_id_of_another(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Where the id that a channel names is somebody else's already, it stays that one's, and nobody becomes another."""
    ann, bob = await make.customer("Ann"), await make.customer("Bob")
    await make.identity(ann, "email", "ann@example.org")
    await make.identity(bob, "acme", "77")
    vendor.has("tickets", "ann@example.org", told_ticket("7"))
    shown = (await panel(main=BY_EMAIL)(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert shown["nodes"] == []
    assert await make.store.count(CUSTOMERS, {}) == 2


async def test_others_are_left(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """What a channel answers of somebody else than it was asked about is not taken in, and counted."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    shown = (await panel(main=AcmeSettings(own_id="2"))(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert shown["nodes"] == []
    assert shown["sources"][1]["missing"] == "1 of its tickets could not be read."
    assert await make.store.count(CUSTOMERS, {}) == 1


async def test_gone_meanwhile(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Somebody who was erased while a channel was asked is not made anew by its answer."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    vendor.moods = {"main": "hangs"}
    ask = panel(live_s=0.1)
    await ask(TICKETS_OF, id=ann.id)
    for record, where in ((IDENTITY_KEYS, {"_id": key_hash("acme", "main", "1")}), (CUSTOMERS, {"_id": ann.key})):
        await make.store.delete(record, where)
    vendor.gate.set()
    await ask.settled()
    assert await make.store.count(CUSTOMERS, {}) == await make.store.count(TICKETS, {}) == 0


async def test_merged_ones(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Of a customer who was merged, channels are asked by the identities that came along."""
    ann, old = await make.customer("Ann"), await make.customer("Annie")
    await make.identity(old, "acme", "1")
    await make.merged(old, ann, "IDENTITIES", "TICKETS")
    vendor.has("tickets", "1", told_ticket("7"))
    shown = (await panel()(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert [one["number"] for one in shown["nodes"]] == ["7"]


async def test_limited_keys(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A key that is limited to fields is told of sources where it may ask for them."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    query = "query T($id: ID!) { customer(id: $id) { tickets { nodes { number } } } }"
    fields = {"Query.customer", "Customer.tickets", "TicketConnection.*", "Ticket.*"}
    ask = panel()
    partner = {"as_": Role.PARTNER, "id": ann.id}
    limited = await ask(query, viewer={"fields": frozenset(fields)}, **partner)
    free = await ask(query, viewer={"fields": frozenset({*fields, "Customer.sources"})}, **partner)
    assert limited.data["customer"]["tickets"]["nodes"] == [{"number": "7"}]
    assert "sources" not in limited.body["extensions"]
    assert set(free.sources) == {"stored", "main"}


async def test_level_is_one_command(
    panel: Callable[..., Panel], vendor: Vendor, make: Makers, commands: Commands
) -> None:
    """Lists that waited for channels are read by one command all the same."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    for what, told in (("tickets", told_ticket("7")), ("purchases", BOUGHT)):
        vendor.has(what, "1", told)
    query = """query Both($id: ID!) { customer(id: $id) {
      tickets { nodes { number } } purchases { nodes { number } } history { nodes { kind } } } }"""
    ask = panel(main=AcmeSettings(offers=(Capability.TICKETS, Capability.PURCHASES)), freshness=EAGER)
    await ask(query, id=ann.id)
    with commands.counted() as sent:
        await ask(query, id=ann.id)
    with commands.counted() as plainly:
        await ask.stored(query, id=ann.id)
    assert vendor.asked["main", "tickets", "1"] == 2
    assert len(sent) == len(plainly)
