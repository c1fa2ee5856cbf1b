"""Who may see which field, as the declarations say: the table that is committed and reviewed beside the code.

`python -m tests.rights` writes `expected.txt` anew (`make rights`). A right that was loosened stands there as a
difference, and the tests hold the gateway to the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLAbstractType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_object_type,
)
from strawberry.utils.str_converters import to_camel_case

from resolvers.attribute_schema import SYSTEM_DEFINITIONS
from resolvers.kit.graph import Graph
from resolvers.kit.keepings import Keeping
from resolvers.kit.stored import steps_of, stored_paths
from resolvers.kit.viewer import LOOKUP_SCOPE, VISITORS_SCOPE, Role
from tests.rights.samples import arguments_of, is_of_few, needs_look_up, needs_personal
from tests.rights.viewers import KINDS, Kind

FILE = Path(__file__).parent / "expected.txt"

SHOWN, HIDDEN, FORBIDDEN, UNREACHED = "shown", "hidden", "forbidden", "unreached"

SCOPED = {
    ("Query", "customerByIdentity"): LOOKUP_SCOPE,
    ("Mutation", "identifyCustomer"): LOOKUP_SCOPE,
    ("Mutation", "mintVisitorToken"): VISITORS_SCOPE,
}
"""What partners need a scope for: rights that no declaration beside a field tells."""

_NOT_STAFF = frozenset({Role.PARTNER, Role.VISITOR})
NOT_THEIRS = {
    # Nobody but the staff is an agent.
    "ViewerInfo.agent": _NOT_STAFF,
    # Nobody but a visitor is a customer.
    "ViewerInfo.customer": frozenset(Role) - {Role.VISITOR},
    # The key of none of these is limited to fields.
    "ViewerInfo.fields": frozenset(Role),
    # A visitor who was merged goes on as the former customer.
    "MergedCustomer.id": frozenset({Role.VISITOR}),
    "MergedCustomer.mergedInto": frozenset({Role.VISITOR}),
    "MergedCustomer.mergedAt": frozenset({Role.VISITOR}),
}
"""What is null to a viewer who may ask for it, whatever the data."""

_WORDS = {
    "all": frozenset(one.name for one in KINDS),
    "staff": frozenset(one.name for one in KINDS if one.role not in _NOT_STAFF),
    "partners": frozenset(one.name for one in KINDS if one.role is Role.PARTNER),
}


@dataclass(frozen=True)
class Expecting:
    """What a graph's declarations let each kind of viewer see."""

    graph: Graph

    @property
    def types(self) -> Mapping[str, GraphQLNamedType]:
        """The types of the schema by name, introspection's own left out."""
        return {name: one for name, one in self.graph._schema.type_map.items() if not name.startswith("__")}

    @cached_property
    def objects(self) -> dict[str, GraphQLObjectType]:
        """The object types by name."""
        return {name: one for name, one in sorted(self.types.items()) if isinstance(one, GraphQLObjectType)}

    @cached_property
    def may(self) -> dict[tuple[str, str], frozenset[Role]]:
        """The roles of the fields that slices added."""
        return {
            (one.hub.__strawberry_definition__.name, to_camel_case(one.name)): one.may
            for slice_ in self.graph.declared.slices
            for one in slice_.fields
        }

    @cached_property
    def kept(self) -> dict[str, Keeping]:
        """What stands behind the types that documents are shown as."""
        return self.graph.declared.by_type

    def of(self, kind: Kind, owner: str, field: str) -> str:
        """What this kind of viewer is to be given of a field, where it comes by its object at all."""
        if (scope := SCOPED.get((owner, field))) and kind.role is Role.PARTNER and scope not in kind.scopes:
            return FORBIDDEN
        if kind.role not in self.may.get((owner, field), frozenset(Role)):
            return FORBIDDEN
        if (owner, field) in self._personal and not kind.sees_personal:
            return HIDDEN
        if (owner, field) in self._of_staff and kind.role is Role.VISITOR:
            return HIDDEN
        return SHOWN

    @cached_property
    def _personal(self) -> set[tuple[str, str]]:
        found = {place for one in self.kept.values() for place in _places(one, one.what.personal)}
        system = frozenset(f"attributes.{one['name']}" for one in SYSTEM_DEFINITIONS)
        return found.union(_places(self.kept["Customer"], system))

    @cached_property
    def _of_staff(self) -> set[tuple[str, str]]:
        return {place for one in self.kept.values() for place in _places(one, one.what.of_staff)}

    def below(self, owner: str, field: str) -> list[str]:
        """The object types that a field leads to; none where it is a leaf."""
        answered: Any = get_named_type(self.objects[owner].fields[field].type)
        if is_object_type(answered):
            return [answered.name]
        return sorted(one.name for one in self.possible(answered)) if is_abstract_type(answered) else []

    def possible(self, abstract: GraphQLAbstractType) -> list[GraphQLObjectType]:
        """What can stand behind an interface or union."""
        return list(self.graph._schema.get_possible_types(abstract))

    def leads(self, kind: Kind, owner: str, field: str) -> Iterator[str]:
        """The object types to which a field leads this kind of viewer."""
        if self.of(kind, owner, field) != SHOWN or kind.role in NOT_THEIRS.get(f"{owner}.{field}", ()):
            return
        is_open = not is_object_type(get_named_type(self.objects[owner].fields[field].type))
        for name in self.below(owner, field):
            # Behind an interface or union stands only what the role may see at all.
            if not (is_open and name in self.kept and kind.role not in self.kept[name].may):
                yield name

    def reached(self, kind: Kind, *roots: str) -> set[str]:
        """The object types that this kind of viewer comes by, from where questions begin or from these."""
        found, ahead = set[str](), list(roots or ("Query", "Mutation", "Subscription"))
        while ahead:
            owner = ahead.pop()
            if owner not in found:
                found.add(owner)
                ahead += [name for field in self.objects[owner].fields for name in self.leads(kind, owner, field)]
        return found

    @cached_property
    def asked(self) -> set[str]:
        """The object types to which questions lead; the others are answered by mutations and subscriptions alone."""
        return {name for kind in KINDS for name in self.reached(kind, "Query")}

    @cached_property
    def changed(self) -> set[str]:
        """The object types to which changes lead."""
        return {name for kind in KINDS for name in self.reached(kind, "Mutation")}

    def lines(self) -> list[str]:
        """The table: a line for each field and argument."""
        reached = {kind.name: self.reached(kind) for kind in KINDS}
        lines = []
        for owner, shown in self.objects.items():
            for field in shown.fields:
                said = {
                    kind.name: self.of(kind, owner, field) if owner in reached[kind.name] else UNREACHED
                    for kind in KINDS
                }
                lines.append(f"{owner}.{field}: {_in_words(said)}")
                lines += [
                    f"{owner}.{field}({one.path}): {_in_words(self._asked(said, owner, field, one.path))}"
                    for one in arguments_of(self.graph, owner, field)
                ]
        return lines

    def _asked(self, said: Mapping[str, str], owner: str, field: str, path: str) -> dict[str, str]:
        """Who may send an argument: whoever may see the field, and the values by which it chooses."""
        found = dict(said)
        for kind in KINDS:
            is_kind = path.startswith("filter.kinds=")
            what = self._by_kind[path.removeprefix("filter.kinds=")] if is_kind else None
            hides = what is not None and kind.role not in what.may
            hides = hides or (needs_personal(owner, field, path) and not kind.sees_personal)
            hides = hides or (needs_look_up(owner, field, path) and not kind.looks_up)
            hides = hides or (is_of_few(owner, field, path) and kind.role is not Role.ADMINISTRATOR)
            if found[kind.name] == SHOWN and hides:
                found[kind.name] = FORBIDDEN
        return found

    @cached_property
    def _by_kind(self) -> dict[str, Keeping]:
        on_timeline = self.graph.declared.on_timeline
        return {one.record.timeline.kind: one for one in on_timeline if one.record.timeline}


