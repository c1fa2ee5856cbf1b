"""What is a plan: for each place of an operation, its fields, and how each is come by?

Fields are collected by graphql-core's own code, so that fragments, aliases, `@skip` and `@include` mean the same.
A selection is made once for each object type that may stand in a place, when it is first met there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues

from gateway.execution.admitting import kinds_by_class, object_class
from gateway.execution.pacing import walked_fast
from gateway.execution.trails import Kinds as PersonalKinds
from gateway.execution.trails import Place, Trail, trail_of
from gateway.execution.walking import Walked
from gateway.execution.ways import Coming, way_to
from gateway.execution.writing import Finish, Kinds, Made, Writer, finisher
from resolvers.kit.reads import Reads

AnyExecutor = Executor[Any]


class CannotPlan(Exception):
    """The operation holds what only graphql-core executes; says what."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands around a field's named type, as far as a plan takes it: the type itself, or a list of it."""

    is_list: bool
    is_nullable: bool
    """Whether the field may be null."""
    has_nulls: bool
    """Whether an item of the list may be null."""
    is_deeper: bool
    """Whether there are lists in the list."""

    @classmethod
    def of(cls, kind: GraphQLOutputType) -> "Shape":
        """The shape of an output type."""
        is_nullable = not is_non_null_type(kind)
        bare: Any = kind if is_nullable else kind.of_type  # type: ignore[union-attr]
        if not is_list_type(bare):
            return cls(is_list=False, is_nullable=is_nullable, has_nulls=False, is_deeper=False)
        item: Any = bare.of_type
        has_nulls = not is_non_null_type(item)
        inner = item if has_nulls else item.of_type
        return cls(is_list=True, is_nullable=is_nullable, has_nulls=has_nulls, is_deeper=is_list_type(inner))


@dataclass(slots=True, eq=False, repr=False)
class FieldPlan:
    """One field of a selection."""

    key: str
    """What it is called in the answer."""
    place: int
    """Where it stands in the selection."""
    parent_type: GraphQLObjectType
    definition: GraphQLField
    details: list[FieldDetails]
    way: Coming
    shape: Shape
    named: Any
    """The type inside lists and non-null."""
    below: Callable[[GraphQLObjectType], "Selection"] | None
    """The selection on an object type that stands here; None for leaves."""
    is_fixed: bool
    """Whether its arguments are the same whatever the variables."""
    kinds: Kinds | None
    """Of an interface or union: the object types that a value's class settles."""
    usual: type | None
    """The class of which objects of the type usually are; None for an interface, a union or a leaf."""
    finish: Finish | None
    """Completes a value by reading alone; None where something below has to be asked for."""
    arguments: dict[str, Any] | None = None
    """Fixed arguments, once they were found to be values that nobody can change."""
    reads: Reads | None = None
    """What the answer below it reads of documents, once that was asked."""

    @property
    def nodes(self) -> list[FieldNode]:
        """The places of the document where the field is asked for."""
        return [one.node for one in self.details]


@dataclass(slots=True, eq=False)
class Selection:
    """The fields asked of one object type in one place."""

    kind: GraphQLObjectType
    fields: list[FieldPlan] = field(default_factory=list)
    asked: list[FieldPlan] = field(default_factory=list)
    """Fields that are not written by `make`: they are asked for, or hold something that is."""
    made: Made | None = None
    """Writes what is only read of an object."""
    trail: Trail | None = None
    """Where personal values stand in what is answered, if anybody watches that."""

    @property
    def is_marked(self) -> bool:
        """Whether each object's answer bears a mark (trails.py) until the execution is over."""
        return self.trail is not None and self.trail.is_marked

    @property
    def make(self) -> Callable[[Any], dict[str, Any]]:
        """Makes the answer's object of a source, with None where fields are asked for; raises whatever comes."""
        assert self.made is not None  # noqa: S101  it is filled before anyone sees the selection
        return self.made.make


@dataclass(slots=True, eq=False)
class Plan:
    """A compiled operation, for one choice of what is skipped and included."""

    root: Selection
    is_serial: bool
    """Whether root fields follow one another, as those of a mutation do."""
    walked: Walked | None = None
    """Walks through an answer to find the personal values that it shows, if anybody watches that."""


