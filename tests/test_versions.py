"""How is a customer's record changed so that nobody's change is lost?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import Reach
from resolvers.customers import CUSTOMERS, require_customer
from resolvers.kit.errors import Refused
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.versions import StaleVersion, write_anew, write_upon
from tests.changing import change
from tests.conftest import Asking
from tests.crowd import label
from tests.makers import Made, Makers
from tests.taking_in import PERSON, bring, the_customer


async def test_merged_meanwhile(ask: Asking, make: Makers) -> None:
    """Who went into another since the record was read is not edited any more; the survivor is told instead."""
    gone, one = await make.customer("Old", None), await make.customer("Ann", None)
    context = ask.context()
    customer = await require_customer(context, gone.id)
    await make.store.update(CUSTOMERS, {"_id": gone.key}, {"$set": {"merged_into": one.key}})
    with pytest.raises(Refused) as refused:
        await write_upon(context, customer, {"$set": {"display_name": "New"}})
    assert isinstance(refused.value.refusal, StaleVersion)
    assert refused.value.refusal.customer.key == one.key
    assert (await make.store.first(CUSTOMERS, {"_id": gone.key}))["display_name"] == "Old"  # type: ignore[index]


async def test_worked_out_anew(ask: Asking, make: Makers) -> None:
    """What needs no decision is worked out again upon what somebody else has changed meanwhile."""
    one, seen = await make.customer(), []

    async def work(document):  # type: ignore[no-untyped-def]
        seen.append(document["version"])
        if len(seen) == 1:
            await make.store.update(CUSTOMERS, {"_id": one.key}, {"$inc": {"version": 1}})
        return {"$set": {"display_name": f"Upon {document['version']}"}}

    customer = await write_anew(ask.context(), one.key, work)
    assert (seen, customer.version, customer.display_name) == ([1, 2], 3, "Upon 2")


STALE = "... on StaleVersion { message changedAttributes changedFields }"


async def _stale(ask: Asking, one: Made, version: int) -> dict[str, Any]:
    query = f"mutation($i: EditCustomerInput!) {{ it: editCustomer(input: $i) {{ {STALE} }} }}"
    values = [{"name": "lastName", "value": "Poe"}]
    return (await ask(query, i={"id": one.id, "version": version, "attributes": values})).data["it"]  # type: ignore[no-any-return]


async def test_fields_changed_since(ask: Asking, make: Makers) -> None:
    """A stale edit is told which lists and other fields were changed since the version sent, and none from before."""
    one = await make.customer("Ann", None)
    key = await label(make)
    of = {"customerId": one.id}
    point = await change(ask, "addContactPoint", "contactPoint { id }", **of, type="EMAIL", value="a@example.com")
    steps: list[tuple[str, str, dict[str, Any]]] = [
        ("contactPoints", "editContactPoint", {"id": point["contactPoint"]["id"], "version": 2, "value": "b@x.com"}),
        ("tags", "addTag", {"word": "golf"}),
        ("customData", "addCustomData", {"name": "$size", "value": "$43"}),
        ("labels", "labelCustomer", {"labelId": global_id("Label", key)}),
        ("consents", "recordConsent", {"purpose": "news", "status": "GRANTED", "means": "AGENT"}),
        ("assignedAgent", "assignCustomer", {"agentId": global_id("Agent", ask.agent_id), "version": 7}),
        ("verification", "verifyCustomer", {"version": 8}),
        ("tags", "removeTag", {"word": "golf"}),
    ]
    for n, (field, mutation, given) in enumerate(steps):
        assert "code" not in await change(ask, mutation, "__typename", Role.ADMINISTRATOR, **of, **given), mutation
        found = await _stale(ask, one, 2 + n)
        assert (found["changedAttributes"], found["changedFields"]) == ([], [field])
        assert f"Since then were changed: {field}. Compare with `customer`" in found["message"]
    assert (await _stale(ask, one, 7))["changedFields"] == ["assignedAgent", "tags", "verification"]


async def test_source_changed_fields(ask: Asking, make: Makers) -> None:
    """What a source has changed since is told like what people changed; else what may have been."""
    await bring(make.store, replace(PERSON, tags=("golf",)))
    one = Made((await the_customer(make.store))["_id"])
    reach = Reach(type="EMAIL", value="ann@example.com")
    await bring(make.store, replace(PERSON, reaches=(reach,), attributes={**PERSON.attributes, "lastName": "Leigh"}))
    found = await _stale(ask, one, 1)
    assert (found["changedAttributes"], found["changedFields"]) == (["lastName"], ["contactPoints"])
    given = {"customerId": one.id, "channel": "shop", "account": "main", "value": "another"}
    assert "code" not in await change(ask, "linkIdentity", "__typename", **given)
    found = await _stale(ask, one, 2)
    assert (found["changedAttributes"], found["changedFields"]) == ([], [])
    assert "but what belongs to it, as identities or accounts" in found["message"]


async def test_always_overtaken(ask: Asking, make: Makers) -> None:
    """A change that is overtaken every time is refused with what to do, and changes nothing."""
    one = await make.customer()

    async def work(document):  # type: ignore[no-untyped-def]
        await make.store.update(CUSTOMERS, {"_id": document["_id"]}, {"$inc": {"version": 1}})
        return {"$set": {"display_name": "Never"}}

    with pytest.raises(Refused) as refused:
        await write_anew(ask.context(), one.key, work)
    assert refused.value.refusal.message.endswith("Send the same again.")
    assert (await make.store.first(CUSTOMERS, {"_id": one.key}))["display_name"] == "Ann Lee"  # type: ignore[index]
