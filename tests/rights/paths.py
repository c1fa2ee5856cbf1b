"""By which questions does one come to every field of the schema?

Breadth first from Query, for each kind of viewer over what it may ask. Each edge of the schema (a field that leads to
a type) becomes one question, which asks for all fields of the type at its end.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from graphql import GraphQLError, get_named_type, is_leaf_type, is_object_type

from tests.rights.expecting import FORBIDDEN, HIDDEN, SHOWN, UNREACHED, Expecting
from tests.rights.samples import required_of
from tests.rights.viewers import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Step:
    """A field on the way, and the type that is looked at behind it."""

    owner: str
    field: str
    to: str
    arguments: str = ""
    is_open: bool = False
    """Whether an interface or union stands there, so that the type is to be named."""


Path = tuple[Step, ...]

# The ids that these take decide what stands behind them.
_BY_ID = {("Query", "node"), ("Query", "nodes"), ("Query", "_entities")}

# The same field with other arguments, where one set of them does not show everything below.
_ALSO = {
    ("Query", "previewMerge", "MergePreview"): '(input: {survivorId: "<Customer>", otherIds: ["<Customer>"]})',
    ("Query", "duplicateSuggestions", "DuplicateSuggestionConnection"): "(isDismissed: true)",
    ("Query", "topics", "Topic"): '(parentId: "<Top>")',
    ("Query", "node", "Merge"): '(id: "<Undone>")',
    ("Customer", "purchaseTotals", "PurchaseTotal"): "(per: MONTH)",
}


def ways(expecting: Expecting) -> list[Path]:
    """A shortest path to each field that leads somewhere, as each kind of viewer may go it; and by each edge."""
    found: dict[Path, None] = {(): None}
    for kind in KINDS:
        to = shortest(expecting, kind)
        for owner, path in to.items():
            for step in _steps(expecting, owner):
                found |= dict.fromkeys(_variants((*path, step)))
    return list(found)


def _variants(path: Path) -> Iterator[Path]:
    yield path
    for n, step in enumerate(path):
        if arguments := _ALSO.get((step.owner, step.field, step.to)):
            yield (*path[:n], replace(step, arguments=arguments), *path[n + 1 :])


def shortest(expecting: Expecting, kind: Kind) -> dict[str, Path]:
    """A shortest path to each type that this kind of viewer comes by."""
    found: dict[str, Path] = {"Query": ()}
    ahead = ["Query"]
    while ahead:
        owner = ahead.pop(0)
        for step in _steps(expecting, owner):
            if step.to not in found and step.to in set(expecting.leads(kind, owner, step.field)):
                found[step.to] = (*found[owner], step)
                ahead.append(step.to)
    return found


def is_varied(path: Path) -> bool:
    """Whether the path goes with other arguments than usual, to see what the usual do not show."""
    return any(step.arguments == _ALSO.get((step.owner, step.field, step.to)) for step in path)


def _steps(expecting: Expecting, owner: str) -> Iterator[Step]:
    for field in expecting.objects[owner].fields:
        is_open = not is_object_type(get_named_type(expecting.objects[owner].fields[field].type))
        for to in expecting.below(owner, field):
            yield Step(owner, field, to, with_required(expecting, owner, field, to), is_open)


def with_required(expecting: Expecting, owner: str, field: str, to: str = "") -> str:
    """The arguments without which the field is not answered, naming a thing of the type behind it."""
    given = required_of(expecting.graph, owner, field)
    if (owner, field) in _BY_ID and to:
        given = {name: value.replace("<Customer>", f"<{to}>") for name, value in given.items()}
        given = {name: value.replace('"Customer"', f'"{to}"') for name, value in given.items()}
    return "(" + ", ".join(f"{name}: {value}" for name, value in given.items()) + ")" if given else ""


def text_of(expecting: Expecting, path: Path, inside: str | None = None) -> str:
    """The question that goes the path, and asks for all fields of the type at its end."""
    shown = whole(expecting, end_of(path)) if inside is None else inside
    for step in reversed(path):
        selected = f"__typename ... on {step.to} {{ {shown} }}" if step.is_open else shown
        shown = f"{step.field}{step.arguments} {{ {selected} }}"
    return f"{{ {shown} }}"


def end_of(path: Path) -> str:
    """The type at the path's end."""
    return path[-1].to if path else "Query"


