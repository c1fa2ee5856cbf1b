"""Which fields of the graph show personal values, and whose are they?

Read off the declarations by which they are also hidden: what a record or part calls personal, what a slice says that
the administrators made so (`@SLICE.personal`), and values that are carried by objects without a document
(`told(..., is_personal=True)`), which tell the name of what they carry themselves.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

from graphql import GraphQLObjectType, GraphQLSchema, is_interface_type, is_union_type
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from adapters.records import Record, RecordId
from resolvers.kit.described import is_told_personal
from resolvers.kit.keepings import Keeping
from resolvers.kit.reads import declared_reads
from resolvers.kit.slice import Declared
from resolvers.kit.stored import STORED, steps_of, stored_paths

Owners = tuple[RecordId, ...]
Whose = Callable[[Any], Owners]
"""The customers whose an object is; none where it does not tell."""

CARRIED: Final = "carries"
"""Where an object that carries a personal value tells its name, such as `Customer.attributes.phoneNumber`."""
CONCERNS: Final = "concerns"
"""Where an object that no customer stands around tells whose it is."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One field of the graph that shows a personal value."""

    name: str
    """Under which name it is known: `Note.text`."""
    only_if: str | None = None
    """The stored path that the administrators must have made personal; None: it is always so."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What is personal about one object type."""

    shown: Mapping[str, Shown] = field(default_factory=dict)
    """Its fields that show a personal value, by their names in the graph."""
    carried: frozenset[str] = frozenset()
    """Its fields that show what the object carries."""
    whose: Whose | None = None
    """Whose its objects are, where they tell."""
    is_person: bool = False
    """Whether its objects are the customers themselves: whatever stands around one is another's."""
    is_particular: bool = False
    """Whether each of its objects tells whose it is, whoever stands around it."""
    is_one_of: bool = False
    """Whether its objects stand where those of other types do."""

    @property
    def tells(self) -> bool:
        """Whether an object of it must be looked at, and not only what is answered of it."""
        return bool(self.carried) or self.whose is not None or self.is_one_of


def personal_kinds(schema: GraphQLSchema, declared: Declared) -> dict[str, Kind]:
    """What is personal about each object type of a schema, by its name."""
    mixed: set[str] = set()
    for known in schema.type_map.values():
        if is_interface_type(known) or is_union_type(known):
            mixed |= {one.name for one in schema.get_possible_types(known)}
    objects = [one for one in schema.type_map.values() if isinstance(one, GraphQLObjectType)]
    kinds = {one.name: _kind(one, declared, is_one_of=one.name in mixed) for one in objects}
    for name, shown in _inside(declared):
        kinds[name] = replace(kinds[name], shown={**kinds[name].shown, **shown})
    return kinds


def _inside(declared: Declared) -> Iterable[tuple[str, Mapping[str, Shown]]]:
    """What is personal about objects that stand inside others, by their type, where those are not personal whole."""
    for keeping in declared.keepings:
        for step in steps_of(keeping.cls).values():
            if step.inner is None or _is_under(step.at, keeping.what.personal):
                continue
            for name, at in stored_paths(step.inner).items():
                if _is_under(f"{step.at}.{at}", keeping.what.personal):
                    known = to_camel_case(name)
                    yield step.inner.__name__, {known: Shown(f"{step.inner.__name__}.{known}")}


def _kind(known: GraphQLObjectType, declared: Declared, *, is_one_of: bool) -> Kind:
    definition = known.extensions.get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition):
        return Kind(is_one_of=is_one_of)
    keeping = declared.by_type.get(known.name)
    fields = {name: one.extensions.get("strawberry-definition") for name, one in known.fields.items()}
    own = {name: one for name, one in fields.items() if isinstance(one, StrawberryField)}
    whose = _whose(keeping, definition)
    return Kind(
        shown=dict(_shown(keeping, own, declared)) if keeping else {},
        carried=frozenset(name for name, one in own.items() if is_told_personal(one)),
        whose=whose,
        is_particular=whose is _told,
        is_person=keeping is not None and isinstance(keeping.what, Record) and keeping.what.customer == "_id",
        is_one_of=is_one_of,
    )


def _shown(keeping: Keeping, fields: Mapping[str, StrawberryField], declared: Declared) -> Iterable[tuple[str, Shown]]:
    what, paths = keeping.what, stored_paths(keeping.cls)
    configured = what.found_by if isinstance(what, Record) and what.customer == "_id" else ()
    for name, one in fields.items():
        at = [paths[one.python_name]] if one.python_name in paths else _read(one)
        for path in at:
            if _is_under(path, what.personal):
                yield name, Shown(f"{keeping.cls.__name__}.{name}")
            elif declared.also_personal and any(path.startswith(f"{root}.") for root in configured):
                # Read here or among the attributes, it is the same value, and has one name.
                yield name, Shown(f"{keeping.cls.__name__}.{path}", only_if=path)


def _read(one: StrawberryField) -> Iterable[str]:
    """The stored fields of which a function says that it makes its value; none where it hands on other objects."""
    function: Any = one.base_resolver.wrapped_func if one.base_resolver else None
    return declared_reads(getattr(function, "__func__", function)) or () if function else ()


def _is_under(path: str, personal: frozenset[str]) -> bool:
    words = path.split(".")
    return any(".".join(words[: n + 1]) in personal for n in range(len(words)))


# Whose it is


def _whose(keeping: Keeping | None, definition: StrawberryObjectDefinition) -> Whose | None:
    if keeping is not None and isinstance(keeping.what, Record) and keeping.what.customer is not None:
        return _person if keeping.what.customer == "_id" else partial(_of_document, keeping.what.customer)
    names = definition.origin.__dataclass_fields__
    if CONCERNS in names:
        return _told
    return _of_customer if "customer" in names else None


def _person(customer: Any) -> Owners:
    """The customer and all who went into it: of whom of them a value is, its reader is not told either."""
    aliases = customer.aliases
    return (customer.key, *(one["id"] for one in aliases)) if aliases else (customer.key,)


def _of_document(name: str, thing: Any) -> Owners:
    found = thing.__dict__.get(STORED, {}).get(name)
    return () if found is None else (found,)


def _told(thing: Any) -> Owners:
    found = getattr(thing, CONCERNS)
    return () if found is None else (found,)


def _of_customer(thing: Any) -> Owners:
    found = getattr(thing, "customer", None)
    return () if found is None else _person(found)
