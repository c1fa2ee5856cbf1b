"""What do the Python servers share: the database, who asks, and what they hold in the process?"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
import uvicorn
from bson import ObjectId
from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

Document = dict[str, Any]

MAX_LOAD_MS = 10_000
# As old as the gateway's copies may be, which hear of changes through a change stream.
_REFRESH_S = 2.0
# The gateway remembers a verified token for as long.
_REMEMBER_S = 60.0
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
# The three that every base has, as the gateway's own code has them.
_SYSTEM: tuple[Document, ...] = (
    {"name": "firstName", "label": "First name", "category": "Profile", "order": 1, "is_personal": True},
    {"name": "lastName", "label": "Last name", "category": "Profile", "order": 2, "is_personal": True},
    {"name": "phoneNumber", "label": "Phone number", "category": "Profile", "order": 3, "is_personal": True},
)


class NotSignedIn(Exception):
    """Nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks."""

    subject: str
    role: str
    may_see_personal: bool

    def personal(self, value: Any) -> Any:
        """A personal value, where this viewer may see it."""
        return value if self.may_see_personal else None


class Tokens:
    """Verifies HS256 tokens and remembers those that were good."""

    def __init__(self) -> None:
        self._secret = os.environ["GATEWAY_JWT_SECRET"]
        self._seen: dict[str, tuple[Viewer, float]] = {}

    def viewer_of(self, authorization: str | None) -> Viewer:
        """The viewer whom the header proves; raises NotSignedIn."""
        given = authorization or ""
        known = self._seen.get(given)
        if known is not None and time.time() < known[1]:
            return known[0]
        try:
            claims = jwt.decode(given.removeprefix("Bearer "), self._secret, algorithms=["HS256"])
        except jwt.PyJWTError as error:
            raise NotSignedIn(str(error)) from error
        role = claims["role"]
        viewer = Viewer(claims["sub"], role, may_see_personal=role != "partner")
        self._seen[given] = viewer, min(time.time() + _REMEMBER_S, claims["exp"])
        return viewer


class Held:
    """Small, slowly changing records, read anew every two seconds."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self.agents: Mapping[ObjectId, Document] = {}
        self.labels: Mapping[ObjectId, Document] = {}
        self.definitions: Sequence[Document] = ()
        self.channels: frozenset[str] = frozenset()

    async def refresh(self) -> None:
        """Reads all of them."""
        names = ("agents", "labels", "attribute_definitions", "channel_accounts")
        found = await asyncio.gather(*(self._database[name].find({}).to_list() for name in names))
        agents, labels, definitions, accounts = found
        self.agents = {one["_id"]: one for one in agents}
        self.labels = {one["_id"]: one for one in labels}
        self.definitions = sorted((*_SYSTEM, *definitions), key=lambda one: (one["order"], one["name"]))
        self.channels = frozenset(one["channel"] for one in accounts)

    @asynccontextmanager
    async def kept_fresh(self) -> AsyncIterator[None]:
        """Refreshed for as long as the block lasts."""
        await self.refresh()
        task = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            task.cancel()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_S)
            await self.refresh()


def opened() -> AsyncDatabase[Document]:
    """The database that the environment names."""
    client: AsyncMongoClient[Document] = AsyncMongoClient(os.environ["MONGODB_URL"])
    return client.get_database(os.environ["GATEWAY_DATABASE"], codec_options=CodecOptions(tz_aware=True))


async def aggregated(
    source: AsyncCollection[Document] | AsyncDatabase[Document], pipeline: Sequence[Document]
) -> list[Document]:
    """What an aggregation answers."""
    cursor = await source.aggregate(pipeline, maxTimeMS=MAX_LOAD_MS, batchSize=1_000_000)
    return await cursor.to_list()


def run(app: Any) -> None:
    """Serves on the port that the environment names, as the gateway does: uvloop, httptools, no access log."""
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", access_log=False)


def canonical(channel: str, value: str) -> str:
    """An identity in the form in which it is kept."""
    text = value.strip()
    if channel in {"whatsapp", "sms", "phone", "viber"}:
        return "+" + "".join(one for one in text if one.isdigit())
    return text.lower() if channel == "email" else text


def heard_at(customer: Document) -> datetime | None:
    """When the customer was last heard of; None if never."""
    moment: datetime = customer["last_interaction_at"]
    return moment if moment > _NEVER else None


def labels_of(customer: Document, held: Held) -> list[Document]:
    """The customer's labels that are still defined, the most urgent first."""
    found = [held.labels[one["label_id"]] for one in customer.get("labels", ()) if one["label_id"] in held.labels]
    return sorted(found, key=lambda one: (-one["priority"], one["name"]))


Fact = tuple[str, str, Any, float | None, datetime]
"""Category, name, value, score, when it was observed."""


def facts_in(customer: Document, held: Held, viewer: Viewer) -> list[Fact]:
    """The facts that stand in the customer's own document."""
    values, observed = customer["attributes"], customer["observed"]
    shown: Callable[[Any], Any] = viewer.personal
    facts: list[Fact] = [
        (
            one["category"],
            one["label"],
            shown(values[one["name"]]) if one["is_personal"] else values[one["name"]],
            None,
            observed[one["name"]]["observed_at"],
        )
        for one in held.definitions
        if one["name"] in values
    ]
    facts += [
        ("Contact points", one["type"].capitalize(), shown(one["value"]), None, one["observed_at"])
        for one in customer.get("contact_points", ())
    ]
    facts += [
        ("Labels", held.labels[one["label_id"]]["name"], None, None, one["added_at"])
        for one in customer.get("labels", ())
        if one["label_id"] in held.labels
    ]
    facts += [("Tags", one["word"], None, None, one["added_at"]) for one in customer.get("tags", ())]
    facts += [
        ("Custom data", one["name"], shown(one["value"]), None, one["added_at"])
        for one in customer.get("custom_data", ())
    ]
    return facts


def summed(groups: Sequence[Document], at_hand: Sequence[Fact], top: int) -> list[tuple[str, int, list[Fact]]]:
    """Category, how many facts, the strongest of them: the category with most facts first."""
    counts: dict[str, int] = {}
    best: dict[str, list[Fact]] = {}
    for group in groups:
        counts[group["_id"]] = group["count"]
        best[group["_id"]] = [
            (group["_id"], one["name"], None, one["score"], one["observed_at"]) for one in group["top"]
        ]
    for fact in at_hand:
        counts[fact[0]] = counts.get(fact[0], 0) + 1
        best.setdefault(fact[0], []).append(fact)
    return [
        (name, count, sorted(best[name], key=lambda one: (one[3] or 0.0, one[4]), reverse=True)[:top])
        for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
