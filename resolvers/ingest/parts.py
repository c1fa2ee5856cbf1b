"""What do a person's contact points, tags, labels and custom data from a source add to those that are kept?

Each function answers the list as it is to be kept: the very same list where the source says nothing new.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from adapters.contract.records import Person, Reach, Who
from adapters.records import Document, Observation, Part, RecordId, new_id
from resolvers.channels import canonical_value
from resolvers.consents import CONSENTS
from resolvers.contact_rules import POSTAL_FIELDS, compared, mark_of
from resolvers.contacts import CONTACT_POINTS, ContactPointType
from resolvers.custom_data import CUSTOM_DATA, LONGEST_VALUE
from resolvers.custom_data import LONGEST_NAME as LONGEST_KEY
from resolvers.customers import BY_STAFF, changed_at
from resolvers.ingest.report import NotTaken, Visit, bounded, bounded_all, require_readable, stored_moment, too_many
from resolvers.kit.parts import BESIDE, fields_changed, removed_from
from resolvers.kit.phones import canonical_phone
from resolvers.kit.scalars import canonical_email, canonical_sender
from resolvers.kit.texts import plain_line, plain_text
from resolvers.labels import CUSTOMER_LABELS
from resolvers.own_record import SAID_BY
from resolvers.tags import TAGS, tag_word

Entries = Sequence[Document]

SPOKEN = (CONTACT_POINTS, TAGS, CUSTOMER_LABELS, CUSTOM_DATA)
"""The parts of a customer of which sources speak."""

# A local part in which the grammar of e-mail finds nothing to correct: letters and digits with single marks between.
_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*")
# RFC 5321, section 4.5.3.1.1.
_LONGEST_LOCAL = 64


def canonical_address(text: str) -> str:
    """What `canonical_email` answers, at a fraction of its cost for plain addresses; raises ValueError.

    A full check takes 100 microseconds, and a file has as many addresses as rows but few domains.
    """
    local, at, domain = text.strip().rpartition("@")
    if at and len(local) <= _LONGEST_LOCAL and domain.isascii() and _PLAIN_LOCAL.fullmatch(local):
        return f"{local.lower()}@{_domain(domain)}"
    return canonical_email(text)


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    return canonical_email(f"a@{domain}").partition("@")[2]


def canonical_who(channel: str, value: str, region: str | None, *, is_typed: bool = False) -> str:
    """What `canonical_value` answers, with plain addresses checked quickly; raises ValueError.

    `is_typed`: whether people wrote it, so that an address which no grammar allows is a mistake.
    """
    if channel != "email":
        return canonical_value(channel, value, region)
    try:
        return canonical_address(value)
    except ValueError:
        if is_typed:
            raise
        return canonical_sender(value)


def contact_points(customer: Document, person: Person, seen: Observation, region: str | None) -> Entries:
    """The contact points with the person's own; the first of a type is the primary one, whatever comes later.

    Which one people chose as primary stays, and a verified one stays verified. What people took away or doubt, and the
    parts of an address that they wrote, stay so.
    """
    old: Entries = customer.get(CONTACT_POINTS.name, ())
    if not person.reaches:
        return old
    points, removed = list(old), removed_from(customer, CONTACT_POINTS)
    for reach in person.reaches:
        new = _point(reach, person.who, seen, region)
        if mark_of(new["type"], new["value"]) not in removed:
            _merge_reach(points, new)
    return _bounded(old, points, CONTACT_POINTS)


def _merge_reach(points: list[Document], new: dict[str, Any]) -> None:
    same_type = [point for point in points if point["type"] == new["type"]]
    there = next((point for point in same_type if _same(point) == _same(new)), None)
    if there is None:
        has_primary = any(point["is_primary"] for point in same_type)
        points.append({"id": new_id(), **new, "is_primary": not has_primary})
        return
    merged = {
        **there,
        "postal": there["postal"] if there.get("observed_by") else new["postal"] or there["postal"],
        "is_verified": there["is_verified"] or (new["is_verified"] and not there.get("is_doubted", False)),
    }
    if merged != there:
        points[points.index(there)] = merged


def _same(point: Document) -> str:
    return compared(point["type"], str(point["value"]))


def _point(reach: Reach, who: Who, seen: Observation, region: str | None) -> dict[str, Any]:
    if reach.type not in ContactPointType.__members__:
        raise NotTaken(f"A contact point is of type {', '.join(ContactPointType.__members__)}, not {reach.type!r}.")
    return {
        "type": reach.type,
        "value": canonical_reach(reach, who, region),
        "postal": _postal(reach.postal),
        "is_primary": False,
        **seen.document(),
        "is_verified": reach.is_verified,
    }


def canonical_reach(reach: Reach, who: Who, region: str | None) -> str:
    """The number or address as it is compared and kept; raises NotTaken, which quotes nothing of it.

    `who`: whose it is; the address by which they write is one, whatever stands in it.
    """
    bounded(reach.value, reach.type.lower())
    try:
        if reach.type == "PHONE":
            return canonical_phone(reach.value, region)
        if reach.type == "EMAIL":
            is_sender = who.channel == "email" and reach.value == who.value
            return canonical_who(who.channel, who.value, region) if is_sender else canonical_address(reach.value)
    except ValueError as error:
        # The cause may quote a part of the value.
        kind = "phone number" if reach.type == "PHONE" else "e-mail address"
        hint = " Give it with its country code, or name a default region." if reach.type == "PHONE" else ""
        raise NotTaken(f"The {kind} cannot be one.{hint}") from error
    line = " ".join(reach.value.split())
    if not line:
        raise NotTaken("The postal address is empty. Leave it out.")
    return line


def _postal(parts: Mapping[str, str | None] | None) -> Document | None:
    return bounded_all(((name, parts.get(name) or None) for name in POSTAL_FIELDS), "postal.") if parts else None


def tags(customer: Document, words: Sequence[str], told: Document) -> Entries:
    """The tags with those of the source, without those that people took off. `told`: what is noted beside each."""
    return _added(customer, [_word(word) for word in words], "word", told, TAGS)


def _word(word: str) -> str:
    try:
        return tag_word(word)
    except ValueError as error:
        raise NotTaken(str(error)) from error


def labels(customer: Document, ids: Sequence[RecordId], told: Document) -> Entries:
    """The labels with those of the source, without those that people took off."""
    return _added(customer, ids, "label_id", told, CUSTOMER_LABELS)


def told_by(seen: Observation, visit: Visit) -> Document:
    """What is noted beside a tag, a label or custom data of a source: when, by whom, and where it was observed."""
    return {"added_at": visit.at, "added_by": visit.by, "observed_from": seen.observed_from}


def _added(customer: Document, values: Sequence[Any], field: str, told: Document, part: Part) -> Entries:
    old: Entries = customer.get(part.name, ())
    if not values:
        return old
    there = removed_from(customer, part).union(entry[field] for entry in old)
    new = [{field: value, **told} for value in dict.fromkeys(values) if value not in there]
    return _bounded(old, [*old, *new], part) if new else old


def custom_data(customer: Document, data: Mapping[str, str], told: Document) -> Entries:
    """The custom data with those of the source, whose values replace what a source said under the same key.

    What people noted stands, and keys that they took off stay away.
    """
    old: Entries = customer.get(CUSTOM_DATA.name, ())
    if not data:
        return old
    entries, removed = {entry["name"]: entry for entry in old}, removed_from(customer, CUSTOM_DATA)
    for name, value in data.items():
        key = require_readable(plain_line, name, "A key of custom data", LONGEST_KEY)
        text = require_readable(plain_text, value, "A value of custom data", LONGEST_VALUE)
        if key in removed or entries.get(key, {}).get("observed_from") == BY_STAFF:
            continue
        if key not in entries or entries[key]["value"] != text:
            entries[key] = {"name": key, "value": text, **told}
    return _bounded(old, list(entries.values()), CUSTOM_DATA)


def changed(version: int, old: Document, news: Document) -> Document:
    """What is noted where a source's news change the record: with which version, by what it was that changed."""
    names = [name for name in (*(part.name for part in SPOKEN), CONSENTS.name, *BESIDE) if name in news]
    marks = fields_changed(version, old, news, names)
    # Of whom was only heard, little is read.
    marks |= changed_at(version, old, news["attributes"]) if "attributes" in news else {}
    return {"changed": {**old.get("changed", {}), **marks}} if marks else {}


