"""An endpoint written by hand: Starlette, PyMongo, orjson, two questions known beforehand. The limit for Python.

Nothing is parsed, nothing is executed: what the two questions ask is read and written down as it is. A command per
record kind; with `FUSED=on` one for all kinds, as the gateway's store sends it.
"""

import asyncio
import base64
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson
from bson import ObjectId
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.peers.python import commands
from benchmarks.peers.python.common import (
    Document,
    Held,
    Tokens,
    Viewer,
    aggregated,
    canonical,
    facts_in,
    heard_at,
    labels_of,
    opened,
    run,
    summed,
)

IS_FUSED = os.environ.get("FUSED") == "on"
PURCHASES, TICKETS, TOP, ENTRIES = 5, 5, 3, 20
INBOX_TICKETS, INBOX_PURCHASES, INBOX_INTERESTS = 3, 1, 5

database = opened()
held = Held(database)
tokens = Tokens()
Found = Mapping[str, Any]

# What is read of a customer, by record kind: lookups that go in one command each, or all together.
_HISTORY, _MERGED = commands.history(ENTRIES + 1)
_PANEL: Sequence[Sequence[Document]] = (
    [commands.lookup("identities", "identities")],
    [commands.lookup("purchases", "purchases", commands.newest("placed_at", PURCHASES + 1))],
    [commands.lookup("tickets", "tickets", commands.newest("created_at", TICKETS + 1))],
    [commands.lookup("interests", "groups", commands.grouped(TOP))],
)
_INBOX: Sequence[Sequence[Document]] = (
    [commands.lookup("identities", "identities")],
    [commands.lookup("tickets", "tickets", commands.newest("created_at", INBOX_TICKETS + 1))],
    [commands.lookup("purchases", "purchases", commands.newest("placed_at", INBOX_PURCHASES + 1))],
    [commands.lookup("interests", "interests", commands.newest("score", INBOX_INTERESTS + 1))],
)


async def answer(request: Request) -> Response:
    """The answer to one of the two questions."""
    viewer = tokens.viewer_of(request.headers.get("authorization"))
    asked = orjson.loads(await request.body())
    data = await _QUESTIONS[asked["operationName"]](asked["variables"], viewer)
    return Response(orjson.dumps({"data": data}), media_type="application/json")


async def panel(variables: Mapping[str, Any], viewer: Viewer) -> Document:
    """W1."""
    channel, account, value = variables["channel"], variables["account"], variables["value"]
    if channel not in held.channels:
        raise ValueError(f"`channel` is {channel!r}, which is no channel here.")
    key = hashlib.sha256("\x1f".join((channel, account, canonical(channel, value))).encode()).hexdigest()
    found = await aggregated(database["identity_keys"], commands.panel(key))
    if not found or not found[0]["own"]:
        return {"customerByIdentity": None}
    customer = found[0]["own"][0]
    if IS_FUSED:
        rows = await _panel_swept(customer["_id"])
    else:
        (rows,) = await _apart([customer["_id"]], (*_PANEL, [*_HISTORY, {"$project": _MERGED}]))
    kind = "ANONYMOUS" if customer["is_anonymous"] else "IDENTIFIED"
    return {"customerByIdentity": {"kind": kind, "customer": _panel_of(customer, rows, viewer)}}


async def inbox(variables: Mapping[str, Any], viewer: Viewer) -> Document:
    """W2."""
    size = variables["first"]
    newest = database["customers"].find({"merged_into": None}).sort([("last_interaction_at", -1), ("_id", -1)])
    found = await newest.limit(size + 1).to_list()
    customers = found[:size]
    keys = [one["_id"] for one in customers]
    if IS_FUSED:
        read = await _inbox_swept(keys)
    else:
        read = await _apart(keys, _INBOX)
    nodes = [_inbox_of(one, rows, viewer) for one, rows in zip(customers, read, strict=True)]
    last = customers[-1] if customers else None
    end = _cursor(last["last_interaction_at"], "", last["_id"]) if last else None
    return {"customers": {"nodes": nodes, "pageInfo": {"hasNextPage": len(found) > size, "endCursor": end}}}


_QUESTIONS: Mapping[str, Callable[..., Any]] = {"Panel": panel, "Inbox": inbox}


# Reading


