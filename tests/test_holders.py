"""Whose is an account that nobody has yet, where an attribute names one customer on the channel?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import HandedOver, Leaning, Person, Reach, Who
from adapters.mongo import Store
from adapters.records import Document, new_id
from resolvers.attribute_rules import AttributeType
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest import holders
from resolvers.interests import INTERESTS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import CHANNELS_SCOPE, LOOKUP_SCOPE, Role
from tests.adapters.test_explain import Scans
from tests.changing import change
from tests.conftest import NOW, Asking, Commands
from tests.crowd import definition
from tests.makers import Made, Makers
from tests.taking_in import AT, CASE, LEANING, PLACE, REMARK, WORD, bring
from tests.test_channel_identifiers import PHONE, holder, identifier
from tests.test_identification import other  # noqa: F401 - another gateway on the same database

BACKEND: dict[str, Any] = {"as_": Role.PARTNER, "viewer": {"scopes": frozenset({LOOKUP_SCOPE, CHANNELS_SCOPE})}}
IDENTIFY = """mutation($input: IdentifyCustomerInput!) { identifyCustomer(input: $input) {
  ... on IdentifyCustomerPayload { isNew identified { kind claim customer { id } } } ... on Refusal { code } } }"""
PROVEN = f"""{{ customerByIdentity(channel: "whatsapp", account: "main", value: "{PHONE}", isProven: true) {{
  claim }} }}"""
HOLDER = Who("whatsapp", "main", PHONE)
SPOKEN = replace(WORD, channel="whatsapp", account="main", who=HOLDER, sent_at=AT)
SHOWN = Person(who=HOLDER, profile={"name": "Minnie"}, seen_at=AT)
LIKES = replace(LEANING, who=HOLDER)


@pytest.fixture(autouse=True)
async def mobile(make: Makers) -> None:
    """A number by which customers are known on the company's channels."""
    for channel in ("whatsapp", "sms", "desk"):
        await make.channel(channel)
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER)


async def _sure(make: Makers, **more: Any) -> Made:
    return await holder(make, is_verified=True, mobile=PHONE, **more)


async def _identify(ask: Asking, asker: dict[str, Any] = BACKEND, **input: Any) -> Any:
    given = {"channel": "whatsapp", "account": "main", "value": PHONE} | input
    answer = await ask(IDENTIFY, input=given, **asker)
    assert not answer.errors
    return answer.data["identifyCustomer"]


async def _identity(store: Store) -> Document:
    (found,) = await store.find(IDENTITIES, {"value": PHONE})
    return found


async def test_linked_to_holder(ask: Asking, make: Makers, store: Store) -> None:
    """Whoever writes from the verified number of one customer is that customer: concluded, signed in as nobody."""
    one = await _sure(make)
    found = await _identify(ask, profile={"name": "Minnie"})
    who = {"kind": "IDENTIFIED", "claim": "INFERRED", "customer": {"id": one.id}}
    assert found == {"isNew": False, "identified": who}
    assert await _identify(ask) == found
    assert [await store.count(record, {}) for record in (CUSTOMERS, IDENTITIES, IDENTITY_KEYS)] == [1, 1, 1]
    identity = await _identity(store)
    assert (identity["claimed_by"], identity["verified_at"], identity["profile"]["name"]) == ("partner", None, "Minnie")
    assert (await ask(PROVEN)).data == {"customerByIdentity": None}
    (customer,) = await store.find(CUSTOMERS, {})
    assert (customer["version"], customer["updated_by"]) == (2, "partner")


async def test_confirmed_by_person(ask: Asking, make: Makers, store: Store) -> None:
    """What was concluded, a person confirms, and then it signs in; the channel's own word alone does not make it so."""
    await _sure(make)
    await _identify(ask)
    await bring(store, SPOKEN, SHOWN)
    assert (await ask(PROVEN)).data == {"customerByIdentity": None}
    await change(ask, "verifyIdentity", "__typename", id=global_id("Identity", (await _identity(store))["_id"]))
    assert (await ask(PROVEN)).data == {"customerByIdentity": {"claim": "VERIFIED"}}


