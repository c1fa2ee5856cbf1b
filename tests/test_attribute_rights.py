"""Do the roles that a definition names see the values of an attribute, and nobody else in any way of asking?"""

from typing import Any

import pytest

from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import PERSONAL_SCOPE, Role
from tests import crowd
from tests.changing import change, refused
from tests.conftest import Asking
from tests.makers import Made, Makers

FEW = {"visible_to": ["supervisor"], "editable_by": ["supervisor"]}
SEE = {Role.ADMINISTRATOR, Role.SUPERVISOR}
ASKING = (Role.ADMINISTRATOR, Role.SUPERVISOR, Role.AGENT, Role.PARTNER)


@pytest.fixture
async def ann(make: Makers) -> Made:
    """A customer with a margin, which is for supervisors."""
    await crowd.definition(make, "margin", is_personal=False, **FEW)
    one = await make.customer()
    await crowd.attributes(make, one, margin="40 percent")
    return one


async def _asked(ask: Asking, text: str, role: Role) -> Any:
    viewer = {"scopes": frozenset({PERSONAL_SCOPE})} if role is Role.PARTNER else {}
    return await ask(text, as_=role, viewer=viewer)


@pytest.mark.parametrize("role", ASKING)
async def test_reading(ask: Asking, ann: Made, role: Role) -> None:
    """The value is null and said to be hidden among the attributes and the facts."""
    text = (
        f'{{ customer(id: "{ann.id}") {{ attributes {{ name value isHidden }} '
        "facts { nodes { name value isHidden } } } }"
    )
    data = (await _asked(ask, text, role)).data["customer"]
    (one,) = [one for one in data["attributes"] if one["name"] == "margin"]
    (fact,) = [fact for fact in data["facts"]["nodes"] if fact["name"] == "Margin"]
    assert {(one["value"], one["isHidden"]), (fact["value"], fact["isHidden"])} == {
        ("40 percent", False) if role in SEE else (None, True)
    }


@pytest.mark.parametrize("role", ASKING)
@pytest.mark.parametrize("value", ["40 percent", "nobody's"])
async def test_filtering(ask: Asking, ann: Made, role: Role, value: str) -> None:
    """Filtering by it is FORBIDDEN whatever the data."""
    text = f'{{ customers(filter: {{attributes: [{{name: "margin", anyOf: ["{value}"]}}]}}) {{ totalCount }} }}'
    answer = await _asked(ask, text, role)
    assert answer.codes == ([] if role in SEE else ["FORBIDDEN"])
    assert ann.id


async def test_names(ask: Asking, make: Makers) -> None:
    """A partner who may not see the family name sees neither the name to show nor a list sorted by it."""
    staff = [one.name for one in (Role.SUPERVISOR, Role.AGENT)]
    await _rules(ask, "lastName", isSearchable=False, visibleTo=staff)
    one = await make.customer("Ann", "Lee")
    text = f'{{ customer(id: "{one.id}") {{ displayName firstName lastName hiddenFields }} }}'
    hidden = {"displayName": None, "firstName": "Ann", "lastName": None, "hiddenFields": ["displayName", "lastName"]}
    assert (await _asked(ask, text, Role.PARTNER)).data["customer"] == hidden
    assert (await ask(text)).data["customer"]["displayName"] == "Ann Lee"
    sort = "{ customers(orderBy: {field: NAME}) { totalCount } }"
    assert (await _asked(ask, sort, Role.PARTNER)).codes == ["FORBIDDEN"]
    assert (await ask(sort)).codes == []


async def test_names_are_the_staffs(ask: Asking) -> None:
    """The names are hidden from nobody of the staff."""
    found = await _rules(ask, "firstName", isSearchable=False, visibleTo=["AGENT"], editableBy=["AGENT"])
    assert (found["code"], found["inputPath"]) == ("INVALID_INPUT", ["input", "rules", "visibleTo"])


async def _rules(ask: Asking, name: str, **rules: Any) -> dict[str, Any]:
    found = (await ask("{ attributeDefinitions { id name } }")).data["attributeDefinitions"]
    key = next(one["id"] for one in found if one["name"] == name)
    payload = "definition { visibleTo editableBy }"
    return await change(ask, "changeAttributeDefinition", payload, Role.ADMINISTRATOR, id=key, rules=rules)


async def test_suggestions(ask: Asking, make: Makers) -> None:
    """A pair of whom such a value speaks is in no list for whom it is not to see."""
    await crowd.definition(make, "passport", matching_role="IDENTIFIER", **FEW)
    reasons = [{"role": role, "level": "EXACT", "weight": 9.0} for role in ("IDENTIFIER", "PHONE")]
    await crowd.double(make, reasons=reasons)
    text = "{ duplicateSuggestions { nodes { reasons { role } } } }"
    told = {role: (await ask(text, as_=role)).data["duplicateSuggestions"]["nodes"] for role in (Role.AGENT, *SEE)}
    assert told[Role.AGENT] == []
    assert (
        told[Role.SUPERVISOR] == told[Role.ADMINISTRATOR] == [{"reasons": [{"role": "IDENTIFIER"}, {"role": "PHONE"}]}]
    )


