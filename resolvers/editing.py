"""How do the staff set and clear what the configurable schema holds of one customer?

A value is checked by its definition, and only roles that the definition names may change it. What a person says is
marked so where it was observed, and no source replaces it (`attributes_of_people`).
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Any

import strawberry

from adapters.records import Document, Observation
from resolvers.attribute_rights import editors
from resolvers.attribute_rules import checked
from resolvers.attribute_schema import MOST_DEFINITIONS, definitions_by_name
from resolvers.customers import BY_DEFAULT, BY_STAFF, Customer, changed_at, following, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import InvalidInput, NotFound, NotPermitted, invalid, not_permitted
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Slice
from resolvers.kit.texts import quoted
from resolvers.kit.viewer import STAFF, Role
from resolvers.versions import Change, StaleVersion, require_version, write_upon

SLICE = Slice("editing")

Definitions = Mapping[str, Document]


@graph_input
class AttributeValueInput:
    """A value for one attribute."""

    name: str = told("The attribute's name in the customer schema.")
    value: AttributeScalar | None = told(
        "The value, as the definition's type wants it; null clears it. Left out beside `isVerified`: what is kept.",
        default=strawberry.UNSET,
    )
    is_verified: bool = told("Whether you made sure of the value.", default=False)


@graph_input
class EditCustomerInput:
    """Other values for a customer's attributes."""

    id: strawberry.ID = told("The customer.")
    version: int = told("The `version` of the customer that you read and decided upon.")
    attributes: list[AttributeValueInput] = told("The values to set and clear, each attribute once. Others stay.")


@graph_type
class EditCustomerPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer, with the version that the next edit takes.")


@SLICE.mutation(may=STAFF)
async def edit_customer(
    info: Info, input: Annotated[EditCustomerInput, about("The customer and the values.")]
) -> EditCustomerPayload | NotFound | InvalidInput | NotPermitted | StaleVersion:
    """Sets and clears attribute values of a customer: all that are sent, or none.

    Refused with StaleVersion where the record was changed since you read it. What you set, verify or clear stays so,
    whatever a source says again; a value that you only send again stays its source's. `editableBy` of an attribute's
    definition says which roles may edit it.
    """
    context = info.context
    customer = await require_customer(context, input.id, at="id")
    # As the database has it, not as it is held, and behind the customer: whoever changes a definition later comes by
    # this customer later, and so changes the version.
    known = await definitions_by_name(context.store)
    _require_named(input.attributes, known, context.viewer.role)
    await require_version(context, customer, input.id, input.version)
    old = customer.document["attributes"]
    given = [(one, _stored(context, known[one.name], n, one, old)) for n, one in enumerate(input.attributes)]
    change = _change(context, customer.document, given, known)
    if change is None:
        return EditCustomerPayload(customer=customer)
    return EditCustomerPayload(customer=await write_upon(context, customer, change))


