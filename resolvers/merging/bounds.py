"""How much may one customer have whom several have become?

What stands inside a customer's document, and what is read of a customer all at once, is bounded, however many became
one.
"""

import asyncio
from collections.abc import Sequence

from adapters.records import Document, Part, Record
from resolvers.kit.context import Context
from resolvers.kit.errors import Refused, conflict
from resolvers.merging.asking import Asked, People, parts_of
from resolvers.merging.joining import Joined
from resolvers.merging.rights import unassignable
from resolvers.reaches import unseen_reaches

MOST_ALIASES = 50
"""Customers that one customer may have taken in: each makes every page of the survivor's records a little dearer."""


async def blocks(context: Context, question: Asked, found: People, joined: Joined) -> list[Refused]:
    """What stands in the way of a merge, in words that say what to do."""
    unseen = await unseen_reaches(context)
    parts = [part for part in parts_of(context, question) if _most(part, found, joined, unseen) > part.at_most]
    told = [_words(part.name, part.at_most, part.element) for part in parts]
    records = [one for one in context.declared.records if one.at_most is not None and _comes_along(one, question)]
    for record, count in zip(records, await _counts(context, found, records), strict=True):
        if record.at_most is not None and count > record.at_most:
            told.append(_words((record.element or record.name).lower(), record.at_most, record.element))
    count = len(found.survivor.get("aliases") or ()) + len(found.others) + len(found.carried)
    if count > MOST_ALIASES:
        told.append(
            f"{count} customers would have gone into one; at most {MOST_ALIASES} can. Look whether they are one person."
        )
    refused = (unassignable(context, one, "input", "otherIds") for one in joined.unassigned)
    return [*(conflict(one) for one in told), *filter(None, refused)]


def _most(part: Part, found: People, joined: Joined, unseen: frozenset[str]) -> int:
    """How many entries the one customer would have of a part, as far as whoever asks may know.

    Of hidden kinds all count as different: what is refused would tell which are the same. They count apart from the
    others, as else the next merge would tell how many there are by now.
    """
    together = [*found.survivor.get(part.name, ()), *joined.added.get(part.name, ())]
    if part.kind is None or not unseen:
        return len(together)
    everyone = [entry for one in (found.survivor, *found.others) for entry in one.get(part.name, ())]
    hidden = sum(entry[part.kind] in unseen for entry in everyone)
    return max(hidden, sum(entry[part.kind] not in unseen for entry in together))


def _words(name: str, at_most: int, element: str | None) -> str:
    what = name.replace("_", " ")
    way_out = f"Remove some first, or leave {element} out of `elements`." if element else "Let them stay several."
    return f"The customers have more than {at_most} {what} together, the most that are kept of one. {way_out}"


def _comes_along(record: Record, question: Asked) -> bool:
    return record.element is None or record.element in question.elements


async def _counts(context: Context, found: People, records: Sequence[Record]) -> list[int]:
    if context.store.is_transacting:
        # In a transaction one follows the other.
        return [await _count(context, found, one) for one in records]
    return await asyncio.gather(*[_count(context, found, one) for one in records])


async def _count(context: Context, found: People, record: Record) -> int:
    """How many the one customer would have, where the others bring any: what several hold alike counts once."""
    others = [one["_id"] for one in found.others]
    others += [alias["id"] for alias in found.carried if _brings(alias, record)]
    own = [found.survivor["_id"]]
    own += [alias["id"] for alias in found.survivor.get("aliases") or () if _brings(alias, record)]
    # The others first: as in a preview's other counts, which are then the same command.
    (documents,) = await context.store.every([{record.name: [*others, *own]}], record)
    apart = [name for name in record.key if name != record.customer] or ["_id"]
    there = {_mark(one, apart) for one in documents if one[record.customer or "_id"] in own}
    brought = {_mark(one, apart) for one in documents} - there
    return len(there | brought) if brought else 0


def _mark(document: Document, apart: Sequence[str]) -> tuple[object, ...]:
    return tuple(document[name] for name in apart)


def _brings(alias: Document, record: Record) -> bool:
    return record.element is None or record.element in alias["elements"]