async def _read(keys: Sequence[ObjectId], stages: Sequence[Document]) -> list[Found]:
    found = await aggregated(database, commands.over(keys, stages))
    by_id = {one["_id"]: one for one in found}
    return [by_id[key] for key in keys]


async def _panel_swept(key: ObjectId) -> Found:
    """What is read of one customer, in one command."""
    match = {"$match": {"customer_id": key}}
    found = await aggregated(
        database,
        commands.united(
            {
                "identities": ("identities", [match]),
                "purchases": ("purchases", commands.swept([key], "placed_at", PURCHASES + 1)),
                "tickets": ("tickets", commands.swept([key], "created_at", TICKETS + 1)),
                "groups": ("interests", [match, *commands.grouped(TOP)]),
                "history": commands.swept_history(key, ENTRIES + 1),
            }
        ),
    )
    rows: dict[str, list[Document]] = {name: [] for name in ("identities", "purchases", "tickets", "groups", "history")}
    for one in found:
        rows[one.pop("_of")].append(one)
    rows["history"] = [{"order": one["order"], "kind": one["kind"], "document": one} for one in rows["history"]]
    return rows


async def _inbox_swept(keys: Sequence[ObjectId]) -> list[Found]:
    """What is read of each customer, in one command."""
    sizes = {"tickets": INBOX_TICKETS, "purchases": INBOX_PURCHASES, "interests": INBOX_INTERESTS}
    sweeps = {name: (name, commands.swept(keys, commands.ORDERS[name], size + 1)) for name, size in sizes.items()}
    match = {"$match": {"customer_id": {"$in": list(keys)}}}
    found = await aggregated(database, commands.united({**sweeps, "identities": ("identities", [match])}))
    rows: dict[ObjectId, dict[str, Any]] = {
        key: {"identities": [], "tickets": [], "purchases": [], "interests": []} for key in keys
    }
    read = dict.fromkeys(sizes, 0)
    for one in found:
        name = one.pop("_of")
        if name == "identities":
            rows[one["customer_id"]][name].append(one)
        elif len(keys) == 1:
            rows[keys[0]][name].append(one)
        else:
            read[name] += one["read"]
            rows[one["_id"]][name] = one["rows"]
    if max(read.values()) >= commands.MOST_SWEPT:
        return await _read(keys, [stage for group in _INBOX for stage in group])
    return [rows[key] for key in keys]


async def _apart(keys: Sequence[ObjectId], groups: Sequence[Sequence[Document]]) -> list[Found]:
    """What each group of lookups finds, in a command of its own; all are under way at once."""
    found = await asyncio.gather(*(_read(keys, group) for group in groups))
    return [{name: value for part in parts for name, value in part.items()} for parts in zip(*found, strict=True)]


# Writing


def _panel_of(one: Document, rows: Found, viewer: Viewer) -> Document:
    shown, values = viewer.personal, one["attributes"]
    names = {
        "displayName": one["display_name"],
        "firstName": values.get("firstName"),
        "lastName": values.get("lastName"),
    }
    categories = summed(rows["groups"], facts_in(one, held, viewer), TOP)
    return {
        "id": _id(one),
        **{name: shown(value) for name, value in names.items()},
        "isAnonymous": one["is_anonymous"],
        "createdAt": _moment(one["created_at"]),
        "updatedAt": _moment(one["updated_at"]),
        "lastInteractionAt": _moment(heard_at(one)),
        "version": one["version"],
        "hiddenFields": [] if viewer.may_see_personal else [name for name, value in names.items() if value is not None],
        "identities": [
            {"channel": it["channel"], "account": it["account"], "value": shown(it["value"]), "claim": it["claim"]}
            for it in _in_place(rows["identities"])
        ],
        "labels": [
            {"name": it["name"], "color": it["color"], "priority": it["priority"]} for it in labels_of(one, held)
        ],
        "tags": [{"word": it["word"]} for it in one.get("tags", ())],
        "customData": [{"name": it["name"], "value": shown(it["value"])} for it in one.get("custom_data", ())],
        "assignedAgent": _agent(one.get("assigned_agent_id")),
        "purchases": {"nodes": [_purchase(it) for it in rows["purchases"][:PURCHASES]]},
        "tickets": {"nodes": [_ticket(it, viewer) for it in rows["tickets"][:TICKETS]]},
        "summary": {
            "factCount": sum(count for _, count, _ in categories),
            "categories": [
                {
                    "category": name,
                    "count": count,
                    "top": [{"name": fact[1], "value": fact[2], "score": fact[3]} for fact in top],
                }
                for name, count, top in categories
            ],
        },
        "history": _history(rows["history"], viewer),
    }