def compile_plan(executor: AnyExecutor, choices: VariableValues, watched: PersonalKinds | None = None) -> Plan:
    """The plan of the executor's operation; raises CannotPlan.

    `choices` are the values of the variables that `@skip` and `@include` name: the plan holds for these, and keeps
    no other value of the request. `watched`: what is personal, where somebody watches what of it is shown.
    """
    operation = executor.operation
    root_type = executor.schema.get_root_type(operation.operation)
    if root_type is None or operation.directives:
        raise CannotPlan("directives on the operation" if root_type else "no such operation in the schema")
    _check(executor)
    collected = collect_fields(executor.schema, executor.fragments, choices, root_type, operation)
    compiler = _Compiler(executor, choices, watched)
    root = compiler.selection(root_type, collected.grouped_field_set, Place())
    walked = walked_fast(root.trail) if root.trail is not None else None
    return Plan(root, is_serial=operation.operation.value == "mutation", walked=walked)


class _Compiler:
    def __init__(self, executor: AnyExecutor, choices: VariableValues, watched: PersonalKinds | None) -> None:
        # Kept as long as the plan: of the executor only what does not belong to one request.
        self._schema, self._fragments = executor.schema, executor.fragments
        self._operation, self._choices = executor.operation, choices
        self._default = executor.field_resolver
        self._watched = watched
        self._known: dict[tuple[str, tuple[int, ...], Place], Selection] = {}

    def selection(self, kind: GraphQLObjectType, grouped: dict[str, list[FieldDetails]], place: Place) -> Selection:
        """The selection on an object type, from the fields that graphql-core collected."""
        made = Selection(kind)
        writer = Writer(kind)
        for key, details in grouped.items():
            one = self._field(made, key, details, place)
            if one is None:
                # An unknown field: the document was not validated; graphql-core leaves it out, and so is it here.
                continue
            made.fields.append(one)
            if not writer.takes(one):
                made.asked.append(one)
        if self._watched is not None:
            fields = [
                (one.key, one.details[0].node.name.value, one.definition.type, self._trails(one)) for one in made.fields
            ]
            made.trail = trail_of(self._watched, self._schema, kind, fields, place)
        made.made = writer.write(is_marked=made.is_marked)
        return made

    def _trails(self, field: FieldPlan) -> Callable[[GraphQLObjectType], Trail | None] | None:
        below = field.below
        return (lambda kind: below(kind).trail) if below is not None else None

    def _field(self, made: Selection, key: str, details: list[FieldDetails], place: Place) -> FieldPlan | None:
        kind, name = made.kind, details[0].node.name.value
        definition = self._schema.get_field(kind, name)
        if definition is None:
            return None
        named = get_named_type(definition.type)
        has_below = is_object_type(named) or is_abstract_type(named)
        inside = place.below(self._watched[kind.name], named) if self._watched is not None else place
        below = self._below(details, inside) if has_below else None
        kinds = kinds_by_class(self._schema, named) if is_abstract_type(named) else None
        return FieldPlan(
            key=key,
            place=len(made.fields),
            parent_type=kind,
            definition=definition,
            details=details,
            way=way_to(definition, name, object_class(kind), self._default),
            shape=Shape.of(definition.type),
            named=named,
            below=below,
            kinds=kinds,
            usual=object_class(named) if is_object_type(named) else None,
            finish=finisher(definition.type, named, below, kinds),
            is_fixed=not any(_names_variables(one) for one in details[0].node.arguments or ()),
        )

    def _below(self, details: list[FieldDetails], place: Place) -> Callable[[GraphQLObjectType], Selection]:
        nodes = tuple(id(one.node) for one in details)

        def below(kind: GraphQLObjectType) -> Selection:
            found = self._known.get((kind.name, nodes, place))
            if found is None:
                collected = collect_subfields(
                    self._schema, self._fragments, self._choices, self._operation, kind, details
                )
                found = self.selection(kind, collected.grouped_field_set, place)
                self._known[kind.name, nodes, place] = found
            return found

        return below


def _check(executor: AnyExecutor) -> None:
    """Raises CannotPlan where anything stands in the document that only graphql-core executes."""
    if any(one.variable_signatures for one in executor.fragments.values()):
        raise CannotPlan("arguments of fragments")
    waiting: list[Any] = [executor.operation.selection_set]
    waiting += [one.definition.selection_set for one in executor.fragments.values()]
    while waiting:
        for node in waiting.pop().selections:
            for directive in node.directives or ():
                if directive.name.value not in {"skip", "include"}:
                    raise CannotPlan(f"@{directive.name.value}")
            if isinstance(node, FieldNode) and node.name.value in {"__schema", "__type"}:
                raise CannotPlan("introspection")
            if getattr(node, "selection_set", None) is not None:
                waiting.append(node.selection_set)


def _names_variables(node: Any) -> bool:
    """Whether a variable stands anywhere in the argument."""
    waiting = [node.value]
    while waiting:
        value = waiting.pop()
        if value.kind == "variable":
            return True
        waiting += getattr(value, "values", None) or [one.value for one in getattr(value, "fields", None) or ()]
    return False
