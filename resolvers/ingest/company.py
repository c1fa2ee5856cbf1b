"""What do products, topics, colleagues, groups, campaigns and labels from outside mean in storage?

These belong to the company and to no customer. Other records of a batch name them, so they are taken in first.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.contract.bounds import LARGEST_INT, LONGEST_TEXT
from adapters.contract.company import Class, Colleague, Effort, Place, Team
from adapters.contract.records import Listing
from adapters.failures import StoreRefused
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId
from resolvers.agents import AGENTS, GROUPS, agent_document
from resolvers.attribute_rules import breaking, rule_broken
from resolvers.attribute_schema import TooMany, add_definitions, definitions_by_name, require_room
from resolvers.campaigns import CAMPAIGNS
from resolvers.customers import CUSTOMERS
from resolvers.ingest.money import stored_amount
from resolvers.ingest.report import (
    INSERTED,
    NotTaken,
    Result,
    Visit,
    bounded,
    changed_or_not,
    require_readable,
    require_text,
    stored_moment,
    whole_number,
)
from resolvers.ingest.shelf import Shelf
from resolvers.interests import TOPICS
from resolvers.kit.named import version_of
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import STAFF, Role
from resolvers.labels import LABELS, label_document
from resolvers.labels import LONGEST_NAME as LONGEST_LABEL
from resolvers.products import PRODUCTS

_COLOR = re.compile("#[0-9a-fA-F]{6}")

CompanyRecord = Listing | Place | Colleague | Team | Effort | Class


async def define_attributes(store: Store, wanted: Iterable[Document]) -> list[str]:
    """Adds those definitions that are missing and answers their names; one that is there stays as it is.

    Raises NotTaken where a definition breaks its own rules, or one of that name is of another type.
    """
    missing = await missing_attributes(store, wanted)
    try:
        added = await add_definitions(store, missing) if missing else []
    except TooMany as error:
        raise _too_many(error, missing) from error
    return [one["name"] for one in added]


async def missing_attributes(store: Store, wanted: Iterable[Document]) -> list[Document]:
    """The definitions that `define_attributes` would add; raises NotTaken where it would."""
    known = await definitions_by_name(store)
    missing = [one for one in wanted if _is_missing(one, known)]
    for one in missing:
        await _require_readable(store, one)
    try:
        require_room(known, missing)
    except TooMany as error:
        raise _too_many(error, missing) from error
    return missing


def _too_many(error: TooMany, missing: Sequence[Document]) -> NotTaken:
    return NotTaken(f"{error} {len(missing)} more would be too many. Remove some, or take in less.")


async def _require_readable(store: Store, definition: Document) -> None:
    """Refuses a pattern that RE2 reads and the database does not: the rules could never be changed."""
    try:
        if definition["pattern"]:
            await store.count(CUSTOMERS, breaking(definition))
    except StoreRefused as error:
        raise NotTaken(
            f"The attribute {definition['name']!r} has the pattern {definition['pattern']!r}, which the database "
            "(PCRE) cannot read. Write it with what both RE2 and PCRE know."
        ) from error


def _is_missing(wanted: Document, known: Mapping[str, Document]) -> bool:
    broken = rule_broken(wanted)
    if broken:
        raise NotTaken(f"The attribute {wanted['name']!r} cannot be defined so. {broken[1]}")
    there = known.get(wanted["name"])
    if there and there["type"] != wanted["type"]:
        raise NotTaken(
            f"The attribute {wanted['name']!r} is defined already, as {there['type']}; the source wants "
            f"{wanted['type']}. Use another name, or change the source."
        )
    return there is None


class Company:
    """What belongs to the company, as far as the batch brings or names it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._shelves: dict[str, Shelf[RecordId]] = {one.name: Shelf(one) for one, _ in _KINDS.values()}
        self._labels: dict[str, RecordId] = {}
        """By what they are called now; one that was renamed is found by the name under which it was defined, too."""

    async def load(self, store: Store, ids: Mapping[str, Iterable[RecordId]]) -> None:
        """Reads what is stored under these ids, by collection."""
        for name, wanted in ids.items():
            if name == LABELS.name:
                labels = await store.find(LABELS, {})
                self._shelves[name].place(labels)
                self._labels = {one["name"].casefold(): one["_id"] for one in labels}
            else:
                await self._shelves[name].load(store, wanted)

    async def write(self, store: Store) -> None:
        """Writes whatever is new or different."""
        for shelf in self._shelves.values():
            await shelf.write(store)

    def take(self, record: CompanyRecord) -> Result:
        """What becomes of the record; raises NotTaken."""
        kept, document_of = _KINDS[type(record)]
        new, shelf = document_of(self, record), self._shelves[kept.name]
        new["_id"] = self._id_of(kept, new)
        old = shelf.get(new["_id"])
        if old is None:
            shelf.add(new)
            return INSERTED
        # When the gateway first saw an agent stays as it is, and so does the spelling of a label's name.
        first = ("created_at", *kept.key) if "created_at" in old else kept.key
        # Nor does a source replace what people said.
        first = (*first, *old.get("said", ()))
        merged = {**old, **new, **{name: old[name] for name in first}}
        # Asked before `put`, which changes in place what the batch itself has added or changed.
        is_changed = merged != old
        if is_changed:
            shelf.put(merged | ({"version": version_of(old) + 1} if kept is LABELS else {}))
        return changed_or_not(is_changed=is_changed)

    def moment(self, given: datetime | None, field: str) -> datetime:
        """The moment given, or that of the visit."""
        return stored_moment(given, field) if given else self._visit.at

    def agent(self, subject: str) -> RecordId:
        """The agent of that subject; raises NotTaken where there is none."""
        return self._named(AGENTS, {"subject": subject}, f"the agent {subject[:64]!r}")

    def campaign(self, name: str) -> RecordId:
        """The campaign of that name; raises NotTaken where there is none."""
        return self._named(CAMPAIGNS, {"name": name}, f"the campaign {name[:64]!r}")

    def label(self, name: str) -> RecordId:
        """The label of that name; raises NotTaken where there is none."""
        return self._named(LABELS, {"name": name}, f"the label {name[:64]!r}")

    def group(self, name: str) -> RecordId:
        """The group of that name; raises NotTaken where there is none."""
        return self._named(GROUPS, {"name": name}, f"the group {name[:64]!r}")

    def topic(self, taxonomy: str, external_id: str) -> Document:
        """The place of a taxonomy; raises NotTaken where there is none."""
        found = self._shelves[TOPICS.name].get(topic_id(taxonomy, external_id))
        if found is None:
            raise NotTaken(
                f"The taxonomy {taxonomy[:64]!r} has no topic {external_id[:64]!r} here. Import the taxonomy first."
            )
        return found

    def _id_of(self, record: Record, said: Mapping[str, Any]) -> RecordId:
        known = self._labels.get(said["name"].casefold()) if record is LABELS else None
        return known or record.id_of(said)

    def _named(self, record: Record, key: Document, told: str) -> RecordId:
        found = self._id_of(record, key)
        if found not in self._shelves[record.name]:
            raise NotTaken(f"The source names {told}, which is not known here. Import or define it first.")
        return found


