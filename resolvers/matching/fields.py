"""Which fields of two customers were compared, and how well does each agree with its like?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from adapters.records import Document
from resolvers.attribute_rules import MatchingRole
from resolvers.matching.base import Base
from resolvers.matching.comparing import Finding, findings
from resolvers.matching.evidence import MOST_VALUES, Evidence, Reached, Telling, evidence_of
from resolvers.matching.levels import Level

_NAMES = frozenset({MatchingRole.GIVEN_NAME, MatchingRole.FAMILY_NAME})
# What is compared with what: names stand in each other's place at times.
_COMPARED = (_NAMES, *(frozenset({role}) for role in MatchingRole if role not in _NAMES))
_BY_KIND = {"PHONE": MatchingRole.PHONE, "EMAIL": MatchingRole.EMAIL, "POSTAL": MatchingRole.ADDRESS}
_ORDER = {role: n for n, role in enumerate(MatchingRole)}


@dataclass(frozen=True, slots=True)
class Telltale:
    """What one field of a customer says of who that is, or several that only together say something: an address."""

    paths: tuple[str, ...]
    role: MatchingRole
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two fields that were compared, one of each customer."""

    role: MatchingRole
    level: Level
    one: tuple[str, ...]
    """Which fields of the first customer."""
    other: tuple[str, ...]


def telltales(
    values: Document,
    attributes: Iterable[Telling],
    points: Iterable[tuple[str, Document]] = (),
    reached: Iterable[tuple[str, Reached]] = (),
) -> list[Telltale]:
    """A customer's fields of which each says something of who that is.

    `values` are those of the configurable schema. Contact points, and the numbers and addresses by which channels know
    the customer, come each with the path by which it is told.
    """
    by_role: dict[MatchingRole, list[Telling]] = {}
    for one in attributes:
        if values.get(one.name) is not None:
            by_role.setdefault(one.role, []).append(one)
    address = by_role.pop(MatchingRole.ADDRESS, [])
    found = [_of_attributes(values, [one]) for some in by_role.values() for one in some]
    found += [_of_attributes(values, address)] if address else []
    found += [
        Telltale((path,), _BY_KIND[point["type"]], evidence_of({"contact_points": [point]}, ()))
        for path, point in points
    ]
    found += [Telltale((path,), _BY_KIND[one[0]], evidence_of({}, (), [one])) for path, one in reached]
    return [one for one in found if not one.evidence.is_empty()]


def _of_attributes(values: Document, together: Sequence[Telling]) -> Telltale:
    paths = tuple(f"attributes.{one.name}" for one in together)
    return Telltale(paths, together[0].role, evidence_of({"attributes": values}, together))


def agreements(one: Sequence[Telltale], other: Sequence[Telltale], base: Base) -> list[Agreement]:
    """Each field beside the one of the other customer that agrees with it best, role by role, the best first.

    Left out are fields to which the other customer has nothing of the kind.
    """
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], Agreement] = {}
    for roles in _COMPARED:
        some, others = _worth_comparing(
            *([field for field in fields if field.role in roles] for fields in (one, other))
        )
        for pair in [(first, _best(first, others, base)) for first in some]:
            _note(found, *pair, base)
        matched = {agreement.other for agreement in found.values()}
        for second in others:
            if second.paths not in matched:
                _note(found, _best(second, some, base), second, base)
    return sorted(found.values(), key=lambda each: (_ORDER[each.role], -each.level, each.one, each.other))


def _worth_comparing(some: list[Telltale], others: list[Telltale]) -> tuple[list[Telltale], list[Telltale]]:
    """What both have, however many each has, and then the first ones of each: comparing costs their product."""
    shared = {field.evidence for field in some} & {field.evidence for field in others}
    return _first(some, shared), _first(others, shared)


def _first(fields: list[Telltale], shared: set[Evidence]) -> list[Telltale]:
    return sorted(fields, key=lambda field: field.evidence not in shared)[:MOST_VALUES]


def _best(field: Telltale, others: Sequence[Telltale], base: Base) -> Telltale | None:
    found = [(told.level, -told.chance, -n) for n, each in enumerate(others) if (told := _between(field, each, base))]
    return others[-max(found)[2]] if found else None


def _note(
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], Agreement],
    one: Telltale | None,
    other: Telltale | None,
    base: Base,
) -> None:
    told = _between(one, other, base) if one and other else None
    if one and other and told:
        found.setdefault((one.paths, other.paths), Agreement(told.role, told.level, one.paths, other.paths))


def _between(one: Telltale, other: Telltale, base: Base) -> Finding | None:
    """How well the two fields agree alone; None where they say nothing of one kind."""
    found = findings(min(one.evidence, other.evidence), max(one.evidence, other.evidence), base)
    best = max(found, key=lambda finding: (finding.level, -finding.chance), default=None)
    if best is None or (one.role is not other.role and best.level < Level.SWAPPED):
        return None
    return best
