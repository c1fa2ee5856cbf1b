"""In which ways do customers belong together in this company, and how do these read from their two ends?

What is kept of each relation is its type: whoever reads one reads what the type is called by then.
"""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from adapters.records import Document
from resolvers.kit.context import Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Refusal,
    Refused,
    accepted,
    conflict,
    not_found,
)
from resolvers.kit.ids import key_of
from resolvers.kit.named import NameTaken, OtherVersion, add_named, change_named
from resolvers.kit.slice import Slice
from resolvers.kit.stored import reader_of
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import ADMINISTRATORS
from resolvers.relations import IN_USE, RELATION_TYPES, RELATIONS, RelationType, has_direction

SLICE = Slice("relation types")

LONGEST_NAME = 50


@graph_input
class AddRelationTypeInput:
    """A new way in which customers belong together."""

    name: str = told(f"How it reads from its beginning, at most {LONGEST_NAME} characters; no other type's name.")
    inverse_name: str | None = told("How it reads from its end; left out: the same, without direction.", default=None)


@graph_input
class EditRelationTypeInput:
    """How a type of relation is to read. What is left out stays as it is."""

    id: strawberry.ID = told("The type.")
    name: str | None = told("How it reads from its beginning; no other type's name.", default=None)
    inverse_name: str | None = told("How it reads from its end; of one without direction: the same.", default=None)
    version: int | None = told(
        "The `version` that you read; sent, one that was changed since stays. Left out, both changes are kept.",
        default=None,
    )


@graph_input
class RemoveRelationTypeInput:
    """A type of relation that is no longer wanted."""

    id: strawberry.ID = told("The type.")


@graph_type
class RelationTypePayload:
    """The type as it is now."""

    relation_type: RelationType = told("The type, with the version that the next change takes.")


@graph_type
class StaleRelationType(Refusal):
    """The type was changed after the version that this change was made upon.

    Compare what you sent with `relationType`, then send it again with `storedVersion`.
    """

    sent_version: int = told("The version that the change carried.")
    stored_version: int = told("The version that the type has.")
    relation_type: RelationType = told("The type as it is now.")


@graph_type
class RemoveRelationTypePayload:
    """What was removed."""

    removed_id: strawberry.ID = told("The id that the type had.")


@SLICE.mutation(may=ADMINISTRATORS)
async def add_relation_type(
    info: Info, input: Annotated[AddRelationTypeInput, about("The new type.")]
) -> RelationTypePayload | InvalidInput | Conflict:
    """Defines a way in which customers belong together. Administrators only."""
    inverse = input.name if input.inverse_name is None else input.inverse_name
    said = _checked({"name": input.name, "inverse_name": inverse})
    try:
        document = await add_named(info.context.store, RELATION_TYPES, said)
    except NameTaken as error:
        raise _name_taken(str(error)) from error
    return RelationTypePayload(relation_type=reader_of(RelationType).read(document))


@SLICE.mutation(may=ADMINISTRATORS)
async def edit_relation_type(
    info: Info, input: Annotated[EditRelationTypeInput, about("The type and what is to be different.")]
) -> RelationTypePayload | NotFound | InvalidInput | Conflict | StaleRelationType:
    """Changes how a type of relation reads; its relations stay, and read so from now on. Administrators only.

    While there are relations of it, it keeps its direction, or stays without one.
    """
    store = info.context.store
    given = {"name": input.name, "inverse_name": input.inverse_name}
    said = _checked({name: one for name, one in given.items() if one is not None})

    async def check(old: Document, new: Document) -> None:
        if has_direction(old) == has_direction(new):
            return
        if used := await store.count(RELATIONS, {"type_id": old["_id"]}) // 2:
            raise conflict(
                f"Relations of this type: {used}. Both names are the same where there is no direction, and they differ "
                "where there is one: that stays while there are relations. Remove them first, or define another type.",
                *("input", "inverseName"),
            )

    try:
        key = key_of(input.id, "RelationType")
        changed = await change_named(store, RELATION_TYPES, key, said, sent=input.version, check=check)
    except NameTaken as error:
        raise _name_taken(str(error)) from error
    except OtherVersion as error:
        raise _stale(reader_of(RelationType).read(error.document), input.version) from error
    if changed is None:
        raise not_found("relation type")
    return RelationTypePayload(relation_type=reader_of(RelationType).read(changed))


@SLICE.mutation(may=ADMINISTRATORS)
async def remove_relation_type(
    info: Info, input: Annotated[RemoveRelationTypeInput, about("Which type.")]
) -> RemoveRelationTypePayload | NotFound | Conflict:
    """Removes a type of which there are no relations any more. Administrators only."""
    store, key = info.context.store, key_of(input.id, "RelationType")

    async def work() -> int:
        # Everyone who relates customers writes the type, so nobody does meanwhile.
        if key is None or await store.update(RELATION_TYPES, {"_id": key}, IN_USE) is None:
            return 0
        used = await store.count(RELATIONS, {"type_id": key}) // 2
        if used:
            raise conflict(f"Relations of this type: {used}. Remove them first.", "input", "id")
        return await store.delete(RELATION_TYPES, {"_id": key})

    if not await store.transact(work):
        raise not_found("relation type")
    return RemoveRelationTypePayload(removed_id=input.id)


def _checked(given: Mapping[str, str]) -> dict[str, str]:
    """What is said of a type as it is stored; refused where a rule is broken."""
    shown = {"name": "name", "inverse_name": "inverseName"}
    return {
        name: accepted(plain_line, text, "input", shown[name], longest=LONGEST_NAME) for name, text in given.items()
    }


def _name_taken(name: str) -> Refused:
    message = f"There is a relation type {name!r} already; case does not count. Choose another name."
    return conflict(message, "input", "name")


def _stale(kind: RelationType, sent: int | None) -> Refused:
    return Refused(
        StaleRelationType(
            code="STALE_VERSION",
            message=(
                f"The change was made upon version {sent} of {kind.name!r}, which is at version {kind.version} now. "
                f"Compare with `relationType`, then send the change again with version {kind.version}."
            ),
            input_path=["input", "version"],
            sent_version=sent or 0,
            stored_version=kind.version,
            relation_type=kind,
        )
    )