def _bounded(old: Entries, new: Entries, part: Part) -> Entries:
    if len(new) > part.at_most:
        words = part.name.replace("_", " ")
        raise too_many(len(new), words, part.at_most)
    return old if list(old) == list(new) else new


def entry_point_document(said: Mapping[str, str | None]) -> dict[str, str | None]:
    """Where a customer or conversation came in, as it is stored; raises NotTaken."""
    return bounded_all(((name, said.get(name)) for name in ("channel", "page", "referrer")), "entry_point.")


def came_in(person: Person, old: Document) -> dict[str, Any]:
    """Where the person came in, unless a source has said so before; what staff or a partner said gives way."""
    known = old.get("entry_point")
    if not person.entry_point or (known and not known.get(SAID_BY)):
        return {}
    return {"entry_point": entry_point_document(person.entry_point)}


def said_once(person: Person, old: Document, agent_of: Callable[[str], RecordId]) -> dict[str, Any]:
    """What a source says the first time and nobody's later word replaces.

    An agent who is assigned stays: only the staff may change it. One whom the staff took off does not come back.
    """
    once: dict[str, Any] = came_in(person, old)
    if person.assigned_agent:
        agent = agent_of(person.assigned_agent)
        if not old.get("assigned_agent_id") and agent not in old.get("removed", {}).get("agents", ()):
            once["assigned_agent_id"] = agent
    if person.created_at:
        once["created_at"] = min(stored_moment(person.created_at, "created_at"), old["created_at"])
    return once
