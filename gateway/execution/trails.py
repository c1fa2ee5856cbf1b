"""Which personal values does an answer show, and whose are they?

A *trail* says for one place of an operation where personal values stand in what is answered there. It is made once for
a plan. After the execution the answer is walked along its trails (walking.py), so that counts what really leaves:
neither what was loaded and not shown, nor what is hidden, nor what an error made null.

Whose a value is, and what an object of an interface is, only the object knows of which the answer was made. A plan
puts it beside the answer's fields (`MARK`, which no name in GraphQL can be), where the walk takes it away; where
graphql-core executes, `Witnessing` remembers it. Below a customer most things are that customer's, and need no mark.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_list_type,
    is_object_type,
    is_wrapping_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from gateway.execution.admitting import object_class
from resolvers.kit.personal import Kind

MARK: Final = "\0"
"""The key beside an answer's fields under which its object stands until the walk."""

Kinds = Mapping[str, Kind]
Below = Callable[[GraphQLObjectType], "Trail | None"]
"""The trail of an object type below a field."""


class Place(NamedTuple):
    """What is known of the objects that stand in one place of an operation before there is any."""

    is_owned: bool = False
    """Whether a customer stands around them, whatever is answered."""
    is_mixed: bool = False
    """Whether they may be of several types."""

    def below(self, kind: Kind, answered: Any) -> "Place":
        """The place of a field that stands on objects of this kind here; `answered`: the type inside it."""
        return Place(self.is_owned or kind.is_person, is_abstract_type(answered))

    def must_look(self, kind: Kind) -> bool:
        """Whether it takes an object of this kind itself to say whose its values are, or what it is."""
        if self.is_mixed:
            return True
        return kind.is_person or kind.is_particular if self.is_owned else kind.tells


@dataclass(frozen=True, slots=True)
class Step:
    """A field below which personal values stand."""

    key: str
    lists: int
    """How many lists stand around its objects."""
    trail: "Trail | None"
    """None: which trail it is, the object's class tells."""
    trails: Mapping[type, "Trail"]


@dataclass(frozen=True, slots=True)
class Trail:
    """Where personal values stand in the answer's objects of one type in one place."""

    kind: Kind
    type_name: str
    is_marked: bool
    """Whether the objects themselves must be looked at."""
    leaves: tuple[tuple[str, str, str | None], ...]
    """Keys with the names of what they show, and on which condition that is personal."""
    carried: tuple[str, ...]
    steps: tuple[Step, ...]
    is_conditional: bool
    """Whether anything here or below depends on what the administrators made personal."""


def trail_of(
    kinds: Kinds,
    schema: GraphQLSchema,
    kind: GraphQLObjectType,
    fields: Iterable[tuple[str, str, Any, Below | None]],
    place: Place,
) -> Trail | None:
    """The trail of a selection: its fields as key, name, type and what stands below; None where nothing does."""
    known = kinds[kind.name]
    leaves: list[tuple[str, str, str | None]] = []
    carried: list[str] = []
    steps: list[Step] = []
    for key, name, answered, below in fields:
        shown = known.shown.get(name)
        if shown is not None:
            leaves.append((key, shown.name, shown.only_if))
        elif name in known.carried:
            carried.append(key)
        if below is not None and (step := _step(key, answered, below, schema)):
            steps.append(step)
    if not (leaves or carried or steps):
        return None
    inner = [one for step in steps for one in (*step.trails.values(), step.trail) if one]
    return Trail(
        known,
        kind.name,
        bool(carried) or place.must_look(known),
        tuple(leaves),
        tuple(carried),
        tuple(steps),
        any(only_if for _, _, only_if in leaves) or any(one.is_conditional for one in inner),
    )


def _step(key: str, answered: Any, below: Below, schema: GraphQLSchema) -> Step | None:
    named, lists = answered, 0
    while is_wrapping_type(named):
        lists += is_list_type(named)
        named = named.of_type
    if is_object_type(named):
        trail = below(named)
        return Step(key, lists, trail, {}) if trail else None
    trails: dict[type, Trail] = {}
    for kind in schema.get_possible_types(named):
        cls, trail = object_class(kind), below(kind)
        if cls is not None and trail is not None:
            trails[cls] = trail
    return Step(key, lists, None, trails) if trails else None


def operation_trail(kinds: Kinds, executor: Executor[Any], choices: VariableValues) -> Trail | None:
    """The trail of an operation that has no plan."""
    schema, fragments, operation = executor.schema, executor.fragments, executor.operation

    def of(kind: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]], place: Place) -> Trail | None:
        return trail_of(kinds, schema, kind, _fields(kind, grouped, place), place)

    def _fields(
        kind: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]], place: Place
    ) -> Iterable[tuple[str, str, Any, Below | None]]:
        for key, details in grouped.items():
            name = details[0].node.name.value
            definition = schema.get_field(kind, name)
            if definition is None or name.startswith("__"):
                continue
            named = get_named_type(definition.type)
            has_below = is_object_type(named) or is_abstract_type(named)
            inside = place.below(kinds[kind.name], named)
            yield key, name, definition.type, _below(details, inside) if has_below else None

    def _below(details: list[FieldDetails], place: Place) -> Below:
        def below(kind: GraphQLObjectType) -> Trail | None:
            collected = collect_subfields(schema, fragments, choices, operation, kind, details)
            return of(kind, collected.grouped_field_set, place)

        return below

    root = schema.get_root_type(operation.operation)
    if root is None:
        return None
    return of(root, collect_fields(schema, fragments, choices, root, operation).grouped_field_set, Place())
