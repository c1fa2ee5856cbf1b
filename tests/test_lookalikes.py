"""Is who may be the same person found when it is asked, before any scan, and kept so that people can have their say?"""

from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Who
from adapters.mongo import Store
from resolvers.attribute_rules import AttributeType
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.matching import Base, Kind, Level
from resolvers.matching_base import BASE, keep_base
from resolvers.scanning import scan
from tests.adapters.test_explain import Scans
from tests.changing import change
from tests.conftest import NOW, Asking, Commands
from tests.crowd import definition
from tests.makers import Makers
from tests.merging.conftest import MERGE
from tests.taking_in import bring

IDENTIFY = """mutation ($input: IdentifyCustomerInput!) { identifyCustomer(input: $input) {
  ... on IdentifyCustomerPayload { isNew identified { customer { id }
    suggestions { id score isSure customers { displayName } reasons { role level } } } }
  ... on Refusal { code message } } }"""
OF_ONE = "query ($id: ID!) { customer(id: $id) { suggestions { id customers { id } } } }"
DISMISS = """mutation ($input: DismissDuplicateInput!) { dismissDuplicate(input: $input) {
  ... on DismissDuplicatePayload { suggestion { id } } ... on Refusal { code } } }"""
PHONE = "+491628374655"
WILHELMINA = Person(
    who=Who("shop", "main", "1"),
    attributes={"firstName": "Wilhelmina", "lastName": "Sommerfeld", "phoneNumber": PHONE},
    reaches=(Reach(type="EMAIL", value="w.sommerfeld@example.com"),),
)


def _like(value: str, reaches: tuple[Reach, ...] = (), **names: str) -> Person:
    return Person(who=Who("shop", "main", value), attributes=names, reaches=reaches)


async def _id_of(ask: Asking, value: str) -> str:
    query = """query ($value: String!) { customerByIdentity(channel: "shop", account: "main", value: $value) {
      customer { id } } }"""
    found: str = (await ask(query, value=value)).data["customerByIdentity"]["customer"]["id"]
    return found


async def _suggested(ask: Asking, value: str) -> list[str]:
    """The ids of those who are suggested beside the customer whom the shop knows by this value."""
    own = await _id_of(ask, value)
    answer = await ask(OF_ONE, id=own)
    assert not answer.errors
    ends = [who["id"] for one in answer.data["customer"]["suggestions"] for who in one["customers"]]
    return [one for one in ends if one != own]


async def _identify(ask: Asking, value: str) -> Any:
    answer = await ask(IDENTIFY, input={"channel": "whatsapp", "account": "main", "value": value})
    assert not answer.errors
    return answer.data["identifyCustomer"]


@pytest.fixture
async def known(make: Makers, store: Store) -> None:
    """A customer of the shop, and some strangers."""
    await make.channel("shop")
    await make.channel("whatsapp")
    await bring(store, WILHELMINA, _like("2", firstName="Bob", lastName="Okafor"), _like("3", firstName="Ann"))


@pytest.mark.usefixtures("known")
async def test_newcomer_by_number(ask: Asking) -> None:
    """Who writes from the number that a customer gave to the shop is suggested to be that customer, at once."""
    found = await _identify(ask, PHONE)
    (one,) = found["identified"]["suggestions"]
    assert found["isNew"]
    assert {who["displayName"] for who in one["customers"]} == {None, "Wilhelmina Sommerfeld"}
    assert ([reason["role"] for reason in one["reasons"]], one["isSure"]) == (["PHONE"], False)


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    "like",
    [
        _like("9", (Reach(type="EMAIL", value="W.Sommerfeld@Example.com"),)),
        _like("9", (Reach(type="PHONE", value=PHONE),), firstName="Vilhelmina"),
        _like(
            "9", (Reach(type="EMAIL", value="w.sommerfeld@example.org"),), firstName="Wilhelmina", lastName="Zommerfeld"
        ),
        _like("9", firstName="Sommerfeld", lastName="Wilhelmina"),
    ],
    ids=["address", "number and name", "alike in sound", "exchanged"],
)
async def test_found_now(ask: Asking, store: Store, like: Person) -> None:
    """A number, an address or how the names sound is enough to be found by, whatever else differs."""
    await store.upsert(BASE, [(BASE.id_of(one), {"$set": one}) for one in [_sizes(1_000)]])
    await bring(store, like)
    assert await _suggested(ask, "9") == [await _id_of(ask, "1")]
    assert await _suggested(ask, "1") == [await _id_of(ask, "9")]
    assert await _suggested(ask, "2") == []


