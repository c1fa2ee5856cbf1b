"""Which customers shall become one, and how? The question of `mergeCustomers` and of its preview, checked."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Annotated

import strawberry

from adapters.records import Document, Observation, Part, RecordId
from resolvers.attribute_rights import editors
from resolvers.attributes import definitions
from resolvers.customers import BY_STAFF, CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Context
from resolvers.kit.described import graph_input, told
from resolvers.kit.errors import Refused, accepted, conflict, invalid, not_found
from resolvers.kit.ids import global_id, key_of
from resolvers.kit.texts import plain_text, quoted
from resolvers.merging.joining import AttributeChoice, BadChoice, Chosen, Joined, Joining
from resolvers.merging.ledger import ELEMENT, elements_of
from resolvers.merging.places import with_entries
from resolvers.merging.rights import require_editor

MOST_OTHERS = 10
_OTHERS = ("input", "otherIds")
LONGEST_REASON = 1_000


@graph_input
class AttributeChoiceInput:
    """Which value of one attribute the survivor shall have."""

    name: str = told("The attribute's name.")
    choice: AttributeChoice = told("Which value.")
    from_id: strawberry.ID | None = told(
        "For TAKE: whose value; left out, that of the first of the others who has one.", default=None
    )


@graph_input
class CustomerVersionInput:
    """A customer as it was seen."""

    id: strawberry.ID = told("The customer.")
    version: int = told("Its `version` then.")


@graph_input
class MergeCustomersInput:
    """Customers who are one person."""

    survivor_id: strawberry.ID = told("The customer who stays.")
    other_ids: list[strawberry.ID] = told(f"Those who go into it, 1 to {MOST_OTHERS}.")
    elements: Annotated[list[str] | None, ELEMENT] = told(
        "What they bring along; left out, everything. The rest is shown nowhere until the merge is undone. IDENTITIES "
        "come with all that arrives by them: conversations, tickets, purchases, interests and notes.",
        default=None,
    )
    attributes: list[AttributeChoiceInput] | None = told(
        "Which values stand. Of what is not named the survivor's own stands; where it has none, or the schema's "
        "default that nobody said, the first other's.",
        default=None,
    )
    reason: str | None = told(f"Why they are one person, of at most {LONGEST_REASON} characters.", default=None)
    versions: list[CustomerVersionInput] | None = told(
        "The customers as a preview showed them, none but those named here: who has changed since is not merged.",
        default=None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Asked:
    """What was asked for, as far as it can be checked without the database."""

    survivor: RecordId
    others: Sequence[RecordId]
    elements: frozenset[str]
    chosen: Mapping[str, Chosen]
    reason: str | None
    versions: Mapping[RecordId, int]
    is_inferred: bool = False
    """Whether a machine has concluded it: nobody is proven to be one of the others until a person confirms it."""
    is_asserted: bool = False
    """Whether the others' identities are only asserted to be the survivor's, whatever they were to the others."""


def asked(context: Context, given: MergeCustomersInput) -> Asked:
    """The question; raises Refused."""
    count = len(given.other_ids)
    if not count:
        raise invalid("`otherIds` is empty. Name at least one customer who goes into the survivor.", *_OTHERS)
    if count > MOST_OTHERS:
        raise invalid(
            f"`otherIds` names {count} customers; 1 to {MOST_OTHERS} go into another at once. Merge in several steps.",
            *_OTHERS,
        )
    known = elements_of(context.declared)
    chosen = {
        one.name: Chosen(one.choice, _key(one.from_id, "attributes", "fromId") if one.from_id else None)
        for one in given.attributes or ()
    }
    if len(chosen) < len(given.attributes or ()):
        raise invalid("`attributes` names one attribute twice. Choose once for each.", "input", "attributes")
    idle = next((name for name, one in chosen.items() if one.source and one.way is not AttributeChoice.TAKE), None)
    if idle is not None:
        raise invalid(
            f"`fromId` goes with TAKE, and the choice for {quoted(idle)} is {chosen[idle].way.value}. Leave it out, or "
            "send TAKE.",
            *("input", "attributes", "fromId"),
        )
    reason = given.reason
    elements = frozenset(known if given.elements is None else given.elements)
    _require_arriving(context, elements)
    survivor = _key(given.survivor_id, "survivorId")
    others = [_key(one, "otherIds") for one in given.other_ids]
    return Asked(
        survivor=survivor,
        others=others,
        elements=elements,
        chosen=chosen,
        reason=accepted(plain_text, reason, "input", "reason", longest=LONGEST_REASON) if reason else None,
        versions=_versions(given.versions or (), {survivor, *others}),
    )


def _require_arriving(context: Context, elements: frozenset[str]) -> None:
    """Refuses identities without what comes in by them, which would be the survivor's and be shown nowhere."""
    if IDENTITIES.element not in elements:
        return
    arriving = dict.fromkeys(one.element for one in context.declared.records if one.arrives and one.element)
    missing = ", ".join(name for name in arriving if name not in elements)
    if missing:
        raise invalid(
            f"`elements` has {IDENTITIES.element} without {missing}. What comes in by those identities from now on "
            f"would be shown nowhere: bring {missing} along, too, or leave {IDENTITIES.element} out.",
            *("input", "elements"),
        )