@pytest.mark.parametrize(
    "record",
    [
        SPOKEN,
        replace(SPOKEN, direction="OUT"),
        SHOWN,
        replace(SHOWN, reaches=(Reach(type="PHONE", value=PHONE),)),
        replace(REMARK, who=HOLDER),
    ],
)
async def test_channel_links(ask: Asking, make: Makers, store: Store, record: HandedOver) -> None:
    """What the channel itself hands over of a verified number that nobody has is the customer's who has it."""
    one = await _sure(make)
    await bring(store, record)
    assert (await _identify(ask))["identified"]["customer"]["id"] == one.id
    assert (await _identity(store))["claim"] == "INFERRED"
    assert await store.count(CUSTOMERS, {}) == 1
    before = await store.find(CUSTOMERS, {})
    await bring(store, record)
    assert await store.find(CUSTOMERS, {}) == before


async def test_known_interest_once(make: Makers, store: Store) -> None:
    """What the customer is known to like already is no second interest when it comes by the new account."""
    one = await _sure(make)
    await make.identity(one, "sms", PHONE)
    await bring(store, PLACE, replace(LEANING, who=Who("sms", "main", PHONE)))
    await bring(store, LIKES)
    assert [found["customer_id"] for found in await store.find(INTERESTS, {})] == [one.key]
    assert isinstance(LIKES, Leaning)


@pytest.mark.parametrize(
    "record",
    [
        replace(CASE, who=HOLDER),
        replace(SHOWN, attributes={"firstName": "Eve"}),
        replace(SHOWN, tags=("a",)),
        replace(SHOWN, reaches=(Reach(type="PHONE", value="+14155550999"),)),
    ],
)
async def test_hearsay_links_nobody(make: Makers, store: Store, record: HandedOver) -> None:
    """What another channel says of the number, or a source that says more, makes a customer of its own as before."""
    one = await _sure(make)
    await bring(store, record)
    assert (await _identity(store))["customer_id"] != one.key


STAFF: dict[str, Any] = {"as_": Role.AGENT}
PARTNER: dict[str, Any] = {"as_": Role.PARTNER, "viewer": {"scopes": frozenset({LOOKUP_SCOPE})}}


@pytest.mark.parametrize("asker", [STAFF, PARTNER])
async def test_askers_link_nobody(ask: Asking, make: Makers, commands: Commands, asker: dict[str, Any]) -> None:
    """Who only says that somebody writes from the number is told of a new customer, at no further command."""
    one = await _sure(make)
    held = {record.name for record in make.store.records.values() if record.is_held}
    with commands.counted() as sent:
        found = await _identify(ask, asker)
    assert found["isNew"]
    assert found["identified"]["customer"]["id"] != one.id
    names = [name for name, command in sent if command[name] not in held]
    # Last is how well founded the identity is, which was asked for.
    assert names == ["aggregate", "find", "insert", "insert", "insert", "commitTransaction", "aggregate"]


async def test_planted_number(ask: Asking, make: Makers) -> None:
    """A victim's number in somebody's own record gets them nothing: unverified it links nobody, nor to anybody."""
    thief = await holder(make, mobile=PHONE)
    assert (await _identify(ask))["isNew"]
    await make.store.delete(IDENTITY_KEYS, {})
    victim = await _sure(make)
    found = await _identify(ask)
    assert found["isNew"]
    assert found["identified"]["customer"]["id"] not in {thief.id, victim.id}


async def _two(make: Makers, one: Made) -> None:
    assert one
    await _sure(make)


async def _elsewhere(make: Makers, one: Made) -> None:
    """Somebody else has the number in another attribute that names customers."""
    assert one
    await definition(make, "work", type=AttributeType.STRING, is_channel_identifier=True)
    await holder(make, work=PHONE)