def _sizes(size: int) -> dict[str, Any]:
    return {"part": "sizes", "size": size, "doubles": 0, "relatives": 0, "people": size, "at": NOW}


async def test_by_identity(ask: Asking, make: Makers, store: Store) -> None:
    """A customer who is known by a number on one channel is found by whoever gives that number elsewhere."""
    for channel in ("shop", "whatsapp", "sms"):
        await make.channel(channel)
    first = (await _identify(ask, PHONE))["identified"]["customer"]["id"]
    await bring(store, _like("9", (Reach(type="PHONE", value=PHONE),), firstName="Wilhelmina"))
    assert await _suggested(ask, "9") == [first]
    answer = await ask(IDENTIFY, input={"channel": "sms", "account": "main", "value": PHONE})
    assert len(answer.data["identifyCustomer"]["identified"]["suggestions"]) == 2


@pytest.mark.usefixtures("known")
async def test_unproven_merges_nobody(ask: Asking, store: Store) -> None:
    """An identity that was only said to be the customer's is a reason for people; a scan knows nothing of it."""
    found = await _identify(ask, PHONE)
    assert len(found["identified"]["suggestions"]) == 1
    scans = []
    for claim in ("ASSERTED", "VERIFIED"):
        await store.update_all(IDENTITIES, {"channel": "whatsapp"}, {"$set": {"claim": claim}})
        scans.append((await scan(store, at=NOW)).suggested)
    assert scans == [0, 1]


@pytest.mark.usefixtures("known")
async def test_people_have_their_say(ask: Asking, store: Store) -> None:
    """What was found when somebody asked has an id to be dismissed by, and is not found again, nor merged by a scan."""
    own = await _identify(ask, PHONE)
    (one,) = own["identified"]["suggestions"]
    assert (await ask("query ($id: ID!) { node(id: $id) { id } }", id=one["id"])).data["node"] == {"id": one["id"]}
    assert "suggestion" in (await ask(DISMISS, input={"id": one["id"]})).data["dismissDuplicate"]
    assert (await _identify(ask, PHONE))["identified"]["suggestions"] == []
    assert (await scan(store, at=NOW)).suggested == 0


@pytest.mark.usefixtures("known")
async def test_apart_through_merges(ask: Asking, store: Store) -> None:
    """Two who are different people stay so when one of them goes into a third, for suggestions and for scans."""
    (one,) = (await _identify(ask, PHONE))["identified"]["suggestions"]
    await ask(DISMISS, input={"id": one["id"]})
    await ask(MERGE, input={"survivorId": await _id_of(ask, "2"), "otherIds": [await _id_of(ask, "1")]})
    assert (await _identify(ask, PHONE))["identified"]["suggestions"] == []
    assert await _suggested(ask, "2") == []
    assert (await scan(store, at=NOW)).suggested == 0


@pytest.mark.usefixtures("known")
async def test_scan_keeps_newer(ask: Asking, store: Store) -> None:
    """A scan does not take away what somebody found while it ran."""
    await _identify(ask, PHONE)
    await store.update_all(PAIRS, {}, {"$set": {"found_at": NOW.replace(year=2027)}})
    await store.delete(CUSTOMERS, {"is_anonymous": False})
    await scan(store, at=NOW)
    assert await store.count(PAIRS, {}) == 1


async def test_typed_by_many(ask: Asking, store: Store) -> None:
    """However many only say that an address is theirs, whoever says so next is shown whose it is."""
    typed = [Person(who=Who("chat", "web", str(n)), reaches=WILHELMINA.reaches) for n in range(45)]
    await bring(store, *typed, WILHELMINA, _like("2", WILHELMINA.reaches))
    assert await _id_of(ask, "1") in await _suggested(ask, "2")