def whole(expecting: Expecting, owner: str, *, deeper: bool = False) -> str:
    """Every field of a type; of what stands below it only that it is there.

    `deeper`: all its leaves, and each of the fields under a name that no other type of a union has.
    """
    fields = expecting.objects[owner].fields
    asked = []
    for name, field in fields.items():
        call = (f"{owner}_{name}: " if deeper else "") + name + with_required(expecting, owner, name)
        if is_leaf_type(get_named_type(field.type)):
            asked.append(call)
        else:
            inside = " ".join(_fragments(expecting, owner, name)) if deeper else ""
            asked.append(f"{call} {{ __typename {inside} }}")
    return " ".join(asked)


def _fragments(expecting: Expecting, owner: str, field: str) -> Iterator[str]:
    for name in expecting.below(owner, field):
        fields = expecting.objects[name].fields
        leaves = [one for one, known in fields.items() if is_leaf_type(get_named_type(known.type))]
        yield f"... on {name} {{ {' '.join(leaves)} }}"


# What came of it


@dataclass(frozen=True, slots=True)
class Seen:
    """What was given of one field of one object."""

    owner: str
    field: str
    outcome: str
    """As expectations have it; EMPTY for null without a reason, `error: ...` for what must not be."""


EMPTY = "empty"


def seen_at(expecting: Expecting, path: Path, data: Any, errors: Iterable[GraphQLError] | None) -> list[Seen]:
    """What was given of each field of the objects at the path's end; UNREACHED where there is none."""
    codes = {tuple(one.path or ()): str((one.extensions or {}).get("code")) for one in errors or ()}
    objects = list(objects_at(data, path))
    last = end_of(path)
    if not objects:
        odd = [code for code in codes.values() if code not in {"FORBIDDEN", "None"}]
        steps = [Seen(last, field, UNREACHED) for field in expecting.objects[last].fields]
        return [*steps, *(Seen(last, "*", f"error: {code}") for code in odd)]
    return [one for at, found in objects for one in of_object(expecting, last, found, at, codes)]


def of_object(
    expecting: Expecting,
    owner: str,
    found: Mapping[str, Any],
    at: tuple[Any, ...] = (),
    codes: Mapping[tuple[Any, ...], str] = MappingProxyType({}),
    *,
    prefix: str = "",
) -> Iterator[Seen]:
    """What was given of each field of an object that was answered; `prefix` stands before the fields' names."""
    hidden = found.get("hiddenFields", ())
    for field in expecting.objects[owner].fields:
        value = found.get(prefix + field)
        code = codes.get((*at, prefix + field))
        if code is not None:
            yield Seen(owner, field, FORBIDDEN if code == "FORBIDDEN" and value is None else f"error: {code}")
        elif value is None or (value == [] and field != "hiddenFields"):
            yield Seen(owner, field, HIDDEN if field in hidden else EMPTY)
        else:
            yield Seen(owner, field, SHOWN if field not in hidden else "error: shown, and named among the hidden")


def objects_at(
    data: Any, path: Sequence[Step], at: tuple[Any, ...] = ()
) -> Iterator[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    """The objects at the path's end, each with where it stands in the answer."""
    if data is None:
        return
    if isinstance(data, list):
        for n, one in enumerate(data):
            yield from objects_at(one, path, (*at, n))
        return
    if not path:
        yield at, data
        return
    step, *rest = path
    below = data.get(step.field)
    for place, found in objects_at(below, (), (*at, step.field)):
        if not step.is_open or found["__typename"] == step.to:
            yield from objects_at(found, rest, place)
