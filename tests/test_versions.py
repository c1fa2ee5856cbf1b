"""How is a customer's record changed so that nobody's change is lost?"""

import pytest

from resolvers.customers import CUSTOMERS, require_customer
from resolvers.kit.errors import Refused
from resolvers.versions import StaleVersion, write_anew, write_upon
from tests.conftest import Asking
from tests.makers import Makers


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
