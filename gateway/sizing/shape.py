"""How deep, how wide and how repetitive is a question? One walk, before anything is validated.

Fragments multiply: a question of 700 characters can spread one so often that to follow each way through it takes
hours. So each fragment is walked once, and counted for each place at which it is spread.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

# Introspection has a depth of its own, which the schema bounds but for these: each leads back to where types have them.
_ROUNDABOUT: Final = frozenset({"fields", "inputFields", "interfaces", "possibleTypes"})
_INTROSPECTION: Final = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Shape:
    """What a selection comes to when every fragment is written out where it is spread."""

    depth: int = 0
    """Fields inside fields, but those of introspection."""
    roots: int = 0
    """Fields at its top."""
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    rounds: int = 0
    """How often it goes from a type to its fields, or to other types, inside one another, as introspection does."""
    introspection: int = 0
    """That, where introspection does it."""


_NOTHING: Final = Shape()


@dataclass(frozen=True, slots=True, repr=False)
class Shapes:
    """What a document holds."""

    operations: Mapping[str, Shape]
    """By the operation's name; one without a name as an empty one."""
    fragments: Mapping[str, Shape]
    count: int
    """How many operations there are, also such as have the same name."""
    name_length: int
    """Of the longest alias, or name of an operation, a fragment or a variable, in letters."""


def shapes(document: DocumentNode) -> Shapes:
    """The shape of each operation and fragment, also of a document that is not valid."""
    walk = _Walk(document)
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    named = {one.name.value if one.name else "": walk.operation(one) for one in operations}
    fragments = {name: walk.fragment(name) for name in walk.fragments}
    given = [len(name) for one in operations for name in _given(one)]
    return Shapes(named, fragments, len(operations), max([walk.name_length, *map(len, fragments), *given]))


def _given(operation: OperationDefinitionNode) -> Iterator[str]:
    """What an operation calls itself and its variables."""
    if operation.name:
        yield operation.name.value
    for one in operation.variable_definitions or ():
        yield one.variable.name.value


class _Walk:
    """One walk through a document."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }
        self._known: dict[str, Shape] = {}
        self.name_length = 0
        """Of the longest alias so far."""

    def operation(self, one: OperationDefinitionNode) -> Shape:
        """The shape of an operation."""
        own = _count(one) + sum(map(_count, one.variable_definitions or ()))
        return _joined([self._selection(one.selection_set), Shape(directives=own)])

    def fragment(self, name: str) -> Shape:
        """The shape of a fragment: nothing, where there is none, or where it spreads itself, which is not valid."""
        if name not in self._known:
            self._known[name] = _NOTHING
            found = self.fragments.get(name)
            if found is not None:
                own = Shape(directives=_count(found))
                self._known[name] = _joined([self._selection(found.selection_set), own])
        return self._known[name]

    def _selection(self, selections: SelectionSetNode | None) -> Shape:
        return _joined(self._each(selections)) if selections else _NOTHING

    def _each(self, selections: SelectionSetNode) -> Iterator[Shape]:
        for one in selections.selections:
            yield Shape(directives=_count(one))
            yield self._selected(one)

    def _selected(self, one: SelectionNode) -> Shape:
        if isinstance(one, FragmentSpreadNode):
            return self.fragment(one.name.value)
        if isinstance(one, InlineFragmentNode):
            return self._selection(one.selection_set)
        return self._field(one) if isinstance(one, FieldNode) else _NOTHING

    def _field(self, one: FieldNode) -> Shape:
        below = self._selection(one.selection_set)
        name = one.name.value
        if one.alias is not None:
            self.name_length = max(self.name_length, len(one.alias.value))
        rounds = below.rounds + (name in _ROUNDABOUT)
        is_introspection = name in _INTROSPECTION
        return Shape(
            depth=0 if is_introspection else below.depth + 1,
            roots=1,
            fields=below.fields + 1,
            aliases=below.aliases + (one.alias is not None),
            directives=below.directives,
            rounds=rounds,
            introspection=rounds if is_introspection else below.introspection,
        )


def _count(one: Any) -> int:
    """How many directives stand there."""
    return len(one.directives or ())


def _joined(several: Iterable[Shape]) -> Shape:
    """One beside the other."""
    depth = roots = fields = aliases = directives = rounds = introspection = 0
    for one in several:
        depth, rounds = max(depth, one.depth), max(rounds, one.rounds)
        introspection = max(introspection, one.introspection)
        roots += one.roots
        fields += one.fields
        aliases += one.aliases
        directives += one.directives
    return Shape(depth, roots, fields, aliases, directives, rounds, introspection)