async def test_common_number(ask: Asking, make: Makers, store: Store) -> None:
    """After a scan a number that many share is no reason any more: a company's is on every colleague's card."""
    await make.channel("shop")
    await bring(
        store, *(_like(str(n), (Reach(type="PHONE", value=PHONE),), firstName=name) for n, name in enumerate(NAMES))
    )
    await bring(store, _like("99", (Reach(type="PHONE", value=PHONE),)))
    before = await _suggested(ask, "99")
    await scan(store, at=NOW)
    assert (len(before), await _suggested(ask, "99")) == (5, [])


NAMES = ["Ann", "Bob", "Carla", "Dimitri", "Eva", "Fred", "Gustav", "Hanna", "Igor", "Jana", "Karl", "Lena", "Mark"]


@pytest.mark.parametrize(("level", "is_found"), [(Level.EXACT, False), (Level.FAR, True)])
async def test_learned_of_numbers(ask: Asking, make: Makers, store: Store, level: Level, *, is_found: bool) -> None:
    """What a scan learned of a number counts when a newcomer comes: whether people keep theirs, or get others."""
    await make.channel("shop")
    await definition(make, "card", type=AttributeType.STRING, matching_role="IDENTIFIER")
    base = Base(size=1_000, people=1_000, kinds={"card": Kind(doubles={level: 500}, relatives={Level.FAR: 500})})
    await keep_base(store, base, NOW)
    same = {"firstName": "Wilhelmina", "lastName": "Sommerfeld"}
    await bring(store, _like("1", card="C7700112", **same), _like("2", card="D8815534", **same))
    assert bool(await _suggested(ask, "1")) is is_found


@pytest.mark.usefixtures("known")
async def test_follows_edits(ask: Asking, store: Store) -> None:
    """Who is edited is found by how the new name sounds, and by the old one no longer."""
    own = await _id_of(ask, "2")
    rules = [{"name": "firstName", "value": "Annabel"}, {"name": "lastName", "value": "Zimmermann"}]
    before = await _sounds(store, "2")
    await change(ask, "editCustomer", "customer { id }", id=own, attributes=rules, version=1)
    after = await _sounds(store, "2")
    assert (before, after) == (["BB|OKFR", "BRT|OKFR", "OKFR|RBRT"], ["ANBL|SMRMN"])


@pytest.mark.usefixtures("known")
async def test_follows_definitions(ask: Asking, make: Makers, store: Store) -> None:
    """Customers are found by the sound of whatever an administrator says is a name, and only as long as it is."""
    made = await definition(make, "maidenName")
    await store.update_all(
        CUSTOMERS, {"attributes.lastName": "Sommerfeld"}, {"$set": {"attributes.maidenName": "Bach"}}
    )
    seen = []
    for role in ("FAMILY_NAME", None):
        rules, key = {"matchingRole": role}, global_id("AttributeDefinition", made)
        await change(ask, "changeAttributeDefinition", "definition { id }", as_=Role.ADMINISTRATOR, id=key, rules=rules)
        seen.append(any("BX" in one for one in await _sounds(store, "1")))
    assert seen == [True, False]


@pytest.mark.usefixtures("known")
async def test_scan_gives_sounds(store: Store) -> None:
    """A scan gives those from before names were kept by their sound what they are found by."""
    before = await _sounds(store, "1")
    await store.update_all(CUSTOMERS, {}, {"$unset": {"sounds": ""}})
    await scan(store, at=NOW)
    assert before
    assert await _sounds(store, "1") == before


async def _sounds(store: Store, value: str) -> list[str]:
    names = {"1": "Sommerfeld", "2": {"$in": ["Okafor", "Zimmermann"]}}
    found = await store.first(CUSTOMERS, {"attributes.lastName": names[value]})
    assert found
    sounds: list[str] = found["sounds"]
    return sounds


@pytest.mark.usefixtures("known")
async def test_reads_indexes(ask: Asking, store: Store, commands: Commands) -> None:
    """However many customers there are, who may be one of them is found along indexes."""
    scans = Scans(store, commands)
    await bring(
        store,
        _like(
            "9", (Reach(type="PHONE", value=PHONE), Reach(type="EMAIL", value="w@example.com")), firstName="Wilhelmina"
        ),
    )
    await scans.run(ask, "suggestions", OF_ONE, id=await _id_of(ask, "9"))
    assert scans.found == []
    assert scans.explained > 5
