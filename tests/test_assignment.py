"""Who looks after a customer, and who may change that?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.company import Colleague
from adapters.mongo import Store
from adapters.records import RecordId, new_id
from resolvers.agents import AGENTS
from resolvers.customers import CUSTOMERS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.taking_in import AT, DAY, PERSON, bring, outcomes, the_customer

ASSIGNED = "customer { assignedAgent { name } version }"


async def assign(
    ask: Asking, of: Made, agent: RecordId | None, version: int = 1, as_: Role = Role.AGENT
) -> dict[str, Any]:
    """What an assignment answers."""
    key = global_id("Agent", agent) if agent else None
    return await change(ask, "assignCustomer", ASSIGNED, as_, customerId=of.id, agentId=key, version=version)


async def test_customer_assigned(ask: Asking, make: Makers) -> None:
    """An agent takes a customer after whom nobody looks, hands the customer on, and counts versions."""
    one, other = await make.customer(), await make.agent("Bob")
    found = await assign(ask, one, ask.agent_id)
    assert found["customer"] == {"assignedAgent": {"name": "Anna Agent"}, "version": 2}
    assert (await assign(ask, one, ask.agent_id, 2))["customer"]["version"] == 2
    found = await assign(ask, one, other, 2)
    assert found["customer"] == {"assignedAgent": {"name": "Bob"}, "version": 3}


@pytest.mark.parametrize("is_removed", [True, False])
async def test_agent_of_others(ask: Asking, make: Makers, is_removed: bool) -> None:
    """Only an administrator, a supervisor or the assigned agent changes or removes the assigned agent."""
    agent = None if is_removed else await make.agent("Eve")
    for role, is_done in ((Role.AGENT, False), (Role.SUPERVISOR, True), (Role.ADMINISTRATOR, True)):
        one = await make.customer(assigned_agent_id=await make.agent("Bob"))
        found = await assign(ask, one, agent, as_=role)
        assert found.get("code") == (None if is_done else "NOT_PERMITTED")
        stored = await make.store.first(CUSTOMERS, {"_id": one.key})
        assert (stored["assigned_agent_id"] == agent) is is_done
    mine = await make.customer(assigned_agent_id=ask.agent_id)
    assert "customer" in await assign(ask, mine, agent)


async def test_assigned_by_one(ask: Asking, make: Makers) -> None:
    """Of several who assign one customer at once, one does, and the others are told."""
    one, agents = await make.customer(), [await make.agent(name) for name in "abcdef"]
    answers = await asyncio.gather(*(assign(ask, one, agent) for agent in agents))
    codes = sorted(answer.get("code", "") for answer in answers)
    assert codes == ["", *["STALE_VERSION"] * 5]


async def test_assignment_refused(ask: Asking, make: Makers) -> None:
    """The customer and the agent must be there, and who shall look after the customer must be said."""
    one = await make.customer()
    agent = global_id("Agent", ask.agent_id)
    for given, refusal in (
        ({"agentId": global_id("Agent", new_id())}, ("NOT_FOUND", "input.agentId")),
        ({"agentId": one.id}, ("NOT_FOUND", "input.agentId")),
        ({"customerId": GONE, "agentId": agent}, ("NOT_FOUND", "input.customerId")),
        ({"version": 7, "agentId": agent}, ("STALE_VERSION", "input.version")),
        ({}, ("INVALID_INPUT", "input.agentId")),
    ):
        usual = {"customerId": one.id, "version": 1}
        assert await refused(ask, "assignCustomer", **(usual | given)) == refusal
    assert await may(ask, "assignCustomer", customerId=GONE, agentId=None, version=1) == STAFF


async def test_taken_off_stays_off(ask: Asking, store: Store) -> None:
    """An agent whom people took off a customer is not put back by a source; another whom it names is assigned."""
    bob, eve = Colleague(subject="bob", name="Bob"), Colleague(subject="eve", name="Eve")
    said = replace(PERSON, assigned_agent="bob")
    await bring(store, bob, eve, said)
    customer = await the_customer(store)
    one = Made(customer["_id"])
    assert customer["assigned_agent_id"] == AGENTS.id_of({"subject": "bob"})
    await assign(ask, one, None, as_=Role.SUPERVISOR)
    assert outcomes(await bring(store, said, at=AT + DAY)) == ["unchanged"]
    assert (await the_customer(store))["assigned_agent_id"] is None
    await bring(store, replace(said, assigned_agent="eve"), at=AT + 2 * DAY)
    assert (await the_customer(store))["assigned_agent_id"] == AGENTS.id_of({"subject": "eve"})


async def test_exchanged_stays_off(ask: Asking, store: Store) -> None:
    """Nor is one put back who was exchanged for another who left; whom people put back is no longer off."""
    bob, eve = (Colleague(subject=name, name=name) for name in ("bob", "eve"))
    said = replace(PERSON, assigned_agent="bob")
    await bring(store, bob, eve, said)
    one = Made((await the_customer(store))["_id"])
    keys = [AGENTS.id_of({"subject": name}) for name in ("eve", "bob")]
    for version, (agent, off) in enumerate(((keys[0], [1]), (None, [1, 0]), (keys[1], [0]), (None, [0, 1])), 1):
        await assign(ask, one, agent, version, Role.SUPERVISOR)
        assert (await the_customer(store))["removed"]["agents"] == [keys[n] for n in off]
        assert outcomes(await bring(store, said, at=AT + DAY)) == ["unchanged"]
