"""What may stand in a contact point, and what holds for all of a customer's contact points together?

Each value stands once among those of its type, of which one is the primary. An entry has an id of its own; one from
before there were ids has that of its place in the list, which it keeps once the list is written.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from adapters.reaching import folded_email
from adapters.records import Document, RecordId, derived_id
from resolvers.kit.phones import canonical_phone
from resolvers.kit.scalars import canonical_email
from resolvers.kit.texts import plain_line

POSTAL_FIELDS = ("street", "city", "region", "postal_code", "country")
# What stands in one line of a list; the parts of an address together with the marks between them fit into it.
LONGEST_LINE, LONGEST_POSTAL = 2_000, 300


def canonical_point(type_name: str, value: str, default_region: str | None) -> str:
    """The value in the one form in which it is kept and compared; raises ValueError in words that do not quote it."""
    if type_name == "PHONE":
        hint = "" if default_region else " Only numbers with their country code can be read."
        try:
            return canonical_phone(value, default_region)
        except ValueError as error:
            raise ValueError(f"{error}{hint}") from error
    if type_name == "EMAIL":
        try:
            return canonical_email(value)
        except ValueError as error:
            # E-mail's own checker may quote what it found.
            raise ValueError("That is not an e-mail address. Send one such as ann@example.com.") from error
    return plain_line(" ".join(value.split()), "The address", LONGEST_LINE)


def postal_line(parts: Mapping[str, str | None]) -> str:
    """A postal address as one line: the street, the place with its code, the region, the country."""
    place = " ".join(one for one in (parts.get("postal_code"), parts.get("city")) if one)
    return ", ".join(one for one in (parts.get("street"), place, parts.get("region"), parts.get("country")) if one)


def mark_of(type_name: str, value: str) -> str:
    """By what a contact point is told from the customer's others, and remembered when people take it away."""
    return f"{type_name}:{compared(type_name, value)}"


def compared(type_name: str, value: str) -> str:
    """The form in which two contact points of a type are one: of postal addresses, without case and spelling of it."""
    if type_name == "EMAIL":
        return folded_email(value)
    return value.casefold() if type_name == "POSTAL" else value.lower()


def marks_of(points: Iterable[Document]) -> list[str]:
    """The marks of several contact points, in their order."""
    return [mark_of(one["type"], str(one["value"])) for one in points]


def with_ids(customer: RecordId, points: Sequence[Document], part: str = "contact_points") -> Sequence[Document]:
    """The customer's contact points, or entries of another part, each with its id."""
    if all("id" in one for one in points):
        return points
    return [
        one if "id" in one else {**one, "id": derived_id(part, str(customer), str(n))} for n, one in enumerate(points)
    ]


def settled(points: Sequence[Document], primary: RecordId | None = None) -> list[dict[str, Any]]:
    """The contact points with exactly one primary of each type.

    It is the one of the id that is named, else the one that was primary before, else a verified one, else the first.
    """
    best: dict[str, Document] = {}
    for one in points:
        known = best.get(one["type"])
        if known is None or _rank(one, primary) > _rank(known, primary):
            best[one["type"]] = one
    return [{**one, "is_primary": one is best[one["type"]]} for one in points]


def _rank(point: Document, primary: RecordId | None) -> tuple[bool, bool, bool]:
    is_named = primary is not None and point.get("id") == primary
    return is_named, bool(point.get("is_primary")), bool(point.get("is_verified"))


def as_told(customer: RecordId, points: Sequence[Document], unseen: Collection[str]) -> Sequence[Document]:
    """The contact points as somebody is told of them from whom some kinds are hidden: of each such one stands for all.

    How many there are, which of them is proven, and their ids would tell whether a merge found two that are the same.
    """
    if not unseen:
        return points
    firsts: dict[str, Document] = {}
    for one in points:
        firsts.setdefault(one["type"], one)
    return [
        _nameless(customer, one) if one["type"] in unseen else one
        for one in points
        if one["type"] not in unseen or firsts[one["type"]] is one
    ]


def _nameless(customer: RecordId, point: Document) -> Document:
    unproven = {"is_verified": False, "verified_at": None, "verified_by": None}
    key = derived_id("contact_points", str(customer), str(point["type"]))
    return {**point, **unproven, "id": key, "is_primary": True}