def _require_named(given: Sequence[AttributeValueInput], known: Definitions, role: Role) -> None:
    """Refuses names that the schema does not have or that come twice, and those whose values others edit."""
    if not 0 < len(given) <= MOST_DEFINITIONS:
        raise invalid(f"Send 1 to {MOST_DEFINITIONS} attributes, each with its value.", "input", "attributes")
    for n, one in enumerate(given):
        place = ("input", "attributes", str(n), "name")
        if one.name not in known:
            near = get_close_matches(one.name[:64], known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else " `attributeDefinitions` says which there are."
            raise invalid(f"`name` is {quoted(one.name)}, which is no attribute of the customer schema.{hint}", *place)
        if any(one.name == other.name for other in given[:n]):
            raise invalid(f"{one.name!r} comes twice. Send each attribute once.", *place)
        may = editors(known[one.name].get("editable_by"))
        if role not in may:
            others = ", ".join(two.name for two in may)
            raise not_permitted(f"{one.name!r} is edited by {others} alone. Ask one of them, or leave it out.", *place)


def _stored(context: Context, definition: Document, n: int, given: AttributeValueInput, old: Mapping[str, Any]) -> Any:
    """The value as it is stored, None for one to clear; refused where a rule is broken, without quoting it."""
    place = ("input", "attributes", str(n))
    name = definition["name"]
    if given.value is strawberry.UNSET:
        if not given.is_verified or name not in old:
            raise invalid(f"{name!r} has no value there. Send one, or null to clear what is kept.", *place, "value")
        return old[name]
    if given.value is None:
        if given.is_verified:
            raise invalid(f"{name!r} is null, and only a value can be verified.", *place, "isVerified")
        if definition["is_required"]:
            raise invalid(f"{name!r} is required and cannot be cleared. Send another value.", *place, "value")
        return None
    try:
        return checked(definition, given.value, context.limits.default_region)
    except ValueError as error:
        # E-mail's own checker may quote what it found.
        why = "That is not an e-mail address." if definition["type"] == "EMAIL" else str(error)
        raise invalid(f"{name!r} cannot hold that value. {why}", *place, "value") from error


def _change(
    context: Context,
    document: Document,
    given: Sequence[tuple[AttributeValueInput, Any]],
    known: Definitions,
) -> Change | None:
    """What the edit changes in the customer's document; None where everything stands there already.

    A secret never does: its hash is another each time, so nobody is told that a secret was guessed right.
    """
    old: Mapping[str, Any] = document["attributes"]
    news = {one.name: value for one, value in given if value != old.get(one.name)}
    sure = {one.name for one, _ in given if one.is_verified}
    # Required values that nobody said so far are the schema's defaults.
    required = [one for one in known.values() if one["is_required"] and one["name"] not in {**old, **news}]
    defaults = {one["name"]: one["default"] for one in required if one["default"] is not None}
    said = {name: old[name] if name not in news else news[name] for name in (*news, *sure)}
    if not said:
        return None
    _require_whole(required, context.viewer.role)
    values = {name: value for name, value in {**old, **defaults, **said}.items() if value is not None}
    return attribute_change(context, document, values, known, sure=sure, said=frozenset(said))


def _require_whole(missing: Sequence[Document], role: Role) -> None:
    """Refuses an edit that leaves out a required value which this role may give and no default fills."""
    lacking = [one["name"] for one in missing if one["default"] is None and role in editors(one.get("editable_by"))]
    if lacking:
        raise invalid(
            f"The customer schema requires {', '.join(map(repr, lacking))}, which this customer has no value of yet. "
            "Send it along.",
            "input",
            "attributes",
        )


def attribute_change(
    context: Context,
    document: Document,
    values: Mapping[str, Any],
    known: Definitions,
    *,
    sure: Sequence[str] | set[str] = (),
    said: frozenset[str] | None = None,
) -> Change:
    """What gives a customer these attribute values in place of its own, with all that follows from them.

    `said`: the attributes that the viewer spoke of, and `sure` those of them that the viewer verified; left out, those
    whose values differ. The others keep where they were observed.
    """
    differing = changed_at(document["version"] + 1, document, values)
    spoken = frozenset(differing) if said is None else said
    seen = Observation(observed_from=BY_STAFF, observed_at=context.clock(), observed_by=context.viewer.subject)
    default = Observation(observed_from=BY_DEFAULT, observed_at=context.clock())
    observed = {name: one for name, one in document.get("observed", {}).items() if name in values}
    for name in sorted(spoken.union(differing).intersection(values)):
        word = seen if name in spoken else default
        observed[name] = {**word.document(), "is_verified": name in sure}
    cleared = [name for name in document.get("removed", {}).get("attributes", ()) if name not in spoken]
    cleared += sorted(name for name in spoken if name not in values)
    fields: dict[str, Any] = {
        "attributes": dict(values),
        "observed": observed,
        "changed": {**document.get("changed", {}), **differing},
        **following({**document, "attributes": values, "search": (), "sounds": ()}, known),
    }
    if cleared or document.get("removed", {}).get("attributes"):
        fields["removed.attributes"] = cleared
    return {"$set": fields}
