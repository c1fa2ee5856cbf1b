"""Are numbers and addresses hidden from a role wherever they stand, once an administrator hides them from it?"""

from typing import Any

import pytest

from resolvers.attribute_schema import DEFINITIONS
from resolvers.contacts import CONTACT_POINTS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import LOOKUP_SCOPE, PERSONAL_SCOPE, Role
from tests import crowd
from tests.changing import change, refused
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.merging.conftest import MERGE
from tests.walking import read

PHONE, MAIL = "+14155550123", "quackenbos.t@example.com"
SEE = {Role.ADMINISTRATOR, Role.SUPERVISOR}
ASKING = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AGENT, Role.PARTNER)
SHOWN = """contactPoints { id type value hiddenFields } identities { channel value hiddenFields }
  facts { nodes { name value isHidden } }"""
ADD = {"type": "PHONE", "value": PHONE}


@pytest.fixture
async def ann(ask: Asking, make: Makers) -> Made:
    """A customer who is reached in every way, of which numbers and mail addresses are for supervisors."""
    few: dict[str, Any] = {"visible_to": ["supervisor"], "editable_by": ["supervisor"]}
    await crowd.definition(make, "mail", matching_role="EMAIL", **few)
    found = (await ask("{ attributeDefinitions { id name } }")).data["attributeDefinitions"]
    key = next(one["id"] for one in found if one["name"] == "phoneNumber")
    rules = {"isSearchable": False, "visibleTo": ["SUPERVISOR"], "editableBy": ["SUPERVISOR"]}
    await change(ask, "changeAttributeDefinition", "definition { id }", Role.ADMINISTRATOR, id=key, rules=rules)
    words = ["ann", "lee", "14155550123", "4155550123", MAIL, "quackenbos.t", "94103"]
    one = await make.customer(search=words)
    await crowd.contact_point(make, one, PHONE, type="PHONE")
    await crowd.contact_point(make, one, MAIL)
    await crowd.contact_point(make, one, "Market Street 94103", type="POSTAL")
    for channel, value in (("whatsapp", PHONE), ("email", MAIL), ("shop", "17"), ("whatsapp", "US.13491208655302")):
        await make.identity(one, channel, value)
    return one


async def _asked(ask: Asking, text: str, role: Role, **given: Any) -> Any:
    viewer = {"scopes": frozenset({PERSONAL_SCOPE, LOOKUP_SCOPE})} if role is Role.PARTNER else {}
    return await ask(text, as_=role, viewer=viewer, **given)


@pytest.mark.parametrize("role", ASKING)
async def test_reading(ask: Asking, ann: Made, role: Role) -> None:
    """The value is null and named in `hiddenFields`; other kinds, and ids that are a channel's own, are shown."""
    found = (await _asked(ask, f"query ($id: ID!) {{ customer(id: $id) {{ {SHOWN} }} }}", role, id=ann.id)).data
    points = {one["type"]: (one["value"], one["hiddenFields"]) for one in found["customer"]["contactPoints"]}
    gone = (None, ["value"])
    sees = role in SEE
    assert points == {
        "PHONE": (PHONE, []) if sees else gone,
        "EMAIL": (MAIL, []) if sees else gone,
        "POSTAL": ("Market Street 94103", []),
    }
    values = {(one["channel"], one["value"]) for one in found["customer"]["identities"]}
    hidden = {("whatsapp", PHONE if sees else None), ("email", MAIL if sees else None)}
    assert values == {("shop", "17"), ("whatsapp", "US.13491208655302"), *hidden}
    facts = {one["name"]: (one["value"], one["isHidden"]) for one in found["customer"]["facts"]["nodes"]}
    assert (facts["Phone"], facts["Email"]) == (((PHONE, False), (MAIL, False)) if sees else ((None, True),) * 2)


@pytest.mark.parametrize("role", ASKING)
async def test_by_node(ask: Asking, make: Makers, ann: Made, role: Role) -> None:
    """An identity by its id hides the value, also where nothing but `hiddenFields` is asked for."""
    identity = await make.store.first(IDENTITIES, {"value": PHONE})
    assert identity
    key = global_id("Identity", identity["_id"])
    node = "query ($id: ID!) { node(id: $id) { ... on Identity { value hiddenFields } } }"
    found = (await _asked(ask, node, role, id=key)).data["node"]
    assert found == (
        {"value": PHONE, "hiddenFields": []} if role in SEE else {"value": None, "hiddenFields": ["value"]}
    )
    alone = "query ($id: ID!) { customer(id: $id) { identities { hiddenFields } } }"
    names = [one["hiddenFields"] for one in (await _asked(ask, alone, role, id=ann.id)).data["customer"]["identities"]]
    assert sorted(names) == ([[]] * 4 if role in SEE else [[], [], ["value"], ["value"]])


