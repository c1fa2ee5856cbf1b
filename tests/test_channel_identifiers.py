"""Whom does an attribute name on channels, and which attributes may?"""

from collections.abc import Mapping
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers import attribute_preview
from resolvers.attribute_rules import AttributeType
from resolvers.attribute_schema import DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import LOOKUP_SCOPE, STAFF, Role
from tests.adapters.test_explain import Scans
from tests.changing import change, refused
from tests.conftest import Asking, Commands
from tests.crowd import attributes, definition
from tests.makers import Made, Makers
from tests.taking_in import contents

ADMIN = Role.ADMINISTRATOR
PHONE, MAIL, OWN = "+491628374655", "w.sommerfeld@example.com", "9182736455"
IDENTIFY = """mutation ($input: IdentifyCustomerInput!) { identifyCustomer(input: $input) {
  ... on IdentifyCustomerPayload { isNew identified { claim customer { id }
    suggestions { id score customers { id } reasons { role level weight } } } } ... on Refusal { code message } } }"""
LIKELY = """query ($channel: String!, $value: String!) {
  likelyByIdentity(channel: $channel, account: "main", value: $value) {
    customer { id displayName } score reasons { role level } } }"""
KNOWN = """query ($channel: String!, $value: String!) {
  customerByIdentity(channel: $channel, account: "main", value: $value) { customer { id } } }"""
SHARING = """query($input: PreviewAttributeDefinitionInput!) { previewAttributeDefinition(input: $input) {
  refusal sharing { count customers { id } } } }"""
DEFINED = "definition { isChannelIdentifier identifiesOn version }"


@pytest.fixture
async def channels(make: Makers) -> None:
    """The channels of the company."""
    for place in (("whatsapp", "main"), ("sms", "main"), ("email", "main"), ("desk", "main"), ("desk", "second")):
        await make.channel(*place)


async def identifier(make: Makers, name: str, kind: AttributeType, *places: str, **more: Any) -> None:
    """An attribute that names customers on channels."""
    await definition(make, name, type=kind, is_channel_identifier=True, identifies_on=list(places), **more)


async def holder(make: Makers, *, is_verified: bool = False, **values: str) -> Made:
    """A customer who has these values."""
    one = await make.customer("Wilhelmina", "Sommerfeld")
    await attributes(make, one, **values)
    sure = {f"observed.{name}.is_verified": is_verified for name in values}
    await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": sure})
    return one


async def _identify(ask: Asking, channel: str, value: str, account: str = "main") -> Mapping[str, Any]:
    answer = await ask(IDENTIFY, input={"channel": channel, "account": account, "value": value})
    assert not answer.errors
    found: Mapping[str, Any] = answer.data["identifyCustomer"]
    return found


async def _likely(ask: Asking, channel: str, value: str) -> list[Mapping[str, Any]]:
    answer = await ask(LIKELY, channel=channel, value=value)
    assert not answer.errors
    found: list[Mapping[str, Any]] = answer.data["likelyByIdentity"]
    return found


def _others(found: Mapping[str, Any]) -> list[str]:
    own = found["identified"]["customer"]["id"]
    suggestions = found["identified"]["suggestions"]
    return [who["id"] for one in suggestions for who in one["customers"] if who["id"] != own]


@pytest.mark.usefixtures("channels")
@pytest.mark.parametrize("role", [None, "PHONE", "EMAIL", "ADDRESS", "IDENTIFIER", "FAMILY_NAME"])
async def test_number_names_customer(ask: Asking, make: Makers, role: str | None) -> None:
    """Whoever writes from the number in a channel identifier is suggested, first and as exact, whatever its role."""
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER, matching_role=role)
    one = await holder(make, mobile=PHONE)
    found = await _identify(ask, "whatsapp", PHONE[1:])
    assert (found["isNew"], _others(found)) == (True, [one.id])
    (suggestion,) = found["identified"]["suggestions"]
    assert [(each["role"], each["level"]) for each in suggestion["reasons"]] == [("PHONE", "EXACT")]
    assert suggestion["score"] > 0.9


NUMBER, ADDRESS, TEXT = AttributeType.PHONE_NUMBER, AttributeType.EMAIL, AttributeType.STRING
SCOPED = "US.13491208655302741918"


@pytest.mark.usefixtures("channels")
@pytest.mark.parametrize(
    ("defined", "stored", "asked", "role"),
    [
        ((NUMBER,), PHONE, ("sms", "+49 162 837 4655"), "PHONE"),
        ((NUMBER, "whatsapp"), PHONE, ("sms", PHONE), None),
        ((ADDRESS,), MAIL, ("email", "W.Sommerfeld@Example.com"), "EMAIL"),
        ((ADDRESS,), MAIL, ("desk", MAIL), None),
        ((TEXT,), OWN, ("desk", OWN), "IDENTIFIER"),
        ((TEXT, "desk"), "AbC1", ("desk", "AbC1"), "IDENTIFIER"),
        ((TEXT, "desk"), "AbC1", ("desk", "abc1"), None),
        ((TEXT, "desk/second"), OWN, ("desk", OWN), None),
        ((TEXT, "desk/second", "desk/main"), OWN, ("desk", OWN), "IDENTIFIER"),
        ((TEXT, "whatsapp"), SCOPED, ("whatsapp", SCOPED.lower()), "IDENTIFIER"),
        ((TEXT,), PHONE, ("whatsapp", PHONE), "IDENTIFIER"),
    ],
)
async def test_values_as_kept(ask: Asking, make: Makers, defined: Any, stored: str, asked: Any, role: Any) -> None:
    """Numbers and addresses name in any notation, other ids sign by sign; each where the definition says."""
    await identifier(make, "known", *defined)
    one = await holder(make, known=stored)
    found = await _likely(ask, *asked)
    assert [each["customer"]["id"] for each in found] == ([one.id] if role else [])
    assert [each["reasons"] for each in found] == ([[{"role": role, "level": "EXACT"}]] if role else [])


