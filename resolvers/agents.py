"""Who serves the customers, and how does a token's subject become an agent?"""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from adapters.failures import Taken
from adapters.mongo import Store
from adapters.records import Document, Index, Record, RecordId
from resolvers.kit.context import Context, Info
from resolvers.kit.described import graph_type, told
from resolvers.kit.scalars import EmailAddress
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.viewer import EVERYONE, STAFF, Role

SLICE = Slice("agents")

AGENTS = Record(
    name="agents", customer=None, key=("subject",), indexes=(Index(("subject",), unique=True),), is_held=True
)
GROUPS = Record(
    name="agent_groups", customer=None, key=("name",), indexes=(Index(("name",), unique=True),), is_held=True
)


@SLICE.keeps(GROUPS, may=STAFF)
class AgentGroup(Node):
    """Agents who share work: a team, a shift, a country."""

    name: str = kept("What the group is called.")


@SLICE.keeps(AGENTS, keys=["id"])
class Agent(Node):
    """A person who serves customers."""

    name: str = kept("What colleagues call the agent.")
    role: Role = kept("What the agent may do.")
    created_at: datetime = kept("When the gateway first saw the agent.")
    address: strawberry.Private[EmailAddress | None] = inner(at="email")
    group_ids: strawberry.Private[list[RecordId]] = inner()


@graph_type
class ViewerInfo:
    """Who asks, as the gateway understood the token or key."""

    subject: str = told("The token's subject, or the name of the API key.")
    role: Role = told("What kind of caller you are.")
    may_see_personal: bool = told("Whether personal values are shown to you.")
    fields: list[str] = told("The only fields that your key may ask for; empty: all that its scopes permit.")
    agent: Agent | None = told("The agent that the subject is; null for partners and visitors.")


@SLICE.query(may=EVERYONE)
async def viewer(info: Info) -> ViewerInfo:
    """Who you are to this gateway: the first question to ask when something is hidden or forbidden."""
    who = info.context.viewer
    held = await info.context.store.held.all(AGENTS) if who.agent_id else {}
    found = held.get(who.agent_id) if who.agent_id else None
    agent = reader_of(Agent).read(found) if found else None
    return ViewerInfo(
        subject=who.subject,
        role=who.role,
        may_see_personal=who.may_see_personal,
        fields=sorted(who.fields),
        agent=agent,
    )


@SLICE.query(may=STAFF)
async def agents(info: Info) -> list[Agent]:
    """Everyone who serves customers, by name."""
    held = await info.context.store.held.all(AGENTS)
    return [reader_of(Agent).read(one) for one in sorted(held.values(), key=lambda one: str(one["name"]))]


@SLICE.query(may=STAFF)
async def agent_groups(info: Info) -> list[AgentGroup]:
    """The groups among which work is divided, by name."""
    held = await info.context.store.held.all(GROUPS)
    return [reader_of(AgentGroup).read(one) for one in sorted(held.values(), key=lambda one: str(one["name"]))]


@SLICE.column(Agent, may=STAFF, reads=["email"])
def email(agents: list[Agent], info: Info) -> list[EmailAddress | None]:
    """The agent's work address."""
    del info
    return [agent.address for agent in agents]


@SLICE.column(Agent, may=STAFF, reads=["group_ids"])
def groups(agents: list[Agent], info: Info) -> list[list[AgentGroup]]:
    """The groups to which the agent belongs."""
    held = info.context.held(GROUPS)
    read = reader_of(AgentGroup).reading()
    return [[read(held[key]) for key in agent.group_ids if key in held] for agent in agents]


def agents_of(context: Context, ids: Iterable[RecordId | None]) -> list[Agent | None]:
    """The agents of these storage ids, in their order; None for those that are no longer there, and for None."""
    held = context.held(AGENTS)
    read = reader_of(Agent).reading()
    found = [held.get(key) if key else None for key in ids]
    return [read(one) if one else None for one in found]


async def sign_ins(store: Store) -> frozenset[str]:
    """By what agents sign in: the name of one whose token has none, and for the staff alone."""
    return frozenset(one["subject"] for one in (await store.held.all(AGENTS)).values())


async def agent_of_subject(store: Store, subject: str, *, name: str, role: Role, at: datetime) -> RecordId:
    """The agent that a token's subject is: made at the first sight of a valid token, and found ever after.

    The name is the token's at that first sight; the role follows the token, which is what counts.
    """
    key = AGENTS.id_of({"subject": subject})
    known = (await store.held.all(AGENTS)).get(key)
    if known is not None:
        if known["role"] != role.value:
            await store.update(AGENTS, {"_id": key}, {"$set": {"role": role.value}})
        return key
    try:
        await store.insert(AGENTS, agent_document(subject=subject, name=name, role=role, at=at))
    except Taken:
        # Another process saw the same token first.
        return key
    return key


def agent_document(*, subject: str, name: str, role: Role, at: datetime, email: str | None = None) -> Document:
    """An agent as it is stored."""
    document = {"subject": subject, "name": name, "email": email, "role": role.value, "created_at": at}
    return {"_id": AGENTS.id_of(document), "group_ids": []} | document
