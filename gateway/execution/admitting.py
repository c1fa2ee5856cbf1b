"""Which values are what their type says, so that they need no second look?

Values of the usual class pass by a comparison of classes. Everything else is looked at here once: what can be taken
as it is, is; for the rest `Odd` is raised, and graphql-core's own code decides what becomes of it.
"""

from collections.abc import Awaitable, Callable
from enum import Enum
from types import CoroutineType, GeneratorType
from typing import Any, Final, NamedTuple, NoReturn

from graphql import (
    GraphQLAbstractType,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import is_awaitable
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE, get_strawberry_type_cast

# GraphQL specification, 3.5.1: an Int has 32 bits.
_LEAST_INT: Final = -(2**31)
_LARGEST_INT: Final = 2**31 - 1

Admit = Callable[[Any], Any]
"""Takes a value and answers what may be used in its place; raises Odd."""


class Odd(Exception):
    """The value is none that a plan knows how to take: graphql-core decides."""


def odd() -> NoReturn:
    """Raises Odd, where an expression is wanted."""
    raise Odd


def is_odd(value: Any) -> bool:
    """Whether the value stands for something else: an error, or what will be there later."""
    return isinstance(value, Exception) or value is Undefined or is_awaitable(value)


class Usual(NamedTuple):
    """What nearly all values of a leaf are, so that generated code need not call for them."""

    cls: type
    test: str
    """Of the value `v`: the expression that has to hold besides; empty where the class says all."""
    shown: str
    """What stands in the answer."""


_USUAL: Final = {
    GraphQLString: Usual(str, "", "v"),
    GraphQLID: Usual(str, "", "v"),
    GraphQLBoolean: Usual(bool, "", "v"),
    GraphQLInt: Usual(int, f"{_LEAST_INT} <= v <= {_LARGEST_INT}", "v"),
    # Neither infinite nor no number: those differ from themselves by something.
    GraphQLFloat: Usual(float, "v - v == 0", "v"),
}


def usual_of(leaf: GraphQLLeafType) -> Usual | None:
    """What nearly all values of the leaf are; None where nothing can be said."""
    if isinstance(leaf, GraphQLEnumType):
        members = _members(leaf)
        return Usual(members, "", "v._name_") if members else None
    return _USUAL.get(leaf)


def leaf_admission(leaf: GraphQLLeafType) -> Admit:
    """Makes of a value that is not null what stands in the answer."""
    return _enum_admission(leaf) if isinstance(leaf, GraphQLEnumType) else _coercing(leaf)


def _coercing(leaf: GraphQLLeafType) -> Admit:
    coerce = leaf.coerce_output_value
    # Classes of which a value was seen to be nothing odd; a generator may or may not be awaitable.
    plain: set[type] = set()

    def admit(value: Any) -> Any:
        if value.__class__ not in plain:
            if value is None or is_odd(value):
                raise Odd
            if not isinstance(value, CoroutineType | GeneratorType):
                plain.add(value.__class__)
        coerced = coerce(value)
        if coerced is None or coerced is Undefined:
            raise Odd
        return coerced

    return admit


def _members(leaf: GraphQLEnumType) -> type[Enum] | None:
    """The Python enum whose members are called as the values of the graph are; None where they are called otherwise."""
    cls = getattr(leaf, "wrapped_cls", None)
    if not isinstance(cls, type) or not issubclass(cls, Enum):
        return None
    same = all(name in cls.__members__ and one.value == cls[name].value for name, one in leaf.values.items())
    return cls if same and len(cls.__members__) == len(leaf.values) == len(list(cls)) else None


def _enum_admission(leaf: GraphQLEnumType) -> Admit:
    coerce = _coercing(leaf)
    # Plain strings that were taken for one of the values: no more than there are values.
    known: dict[str, Any] = {}

    def admit(value: Any) -> Any:
        if value.__class__ is not str:
            return coerce(value)
        if value not in known:
            known[value] = coerce(value)
        return known[value]

    return admit


def object_class(kind: GraphQLObjectType) -> type | None:
    """The class whose objects are of the type without asking; None where the type has none of its own."""
    definition = kind.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition) or not _is_strawberrys(kind):
        return None
    # What is made of a generic type has a class of its own that no object is of.
    return (definition.concrete_of or definition).origin


def object_admission(kind: GraphQLObjectType) -> Admit:
    """Lets a value that is not null pass as an object of the type."""
    is_type_of, may_ask = kind.is_type_of, _is_strawberrys(kind)

    def admit(value: Any) -> Any:
        if value is None or not may_ask or is_odd(value):
            raise Odd
        # Strawberry's own test does not look at the execution's info.
        if is_type_of is not None and is_type_of(value, None) is not True:  # type: ignore[arg-type]
            raise Odd
        return value

    return admit


def _is_strawberrys(kind: GraphQLObjectType) -> bool:
    """Whether the type's test, if it has one, is that of Strawberry, which looks at the value alone."""
    return kind.is_type_of is None or kind.is_type_of.__module__ == "strawberry.schema.schema_converter"


def admit_list(value: Any) -> Any:
    """Lets a tuple pass as a list; raises Odd for all else that may or may not be iterated."""
    if value.__class__ is tuple:
        return value
    raise Odd


def kinds_by_class(schema: GraphQLSchema, abstract: GraphQLAbstractType) -> dict[type, GraphQLObjectType]:
    """The object types that a class settles, for an interface or union whose own test is Strawberry's."""
    test = abstract.resolve_type
    if test is None or not test.__module__.startswith("strawberry."):
        return {}
    found: dict[type, GraphQLObjectType] = {}
    for kind in schema.get_possible_types(abstract):
        definition = kind.extensions.get("strawberry-definition")
        cls = object_class(kind)
        # Of generic types several share one class; what was made of one tells which it is.
        is_one = definition is not None and definition.concrete_of is None and not definition.is_graphql_generic
        if cls is not None and is_one:
            found[cls] = kind
    return found


def is_cast(value: Any) -> bool:
    """Whether Strawberry was told to take the object for another type than its own."""
    return get_strawberry_type_cast(value) is not None


def is_settling(cls: type) -> bool:
    """Whether an object of the class is what the class says, unless it was told otherwise in its own `__dict__`."""
    has_dict = cls.__dictoffset__ != 0
    return has_dict and not issubclass(cls, Exception | Awaitable) and not hasattr(cls, TYPE_CAST_ATTRIBUTE)