@pytest.mark.usefixtures("channels")
async def test_unknown_stays_unknown(ask: Asking, make: Makers) -> None:
    """An attribute makes nobody known by an identity; who may be meant is asked apart, and nothing is written."""
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER)
    one = await holder(make, is_verified=True, mobile=PHONE)
    before = await contents(make.store)
    assert (await ask(KNOWN, channel="whatsapp", value=PHONE)).data == {"customerByIdentity": None}
    found = await _likely(ask, "whatsapp", PHONE)
    assert [each["customer"] for each in found] == [{"id": one.id, "displayName": "Wilhelmina Sommerfeld"}]
    assert one.key in ask.delivered.customers
    assert ask.delivered.look_ups == {("whatsapp", "main", False): 1}
    assert await contents(make.store) == before
    await _identify(ask, "whatsapp", PHONE)
    assert await _likely(ask, "whatsapp", PHONE) == []


@pytest.mark.usefixtures("channels")
async def test_named_come_first(ask: Asking, make: Makers) -> None:
    """Whom the channel identifier names stands before those who have the number somewhere else, merged ones once."""
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER)
    await definition(make, "other", type=AttributeType.PHONE_NUMBER, matching_role="PHONE")
    also = await holder(make, other=PHONE)
    two = [await holder(make, mobile=PHONE) for _ in range(2)]
    gone = await holder(make, mobile=PHONE)
    await change(ask, "mergeCustomers", "__typename", survivorId=two[0].id, otherIds=[gone.id])
    assert _others(await _identify(ask, "whatsapp", PHONE)) == [
        *(one.id for one in sorted(two, key=lambda one: one.key)),
        also.id,
    ]


@pytest.mark.usefixtures("channels")
async def test_told_apart_from_named(ask: Asking, make: Makers) -> None:
    """Of whom somebody said that they are two is not suggested, and a stranger's name weighs against it."""
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER)
    await holder(make, mobile=PHONE)
    found = await _identify(ask, "whatsapp", PHONE)
    own, (suggestion,) = found["identified"]["customer"]["id"], found["identified"]["suggestions"]
    names = [{"name": "firstName", "value": "Bob"}, {"name": "lastName", "value": "Okafor"}]
    await change(ask, "editCustomer", "__typename", id=own, version=1, attributes=names)
    (again,) = (await _identify(ask, "whatsapp", PHONE))["identified"]["suggestions"]
    assert again["score"] < 0.1 < suggestion["score"]
    await change(ask, "dismissDuplicate", "__typename", id=suggestion["id"])
    assert _others(await _identify(ask, "whatsapp", PHONE)) == []


@pytest.mark.usefixtures("channels")
async def test_seen_from_either_end(ask: Asking, make: Makers) -> None:
    """Who has the number in the attribute is shown whoever is known by it; the mark taken off, nobody is any more."""
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER)
    await _identify(ask, "whatsapp", PHONE)
    one = await holder(make, mobile=PHONE)
    query = "query ($id: ID!) { customer(id: $id) { suggestions { id } } }"
    assert len((await ask(query, id=one.id)).data["customer"]["suggestions"]) == 1
    await make.store.update(DEFINITIONS, {"name": "mobile"}, {"$set": {"is_channel_identifier": False}})
    assert (await ask(query, id=one.id)).data["customer"]["suggestions"] == []
    assert _others(await _identify(ask, "whatsapp", PHONE)) == []


@pytest.mark.usefixtures("channels")
async def test_named_along_index(ask: Asking, make: Makers, store: Store, commands: Commands) -> None:
    """Whom an attribute names is found along an index, by at most three commands."""
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER)
    await identifier(make, "deskId", AttributeType.STRING, "desk")
    for n in range(5):
        await holder(make, mobile=f"{PHONE[:-1]}{n}", deskId=f"{OWN}{n}")
    scans = Scans(store, commands)
    for channel, value in (("whatsapp", f"{PHONE[:-1]}1"), ("desk", f"{OWN}1")):
        with commands.counted() as sent:
            found = await _likely(ask, channel, value)
        held = {record.name for record in store.records.values() if record.is_held}
        assert len([name for name, command in sent if command[name] not in held]) == 3
        assert len(found) == 1
        await scans.judge(channel, sent)
    key = global_id("AttributeDefinition", DEFINITIONS.id_of({"name": "deskId"}))
    rules = {"isChannelIdentifier": True}
    await scans.run(ask, "sharing", SHARING, as_=ADMIN, input={"id": key, "rules": rules})
    assert scans.found == []
    assert scans.explained > 5