async def _unverified(make: Makers, one: Made) -> None:
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"observed.mobile.is_verified": False}})


async def _erased(make: Makers, one: Made) -> None:
    await make.store.delete(CUSTOMERS, {"_id": one.key})


async def _inferred(make: Makers, one: Made) -> None:
    """A machine has merged somebody into the customer."""
    await make.merged(await make.customer(), one, "IDENTITIES")
    change = {"$set": {"aliases.0.inferred_by": [new_id()]}}
    await make.store.update(CUSTOMERS, {"_id": one.key}, change)


async def _full(make: Makers, one: Made) -> None:
    for n in range(IDENTITIES.at_most or 0):
        await make.identity(one, "desk", str(n))


@pytest.mark.parametrize("spoil", [_two, _elsewhere, _unverified, _erased, _inferred, _full])
async def test_otherwise_anonymous(ask: Asking, make: Makers, spoil: Any) -> None:
    """Where not one customer alone has it, proven and with room for it, an anonymous customer is made as ever."""
    await spoil(make, one := await _sure(make))
    found = await _identify(ask)
    assert (found["isNew"], found["identified"]["kind"]) == (True, "ANONYMOUS")
    assert found["identified"]["customer"]["id"] != one.id


@pytest.mark.parametrize(("places", "is_new"), [((), True), (("desk/second",), True), (("desk/main",), False)])
async def test_texts_link_where_named(ask: Asking, make: Makers, places: tuple[str, ...], is_new: bool) -> None:
    """A text that may be an id on any channel links on those alone that are named, and suggests on the others."""
    await identifier(make, "deskId", AttributeType.STRING, *places)
    await holder(make, is_verified=True, deskId="1001")
    assert (await _identify(ask, channel="desk", value="1001"))["isNew"] is is_new


async def test_survivor_is_linked(ask: Asking, make: Makers, store: Store) -> None:
    """Of those who were merged it is the survivor; what was linked since stays that one's when the merge is undone."""
    gone, survivor = await _sure(make), await make.customer()
    people = {"survivorId": survivor.id, "otherIds": [gone.id]}
    merged = await change(ask, "mergeCustomers", "merge { id }", **people)
    assert (await _identify(ask))["identified"]["customer"]["id"] == survivor.id
    shown = await ask("query ($id: ID!) { customer(id: $id) { version } }", id=survivor.id)
    undo = {"mergeId": merged["merge"]["id"], "version": shown.data["customer"]["version"]}
    assert "code" not in await change(ask, "unmergeCustomers", "__typename", **undo)
    found = (await _identify(ask))["identified"]
    assert (found["customer"]["id"], found["claim"]) == (survivor.id, "INFERRED")
    # From now on the value is the other one's again, and so is who writes by it elsewhere.
    assert (await _identify(ask, channel="sms"))["identified"]["customer"]["id"] == gone.id
    assert await store.count(IDENTITIES, {"customer_id": survivor.key}) == 1


async def test_value_left_behind(ask: Asking, make: Makers) -> None:
    """A value that a merge did not bring along names nobody: the survivor has another one."""
    gone, survivor = await _sure(make), await holder(make, is_verified=True, mobile="+491628374699")
    choice = [{"name": "mobile", "choice": "KEEP"}]
    people = {"survivorId": survivor.id, "otherIds": [gone.id], "attributes": choice}
    assert "code" not in await change(ask, "mergeCustomers", "__typename", **people)
    assert (await _identify(ask))["isNew"]


async def test_taken_off_stays_off(ask: Asking, make: Makers, store: Store) -> None:
    """From whom people took the account, that one is not given it again: whoever writes by it is somebody unknown."""
    one = await _sure(make)
    await _identify(ask)
    await change(ask, "unlinkIdentity", "__typename", id=global_id("Identity", (await _identity(store))["_id"]))
    await bring(store, SPOKEN)
    found = await _identify(ask)
    assert found["identified"]["customer"]["id"] != one.id