def _versions(given: Sequence[CustomerVersionInput], named: AbstractSet[RecordId]) -> dict[RecordId, int]:
    """The versions that were seen, of customers who are in the merge, each once."""
    versions = {_key(one.id, "versions", "id"): one.version for one in given}
    if len(versions) < len(given):
        raise invalid("`versions` names one customer twice. Send of each the one that was seen.", "input", "versions")
    if stray := next((one.id for one in given if key_of(one.id, "Customer") not in named), None):
        raise invalid(
            f"`versions` names {stray[:64]}, who is not in the merge. Leave that one out, or name it as one of the "
            "customers.",
            *("input", "versions"),
        )
    return versions


def _key(given: str, *path: str) -> RecordId:
    key = key_of(given, "Customer")
    if key is None:
        raise not_found("customer", ("input", *path))
    return key


@dataclass(frozen=True, slots=True, repr=False)
class People:
    """The customers of a merge as they are stored now."""

    survivor: Document
    others: Sequence[Document]

    @property
    def carried(self) -> Sequence[Document]:
        """The aliases that the others have of earlier merges."""
        return [alias for one in self.others for alias in one.get("aliases") or ()]


async def people(context: Context, question: Asked) -> People:
    """The customers, each once and as they were named. Raises Refused.

    Elsewhere an old id means the one into whom that customer went. Here it would join somebody whom nobody has named.
    """
    found = await context.store.by_ids(CUSTOMERS, [question.survivor, *question.others])
    survivors = [into for one in found.values() if (into := one.get("merged_into"))]
    if survivors:
        found |= await context.store.by_ids(CUSTOMERS, survivors)
    survivor = _speaking(found, question.survivor, "survivorId")
    others = [_speaking(found, key, "otherIds") for key in question.others]
    keys = [one["_id"] for one in others]
    if question.survivor in question.others:
        told = global_id("Customer", question.survivor)
        raise conflict(
            f"{told} is the survivor, and cannot go into itself. Leave it out of `otherIds`, or let another survive.",
            *_OTHERS,
        )
    if survivor["_id"] in keys:
        raise _same(question.others[keys.index(survivor["_id"])], question.survivor)
    for n, key in enumerate(keys):
        if key in keys[:n]:
            raise _same(question.others[n], question.others[keys.index(key)])
    _require_own(question.survivor, survivor, "survivorId")
    for key, one in zip(question.others, others, strict=True):
        _require_own(key, one, "otherIds")
    for one in (survivor, *others):
        _require_seen(question, one)
    parts = context.declared.customers.parts
    return People(with_entries(parts, survivor), [with_entries(parts, one) for one in others])


def _same(other: RecordId, one: RecordId) -> Refused:
    """The refusal for two ids of one customer."""
    told, beside = (global_id("Customer", key) for key in (other, one))
    if other == one:
        return conflict(
            f"{told} is named twice in `otherIds`, and goes into the survivor once. Leave it out once.", *_OTHERS
        )
    return conflict(
        f"{told} and {beside} are one customer already, by a merge that `Customer.merges` tells. Leave it out of "
        "`otherIds`.",
        *_OTHERS,
    )


def _speaking(found: Mapping[RecordId, Document], key: RecordId, *path: str) -> Document:
    document = found.get(key)
    if document and document.get("merged_into"):
        document = found.get(document["merged_into"])
    if document is None:
        raise not_found("customer", ("input", *path))
    return document


def _require_own(key: RecordId, speaking: Document, *path: str) -> None:
    if speaking["_id"] != key:
        into = global_id("Customer", speaking["_id"])
        raise conflict(
            f"{global_id('Customer', key)} went into {into} by another merge. Look at that customer, and where all are "
            "one person name it instead.",
            *("input", *path),
        )


def _require_seen(question: Asked, document: Document) -> None:
    seen = question.versions.get(document["_id"], document["version"])
    if seen != document["version"]:
        raise conflict(
            f"One of the customers has changed since: it was seen at version {seen} and is at {document['version']}. "
            "Look at the preview again, then merge.",
            *("input", "versions"),
        )


async def joined_of(context: Context, question: Asked, found: People) -> Joined:
    """What becomes of the survivor's document; raises Refused."""
    known = await definitions(context)
    unknown = next((name for name in question.chosen if name not in known), None)
    if unknown is not None:
        raise invalid(
            f"There is no attribute of the name sent: {quoted(unknown)}. `attributeDefinitions` names those there are.",
            *("input", "attributes"),
        )
    chosen = {name: _weighed(context, known[name], one) for name, one in question.chosen.items()}
    joining = Joining(
        survivor=found.survivor,
        others=found.others,
        parts=parts_of(context, question),
        definitions=known,
        chosen=chosen,
        said=word_of(context),
        region=context.limits.default_region,
    )
    try:
        return joining.joined()
    except BadChoice as error:
        raise invalid(str(error), "input", "attributes") from error


def _weighed(context: Context, definition: Document, chosen: Chosen) -> Chosen:
    """The choice of someone who may make it: whoever may not edit the attribute may leave the survivor's as it is."""
    if chosen.way is AttributeChoice.KEEP:
        return replace(chosen, is_word=context.viewer.role in editors(definition.get("editable_by")))
    require_editor(context, definition, "input", "attributes")
    return chosen


def word_of(context: Context) -> Observation:
    """What marks a value that the viewer has decided on."""
    return Observation(observed_from=BY_STAFF, observed_at=context.clock(), observed_by=context.viewer.subject)


def parts_of(context: Context, question: Asked) -> list[Part]:
    """The parts of the customers' documents that come along: those that are no element always do."""
    parts = context.declared.customers.parts
    return [part for part in parts if part.element is None or part.element in question.elements]