def _places(keeping: Keeping, paths: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The fields of a type that show what is stored at one of the paths, or below it."""
    for name, at in stored_paths(keeping.cls).items():
        if any(at == path or at.startswith(f"{path}.") for path in paths):
            first, _, inside = name.partition(".")
            inner = steps_of(keeping.cls)[first].inner if inside else None
            yield (inner or keeping.cls).__name__, to_camel_case(inside or name)


def _in_words(said: Mapping[str, str]) -> str:
    parts = []
    for outcome in (SHOWN, HIDDEN, FORBIDDEN):
        names = {name for name, one in said.items() if one == outcome}
        if not names:
            continue
        words = []
        for word, meant in _WORDS.items():
            if meant <= names:
                words.append(word)
                names -= meant
        words += [kind.name for kind in KINDS if kind.name in names]
        parts.append(f"{outcome} to {', '.join(words)}" if outcome != SHOWN else ", ".join(words))
    return "; ".join(parts) or "nobody"


def read(lines: list[str]) -> dict[str, dict[str, str]]:
    """The table of a file: by field or argument, what each kind of viewer is given."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        place, _, rest = line.partition(": ")
        said = dict.fromkeys((kind.name for kind in KINDS), UNREACHED)
        for part in rest.split("; ") if rest != "nobody" else ():
            outcome, _, words = part.partition(" to ") if " to " in part else (SHOWN, "", part)
            for word in words.split(", "):
                said |= dict.fromkeys(_WORDS.get(word, {word}), outcome)
        found[place] = said
    return found
