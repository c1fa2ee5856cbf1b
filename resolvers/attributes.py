"""Which attributes does this company keep about its customers, and what may stand in them?

The customer schema is configurable: administrators define attributes, and every write of a value is checked against
its definition (resolvers/attribute_rules.py). `firstName`, `lastName` and `phoneNumber` are the system's own.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Annotated, Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

from adapters.held import Held, of_latest
from adapters.records import Document, RecordId
from resolvers.attribute_rights import editors, viewers
from resolvers.attribute_rules import (
    LONGEST_HEADING,
    AttributeType,
    MatchingRole,
    checked,
    rule_broken,
)
from resolvers.attribute_schema import (
    DEFINITIONS,
    SYSTEM_DEFINITIONS,
    TooMany,
    add_definitions,
    definition_document,
    stored_definition,
)
from resolvers.attribute_upkeep import (
    FOUND_BY,
    forget_copies,
    found_anew,
    how_many_break,
    how_many_have,
    how_many_lack,
    put_rules,
    remove_values,
    take_definition,
    upkeep_of,
    why_refused,
)
from resolvers.channel_identifiers import require_identifying
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, Refusal, Refused, conflict, invalid, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, kept
from resolvers.kit.turns import TURNS
from resolvers.kit.viewer import ADMINISTRATORS, Role

SLICE = Slice("attributes", unshown=[TURNS])

# Each time that a change is overtaken, another one was kept; as many administrators at once are not at work.
_ATTEMPTS = 20

_NEVER_NULL = (
    "label",
    "category",
    "order",
    "is_required",
    "is_personal",
    "is_searchable",
    "is_channel_identifier",
    "editable_by",
    "visible_to",
)


@SLICE.keeps(DEFINITIONS)
class AttributeDefinition(Node):
    """One attribute of the configurable customer schema: what it is called and what may stand in it."""

    name: str = kept("The name by which programs know it: letters and digits, beginning with a lower-case letter.")
    label: str = kept("What people read beside the value.")
    category: str = kept("The heading under which the summary counts it.")
    type: AttributeType = kept("What kind of value it holds.")
    order: int = kept("Its place among the others: smaller comes first.")
    is_required: bool = kept("Whether every customer record must have a value.")
    default: AttributeScalar | None = kept("The value of a new customer for whom none is given.")
    max_length: int | None = kept("The most characters that a value may have; null where the type's own limit serves.")
    pattern: str | None = kept("A regular expression, in the syntax of RE2, that the whole value must match.")
    choices: list[str] = kept("The values allowed, for the type CHOICE; empty for the others.")
    is_personal: bool = kept("Whether only viewers with the right to personal values may read it.")
    is_searchable: bool = kept("Whether `customers(search:)` finds customers by it.")
    is_channel_identifier: bool = kept(
        "Whether its value names a customer on channels: whoever writes from an id that nobody has yet is suggested to "
        "be the customer who has it here, and `identifyCustomer` links the two where it is verified."
    )
    identifies_on: list[str] = kept(
        "The channels on which a channel identifier names customers, each alone or with our account there: `shop`, "
        "`shop/main`. Empty: all; a text of no certain channel only suggests.",
        read=lambda stored: stored or [],
    )
    matching_role: MatchingRole | None = kept("What its value says when two customers may be the same person.")
    is_system: bool = kept("Whether it is the gateway's own, which cannot be removed.")
    editable_by: list[Role] = kept("The roles that may set and clear its values by `editCustomer`.", read=editors)
    visible_to: list[Role] = kept("The roles that may see its values, in whatever way they ask.", read=viewers)
    version: int = kept("Counts its changes.", read=lambda stored: stored or 1)


async def definitions(context: Context) -> Mapping[str, Document]:
    """Every definition by name, in order."""
    return _in_order(await context.store.held.all(DEFINITIONS))


def definitions_at_hand(context: Context) -> Mapping[str, Document]:
    """The same at once, for functions that answer at once (kit/fields.py)."""
    return _in_order(context.held(DEFINITIONS))


@of_latest
def _in_order(held: Held) -> Mapping[str, Document]:
    found = {one["name"]: one for one in (*SYSTEM_DEFINITIONS, *held.values())}
    return MappingProxyType(dict(sorted(found.items(), key=lambda item: (item[1]["order"], item[0]))))


@of_latest
def personal_paths(known: Mapping[str, Document]) -> frozenset[str]:
    """Where personal values of the configurable schema stand in a customer's document."""
    return frozenset(f"attributes.{name}" for name, one in known.items() if one["is_personal"])