@pytest.mark.parametrize("role", ASKING)
@pytest.mark.parametrize("value", [PHONE, "415-555-0123", MAIL, "+14155550199", "nobody@example.com"])
async def test_searching(ask: Asking, ann: Made, role: Role, value: str) -> None:
    """Searching by a number or an address is FORBIDDEN whatever the data."""
    answer = await _asked(ask, "query ($by: String!) { customers(search: $by) { totalCount } }", role, by=value)
    assert answer.codes == ([] if role in SEE else ["FORBIDDEN"])
    assert ann.id


@pytest.mark.parametrize(
    ("by", "count"), [("ann lee", 1), ("94103", 1), ("quackenbos", 0), ("141555", 0), ("ann 4155", 0)]
)
async def test_words_of_hidden(ask: Asking, ann: Made, by: str, count: int) -> None:
    """The beginning of a number, or of the part before the @, finds nobody for whom it is hidden; other words do."""
    counts = []
    for role in (Role.AGENT, Role.SUPERVISOR):
        text = "query ($by: String!) { customers(search: $by) { totalCount nodes { id } } }"
        found = (await ask(text, as_=role, by=by)).data["customers"]
        counts.append((found["totalCount"], len(found["nodes"])))
    assert counts == [(count, count), (1, 1)]
    assert ann.id


async def test_changing(ask: Asking, ann: Made) -> None:
    """Who does not see a kind changes nothing of it: being taken, refused or no change would tell of those there."""
    (key,) = [one["id"] for one in (await read(ask, ann, SHOWN))["contactPoints"] if one["type"] == "PHONE"]
    for value in (PHONE, "+14155550199"):
        assert await refused(ask, "addContactPoint", customerId=ann.id, type="PHONE", value=value) == (
            "NOT_PERMITTED",
            "",
        )
        edit = {"customerId": ann.id, "id": key, "version": 1, "value": value}
        assert await refused(ask, "editContactPoint", **edit) == ("NOT_PERMITTED", "")
    one = {"customerId": ann.id, "id": key, "version": 1}
    for mutation in ("verifyContactPoint", "choosePrimaryContactPoint", "removeContactPoint"):
        assert await refused(ask, mutation, **one) == ("NOT_PERMITTED", "")
    seen = (await read(ask, ann, SHOWN, as_=Role.SUPERVISOR))["contactPoints"]
    (known,) = [{**one, "id": point["id"]} for point in seen if point["type"] == "PHONE"]
    # An id that others told of is nobody's: which there are by now would tell what a merge found.
    assert await refused(ask, "verifyContactPoint", **known) == ("NOT_FOUND", "input.id")
    shown = "contactPoint { value isVerified hiddenFields }"
    found = await change(ask, "verifyContactPoint", shown, Role.SUPERVISOR, **known)
    assert found["contactPoint"] == {"value": PHONE, "isVerified": True, "hiddenFields": []}


async def test_linking(ask: Asking, ann: Made) -> None:
    """To link an identity is a look-up, which is a right of its own; its value is not given back."""
    given = {"customerId": ann.id, "channel": "whatsapp", "account": "main", "value": "+14155550199"}
    shown = "identity { value hiddenFields }"
    found = await change(ask, "linkIdentity", shown, **given)
    assert found["identity"] == {"value": None, "hiddenFields": ["value"]}


