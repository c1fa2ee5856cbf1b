"""Which personal values does an answer show, and whose are they?

A *trail* says for one place of an operation where personal values stand in what is answered there. It is made once for
a plan. After the execution the answer is walked along its trails, so that counts what really leaves: neither what was
loaded and not shown, nor what is hidden, nor what an error made null.

Whose a value is, and what an object of an interface is, only the object knows of which the answer was made. A plan
puts it beside the answer's fields (`MARK`, which no name in GraphQL can be), where the walk takes it away; where
graphql-core executes, `Witnessing` remembers it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type, is_object_type
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from adapters.records import RecordId
from gateway.execution.admitting import object_class
from resolvers.kit.context import Context
from resolvers.kit.personal import CARRIED, Kind, Owners

MARK: Final = "\0"
"""The key beside an answer's fields under which its object stands until the walk."""

Kinds = Mapping[str, Kind]
Below = Callable[[GraphQLObjectType], "Trail | None"]
"""The trail of an object type below a field."""


@dataclass(frozen=True, slots=True)
class Step:
    """A field below which personal values stand."""

    key: str
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
    kinds: Kinds, schema: GraphQLSchema, kind: GraphQLObjectType, fields: Iterable[tuple[str, str, Any, Below | None]]
) -> Trail | None:
    """The trail of a selection: its fields as key, name, named type and what stands below; None where nothing does."""
    known = kinds[kind.name]
    leaves: list[tuple[str, str, str | None]] = []
    carried: list[str] = []
    steps: list[Step] = []
    for key, name, named, below in fields:
        shown = known.shown.get(name)
        if shown is not None:
            leaves.append((key, shown.name, shown.only_if))
        elif name in known.carried:
            carried.append(key)
        if below is not None and (step := _step(key, named, below, schema)):
            steps.append(step)
    if not (leaves or carried or steps):
        return None
    inner = [one for step in steps for one in (*step.trails.values(), step.trail) if one]
    return Trail(
        known,
        kind.name,
        known.tells,
        tuple(leaves),
        tuple(carried),
        tuple(steps),
        any(only_if for _, _, only_if in leaves) or any(one.is_conditional for one in inner),
    )


def _step(key: str, named: Any, below: Below, schema: GraphQLSchema) -> Step | None:
    if is_object_type(named):
        trail = below(named)
        return Step(key, trail, {}) if trail else None
    trails: dict[type, Trail] = {}
    for kind in schema.get_possible_types(named):
        cls, trail = object_class(kind), below(kind)
        if cls is not None and trail is not None:
            trails[cls] = trail
    return Step(key, None, trails) if trails else None


def operation_trail(kinds: Kinds, executor: Executor[Any], choices: VariableValues) -> Trail | None:
    """The trail of an operation that has no plan."""
    schema, fragments, operation = executor.schema, executor.fragments, executor.operation

    def of(kind: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]]) -> Trail | None:
        return trail_of(kinds, schema, kind, _fields(kind, grouped))

    def _fields(
        kind: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]]
    ) -> Iterable[tuple[str, str, Any, Below | None]]:
        for key, details in grouped.items():
            name = details[0].node.name.value
            definition = schema.get_field(kind, name)
            if definition is None or name.startswith("__"):
                continue
            named = get_named_type(definition.type)
            has_below = is_object_type(named) or is_abstract_type(named)
            yield key, name, named, _below(details) if has_below else None

    def _below(details: list[FieldDetails]) -> Below:
        def below(kind: GraphQLObjectType) -> Trail | None:
            collected = collect_subfields(schema, fragments, choices, operation, kind, details)
            return of(kind, collected.grouped_field_set)

        return below

    root = schema.get_root_type(operation.operation)
    if root is None:
        return None
    return of(root, collect_fields(schema, fragments, choices, root, operation).grouped_field_set)