def carried_by(definition: Document) -> str | None:
    """The name by which a value of the attribute is known where it is personal, as `Customer.attributes.firstName`."""
    return f"Customer.attributes.{definition['name']}" if definition["is_personal"] else None


@SLICE.finds(AttributeDefinition)
async def definitions_by_id(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, AttributeDefinition]:
    """Definitions by id, the system's own among them."""
    known = {one["_id"]: one for one in (await definitions(context)).values()}
    return {key: SLICE.keepings[0].reader.read(known[key]) for key in keys if key in known}


@SLICE.query()
async def attribute_definitions(info: Info) -> list[AttributeDefinition]:
    """The configurable customer schema: every attribute definition, in its order."""
    read = SLICE.keepings[0].reader.read
    return [read(one) for one in (await definitions(info.context)).values()]


# Changing the schema


@graph_input
class AttributeRulesInput:
    """What may stand in an attribute, and who may read it. What is left out stays as it is."""

    label: str | None = told(f"What people read, at most {LONGEST_HEADING} characters.", default=strawberry.UNSET)
    category: str | None = told("The heading under which the summary counts it.", default=strawberry.UNSET)
    order: int | None = told("Its place among the others: smaller comes first.", default=strawberry.UNSET)
    is_required: bool | None = told("Whether every customer must have a value.", default=strawberry.UNSET)
    default: AttributeScalar | None = told("The value of a new customer without one.", default=strawberry.UNSET)
    max_length: int | None = told("The most characters that a value may have.", default=strawberry.UNSET)
    pattern: str | None = told("A regular expression of RE2 for the whole value.", default=strawberry.UNSET)
    choices: list[str] | None = told("The values allowed, for CHOICE; 200 characters each.", default=strawberry.UNSET)
    is_personal: bool | None = told("Whether it is hidden without the right to see it.", default=strawberry.UNSET)
    is_searchable: bool | None = told("Whether `customers(search:)` looks in it.", default=strawberry.UNSET)
    is_channel_identifier: bool | None = told("Whether it names a customer on channels.", default=strawberry.UNSET)
    identifies_on: list[str] | None = told("On which: `shop`, `shop/main`; empty: all.", default=strawberry.UNSET)
    matching_role: MatchingRole | None = told("What it says when two may be the same.", default=strawberry.UNSET)
    editable_by: list[Role] | None = told(
        "The roles of the staff that may edit its values. Administrators always may: an empty list leaves it to them.",
        default=strawberry.UNSET,
    )
    visible_to: list[Role] | None = told(
        "The roles of the staff, and PARTNER, that may see its values. Administrators always may. Whoever may not see "
        "one that counts as PHONE (or EMAIL) in matching, or `phoneNumber`, sees the numbers (or addresses) of no "
        "contact point and no identity.",
        default=strawberry.UNSET,
    )


@graph_input
class AddAttributeDefinitionInput:
    """A new attribute of the customer schema."""

    name: str = told("The name by which programs know it; it cannot be changed later.")
    type: AttributeType = told("What kind of value it holds.")
    rules: AttributeRulesInput | None = told("Its label, limits and rights.", default=None)


