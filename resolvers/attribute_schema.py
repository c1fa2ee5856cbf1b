"""How is the configurable customer schema stored, and how does it grow?

A change of a definition is written only upon the version that was read, so that of several changes at once none is
lost; additions follow one another, so that the bound on their number holds.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.failures import Taken
from adapters.mongo import Store
from adapters.records import Document, Index, Record, RecordId
from resolvers.attribute_rights import editors, viewers
from resolvers.attribute_rules import AttributeType
from resolvers.kit.turns import take_turn

DEFINITIONS = Record(
    name="attribute_definitions",
    customer=None,
    key=("name",),
    indexes=(Index(("name",), unique=True),),
    is_held=True,
)

# Every value is held inside the customer's document: a schema of more attributes wants another home for them.
MOST_DEFINITIONS = 200


class TooMany(Exception):
    """So many definitions would be more than are kept; the message says how many there are."""


def system_definition(name: str, label: str, order: int, **more: Any) -> Document:
    """A definition that every base has."""
    return definition_document(name=name, label=label, order=order, is_system=True, is_personal=True, **more)


def definition_document(*, name: str, label: str, type: AttributeType = AttributeType.STRING, **more: Any) -> Document:
    """A definition as it is stored, with what is not said at its usual value."""
    usual: dict[str, Any] = {
        "category": "Profile",
        "order": 100,
        "is_required": False,
        "default": None,
        "max_length": None,
        "pattern": None,
        "choices": [],
        # Whoever forgets to say so has hidden it, not shown it.
        "is_personal": True,
        "is_searchable": False,
        "is_channel_identifier": False,
        "identifies_on": [],
        "matching_role": None,
        "is_system": False,
        "editable_by": [one.value for one in editors(None)],
        "visible_to": [one.value for one in viewers(None)],
        "version": 1,
    }
    document = usual | {"name": name, "label": label, "type": type.value} | more
    return {"_id": DEFINITIONS.id_of(document)} | document


SYSTEM_DEFINITIONS: tuple[Document, ...] = (
    system_definition(
        "firstName", "First name", 1, type=AttributeType.NAME, is_searchable=True, matching_role="GIVEN_NAME"
    ),
    system_definition(
        "lastName", "Last name", 2, type=AttributeType.NAME, is_searchable=True, matching_role="FAMILY_NAME"
    ),
    system_definition(
        "phoneNumber", "Phone number", 3, type=AttributeType.PHONE_NUMBER, is_searchable=True, matching_role="PHONE"
    ),
)


async def definitions_by_name(store: Store) -> Mapping[str, Document]:
    """Every attribute definition by name, the system's own among them, as the present transaction sees them."""
    stored = await store.find(DEFINITIONS, {})
    return {one["name"]: one for one in (*SYSTEM_DEFINITIONS, *stored)}


async def stored_definition(store: Store, key: RecordId) -> Document | None:
    """The definition as the database has it now; the system's own as they are where nobody has changed them."""
    found = await store.first(DEFINITIONS, {"_id": key})
    return found or next((one for one in SYSTEM_DEFINITIONS if one["_id"] == key), None)


def require_room(known: Mapping[str, Document], more: Sequence[Document]) -> None:
    """Raises TooMany where these are more definitions than are kept."""
    if len(known) + len(more) > MOST_DEFINITIONS:
        raise TooMany(f"There are {len(known)} definitions; at most {MOST_DEFINITIONS} are kept.")


async def add_definitions(store: Store, wanted: Sequence[Document]) -> list[Document]:
    """Adds those whose names nobody has, and answers them; raises TooMany, and then adds none."""

    async def work() -> list[Document]:
        await take_turn(store, DEFINITIONS)
        known = await definitions_by_name(store)
        missing = [one for one in wanted if one["name"] not in known]
        require_room(known, missing)
        await store.insert(DEFINITIONS, *missing)
        return missing

    return await store.transact(work)


async def replace_rules(store: Store, old: Document, rules: Document) -> Document | None:
    """The definition with these rules in place of its own; None where someone has changed or removed it since."""
    if old["is_system"]:
        # The system's own stand in the database once someone has changed them, and nobody removes them.
        try:
            await store.upsert(DEFINITIONS, [(old["_id"], {"$setOnInsert": old})])
        except Taken:
            return None
    # Those from before there were versions have none; null matches them.
    as_read = {"_id": old["_id"], "version": old.get("version")}
    return await store.update(DEFINITIONS, as_read, {"$set": rules, "$inc": {"version": 1}})
