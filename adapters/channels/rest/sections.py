"""Which part of an answer becomes which record, once a mapping is checked?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from adapters.channels.rest.expressions import Expression
from adapters.channels.rest.fields import Usual, expression_of, path_of
from adapters.channels.rest.paths import JsonPath
from adapters.channels.rest.stated import StatedRecords
from adapters.hints import did_you_mean
from adapters.targets import TARGETS, Field, Kind, Target

_FROM_FILES = (
    "people",
    "orders",
    "products",
    "tickets",
    "conversations",
    "messages",
    "topics",
    "interests",
    "attachments",
)
_NEEDED, _NEEDED_MOMENT = Field(is_required=True), Field(Kind.MOMENT, is_required=True)

REMOVALS: Final = "removals"
CONSENTS: Final = "consents"
RECORDS: Final[Mapping[str, Target]] = {
    **{name: TARGETS[name] for name in _FROM_FILES},
    # Shops give back the word under which an order was placed here; files hold none of ours.
    "orders": replace(TARGETS["orders"], fields={**TARGETS["orders"].fields, "key": Field()}),
    REMOVALS: Target(
        {
            "kind": Field(is_required=True, choices=("ticket", "order", "message", "conversation")),
            "id": _NEEDED,
            "at": _NEEDED_MOMENT,
        }
    ),
    CONSENTS: Target(
        {
            "who": _NEEDED,
            "purpose": _NEEDED,
            "status": Field(is_required=True, choices=("GRANTED", "DENIED", "WITHDRAWN")),
            "at": _NEEDED_MOMENT,
        }
    ),
}
"""What a mapping's `record` may be, and the fields of each."""

BY_CAPABILITY: Final[Mapping[str, Sequence[str]]] = {
    "profile": ("people",),
    "history": ("conversations", "messages", "attachments"),
    "tickets": ("tickets", "attachments"),
    "purchases": ("orders", "products"),
    "interests": ("interests", "topics"),
}
"""Which records a capability hands over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One `records`: where its elements stand, and what goes into each field."""

    kind: str
    lists: Sequence[JsonPath]
    """The path to the elements, in steps; `above` is the element one step up."""
    only: JsonPath | None
    is_optional: bool
    """Whether an answer may have no such list at all."""
    currency: str | None
    lines: JsonPath | None
    parcels: JsonPath | None
    fields: Mapping[str, Expression]

    def under(self, group: str) -> Mapping[str, Expression]:
        """The fields of a group, as `line`."""
        return {name: one for name, one in self.fields.items() if name.startswith(f"{group}.")}


def section_of(
    stated: StatedRecords, allowed: Sequence[str], where: str, usual: Usual, *, currency: str | None
) -> Section | None:
    """The section; None where its kind is wrong. What is wrong goes to the problems."""
    problems = usual.problems
    if stated.record not in allowed:
        hint = did_you_mean(stated.record, allowed)
        problems.append(f"{where}, record: {stated.record!r} is none that can stand here.{hint}")
        return None
    where = f"{where} ({stated.record})"
    target = RECORDS[stated.record]
    steps = [stated.elements] if isinstance(stated.elements, str) else stated.elements
    section = Section(
        kind=stated.record,
        lists=[one for step in steps if (one := path_of(step, f"{where}, list", problems))],
        only=_maybe(stated.only, f"{where}, only", problems),
        is_optional=stated.optional,
        currency=stated.currency or currency,
        lines=_maybe(stated.lines, f"{where}, lines", problems),
        parcels=_maybe(stated.parcels, f"{where}, parcels", problems),
        fields=_fields(stated, target, where, usual),
    )
    problems += [f"{where}, {one}" for one in _missing(stated, section)]
    return section


def _maybe(text: str | None, where: str, problems: list[str]) -> JsonPath | None:
    return None if text is None else path_of(text, where, problems)


def _fields(stated: StatedRecords, target: Target, where: str, usual: Usual) -> Mapping[str, Expression]:
    fields: dict[str, Expression] = {}
    for name, value in _flat(stated.fields, target):
        spot = f"{where}, fields.{name}"
        found = target.field(name)
        if found is None:
            names = [*target.fields, *(f"{one}.*" for one in target.open_groups)]
            usual.problems.append(f"{spot}: there is no such field.{did_you_mean(name, names)}")
        elif expression := expression_of(value, name, found, spot, usual):
            fields[name] = expression
    return fields


def _flat(fields: Mapping[str, Any], target: Target) -> Iterator[tuple[str, Any]]:
    """Fields by dotted name: TOML reads `line.title` as a table `line` that holds `title`."""
    groups = {name.partition(".")[0] for name in target.fields if "." in name} | set(target.open_groups)
    for name, value in fields.items():
        if name in groups and isinstance(value, Mapping):
            yield from ((f"{name}.{member}", inner) for member, inner in value.items())
        else:
            yield name, value


def _missing(stated: StatedRecords, section: Section) -> Iterator[str]:
    """What a section needs besides and does not say. Whose a record is, is known where somebody was asked for."""
    target, said = RECORDS[section.kind], {name for name, _ in _flat(stated.fields, RECORDS[section.kind])}
    for name, field in target.fields.items():
        if field.is_required and name not in said and name != "who":
            yield f"fields.{name}: is needed and not said; it holds {field.kind.value}."
    if section.kind == "orders" and not {"line.total", "line.unit_price"} & said:
        yield "fields.line.total: say what a line comes to, or its `line.unit_price`."
    if "currency" in target.fields and not section.currency and "currency" not in said:
        yield 'currency: is not said. Set it under [source], as currency = "USD", or name its path in the fields.'
    for name in ("lines", "parcels"):
        if getattr(stated, name) is not None and section.kind != "orders":
            yield f"{name}: only orders have such. Leave it out."