def _inbox_of(one: Document, rows: Found, viewer: Viewer) -> Document:
    shown = viewer.personal
    return {
        "id": _id(one),
        "displayName": shown(one["display_name"]),
        "lastInteractionAt": _moment(heard_at(one)),
        "identities": [{"channel": it["channel"], "value": shown(it["value"])} for it in _in_place(rows["identities"])],
        "labels": [{"name": it["name"], "color": it["color"]} for it in labels_of(one, held)],
        "assignedAgent": _agent(one.get("assigned_agent_id")),
        "tickets": {
            "nodes": [
                {"number": it["number"], "status": it["status"], "assignedAgent": _agent(it["assigned_agent_id"])}
                for it in rows["tickets"][:INBOX_TICKETS]
            ]
        },
        "purchases": {
            "nodes": [
                {
                    "number": it["number"],
                    "total": _money(it["total"]),
                    "lines": [{"title": line["title"], "quantity": line["quantity"]} for line in it["lines"]],
                }
                for it in rows["purchases"][:INBOX_PURCHASES]
            ]
        },
        "interests": {
            "nodes": [{"name": it["name"], "score": it["score"]} for it in rows["interests"][:INBOX_INTERESTS]]
        },
    }


def _purchase(one: Document) -> Document:
    return {
        "number": one["number"],
        "placedAt": _moment(one["placed_at"]),
        "status": one["status"],
        "total": _money(one["total"]),
        "lines": [
            {"title": line["title"], "quantity": line["quantity"], "total": _money(line["total"])}
            for line in one["lines"]
        ],
    }


def _ticket(one: Document, viewer: Viewer) -> Document:
    return {
        "number": one["number"],
        "subject": viewer.personal(one["subject"]),
        "status": one["status"],
        "createdAt": _moment(one["created_at"]),
        "assignedAgent": _agent(one["assigned_agent_id"]),
    }


_ITEMS: Mapping[str, Callable[[Document, Viewer], Document]] = {
    "NOTE": lambda one, viewer: {"__typename": "Note", "text": viewer.personal(one["text"])},
    "MESSAGE": lambda one, viewer: {
        "__typename": "Message",
        "text": viewer.personal(one["text"]),
        "direction": one["direction"],
    },
    "TICKET": lambda one, _: {"__typename": "Ticket", "number": one["number"], "status": one["status"]},
    "PURCHASE": lambda one, _: {"__typename": "Purchase", "number": one["number"], "total": _money(one["total"])},
    "INTEREST": lambda one, _: {"__typename": "Interest", "name": one["name"], "score": one["score"]},
}


def _history(entries: Sequence[Document], viewer: Viewer) -> Document:
    edges = []
    for row in reversed(entries[:ENTRIES]):
        document, kind = row["document"], row["kind"]
        node = {
            "at": _moment(row["order"]),
            "kind": kind,
            "channel": document.get("channel"),
            "item": _ITEMS[kind](document, viewer),
        }
        edges.append({"cursor": _cursor(row["order"], kind, document["_id"]), "node": node})
    start = edges[0]["cursor"] if edges else None
    return {"edges": edges, "pageInfo": {"hasPreviousPage": len(entries) > ENTRIES, "startCursor": start}}


def _in_place(identities: list[Document]) -> list[Document]:
    return sorted(identities, key=lambda one: (one["channel"], one["account"], one["_id"]))


def _agent(key: ObjectId | None) -> Document | None:
    found = held.agents.get(key) if key else None
    return {"name": found["name"]} if found else None


def _money(one: Document) -> Document:
    return {"amount": str(one["amount"]), "currency": one["currency"]}


def _moment(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _id(one: Document) -> str:
    return base64.urlsafe_b64encode(f"Customer:{one['_id']}".encode()).decode().rstrip("=")


def _cursor(at: datetime, kind: str, key: ObjectId) -> str:
    return base64.urlsafe_b64encode(f"{at.timestamp()}:{kind}:{key}".encode()).decode()


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Held records are fresh while it serves."""
    async with held.kept_fresh():
        yield


if __name__ == "__main__":
    run(Starlette(routes=[Route("/graphql", answer, methods=["POST"])], lifespan=lifespan))