@graph_input
class ChangeAttributeDefinitionInput:
    """A change of an attribute's rules. Its name and type stay."""

    id: strawberry.ID = told("The definition.")
    rules: AttributeRulesInput = told("What is to be different.")
    version: int | None = told(
        "The `version` that you read; sent, one that was changed since stays. Left out, both changes are kept.",
        default=None,
    )


@graph_input
class RemoveAttributeDefinitionInput:
    """An attribute that the company no longer keeps."""

    id: strawberry.ID = told("The definition.")
    with_values: bool = told("Also remove every customer's value; without it a used attribute stays.", default=False)
    version: int | None = told("The `version` that you read; sent, one that was changed since stays.", default=None)


@graph_type
class StaleAttributeDefinition(Refusal):
    """The definition was changed after the version that this change was made upon.

    Compare what you sent with `definition`, then send it again with `storedVersion`.
    """

    sent_version: int = told("The version that the change carried.")
    stored_version: int = told("The version that the definition has.")
    definition: AttributeDefinition = told("The definition as it is now.")


@graph_type
class AttributeDefinitionPayload:
    """The definition as it is now."""

    definition: AttributeDefinition = told("The definition.")


@graph_type
class RemoveAttributeDefinitionPayload:
    """What was removed."""

    removed_id: strawberry.ID = told("The id that the definition had.")
    values_removed: int = told("How many customers had a value, which is gone.")


@SLICE.mutation(may=ADMINISTRATORS)
async def add_attribute_definition(
    info: Info,
    input: Annotated[AddAttributeDefinitionInput, about("The new attribute.")],
) -> AttributeDefinitionPayload | InvalidInput | Conflict:
    """Adds an attribute to the customer schema. Administrators only."""
    context = info.context
    if input.name in await definitions(context):
        raise _taken(input.name)
    rules = {"label": input.name} | given_rules(input.rules)
    await require_identifying(context, rules)
    document = checked_definition(context, definition_document(name=input.name, type=input.type, **rules))
    await _require_unbroken(context, document, is_new=True)
    try:
        added = await add_definitions(context.store, [document])
    except TooMany as error:
        raise conflict(f"{error} Remove one first.") from error
    if not added:
        # Since we looked.
        raise _taken(input.name)
    return AttributeDefinitionPayload(definition=SLICE.keepings[0].reader.read(document))


@SLICE.mutation(may=ADMINISTRATORS)
async def change_attribute_definition(
    info: Info,
    input: Annotated[ChangeAttributeDefinitionInput, about("What is to be different.")],
) -> AttributeDefinitionPayload | InvalidInput | NotFound | Conflict | StaleAttributeDefinition:
    """Changes an attribute's rules. Refused where stored values would break them: a preview says whose.

    Of several changes at once each is kept, unless they carry the version that they saw. Where `isSearchable` or
    `matchingRole` takes longer than one answer may, send the same again until it is answered: each goes on where the
    one before was.
    """
    context = info.context
    given = given_rules(input.rules)
    await require_identifying(context, given)
    for _ in range(_ATTEMPTS):
        old = await require_definition(context, input.id)
        _require_version(old, input.version)
        changed = checked_definition(context, {**old, **given})
        await _require_unbroken(context, changed)
        rules = {name: changed[name] for name in (*given, "default")} | upkeep_of(old, given)
        stored = await put_rules(context, old, rules)
        if stored is not None:
            break
    else:
        raise conflict("Others change this definition all the time. Read it again, then send what is to be different.")
    if FOUND_BY.intersection(given):
        await found_anew(context, stored["_id"])
    return AttributeDefinitionPayload(definition=SLICE.keepings[0].reader.read(stored))


