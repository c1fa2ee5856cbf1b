"""What would a change of the customer schema break, before it is made?"""

from typing import Any

import pytest

from resolvers.attribute_preview import MOST_SHOWN
from resolvers.attribute_schema import DEFINITIONS
from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import Role
from tests.changing import change, refused
from tests.conftest import Asking, Commands
from tests.crowd import attributes
from tests.makers import Made, Makers
from tests.taking_in import contents

ADMIN = Role.ADMINISTRATOR
PREVIEW = """query($input: PreviewAttributeDefinitionInput!) { previewAttributeDefinition(input: $input) {
  refusal foundAnew valuesRemoved
  breaking { count customers { id displayName } } lacking { count customers { id } } } }"""


async def _preview(ask: Asking, **input: Any) -> dict[str, Any]:
    answer = await ask(PREVIEW, as_=ADMIN, input=input)
    assert answer.errors == []
    return answer.data["previewAttributeDefinition"]  # type: ignore[no-any-return]


async def _customer(make: Makers, tier: str, *names: str) -> Made:
    one = await make.customer(*names)
    await attributes(make, one, tier=tier)
    return one


async def _tier(ask: Asking, **rules: Any) -> str:
    given = {"name": "tier", "type": "STRING", "rules": rules}
    found = await change(ask, "addAttributeDefinition", "definition { id version }", ADMIN, **given)
    assert found["definition"]["version"] == 1
    return str(found["definition"]["id"])


async def test_breaking_is_shown(ask: Asking, make: Makers) -> None:
    """A preview shows whose values the new rules refuse; the change is refused for as many, and mended it is made."""
    key = await _tier(ask)
    good, bad = await _customer(make, "gold"), await _customer(make, "platinum", "Ben", "Bad")
    before = await contents(make.store)
    found = await _preview(ask, id=key, rules={"maxLength": 5})
    assert found["breaking"] == {"count": 1, "customers": [{"id": bad.id, "displayName": "Ben Bad"}]}
    assert "1 customers have a value of 'tier' that breaks the new rules" in found["refusal"]
    assert await contents(make.store) == before
    given = {"id": key, "rules": {"maxLength": 5}}
    told = await change(ask, "changeAttributeDefinition", "__typename", ADMIN, **given)
    assert told["message"] == found["refusal"]
    assert "previewAttributeDefinition" in told["message"]
    mended = [{"name": "tier", "value": "plat"}]
    await change(ask, "editCustomer", "__typename", id=bad.id, version=1, attributes=mended)
    assert (await _preview(ask, id=key, rules={"maxLength": 5}))["refusal"] is None
    done = await change(ask, "changeAttributeDefinition", "definition { maxLength version }", ADMIN, **given)
    assert done["definition"] == {"maxLength": 5, "version": 2}
    assert good.id


async def test_merged_are_no_dead_end(ask: Asking, make: Makers) -> None:
    """A value in the record of someone who went into another, which nobody can mend, stands in no change's way."""
    key = await _tier(ask)
    one, gone = await _customer(make, "gold"), await _customer(make, "platinum")
    merge = {"survivorId": one.id, "otherIds": [gone.id]}
    await change(ask, "mergeCustomers", "__typename", **merge)
    found = await _preview(ask, id=key, rules={"maxLength": 5})
    assert (found["breaking"]["count"], found["refusal"]) == (0, None)
    given = {"id": key, "rules": {"maxLength": 5}}
    assert "definition" in await change(ask, "changeAttributeDefinition", "definition { id }", ADMIN, **given)


async def test_lacking_is_shown(ask: Asking, make: Makers) -> None:
    """Who lacks what would be required is shown; a merged customer's value is not the survivor's; a default helps."""
    key = await _tier(ask)
    without = [await make.customer() for _ in range(2)]
    gone, survivor = await _customer(make, "gold"), await _customer(make, "gold")
    await make.merged(gone, survivor)
    found = await _preview(ask, id=key, rules={"isRequired": True})
    assert found["lacking"] == {"count": 2, "customers": [{"id": one.id} for one in without]}
    assert "2 customers have no value of 'tier'" in found["refusal"]
    assert "Or import their values first" in found["refusal"]
    given = {"id": key, "rules": {"isRequired": True}}
    assert await refused(ask, "changeAttributeDefinition", ADMIN, **given) == ("CONFLICT", "input.rules.isRequired")
    helped = await _preview(ask, id=key, rules={"isRequired": True, "default": "basic"})
    assert (helped["lacking"]["count"], helped["refusal"]) == (2, None)


