"""Which entry of a customer's list is which, whatever was made of it, and who leads? Rules without database."""

from collections.abc import Sequence
from typing import Any

from adapters.records import Chief, Document, Part
from resolvers.contact_rules import mark_of, with_ids


def same_entry(part: Part, entry: Document) -> tuple[Any, ...]:
    """What tells an entry from the others of its customer."""
    return tuple(entry.get(name) for name in part.same)


def entries_of(part: Part, customer: Document) -> Sequence[Document]:
    """The customer's entries, each with its own id where the part has such."""
    entries: Sequence[Document] = customer.get(part.name, ())
    return with_ids(customer["_id"], entries, part.name) if part.has_ids else entries


def with_entries(parts: Sequence[Part], customer: Document) -> Document:
    """The customer's document with the ids of all entries."""
    named = {part.name: list(entries_of(part, customer)) for part in parts if part.has_ids and part.name in customer}
    return {**customer, **named} if named else customer


def found_in(part: Part, entries: Sequence[Document], entry: Document) -> Document | None:
    """The one among entries that is this one, whatever was made of it; None where it is gone."""
    key = entry.get("id") if part.has_ids else None
    there = next((one for one in entries if key is not None and one.get("id") == key), None)
    if there is not None or not part.same:
        return there or next((one for one in entries if one == entry), None)
    return next((one for one in entries if same_entry(part, one) == same_entry(part, entry)), None)


def beside(part: Part, entry: Document, others: Sequence[Document]) -> Document:
    """The entry as it stands among others: a group has one chief."""
    chief = part.chief
    if chief is None or not entry.get(chief.flag):
        return entry
    has_chief = any(one.get(chief.flag) and group_of(chief, one) == group_of(chief, entry) for one in others)
    return {**entry, chief.flag: False} if has_chief else entry


def proven_by(part: Part, entry: Document, other: Document) -> Document | None:
    """The entry as proven by another that is one with it; None where it is proven or doubted, or the other is not."""
    how = part.verifying
    if how is None or entry.get(how.flag) or entry.get(how.unless) or not other.get(how.flag):
        return None
    return {**entry, how.flag: True, **{name: other[name] for name in how.by if name in other}}


def without_flag(part: Part, entry: Document) -> Document:
    """What the entry says, but for whether it is its group's chief, which changes with what stands beside it."""
    without = {part.chief.flag: None} if part.chief else {}
    return {**entry, **without, "id": None} if part.has_ids else {**entry, **without}


def with_chiefs(part: Part, entries: Sequence[Document]) -> list[Document]:
    """The entries, the first of each group its chief where it needs one and has lost it."""
    chief = part.chief
    if chief is None or not chief.is_needed:
        return list(entries)
    led = {group_of(chief, one) for one in entries if one.get(chief.flag)}
    settled: list[Document] = []
    for one in entries:
        if group_of(chief, one) not in led:
            led.add(group_of(chief, one))
            settled.append({**one, chief.flag: True})
        else:
            settled.append(one)
    return settled


def chiefs_of(part: Part, entries: Sequence[Document]) -> list[Any]:
    """By what the chiefs among the entries are found again: it tells nothing of what they say."""
    return [_place(part, one) for one in entries if part.chief and one.get(part.chief.flag)]


def led_again(
    part: Part, before: Sequence[Document], entries: Sequence[Document], led: Sequence[Any]
) -> list[Document]:
    """What is left of the entries: where a group has lost its chief, the first there of those who led it before."""
    chief = part.chief
    if chief is None:
        return list(entries)
    led_by = {group_of(chief, one) for one in entries if one.get(chief.flag)}
    lost = {group_of(chief, one) for one in before if one.get(chief.flag)} - led_by
    heirs: dict[Any, Document] = {}
    for place in led:
        heir = next((one for one in entries if _place(part, one) == place and group_of(chief, one) in lost), None)
        if heir is not None:
            heirs.setdefault(group_of(chief, heir), heir)
    led_now = [{**one, chief.flag: True} if heirs.get(group_of(chief, one)) is one else one for one in entries]
    return with_chiefs(part, led_now)


def _place(part: Part, entry: Document) -> Any:
    return entry.get("id") if part.has_ids else list(same_entry(part, entry))


def group_of(chief: Chief, entry: Document) -> Any:
    """Among which entries this one may be the chief."""
    return None if chief.group is None else entry.get(chief.group)


def mark_in(part: Part, entry: Document) -> Any:
    """By what an entry is remembered when people take it away."""
    first, *more = same_entry(part, entry)
    return mark_of(str(first), str(more[0])) if more else first