@SLICE.mutation(may=ADMINISTRATORS)
async def remove_attribute_definition(
    info: Info,
    input: Annotated[RemoveAttributeDefinitionInput, about("Which attribute.")],
) -> RemoveAttributeDefinitionPayload | NotFound | Conflict | StaleAttributeDefinition:
    """Removes an attribute. The system's own stay, and one that has values is removed with them or not at all."""
    context = info.context
    old = await require_definition(context, input.id)
    _require_version(old, input.version)
    if old["is_system"]:
        raise conflict(
            f"{old['name']!r} is the gateway's own attribute and cannot be removed. Leave its values empty, or change "
            "its label with `changeAttributeDefinition`.",
            *("input", "id"),
        )
    used = await how_many_have(context, old["name"])
    if used and not input.with_values:
        raise conflict(
            f"{used} customers, those who went into others among them, have a value of {old['name']!r}. Send "
            "`withValues: true` to remove those too.",
            "input",
            "withValues",
        )
    # The definition goes last: as long as it is there, an interrupted removal can be sent again.
    removed = await remove_values(context, old["name"]) if used else 0
    if not await take_definition(context, old):
        raise not_found("attribute definition")
    if input.with_values:
        # Once more for values that were given meanwhile: a later attribute of this name must not find them.
        removed += await remove_values(context, old["name"])
    await forget_copies(context, old["name"])
    return RemoveAttributeDefinitionPayload(removed_id=input.id, values_removed=removed)


def _taken(name: str) -> Refused:
    return conflict(f"There is an attribute {name!r} already. Change that one.", "input", "name")


def given_rules(rules: AttributeRulesInput | None) -> dict[str, Any]:
    """The rules that the caller named, as they are stored."""
    if rules is None:
        return {}
    named = {name: getattr(rules, name) for name in rules.__dataclass_fields__}
    given = {name: value for name, value in named.items() if value is not strawberry.UNSET}
    for name in _NEVER_NULL:
        if name in given and given[name] is None:
            shown = to_camel_case(name)
            raise invalid(f"`{shown}` cannot be null. Leave it out to keep it as it is.", "input", "rules", shown)
    if given.get("matching_role"):
        given["matching_role"] = given["matching_role"].value
    for name in ("choices", "identifies_on"):
        if name in given:
            given[name] = given[name] or []
    for name, roles in (("editable_by", editors), ("visible_to", viewers)):
        if name in given:
            given[name] = [one.value for one in roles(given[name])]
    return given


def checked_definition(context: Context, document: Document) -> Document:
    """The definition with its default as it is stored; refused where it contradicts itself."""
    region = context.limits.default_region
    broken = rule_broken(document, region)
    if broken:
        where, message = broken
        raise invalid(message, "input", *where)
    default = document["default"]
    return {**document, "default": None if default is None else checked(document, default, region)}


def _require_version(stored: Document, sent: int | None) -> None:
    """Refuses with STALE_VERSION where the definition is of another version than the one sent."""
    definition = SLICE.keepings[0].reader.read(stored)
    if sent is None or sent == definition.version:
        return
    raise Refused(
        StaleAttributeDefinition(
            code="STALE_VERSION",
            message=(
                f"The change was made upon version {sent} of {stored['name']!r}, which is at version "
                f"{definition.version} now. Compare with `definition`, then send the change again with version "
                f"{definition.version}."
            ),
            input_path=["input", "version"],
            sent_version=sent,
            stored_version=definition.version,
            definition=definition,
        )
    )


async def require_definition(context: Context, given: str) -> Document:
    """The definition as the database has it, not as it is held: what is written depends on it."""
    key = key_of(given, "AttributeDefinition")
    found = await stored_definition(context.store, key) if key else None
    if found is None:
        raise not_found("attribute definition")
    return found


async def _require_unbroken(context: Context, definition: Document, *, is_new: bool = False) -> None:
    """Refuses a definition that stored values break, and one whose pattern the database cannot read."""
    broken = await how_many_break(context, definition)
    # With a default nobody lacks it for long: whoever is written next without a value is given that.
    is_wanted = definition["is_required"] and definition["default"] is None
    lacking = await how_many_lack(context, definition["name"]) if is_wanted else 0
    if refusal := why_refused(definition["name"], broken=broken, lacking=lacking, is_new=is_new):
        raise refusal
