"""What channels know stands in the same lists as what is stored, each record once."""

from collections.abc import Callable

import pytest

from adapters.contract.channel import Capability
from adapters.contract.records import Who
from resolvers.ingest.batch import take
from resolvers.live.memory import Freshness
from resolvers.tickets import TICKETS
from tests.conftest import NOW, Commands
from tests.live.conftest import Panel
from tests.live.vendor import AcmeSettings, Vendor, case, told_ticket
from tests.makers import Makers

TICKETS_OF = """query Tickets($id: ID!) { customer(id: $id) {
  tickets { nodes { id number status } totalCount sources { name account status missing isStale } }
  history { nodes { kind item { ... on Ticket { id } } } }
} }"""
EVERYTHING = """query All($id: ID!) { customer(id: $id) {
  tickets { nodes { number } }
  purchases { nodes { number total { amount } } }
  interests { nodes { name } }
  conversations { nodes { lastMessageAt } }
  history { nodes { kind } }
  sources { name account status }
} }"""
LIVE = (Capability.TICKETS, Capability.PURCHASES, Capability.INTERESTS, Capability.HISTORY)
EAGER = Freshness(good_s=0, failed_s=0)


async def test_live_beside_stored(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A live ticket stands in the list beside the stored ones, and the channel among its sources."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    await make.ticket(ann, number="stored")
    vendor.has("tickets", "1", told_ticket("live"))
    shown = (await panel()(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert [one["number"] for one in shown["nodes"]] == ["live", "stored"]
    assert shown["totalCount"] == 2
    assert [(one["name"], one["account"], one["status"], one["missing"]) for one in shown["sources"]] == [
        ("stored", None, "STORED", None),
        ("acme", "main", "OK", None),
    ]


async def test_one_ticket_three_ways(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """The same ticket by delivery, import and live read is one node, one history entry, counted once."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    for by in ("acme", "import"):
        await take(make.store, [case(Who("acme", "main", "1"), told_ticket("7"))], at=NOW, by=by)
    vendor.has("tickets", "1", told_ticket("7"))
    shown = (await panel()(TICKETS_OF, id=ann.id)).data["customer"]
    [node] = shown["tickets"]["nodes"]
    assert shown["tickets"]["totalCount"] == 1
    assert shown["history"]["nodes"] == [{"kind": "TICKET", "item": {"id": node["id"]}}]


@pytest.mark.parametrize(("updated", "status"), [(9, "SOLVED"), (1, "PENDING")])
async def test_newer_wins(panel: Callable[..., Panel], vendor: Vendor, make: Makers, updated: int, status: str) -> None:
    """Of the stored and the live copy the one with the newer `updatedAt` is shown."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    stored = case(Who("acme", "main", "1"), told_ticket("7", status="PENDING", updated=5))
    await take(make.store, [stored], at=NOW, by="acme")
    vendor.has("tickets", "1", told_ticket("7", status="SOLVED", updated=updated))
    shown = (await panel()(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert [one["status"] for one in shown["nodes"]] == [status]


async def test_every_kind(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Tickets, purchases, interests, conversations and their messages all come live, and all into the history."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    vendor.has("purchases", "1", {"id": "SO1", "amount": "12.50", "placed": 3})
    vendor.has("interests", "1", {"id": "c", "name": "Cycling", "score": 0.5})
    vendor.has("past", "1", {"id": "m1", "text": "Hello", "sent": 4})
    shown = (await panel(main=AcmeSettings(offers=LIVE))(EVERYTHING, id=ann.id)).data["customer"]
    assert shown["tickets"]["nodes"] == [{"number": "7"}]
    assert shown["purchases"]["nodes"] == [{"number": "SO1", "total": {"amount": "12.50"}}]
    assert shown["interests"]["nodes"] == [{"name": "Cycling"}]
    assert len(shown["conversations"]["nodes"]) == 1
    assert {one["kind"] for one in shown["history"]["nodes"]} >= {"TICKET", "PURCHASE", "INTEREST", "MESSAGE"}
    assert shown["sources"][1:] == [{"name": "acme", "account": "main", "status": "OK"}]


async def test_fresh_costs_nothing(
    panel: Callable[..., Panel], vendor: Vendor, make: Makers, commands: Commands
) -> None:
    """What is fresh is neither asked for again nor costs a command."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    ask = panel()
    await ask(TICKETS_OF, id=ann.id)
    with commands.counted() as sent:
        again = await ask(TICKETS_OF, id=ann.id)
    with commands.counted() as plainly:
        await ask.stored(TICKETS_OF, id=ann.id)
    assert len(sent) == len(plainly)
    assert vendor.asked["main", "tickets", "1"] == 1
    assert [one["status"] for one in again.data["customer"]["tickets"]["sources"]] == ["STORED", "OK"]


async def test_unchanged_writes_nothing(
    panel: Callable[..., Panel], vendor: Vendor, make: Makers, commands: Commands
) -> None:
    """What a channel says again unchanged costs no command, however often it is asked."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    ask = panel(freshness=EAGER)
    await ask(TICKETS_OF, id=ann.id)
    with commands.counted() as sent:
        await ask(TICKETS_OF, id=ann.id)
    with commands.counted() as plainly:
        await ask.stored(TICKETS_OF, id=ann.id)
    assert vendor.asked["main", "tickets", "1"] == 2
    assert len(sent) == len(plainly)
    vendor.has("tickets", "1", told_ticket("7", status="SOLVED", updated=2))
    shown = (await ask(TICKETS_OF, id=ann.id)).data["customer"]["tickets"]
    assert [one["status"] for one in shown["nodes"]] == ["SOLVED"]


async def test_many_at_once(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A channel that answers for several people is asked once for as many as it takes."""
    for n in range(4):
        one = await make.customer(f"Ann{n}")
        await make.identity(one, "many", str(n), "many")
        vendor.has("tickets", str(n), told_ticket(f"t{n}"), account="many")
    shown = (await panel(many=AcmeSettings())("{ customers { nodes { tickets { nodes { number } } } } }")).data
    numbers = {one["number"] for each in shown["customers"]["nodes"] for one in each["tickets"]["nodes"]}
    assert numbers == {"t0", "t1", "t2", "t3"}
    assert sorted(len(person.split(",")) for _, _, person in vendor.asked) == [1, 3]


async def test_same_asked_once(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """A customer's tickets in two lists of a question are asked for once."""
    ann = await make.customer()
    await make.identity(ann, "acme", "1")
    vendor.has("tickets", "1", told_ticket("7"))
    await panel(freshness=EAGER)(TICKETS_OF, id=ann.id)
    assert vendor.asked["main", "tickets", "1"] == 1
    assert await make.store.count(TICKETS, {}) == 1


async def test_profile_comes_behind(panel: Callable[..., Panel], vendor: Vendor, make: Makers) -> None:
    """Who somebody is, is learned behind the answer, written back, and not asked again for a day."""
    ann = await make.customer(None, None)
    await make.identity(ann, "acme", "1")
    vendor.has("person", "1", {"name": "Annabel"})
    ask = panel(main=AcmeSettings(offers=(Capability.PROFILE,)), freshness=EAGER)
    opened = "firstName identities { profile { name } } notes { nodes { id } }"
    query = f"query Name($id: ID!) {{ customer(id: $id) {{ {opened} }} }}"
    await ask(query, id=ann.id)
    await ask.settled()
    shown = (await ask(query, id=ann.id)).data["customer"]
    assert shown["firstName"] == "Annabel"
    assert shown["identities"] == [{"profile": {"name": "Annabel"}}]
    await ask.settled()
    assert vendor.asked["main", "person", "1"] == 1