async def test_merges(ask: Asking, make: Makers, ann: Made) -> None:
    """A merge's preview and its entry in the ledger hide the values, and that entry says so."""
    other = await make.customer("Ann", "Lee")
    await crowd.attributes(make, other, margin="20 percent")
    given = f'(input: {{survivorId: "{ann.id}", otherIds: ["{other.id}"]}})'
    text = f"{{ previewMerge{given} {{ differences {{ name values {{ value isHidden }} }} }} }}"
    (margin,) = (await ask(text)).data["previewMerge"]["differences"]
    seen = (await ask(text, as_=Role.SUPERVISOR)).data["previewMerge"]["differences"]
    assert margin["values"] == [{"value": None, "isHidden": True}] * 2
    assert [one["value"] for one in seen[0]["values"]] == ["40 percent", "20 percent"]
    entry = {"path": "attributes.margin", "before": None, "after": "2"}
    await crowd.merge(make, ann, changed=[entry])
    ledger = f'{{ customer(id: "{ann.id}") {{ merges {{ nodes {{ changes {{ before after isHidden }} }} }} }} }}'
    changes = (await ask(ledger)).data["customer"]["merges"]["nodes"][0]["changes"]
    assert changes == [{"before": None, "after": None, "isHidden": True}]


async def test_equal_or_not(ask: Asking, make: Makers, ann: Made) -> None:
    """Whether two hold the same of what is hidden is told by no line of a preview, and by none that is missing."""
    lines = []
    for margin in ("40 percent", "20 percent", None):
        other = await make.customer("Ann", "Lee")
        if margin:
            await crowd.attributes(make, other, margin=margin)
        given = f'(input: {{survivorId: "{ann.id}", otherIds: ["{other.id}"]}})'
        text = f"{{ previewMerge{given} {{ differences {{ name choice values {{ value isHidden }} }} }} }}"
        lines.append((await ask(text)).data["previewMerge"]["differences"])
        seen = (await ask(text, as_=Role.SUPERVISOR)).data["previewMerge"]["differences"]
        assert len(seen) == (margin == "20 percent")
    same, different, none = lines
    assert same == different
    assert (same[0]["values"], none) == ([{"value": None, "isHidden": True}] * 2, [])


async def test_replaced_tells_none(ask: Asking, make: Makers, ann: Made) -> None:
    """That a merge put one hidden value in another's place is not told: only where they differ is it so."""
    entry = {"path": "attributes.margin", "before": "1", "after": "2"}
    await crowd.merge(make, ann, changed=[entry])
    ledger = f'{{ customer(id: "{ann.id}") {{ merges {{ nodes {{ changes {{ name }} }} }} }} }}'
    told = [(await ask(ledger, as_=role)).data["customer"]["merges"]["nodes"] for role in (Role.AGENT, Role.SUPERVISOR)]
    assert told == [[{"changes": []}], [{"changes": [{"name": "margin"}]}]]


async def test_stale_edit_tells_none(ask: Asking, make: Makers, ann: Made) -> None:
    """Whose edit comes too late is told which attributes were changed since, and no value that is not theirs."""
    await make.store.update(CUSTOMERS, {"_id": ann.key}, {"$set": {"version": 2, "changed": {"margin": 2}}})
    shown = "... on StaleVersion { changedAttributes customer { attributes { name value } } }"
    text = f"mutation($i: EditCustomerInput!) {{ editCustomer(input: $i) {{ {shown} }} }}"
    given = {"id": ann.id, "version": 1, "attributes": [{"name": "firstName", "value": "Anna"}]}
    stale = (await ask(text, i=given)).data["editCustomer"]
    assert stale["changedAttributes"] == ["margin"]
    assert {"name": "margin", "value": None} in stale["customer"]["attributes"]


async def test_rules_are_changed(ask: Asking, make: Makers) -> None:
    """A definition tells who sees its values, unsaid everybody who does today; administrators always do."""
    await crowd.definition(make, "size", is_personal=False)
    before = (await ask("{ attributeDefinitions { name visibleTo } }")).data["attributeDefinitions"]
    usual = ["ADMINISTRATOR", "SUPERVISOR", "AGENT", "PARTNER"]
    assert {"name": "size", "visibleTo": usual} in before
    after = await _rules(ask, "size", visibleTo=["AGENT"], editableBy=[])
    assert after["definition"] == {"visibleTo": ["ADMINISTRATOR", "AGENT"], "editableBy": ["ADMINISTRATOR"]}


@pytest.mark.parametrize(
    ("rules", "where"),
    [
        ({"visibleTo": ["VISITOR"]}, "visibleTo"),
        ({"visibleTo": ["SUPERVISOR"]}, "visibleTo"),
        ({"visibleTo": ["SUPERVISOR"], "editableBy": ["AGENT"]}, "visibleTo"),
        ({"visibleTo": ["SUPERVISOR", "AGENT"], "isSearchable": True}, "visibleTo"),
        ({"visibleTo": None}, "visibleTo"),
        ({"editableBy": ["PARTNER"]}, "editableBy"),
    ],
)
async def test_contradictions_refused(ask: Asking, rules: dict[str, Any], where: str) -> None:
    """Nobody edits or finds by a value what they may not see, and a visitor sees no attributes."""
    given = {"name": "size", "type": "STRING", "rules": {"isPersonal": False, **rules}}
    assert await refused(ask, "addAttributeDefinition", Role.ADMINISTRATOR, **given) == (
        "INVALID_INPUT",
        f"input.rules.{where}",
    )
