"""Who looks after a customer, and who may change that?"""

from typing import Annotated

import strawberry

from adapters.records import Document, RecordId
from resolvers.agents import AGENTS
from resolvers.customers import Customer, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import InvalidInput, NotFound, NotPermitted, invalid, not_found, not_permitted
from resolvers.kit.ids import key_of
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import STAFF, Role, Viewer
from resolvers.versions import Change, StaleVersion, require_version, write_upon

SLICE = Slice("assignment")

# A source names one agent; of those who were taken off, the newest are the ones that it may still name.
_REMEMBERED = 20


@graph_input
class AssignCustomerInput:
    """Who is to look after a customer."""

    customer_id: strawberry.ID = told("The customer.")
    agent_id: strawberry.ID | None = told(
        "The agent who looks after the customer from now on; null: nobody does. It cannot be left out.",
        default=strawberry.UNSET,
    )
    version: int = told("The `version` of the customer that you read and decided upon.")


@graph_type
class AssignCustomerPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer, with the version that the next edit takes.")


@SLICE.mutation(may=STAFF)
async def assign_customer(
    info: Info, input: Annotated[AssignCustomerInput, about("The customer and the agent.")]
) -> AssignCustomerPayload | NotFound | InvalidInput | NotPermitted | StaleVersion:
    """Says which agent looks after a customer.

    Whoever of the staff comes first may assign a customer after whom nobody looks. An assigned agent is changed and
    removed by that agent, administrators and supervisors alone, and no source brings back an agent who was taken off.
    """
    context = info.context
    customer = await require_customer(context, input.customer_id)
    agent = await _agent(context, input.agent_id)
    await require_version(context, customer, input.customer_id, input.version)
    assigned = customer.document.get("assigned_agent_id")
    if agent == assigned:
        return AssignCustomerPayload(customer=customer)
    if not may_change(context.viewer, assigned):
        raise not_permitted(
            "Another agent looks after this customer. Ask that agent, a supervisor or an administrator to change it.",
            "input",
            "agentId",
        )
    change = _change(customer.document, assigned, agent)
    return AssignCustomerPayload(customer=await write_upon(context, customer, change))


def may_change(viewer: Viewer, assigned: RecordId | None) -> bool:
    """Whether the viewer may give a customer after whom this agent looks to another, or to nobody."""
    return viewer.role is not Role.AGENT or assigned is None or assigned == viewer.agent_id


async def _agent(context: Context, given: str | None) -> RecordId | None:
    if given is strawberry.UNSET:
        raise invalid("`agentId` is left out. Send an agent's id, or null for nobody.", "input", "agentId")
    if given is None:
        return None
    key = key_of(given, "Agent")
    if key is None or key not in await context.store.held.all(AGENTS):
        raise not_found("agent", ("input", "agentId"), check="`agents` says which there are.")
    return key


def _change(document: Document, old: RecordId | None, new: RecordId | None) -> Change:
    """What assigns the new agent, and remembers that people took the old one off."""
    removed = [one for one in document.get("removed", {}).get("agents", ()) if one not in {old, new}]
    remembered = [*removed, old] if old else removed
    return {"$set": {"assigned_agent_id": new, "removed.agents": remembered[-_REMEMBERED:]}}