async def test_merge_preview(ask: Asking, make: Makers, ann: Made) -> None:
    """A preview does not tell whether two have the same number: neither by what moves nor by what differs."""
    text = """query ($input: MergeCustomersInput!) { previewMerge(input: $input) {
      moves { element count } entryDifferences { part entry field } } }"""
    told: dict[Role, list[Any]] = {}
    for value in (PHONE, "+14155550199"):
        other = await make.customer("Ann", "Lee")
        await crowd.contact_point(make, other, value, type="PHONE", is_verified=True)
        for role in (Role.AGENT, Role.SUPERVISOR):
            given = {"survivorId": ann.id, "otherIds": [other.id]}
            told.setdefault(role, []).append((await ask(text, as_=role, input=given)).data["previewMerge"])
    same, different = told[Role.AGENT]
    assert same == different == {"moves": [{"element": "CONTACT_POINTS", "count": 1}], "entryDifferences": []}
    assert [len(one["entryDifferences"]) for one in told[Role.SUPERVISOR]] == [1, 0]


TOLD = """contactPoints { type value isPrimary isVerified verifiedAt verifiedBy observedFrom observedAt hiddenFields }
  facts { totalCount nodes { name isVerified isHidden } } summary { factCount categories { category count } }"""


@pytest.mark.parametrize("is_verified", [True, False])
async def test_merge_tells_nothing(ask: Asking, make: Makers, ann: Made, *, is_verified: bool) -> None:
    """After a merge nothing tells whether two had the same number: of those hidden one without a value is for all."""
    told: dict[Role, list[Any]] = {}
    for value in (PHONE, "+14155550199"):
        one, other = [await make.customer("Ann", "Lee") for _ in range(2)]
        await crowd.contact_point(make, one, PHONE, type="PHONE")
        await crowd.contact_point(make, other, value, type="PHONE", is_verified=is_verified)
        before = (await read(ask, one, "contactPoints { id }"))["contactPoints"]
        given = {"survivorId": one.id, "otherIds": [other.id]}
        assert "merge" in (await ask(MERGE, input=given)).data["mergeCustomers"]
        assert (await read(ask, one, "contactPoints { id }"))["contactPoints"] == before
        for role in (Role.AGENT, Role.SUPERVISOR):
            told.setdefault(role, []).append(await read(ask, one, TOLD, as_=role))
    same, different = told[Role.AGENT]
    assert same == different
    assert [len(one["contactPoints"]) for one in told[Role.SUPERVISOR]] == [1, 2]
    assert ann.id


async def test_bounds_tell_nothing(ask: Asking, make: Makers, ann: Made) -> None:
    """Whether there is room for more contact points tells nobody whether two had the same number, now or later."""
    preview = "query ($input: MergeCustomersInput!) { previewMerge(input: $input) { blocked { message } } }"
    told, most = [], CONTACT_POINTS.at_most
    for value in (PHONE, "+14155550199"):
        one, other, full = [await make.customer("Ann", "Lee") for _ in range(3)]
        await crowd.contact_point(make, one, PHONE, type="PHONE")
        await crowd.contact_point(make, other, value, type="PHONE")
        for n in range(most - 1):
            await crowd.contact_point(make, full, f"{n} Main Street", type="POSTAL")
        given = {"survivorId": one.id, "otherIds": [other.id, full.id]}
        found = [(await ask(preview, input=given)).data["previewMerge"]["blocked"]]
        for who in (other, full):
            given = {"survivorId": one.id, "otherIds": [who.id]}
            found.append((await ask(preview, input=given)).data["previewMerge"]["blocked"])
            found.append("merge" in (await ask(MERGE, input=given)).data["mergeCustomers"])
        for street in ("Elm Street 1", "Elm Street 2"):
            more = {"customerId": one.id, "type": "POSTAL", "value": street}
            found.append((await change(ask, "addContactPoint", "__typename", **more)).get("code"))
        told.append(found)
    assert told[0] == told[1] == [[], [], True, [], True, None, "CONFLICT"]
    assert ann.id


async def test_one_hidden_hides_all(ask: Asking, make: Makers) -> None:
    """An attribute that everybody sees opens no number that another one hides, and without one all are shown."""
    one = await make.customer()
    await crowd.contact_point(make, one, MAIL)
    text = "query ($id: ID!) { customer(id: $id) { contactPoints { value } } }"
    seen = []
    for name, more in (("", {}), ("mail", {}), ("private", {"visible_to": ["supervisor"], "editable_by": []})):
        if name:
            await crowd.definition(make, name, matching_role="EMAIL", **more)
            make.store.held.forget(DEFINITIONS)
        seen.append((await ask(text, id=one.id)).data["customer"]["contactPoints"][0]["value"])
    assert seen == [MAIL, MAIL, None]
