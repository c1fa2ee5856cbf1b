"""Did someone make sure of who a customer is?"""

from typing import Any

from adapters.mongo import Store
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.taking_in import AT, DAY, PERSON, bring, outcomes, the_customer
from tests.test_editing import edit, value
from tests.walking import PARTNER, forbidden, read, visitor

SHOWN = "version verification { at by isCurrent } attributes { name isVerified observedBy }"


async def verify(ask: Asking, of: Made, version: int = 1, as_: Role = Role.AGENT, **more: Any) -> dict[str, Any]:
    """What the mutation answers that verifies a customer."""
    given = {"customerId": of.id, "version": version, **more}
    return await change(ask, "verifyCustomer", f"customer {{ {SHOWN} }}", as_, **given)


async def test_customer_verified(ask: Asking, make: Makers) -> None:
    """Who made sure of names and phone number, and when, stands on the customer, and each value is verified."""
    one = await make.customer()
    assert await read(ask, one, "verification { by }") == {"verification": None}
    found = (await verify(ask, one))["customer"]
    assert found["verification"].pop("at") > "2026-11-21T09:30:00Z"
    assert found["verification"] == {"by": "agent", "isCurrent": True}
    word = {"isVerified": True, "observedBy": "agent"}
    assert found["attributes"] == [{"name": name, **word} for name in ("firstName", "lastName")]
    assert found["version"] == 2


async def test_verified_until_changed(ask: Asking, make: Makers) -> None:
    """The verification is current until a name or the phone number is another, whatever else is changed."""
    one = await make.customer()
    await verify(ask, one)
    await change(ask, "addTag", "__typename", customerId=one.id, word="vip")
    assert (await read(ask, one, "verification { isCurrent }"))["verification"]["isCurrent"]
    await edit(ask, one, value("phoneNumber", "+14155550123"), version=3)
    found = (await read(ask, one, "verification { by isCurrent }"))["verification"]
    assert found == {"by": "agent", "isCurrent": False}
    assert (await verify(ask, one, 4))["customer"]["verification"]["isCurrent"]


async def test_verification_taken_back(ask: Asking, make: Makers) -> None:
    """A verification is taken back, from each value too."""
    one = await make.customer()
    await verify(ask, one)
    found = (await verify(ask, one, 2, isVerified=False))["customer"]
    assert found["verification"] is None
    assert {each["isVerified"] for each in found["attributes"]} == {False}


async def test_verified_stays(ask: Asking, store: Store) -> None:
    """No source replaces what someone made sure of."""
    await bring(store, PERSON)
    await verify(ask, Made((await the_customer(store))["_id"]))
    assert outcomes(await bring(store, PERSON, at=AT + DAY)) == ["unchanged"]


async def test_verification_refused(ask: Asking, make: Makers) -> None:
    """There must be something to verify, in the version that was read, and the role must be permitted to edit it."""
    one = await make.customer()
    assert await refused(ask, "verifyCustomer", customerId=GONE, version=1) == ("NOT_FOUND", "input.customerId")
    assert (await verify(ask, one, 7))["code"] == "STALE_VERSION"
    assert (await verify(ask, await make.customer(None, None)))["code"] == "CONFLICT"
    names = {each["name"]: each["id"] for each in (await ask("{ attributeDefinitions { id name } }")).data.popitem()[1]}
    given: dict[str, Any] = {"id": names["firstName"], "rules": {"editableBy": []}}
    await change(ask, "changeAttributeDefinition", "__typename", Role.ADMINISTRATOR, **given)
    assert (await verify(ask, one))["code"] == "NOT_PERMITTED"
    assert "customer" in await verify(ask, one, as_=Role.ADMINISTRATOR)
    assert await may(ask, "verifyCustomer", customerId=global_id("Customer", one.key), version=1) == STAFF


async def test_verification_seen(ask: Asking, make: Makers) -> None:
    """Partners see a verification; visitors do not."""
    one = await make.customer()
    await verify(ask, one)
    assert (await read(ask, one, "verification { by }", **PARTNER))["verification"] == {"by": "agent"}
    assert await forbidden(ask, one, "verification { by }", **visitor(one))