async def test_what_follows(ask: Asking, make: Makers) -> None:
    """A preview counts whose words are written anew and whose values are removed; a new attribute breaks nothing."""
    key = await _tier(ask)
    for n in range(MOST_SHOWN + 2):
        await _customer(make, f"t{n}")
    assert (await _preview(ask, id=key, rules={"isSearchable": True}))["foundAnew"] == MOST_SHOWN + 2
    assert (await _preview(ask, id=key, rules={"isSearchable": False}))["foundAnew"] == 0
    gone = await _preview(ask, id=key, isRemoved=True)
    assert (gone["valuesRemoved"], gone["foundAnew"], gone["refusal"]) == (MOST_SHOWN + 2, 0, None)
    new = await _preview(ask, name="size", type="NUMBER", rules={"isRequired": True})
    assert new["lacking"]["count"] == MOST_SHOWN + 2
    assert len(new["lacking"]["customers"]) == MOST_SHOWN
    assert "add it without `isRequired`" in new["refusal"]
    system = await make.store.count(DEFINITIONS, {})
    assert "cannot be removed" in (await _preview(ask, id=await _id_of(ask, "firstName"), isRemoved=True))["refusal"]
    assert await make.store.count(DEFINITIONS, {}) == system


async def _id_of(ask: Asking, name: str) -> str:
    answer = await ask("{ attributeDefinitions { id name } }")
    return next(str(one["id"]) for one in answer.data["attributeDefinitions"] if one["name"] == name)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "Send the `id` of one, or the `name` and `type`"),
        ({"name": "firstName", "type": "STRING"}, "Send its `id`"),
        ({"name": "Bad Name", "type": "STRING"}, "no attribute name"),
        ({"name": "size", "type": "NUMBER", "rules": {"maxLength": 3}}, "takes none"),
        ({"id": "junk", "rules": {}}, "no such attribute definition"),
        ({"isRemoved": True}, "Send it"),
        ({"name": "word", "type": "STRING", "rules": {"pattern": "(?P<a>"}}, "RE2 cannot read"),
    ],
)
async def test_preview_refused(ask: Asking, given: dict[str, Any], words: str) -> None:
    """What can be no definition is told as the change itself would tell it."""
    answer = await ask(PREVIEW, as_=ADMIN, input=given)
    assert answer.codes == ["BAD_USER_INPUT"]
    assert words in answer.errors[0].message


@pytest.mark.parametrize("role", [one for one in Role if one is not ADMIN])
async def test_preview_by_role(ask: Asking, role: Role) -> None:
    """Administrators alone preview changes of the schema."""
    assert (await ask(PREVIEW, as_=role, input={"name": "a", "type": "STRING"})).codes == ["FORBIDDEN"]


async def test_preview_cost(ask: Asking, make: Makers, commands: Commands) -> None:
    """A preview costs a command for each count and each list of customers, whatever their number."""
    key = await _tier(ask)
    for size in (1, 10):
        for _ in range(size):
            await _customer(make, "platinum")
            await make.customer()
        with commands.counted() as sent:
            await _preview(ask, id=key, rules={"maxLength": 5, "isRequired": True, "isSearchable": True})
        assert len([name for name, command in sent if command[name] == CUSTOMERS.name]) == 6


async def test_stale_definition(ask: Asking) -> None:
    """A change that carries an older version is refused with both and the definition; without one both are kept."""
    key = await _tier(ask)
    for n, version in enumerate((1, None)):
        given = {"id": key, "rules": {"order": n}} | ({"version": version} if version else {})
        assert "definition" in await change(ask, "changeAttributeDefinition", "definition { id }", ADMIN, **given)
    query = """mutation($input: ChangeAttributeDefinitionInput!) { changeAttributeDefinition(input: $input) {
      ... on StaleAttributeDefinition { code sentVersion storedVersion definition { order version } } } }"""
    answer = await ask(query, as_=ADMIN, input={"id": key, "version": 2, "rules": {"order": 9}})
    expected = {"code": "STALE_VERSION", "sentVersion": 2, "storedVersion": 3}
    assert answer.data["changeAttributeDefinition"] == expected | {"definition": {"order": 1, "version": 3}}
    gone = ("STALE_VERSION", "input.version")
    assert await refused(ask, "removeAttributeDefinition", ADMIN, id=key, version=1) == gone
    assert "removedId" in await change(ask, "removeAttributeDefinition", "removedId", ADMIN, id=key, version=3)