async def test_two_hundred_link_once(ask: Asking, other: Asking, make: Makers, store: Store) -> None:  # noqa: F811
    """200 at once for one verified number: one identity, of its customer, and equal answers."""
    one = await _sure(make)
    answers = await asyncio.gather(*(_identify((ask, other)[n % 2]) for n in range(200)))
    assert {answer["identified"]["customer"]["id"] for answer in answers} == {one.id}
    assert answers == [answers[0]] * 200
    assert [await store.count(record, {}) for record in (CUSTOMERS, IDENTITIES, IDENTITY_KEYS)] == [1, 1, 1]


async def test_accounts_at_once(ask: Asking, make: Makers, store: Store) -> None:
    """The same number on two channels at once, by asking and by delivery: both are the customer's, and none is lost."""
    one = await _sure(make)
    deliveries = [bring(store, replace(SPOKEN, external_id=str(n))) for n in range(5)]
    await asyncio.gather(*deliveries, *(_identify(ask, channel="sms") for _ in range(5)))
    assert {each["customer_id"] for each in await store.find(IDENTITIES, {})} == {one.key}
    assert await store.count(IDENTITIES, {}) == 2
    (customer,) = await store.find(CUSTOMERS, {})
    assert customer["last_interaction_at"] == AT


async def test_batch_of_many(make: Makers, store: Store, commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many newcomers a batch has, whose they are costs one command more; crowded values cost nobody else."""
    words = [replace(SPOKEN, external_id=str(n), who=HOLDER._replace(value=f"+4916283746{n:02}")) for n in range(20)]
    people = [await holder(make, is_verified=True, mobile=one.who.value) for one in words[:10]]
    crowded = [await holder(make, is_verified=True, mobile=words[10].who.value) for _ in range(60)]
    costs = []
    for most in (200, 1):
        monkeypatch.setattr(holders, "_SOME", most)
        with commands.counted() as sent:
            await bring(store, *(replace(one, external_id=f"{most} {one.external_id}") for one in words))
        costs.append(len([name for name, command in sent if command[name] == CUSTOMERS.name and name == "find"]))
        owners = {each["value"]: each["customer_id"] for each in await store.find(IDENTITIES, {})}
        assert [owners[one.who.value] for one in words[:10]] == [one.key for one in people]
        assert not set(owners.values()) & {one.key for one in crowded}
        await store.delete(IDENTITIES, {})
        await store.delete(IDENTITY_KEYS, {})
        await store.delete(CUSTOMERS, {"is_anonymous": True})
    # Where values are crowded, each is asked for by itself.
    assert costs == [1, 21]


async def test_holders_along_index(ask: Asking, make: Makers, store: Store, commands: Commands) -> None:
    """Whose an account is, is found along an index, by asking and by delivery."""
    await _sure(make)
    scans = Scans(store, commands)
    with commands.counted() as sent:
        await _identify(ask)
        await bring(store, replace(SPOKEN, who=HOLDER._replace(channel="sms"), channel="sms"))
    await scans.judge("holders", sent)
    assert scans.found == []
    assert scans.explained > 5


async def test_no_identifier_no_cost(make: Makers, store: Store, commands: Commands) -> None:
    """Where no attribute names customers on the channel, a batch costs no command more."""
    costs = []
    for n, places in enumerate(([], ["sms"])):
        who = HOLDER._replace(value=f"{PHONE[:-1]}{n}")
        word = replace(SPOKEN, external_id=str(n), talk=f"C{n}", who=who)
        await store.update_all(store.records["attribute_definitions"], {}, {"$set": {"identifies_on": places}})
        with commands.counted() as sent:
            await bring(store, word, at=NOW)
        costs.append([name for name, command in sent if command[name] == CUSTOMERS.name])
    assert costs == [["find", "insert"], ["insert"]]
    assert make