@pytest.mark.usefixtures("channels")
async def test_asked_by_staff(ask: Asking, make: Makers) -> None:
    """The staff ask who may be meant; partners, who may look identities up, are told of nobody by suggestions."""
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER)
    await holder(make, mobile=PHONE)
    for role in Role:
        viewer = {"scopes": frozenset({LOOKUP_SCOPE})}
        answer = await ask(LIKELY, as_=role, viewer=viewer, channel="whatsapp", value=PHONE)
        assert answer.codes == ([] if role in STAFF else ["FORBIDDEN"])


# Which attributes may name


@pytest.mark.usefixtures("channels")
@pytest.mark.parametrize(
    ("kind", "rules", "place"),
    [
        ("BOOLEAN", {}, "isChannelIdentifier"),
        ("CHOICE", {"choices": ["a"]}, "isChannelIdentifier"),
        ("DATE", {}, "isChannelIdentifier"),
        ("NUMBER", {}, "isChannelIdentifier"),
        ("STRING", {"default": "a"}, "default"),
        ("STRING", {"visibleTo": ["SUPERVISOR", "PARTNER"], "editableBy": []}, "visibleTo"),
        ("STRING", {"identifiesOn": ["fax"]}, "identifiesOn"),
        ("STRING", {"identifiesOn": ["desk/third"]}, "identifiesOn"),
        ("STRING", {"identifiesOn": ["desk/"]}, "identifiesOn"),
        ("STRING", {"identifiesOn": ["desk", "desk"]}, "identifiesOn"),
        ("PHONE_NUMBER", {"identifiesOn": ["whatsapp", "desk"]}, "identifiesOn"),
        ("EMAIL", {"identifiesOn": ["sms"]}, "identifiesOn"),
    ],
)  # fmt: skip
async def test_identifier_refused(ask: Asking, kind: str, rules: dict[str, Any], place: str) -> None:
    """What can be nobody's id, everybody's, or none on that channel names nobody; nor what only some may see."""
    given = {"name": "known", "type": kind, "rules": {"isChannelIdentifier": True} | rules}
    assert await refused(ask, "addAttributeDefinition", ADMIN, **given) == ("INVALID_INPUT", f"input.rules.{place}")


@pytest.mark.usefixtures("channels")
async def test_marked_and_unmarked(ask: Asking) -> None:
    """The mark and its channels are set, changed and taken off; a list of channels waits where there is no mark."""
    given = {"name": "deskId", "type": "STRING", "rules": {"identifiesOn": ["desk", "email/main"]}}
    added = await change(ask, "addAttributeDefinition", f"{DEFINED} definition {{ id }}", ADMIN, **given)
    key = added["definition"].pop("id")
    assert added["definition"] == {"isChannelIdentifier": False, "identifiesOn": ["desk", "email/main"], "version": 1}
    rules = ({"isChannelIdentifier": True}, {"identifiesOn": None}, {"isChannelIdentifier": False})
    seen = [(await change(ask, "changeAttributeDefinition", DEFINED, ADMIN, id=key, rules=one)) for one in rules]
    assert [(one["definition"]["isChannelIdentifier"], len(one["definition"]["identifiesOn"])) for one in seen] == [
        (True, 2),
        (True, 0),
        (False, 0),
    ]


@pytest.mark.usefixtures("channels")
async def test_older_definitions_rest(ask: Asking, make: Makers) -> None:
    """A mark from before there were rules names nobody where they refuse it: what is hidden stays so."""
    hidden = {"visible_to": ["administrator"], "editable_by": ["administrator"]}
    await identifier(make, "mobile", AttributeType.PHONE_NUMBER, **hidden)
    await identifier(make, "deskId", AttributeType.STRING, default=OWN)
    await holder(make, mobile=PHONE, deskId=OWN)
    assert (await _likely(ask, "whatsapp", PHONE), await _likely(ask, "desk", OWN)) == ([], [])


@pytest.mark.parametrize("piece", [50_000, 2, 1])
async def test_sharing_is_shown(ask: Asking, make: Makers, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    """Before an attribute names customers it is shown who share a value, however few are compared at once."""
    monkeypatch.setattr(attribute_preview, "_PIECE", piece)
    key = global_id("AttributeDefinition", await definition(make, "deskId"))
    two = [await holder(make, deskId="1") for _ in range(2)]
    for other in ("0", "2", "3"):
        await holder(make, deskId=other)
    await make.merged(await holder(make, deskId="2"), two[0])
    shown = {True: {"count": 2, "customers": [{"id": one.id} for one in two]}, False: {"count": 0, "customers": []}}
    for is_marked, sharing in shown.items():
        rules = {"isChannelIdentifier": is_marked}
        answer = await ask(SHARING, as_=ADMIN, input={"id": key, "rules": rules})
        assert answer.data["previewAttributeDefinition"] == {"refusal": None, "sharing": sharing}
