"""Who did which administrative act, when, on what, and what became of it: the ledger of acts.

Written by the gate (gateway/acts.py) for every mutation that is one (kit/acts.py) and for every command that changes
something. It holds names and ids, never a value, and stays when the customers go whom it names.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final

import strawberry

from adapters.records import Document, Index, Record, RecordId, Staying, new_id
from adapters.windows import Position, Strand, branches, stretch
from resolvers.agents import Agent, agents_of
from resolvers.customers import NEVER
from resolvers.kit.acts import Act, ActOutcome
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, told
from resolvers.kit.ids import key_of
from resolvers.kit.lists import between
from resolvers.kit.paging import Connection, Page, Sealing, connection
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, inner, kept, reader_of
from resolvers.kit.viewer import ADMINISTRATORS, Role, Viewer

_ORDER: Final = "at"
# By what acts are asked for; and all of them.
_BY: Final = (("ids",), ("customers",), ("viewer",), ("act",), ("outcome",), ())

ACTS = Record(
    name="acts",
    customer=None,
    indexes=tuple(Index((*by, _ORDER, "_id")) for by in _BY),
    stays=Staying("customers", "Who did what is told also when the customer is gone; no value stands there."),
    aged_by=_ORDER,
)

SLICE = Slice("acts")

MOST_IDS: Final = 200
"""Ids of one document: a merge names far fewer, and a ledger is no place for whatever is sent."""


@SLICE.keeps(ACTS, may=ADMINISTRATORS)
class AdministrativeAct(Node):
    """One administrative act that somebody did or tried. No value stands in it."""

    at: datetime = kept("When it began.")
    act: str = kept("What was done: the mutation, as `mergeCustomers`; or the command, as `profile-gateway erase`.")
    viewer: str = kept("Who did it: the token's subject, or the name of the API key; `command line` for a command.")
    role: Role = kept("In which role.")
    key_handle: str | None = kept("The handle of the API key; null for who came without one.")
    ids: list[str] = kept(
        "The ids of what it concerned, those it was given first, then those of what it made: opaque ids of this graph; "
        f"of commands also handles of API keys and names of documents. At most {MOST_IDS}."
    )
    outcome: ActOutcome = kept("What became of it.")
    code: str | None = kept("The code of the refusal or error that was told; null where there was none.")
    request_id: str | None = kept("The id of the request, as `X-Request-Id` and the log have it; null for commands.")
    agent_key: strawberry.Private[RecordId | None] = inner(at="agent_id")


@SLICE.column(AdministrativeAct, may=ADMINISTRATORS, reads=["agent_id"], name="agent")
def agent_of_act(acts: list[AdministrativeAct], info: Info) -> list[Agent | None]:
    """The agent who did it; null for programs and commands."""
    return agents_of(info.context, [one.agent_key for one in acts])


def act_document(act: Act, viewer: Viewer, *, at: datetime, request_id: str | None) -> Document:
    """An act as it is stored when it begins."""
    return {
        "_id": new_id(),
        "at": at,
        "act": act.name,
        "viewer": viewer.subject,
        "role": viewer.role.value,
        "agent_id": viewer.agent_id,
        "key_handle": viewer.key_handle,
        "request_id": request_id,
        **act_standing(act),
    }


def act_standing(act: Act) -> Document:
    """What is stored of how an act stands now."""
    ids = list(act.ids)[:MOST_IDS]
    return {"ids": ids, "customers": _customers(ids), "outcome": act.outcome.value, "code": act.code}


def _customers(ids: Sequence[str]) -> list[RecordId]:
    return [key for one in ids if (key := key_of(one, "Customer")) is not None]


@graph_input
class AdministrativeActFilter:
    """Which administrative acts: those that fulfil every condition given."""

    id: str | None = told("Only those that concerned the thing of this id, also one that is gone.", default=None)
    act: str | None = told("Only those of this mutation or command.", default=None)
    viewer: str | None = told("Only those of this token's subject or API key's name.", default=None)
    outcome: ActOutcome | None = told("Only those that ended so.", default=None)
    since: datetime | None = told("Only those that began at this moment or later.", default=None)
    until: datetime | None = told("Only those that began before this moment.", default=None)


@SLICE.query(may=ADMINISTRATORS)
async def administrative_acts(
    info: Info,
    page: Page,
    filter: Annotated[AdministrativeActFilter | None, about("Which acts; left out: all.")] = None,
) -> Connection[AdministrativeAct]:
    """Who did or tried which administrative act, newest first. Administrators only."""
    context, where = info.context, _where(filter or AdministrativeActFilter())
    sealing = Sealing(context.seal, "administrativeActs")
    window = page.window(sealing, newest_first=True)
    strand = Strand(record=ACTS, order=_ORDER, by="_id", where=where)
    first, *others = [stretch(strand, bounds, window) for _, bounds in branches([strand], window)]
    unions: list[Document] = [{"$unionWith": {"coll": ACTS.name, "pipeline": one}} for one in others]
    found = list(await context.store.aggregate(ACTS, [*first, *unions]))
    found.sort(key=lambda one: (one[_ORDER], one["_id"]), reverse=window.is_descending)
    found = found[: window.limit]
    context.budget.spend(len(found))
    places = [Position(one[_ORDER], "", one["_id"]) for one in found]
    read = reader_of(AdministrativeAct).read

    async def count(context: Context) -> int:
        # Also where all are counted, along an index: it is a fraction of the documents.
        return await context.store.count(ACTS, where or {_ORDER: {"$gte": NEVER}})

    return connection([read(one) for one in found], places, page, sealing, count)


def _where(asked: AdministrativeActFilter) -> Document:
    given = {"ids": asked.id, "act": asked.act, "viewer": asked.viewer}
    where: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if asked.outcome is not None:
        where["outcome"] = asked.outcome.value
    if asked.since or asked.until:
        where[_ORDER] = between(asked.since, asked.until)
    return where
