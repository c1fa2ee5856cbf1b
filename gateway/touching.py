"""Which fields of the schema does a question touch, and which may a key ask for?

A key can be limited to fields, written `Type.field` or `Type.*`. What a question touches follows from the schema and
the question alone, whatever the data: behind an interface or union every type that may stand there. It is worked out
once for each operation of a document; only the fields of inputs that come as variables are looked at each time.
"""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    get_named_type,
    is_abstract_type,
    type_from_ast,
)
from graphql.language import DocumentNode

from gateway.keys import BadKey

_ALL: Final = "*"
# Introspection and `__typename` are everyone's: they tell what can be asked, and nothing that is stored.
_EVERYONES: Final = "__"
# So is who asks, and what the key may ask for: else nobody could tell what a key is good for.
_VIEWER: Final = frozenset({"Query.viewer", "ViewerInfo"})
_ROOTS: Final = ("Query.", "Mutation.", "Subscription.")

Types = frozenset[str]
"""Names of the object types that may stand in one place."""


def known_fields(schema: GraphQLSchema, names: Iterable[str]) -> list[str]:
    """The fields that a key is limited to, each once and in order; raises BadKey where one is none.

    `names` may hold several in one text, with commas or blanks between.
    """
    wanted = sorted({name for text in names for name in text.replace(",", " ").split()})
    for name in wanted:
        _require_known(schema, name)
    if wanted and not any(name.startswith(_ROOTS) for name in wanted):
        raise BadKey("With these fields nothing can be asked: questions begin at Query. Name one, as Query.customer.")
    return wanted


def _require_known(schema: GraphQLSchema, name: str) -> None:
    owner, _, field = name.partition(".")
    found = schema.type_map.get(owner)
    if isinstance(found, GraphQLInterfaceType | GraphQLUnionType):
        behind = ", ".join(sorted(one.name for one in schema.get_possible_types(found))[:5])
        raise BadKey(f"{owner} stands for several types. Name the fields of those that are meant, as of {behind}.")
    if not isinstance(found, GraphQLObjectType | GraphQLInputObjectType) or owner.startswith(_EVERYONES):
        shown = {key: one for key, one in schema.type_map.items() if hasattr(one, "fields")}
        raise BadKey(f"There is no type {owner[:64]!r} with fields.{_hint(owner, shown)} Write `Type.field`.")
    if field != _ALL and field not in found.fields:
        raise BadKey(f"There is no field {field[:64]!r} on {owner}.{_hint(field, found.fields)} `{owner}.*` is all.")


def _hint(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name[:64], list(known), 1)
    return f" Did you mean {near[0]!r}?" if near else ""


def beyond(touched: Iterable[str], fields: frozenset[str]) -> list[str]:
    """What is touched and neither everyone's nor among the fields of a key, in order."""
    return sorted(one for one in touched if not {one, f"{_owner(one)}.{_ALL}"} & fields and not _is_everyones(one))


def _is_everyones(touched: str) -> bool:
    return not {touched, _owner(touched)}.isdisjoint(_VIEWER)


def _owner(touched: str) -> str:
    return touched.partition(".")[0]


def touched_fields(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> frozenset[str]:
    """Every field of an object or input that the operation names; of a document that is valid."""
    return frozenset(_Touching(schema, document).of(operation))


def touched_by_variables(
    schema: GraphQLSchema, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None
) -> Iterator[str]:
    """The fields of inputs that come as variables."""
    for one in operation.variable_definitions or ():
        expected = type_from_ast(schema, one.type)
        value = (variables or {}).get(one.variable.name.value)
        if expected is not None and value is not None:
            yield from _of_value(get_named_type(expected), value)


def _of_value(expected: GraphQLNamedType, value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _of_value(expected, one)
    elif isinstance(expected, GraphQLInputObjectType) and isinstance(value, Mapping):
        for name in value:
            # A name that the input does not have is told by who coerces the variables.
            if name in expected.fields:
                yield f"{expected.name}.{name}"
                yield from _of_value(get_named_type(expected.fields[name].type), value[name])


class _Touching:
    """One walk through a document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        found = (one for one in document.definitions if isinstance(one, FragmentDefinitionNode))
        self._fragments = {one.name.value: one for one in found}
        self._seen: set[tuple[int, Types]] = set()
        self._touched: set[str] = set()

    def of(self, operation: OperationDefinitionNode) -> set[str]:
        """Everything that the operation touches."""
        root = self._schema.get_root_type(operation.operation)
        if root is not None:
            self._selected(operation.selection_set, frozenset({root.name}))
        for one in operation.variable_definitions or ():
            expected = type_from_ast(self._schema, one.type)
            if one.default_value is not None and expected is not None:
                self._given(get_named_type(expected), one.default_value)
        return self._touched

    def _selected(self, selections: SelectionSetNode, types: Types) -> None:
        # Fragments that nest are looked at once for each set of types, not once for each way to them.
        if not types or (id(selections), types) in self._seen:
            return
        self._seen.add((id(selections), types))
        for one in selections.selections:
            if isinstance(one, FieldNode):
                self._field(one, types)
            elif isinstance(one, FragmentSpreadNode):
                fragment = self._fragments[one.name.value]
                self._selected(fragment.selection_set, types & self._meant(fragment.type_condition.name.value))
            else:
                condition = one.type_condition  # type: ignore[attr-defined]  # an inline fragment
                narrowed = types & self._meant(condition.name.value) if condition else types
                self._selected(one.selection_set, narrowed)  # type: ignore[attr-defined]

    def _field(self, node: FieldNode, types: Types) -> None:
        name = node.name.value
        if name.startswith(_EVERYONES):
            return
        below: set[str] = set()
        for owner in types:
            kind = self._schema.type_map[owner]
            field = kind.fields[name] if isinstance(kind, GraphQLObjectType) else None
            if field is None:
                continue
            self._touched.add(f"{owner}.{name}")
            below |= self._meant(get_named_type(field.type).name)
            for argument in node.arguments or ():
                self._given(get_named_type(field.args[argument.name.value].type), argument.value)
        if node.selection_set is not None:
            self._selected(node.selection_set, frozenset(below))

    def _meant(self, name: str) -> Types:
        """The object types that a name stands for."""
        found = self._schema.type_map[name]
        if is_abstract_type(found):
            return frozenset(one.name for one in self._schema.get_possible_types(found))
        return frozenset({name})

    def _given(self, expected: GraphQLNamedType, value: ValueNode) -> None:
        """Notes the fields of inputs that are written in the question."""
        if isinstance(value, ListValueNode):
            for one in value.values:
                self._given(expected, one)
        elif isinstance(value, ObjectValueNode) and isinstance(expected, GraphQLInputObjectType):
            for field in value.fields:
                name = field.name.value
                self._touched.add(f"{expected.name}.{name}")
                self._given(get_named_type(expected.fields[name].type), field.value)