class Witnesses:
    """Which object each of an answer's objects was made of, where graphql-core made them."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        # The answer's object is kept too, so that no other one gets its number.
        self._seen: dict[int, tuple[dict[str, Any], Any]] = {}

    def note(self, shown: dict[str, Any], source: Any) -> None:
        """Remembers what was shown of an object."""
        self._seen[id(shown)] = (shown, source)

    def of(self, shown: dict[str, Any]) -> Any:
        """The object; None where nobody saw it."""
        found = self._seen.get(id(shown))
        return found[1] if found else None


class _Person:
    """Those whose values stand in one part of an answer, and whether any was found."""

    __slots__ = ("is_shown", "owners")

    def __init__(self, owners: Owners) -> None:
        self.owners = owners
        self.is_shown = False


_NOBODY: Final = _Person(())


class Walk:
    """One walk through an answer."""

    def __init__(self, witnesses: Witnesses, personal_now: frozenset[str]) -> None:
        self._witnesses = witnesses
        self._personal_now = personal_now
        self._people: list[_Person] = []
        self.fields: set[str] = set()
        self.unowned: dict[str, set[RecordId]] = {}
        """Things that were shown and do not tell whose they are: ids by type."""

    @property
    def customers(self) -> set[RecordId]:
        """Whose values were found."""
        return {key for one in self._people if one.is_shown for key in one.owners}

    def along(self, trail: Trail, shown: dict[str, Any], person: _Person = _NOBODY) -> None:
        """Walks through one object of the answer, and takes the marks away."""
        source = None
        if trail.is_marked:
            source = shown.pop(MARK, None)
            if source is None:
                source = self._witnesses.of(shown)
            person = self._person(trail, source, person)
        for key, name, only_if in trail.leaves:
            value = shown.get(key)
            if value is not None and value != [] and (only_if is None or only_if in self._personal_now):
                self._found(name, person, trail, source)
        for key in trail.carried:
            name = getattr(source, CARRIED)
            if name is not None and shown.get(key) is not None:
                self._found(name, person, trail, source)
        for step in trail.steps:
            value = shown.get(step.key)
            if value is not None:
                self._below(step, value, person)

    def _below(self, step: Step, value: Any, person: _Person) -> None:
        if value.__class__ is list:
            for one in value:
                if one is not None:
                    self._below(step, one, person)
            return
        trail = step.trail
        if trail is None:
            source = value.get(MARK)
            if source is None:
                source = self._witnesses.of(value)
            trail = step.trails.get(source.__class__)
            if trail is None:
                return
        self.along(trail, value, person)

    def _person(self, trail: Trail, source: Any, around: _Person) -> _Person:
        """Whose the object's values are: a customer's own, or those of whoever stands around it."""
        kind = trail.kind
        if kind.whose is None or source is None or (around.owners and not kind.is_person and not kind.is_particular):
            return around
        owners = kind.whose(source)
        if not owners:
            return around
        found = _Person(owners)
        self._people.append(found)
        return found

    def _found(self, name: str, person: _Person, trail: Trail, source: Any) -> None:
        self.fields.add(name)
        if person is not _NOBODY:
            person.is_shown = True
        elif hasattr(source, "key"):
            self.unowned.setdefault(trail.type_name, set()).add(source.key)


async def note_delivered(trail: Trail | None, data: dict[str, Any] | None, context: Context, seen: Witnesses) -> None:
    """Takes note of what an answer shows, and takes the marks away."""
    if trail is None or data is None:
        return
    declared = context.declared
    personal_now: frozenset[str] = frozenset()
    if trail.is_conditional:
        for read in declared.also_personal:
            personal_now |= await read(context)
    walk = Walk(seen, personal_now)
    walk.along(trail, data)
    customers = walk.customers
    for name, keys in walk.unowned.items():
        if name in declared.holders:
            found = await declared.holders[name](context, list(keys))
            customers |= {one for some in found.values() for one in some}
    context.delivered.showed(walk.fields, customers)