def company_id(record: CompanyRecord) -> tuple[Record, RecordId]:
    """The collection in which the record stands, and its id there."""
    kept, _ = _KINDS[type(record)]
    return kept, kept.id_of({name: getattr(record, name) for name in kept.key})


def topic_id(taxonomy: str, external_id: str) -> RecordId:
    """The id of a place of a taxonomy, stored or not."""
    return TOPICS.id_of({"taxonomy": taxonomy, "external_id": external_id})


def _product(_company: Company, one: Listing) -> dict[str, Any]:
    return {
        "channel": require_text(one.channel, "channel"),
        "account": require_text(one.account, "account"),
        "external_id": require_text(one.external_id, "external_id"),
        "name": require_text(one.name, "name"),
        "sku": bounded(one.sku, "sku"),
        "category": bounded(one.category, "category"),
        "description": bounded(one.description, "description", LONGEST_TEXT),
        "price": stored_amount(one.price, "price") if one.price else None,
        "image_url": bounded(one.image_url, "image_url"),
    }


def _topic(_company: Company, one: Place) -> dict[str, Any]:
    return {
        "taxonomy": require_text(one.taxonomy, "taxonomy"),
        "external_id": require_text(one.external_id, "external_id"),
        "name": require_text(one.name, "name"),
        "path": [require_text(word, "path") for word in one.path] or [one.name],
        "parent_id": topic_id(one.taxonomy, one.parent) if one.parent else None,
    }


def _agent(company: Company, one: Colleague) -> dict[str, Any]:
    if one.role not in STAFF:
        raise NotTaken(f"`role` is {one.role[:64]!r}; an agent's is one of {', '.join(sorted(STAFF))}.")
    document = agent_document(
        subject=require_text(one.subject, "subject"),
        name=require_text(one.name, "name"),
        role=Role(one.role),
        at=company.moment(one.created_at, "created_at"),
        email=bounded(one.email, "email"),
    )
    return {**document, "group_ids": [company.group(name) for name in one.teams]}


def _group(_company: Company, one: Team) -> dict[str, Any]:
    return {"name": require_text(one.name, "name")}


def _campaign(_company: Company, one: Effort) -> dict[str, Any]:
    return {
        "name": require_text(one.name, "name"),
        "starts_at": stored_moment(one.starts_at, "starts_at") if one.starts_at else None,
        "ends_at": stored_moment(one.ends_at, "ends_at") if one.ends_at else None,
    }


def _label(_company: Company, one: Class) -> dict[str, Any]:
    name = require_readable(plain_line, one.name, "`name`", LONGEST_LABEL)
    if not _COLOR.fullmatch(one.color):
        raise NotTaken(f"`color` is {one.color[:64]!r}; give six hexadecimal digits, as #ffcc00.")
    return {
        **label_document(
            name=name,
            color=one.color,
            priority=whole_number(one.priority, "priority", least=-LARGEST_INT - 1, most=LARGEST_INT),
            description=bounded(one.description, "description"),
        )
    }


_KINDS: Mapping[type[Any], tuple[Record, Callable[[Company, Any], dict[str, Any]]]] = {
    Listing: (PRODUCTS, _product),
    Place: (TOPICS, _topic),
    Colleague: (AGENTS, _agent),
    Team: (GROUPS, _group),
    Effort: (CAMPAIGNS, _campaign),
    Class: (LABELS, _label),
}
