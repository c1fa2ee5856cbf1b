"""Which fields of two customers were compared, and how well does each agree with its like?"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from adapters.records import Document
from resolvers.attribute_rules import MatchingRole
from resolvers.matching.base import Base
from resolvers.matching.comparing import Finding, findings
from resolvers.matching.evidence import MOST_VALUES, Evidence, Reached, Telling, evidence_of
from resolvers.matching.levels import Level

_GIVEN, _FAMILY = MatchingRole.GIVEN_NAME, MatchingRole.FAMILY_NAME
_NAMES = (_GIVEN, _FAMILY)
_BY_KIND = {"PHONE": MatchingRole.PHONE, "EMAIL": MatchingRole.EMAIL, "POSTAL": MatchingRole.ADDRESS}
_ORDER = {role: n for n, role in enumerate(MatchingRole)}


@dataclass(frozen=True, slots=True, repr=False)
class Telltale:
    """What one field of a customer says of who that is, or several that only together say something: an address."""

    paths: tuple[str, ...]
    role: MatchingRole
    evidence: Evidence


@dataclass(frozen=True, slots=True, repr=False)
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

    Names are told as they are compared, given and family name together, for they stand in each other's place at times.
    Left out are fields to which the other customer has nothing of the kind.
    """
    pairing = _Pairing(_names_of(one), _names_of(other), base)
    found = pairing.names(one, other)
    for role in MatchingRole:
        if role not in _NAMES:
            sides = ([field for field in fields if field.role is role] for fields in (one, other))
            found += pairing.best(*_worth_comparing(*sides))
    return sorted(found, key=lambda each: (_ORDER[each.role], -each.level, each.one, each.other))


def _names_of(fields: Sequence[Telltale]) -> Evidence:
    names = [field.evidence for field in fields if field.role in _NAMES]
    given, family = ([name for one in names for name in getattr(one, part)] for part in ("given", "family"))
    return Evidence(given=tuple(given), family=tuple(family))


@dataclass(frozen=True, slots=True, repr=False)
class _Pairing:
    """Two customers whose fields are put beside each other; of each, the names."""

    one: Evidence
    other: Evidence
    base: Base

    def names(self, one: Sequence[Telltale], other: Sequence[Telltale]) -> list[Agreement]:
        """How well given and family name agree, each in whichever fields it stands."""
        found = findings(min(self.one, self.other), max(self.one, self.other), self.base)
        agreed = []
        for told in found:
            beside = _opposite(told.role) if told.level is Level.SWAPPED else told.role
            agreed.append(Agreement(told.role, told.level, _paths(one, told.role), _paths(other, beside)))
        return agreed

    def best(self, some: Sequence[Telltale], others: Sequence[Telltale]) -> list[Agreement]:
        """Each field of either beside the best one of the other's."""
        told = {(n, m): found for n, a in enumerate(some) for m, b in enumerate(others) if (found := self._of(a, b))}
        best = {max(row, key=lambda at: _rank(told[at])) for row in _rows(told)}
        return [Agreement(told[at].role, told[at].level, some[at[0]].paths, others[at[1]].paths) for at in sorted(best)]

    def _of(self, one: Telltale, other: Telltale) -> Finding | None:
        """How well two fields of one role agree; an address may be made of a name that stands in another field."""
        both = (replace(one.evidence, given=self.one.given), replace(other.evidence, given=self.other.given))
        found = findings(min(both), max(both), self.base)
        return next((finding for finding in found if finding.role is one.role), None)


def _rank(finding: Finding) -> tuple[int, float]:
    return finding.level, -finding.chance


def _rows(places: Iterable[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    """The places, by the one and by the other."""
    by: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for at in places:
        for side in (0, 1):
            by.setdefault((side, at[side]), []).append(at)
    yield from by.values()


def _opposite(role: MatchingRole) -> MatchingRole:
    return _FAMILY if role is _GIVEN else _GIVEN


def _paths(fields: Sequence[Telltale], role: MatchingRole) -> tuple[str, ...]:
    """In which fields a name stands: where there is none for it, the whole name stands in the other."""
    for wanted in (role, _opposite(role)):
        if found := tuple(path for field in fields if field.role is wanted for path in field.paths):
            return found
    return ()


def _worth_comparing(some: list[Telltale], others: list[Telltale]) -> tuple[list[Telltale], list[Telltale]]:
    """What both have, however many each has, and then the first ones of each: comparing costs their product."""
    shared = {field.evidence for field in some} & {field.evidence for field in others}
    return _first(some, shared), _first(others, shared)


def _first(fields: list[Telltale], shared: set[Evidence]) -> list[Telltale]:
    return sorted(fields, key=lambda field: field.evidence not in shared)[:MOST_VALUES]
