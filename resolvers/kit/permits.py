"""Who may ask for which types and fields, as the declarations of the slices say it?

It follows from the `may` beside each type and field, and from nothing else. What a role comes by is walked from where
questions begin, since a type may be shown to more roles by a field than find it by its id.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import GraphQLSchema, get_named_type, is_abstract_type, is_object_type
from strawberry.utils.str_converters import to_camel_case

from resolvers.kit.roots import Mutation, Query, Subscription
from resolvers.kit.slice import Declared
from resolvers.kit.viewer import EVERYONE, Role, Roles

_ROOTS: Final = tuple(root.__name__ for root in (Query, Mutation, Subscription))

Place = tuple[str, str]
"""A type and one of its fields, as the graph calls them."""


@dataclass(frozen=True, slots=True)
class Permits:
    """Who may ask for what; EVERYONE stands for whoever has signed in."""

    types: Mapping[str, Roles]
    """The roles that come by an object of the type: of those types that documents are shown as."""
    fields: Mapping[Place, Roles]
    """The roles of fields at which a question begins, and of those that are not for all who come by their object."""


def permits_of(schema: GraphQLSchema, declared: Declared) -> Permits:
    """The permits of a schema. Absent is what needs no sign-in, and whatever is led to by that alone."""
    return _Walk(schema, declared).permits()


class _Walk:
    """Every way through a schema that is open to a role."""

    def __init__(self, schema: GraphQLSchema, declared: Declared) -> None:
        self._schema = schema
        self._kept = declared.by_type
        self._open = declared.open_fields
        self._may: dict[Place, Roles] = {
            (one.hub.__strawberry_definition__.name, to_camel_case(one.name)): one.may
            for slice_ in declared.slices
            for one in slice_.fields
        }

    def permits(self) -> Permits:
        """What the declarations come to."""
        roots = [name for name in _ROOTS if name in self._schema.type_map]
        reached = {role: self._reached(role, roots) for role in Role}
        # Who has not signed in is a visitor whom nobody knows.
        opened = [name for owner in roots for name in self._below(Role.VISITOR, owner, self._open)]
        of_strangers = self._reached(Role.VISITOR, opened)
        types = {
            name: keeping.may | {role for role in Role if name in reached[role]}
            for name, keeping in self._kept.items()
            if name not in of_strangers
        }
        return Permits(types, dict(self._fields(types)))

    def _fields(self, types: Mapping[str, Roles]) -> Iterator[tuple[Place, Roles]]:
        for place, may in self._may.items():
            owner, name = place
            if owner in _ROOTS:
                if name not in self._open:
                    yield place, may
            elif types.get(owner, EVERYONE) - may:
                yield place, may

    def _reached(self, role: Role, begin: Iterable[str]) -> set[str]:
        found, ahead = set[str](), list(begin)
        while ahead:
            owner = ahead.pop()
            if owner not in found:
                found.add(owner)
                ahead += self._below(role, owner)
        return found

    def _below(self, role: Role, owner: str, only: frozenset[str] | None = None) -> Iterator[str]:
        """The object types to which fields of a type lead a role."""
        shown: Any = self._schema.type_map[owner]
        for name, field in shown.fields.items():
            if role in self._may.get((owner, name), EVERYONE) and (only is None or name in only):
                yield from self._behind(role, get_named_type(field.type))

    def _behind(self, role: Role, answered: Any) -> Iterator[str]:
        if is_object_type(answered):
            yield answered.name
        elif is_abstract_type(answered):
            # Behind an interface or union stands only what is the role's at all.
            for one in self._schema.get_possible_types(answered):
                if one.name not in self._kept or role in self._kept[one.name].may:
                    yield one.name
