"""Does it agree with the reasons what is told field by field?"""

from random import Random

import pytest

from resolvers.attribute_rules import MatchingRole
from resolvers.matching import Base, Evidence, Level, Telling, evidence_of, score_of
from resolvers.matching.fields import Agreement, Telltale, agreements, telltales

ROLES = {"first": MatchingRole.GIVEN_NAME, "last": MatchingRole.FAMILY_NAME, "mail": MatchingRole.EMAIL}
ROLES |= {"phone": MatchingRole.PHONE, "born": MatchingRole.BIRTH_DATE, "street": MatchingRole.ADDRESS}
TELLING = [Telling(name, role, None) for name, role in ROLES.items()]
WORDS = {
    "first": ("Travis", "David", "Davis", "Annabel", "Annabel Marie Lee", None),
    "last": ("Davis", "Travis", "Annabel", "Zimmermann", "Zimmerman", None),
    "mail": ("annabel@example.com", "anabel@example.com", "travis@example.org", None),
    "phone": ("+4915173029461", "+4915173029462", None),
    "born": ("1980-02-01", "1980-01-02", None),
    "street": ("17 Zwetschgenweg Oberammergau", "71 Zwetschgenweg Oberammergau", None),
}
NAMES = {MatchingRole.GIVEN_NAME, MatchingRole.FAMILY_NAME}
BASE = Base(size=1_000, people=1_000)


def _person(**values: str | None) -> tuple[Evidence, list[Telltale]]:
    return evidence_of({"attributes": values}, TELLING), telltales(values, TELLING)


def _compared(one: dict[str, str | None], other: dict[str, str | None]) -> list[Agreement]:
    return agreements(_person(**one)[1], _person(**other)[1], BASE)


def test_names_as_they_stand() -> None:
    """A likeness across two names that are the same as they stand is chance: Travis Davis, David Davis."""
    found = _compared({"first": "Travis", "last": "Davis"}, {"first": "David", "last": "Davis"})
    assert [(one.role, one.level, one.one, one.other) for one in found] == [
        (MatchingRole.GIVEN_NAME, Level.FAR, ("attributes.first",), ("attributes.first",)),
        (MatchingRole.FAMILY_NAME, Level.EXACT, ("attributes.last",), ("attributes.last",)),
    ]


def test_names_exchanged() -> None:
    """Of names that are exchanged each is told beside the other one."""
    found = _compared({"first": "Annabel", "last": "Zimmermann"}, {"first": "Zimmermann", "last": "Annabel"})
    assert {(one.level, *one.one, *one.other) for one in found} == {
        (Level.SWAPPED, "attributes.first", "attributes.last"),
        (Level.SWAPPED, "attributes.last", "attributes.first"),
    }


def test_whole_name_in_one_field() -> None:
    """A whole name in one field is told beside both of its parts."""
    found = _compared({"first": "Annabel Zimmermann"}, {"first": "Annabel", "last": "Zimmermann"})
    assert [(one.role, *one.one, *one.other) for one in found] == [
        (MatchingRole.GIVEN_NAME, "attributes.first", "attributes.first"),
        (MatchingRole.FAMILY_NAME, "attributes.first", "attributes.last"),
    ]


def test_own_address() -> None:
    """An address that is made of the person's own name is told as one, though the name stands in another field."""
    same: dict[str, str | None] = {"first": "Annabel", "mail": "annabel@example.com"}
    assert {one.role: one.level for one in _compared(same, same)}[MatchingRole.EMAIL] is Level.OWN


@pytest.mark.parametrize("seed", range(200))
def test_as_the_reasons_say(seed: int) -> None:
    """The best of each role is as good as the reason of that role, whoever comes first."""
    random = Random(seed)
    one, other = ({name: random.choice(words) for name, words in WORDS.items()} for _ in range(2))
    (left, fields), (right, others) = _person(**one), _person(**other)
    reasons = {reason.role: reason.level for reason in score_of(left, right, BASE).reasons}
    best: dict[MatchingRole, Level] = {}
    for each in agreements(fields, others, BASE):
        best[each.role] = max(best.get(each.role, Level.MISSING), each.level)
    assert best == reasons
    there, back = (
        {(each.role, each.level, *sorted((each.one, each.other))) for each in found if each.role not in NAMES}
        for found in (agreements(fields, others, BASE), agreements(others, fields, BASE))
    )
    assert there == back


def test_many_are_bounded() -> None:
    """Of very many numbers what both have is told, and no product of all of them."""
    same = ("contactPoints.same", {"type": "PHONE", "value": "+4915173029461"})
    sides = [[*_points(begin), same] for begin in (1_000, 2_000)]
    one, other = (telltales({}, (), points) for points in sides)
    found = agreements(one, other, BASE)
    assert (found[0].level, found[0].one, found[0].other) == (Level.EXACT, (same[0],), (same[0],))
    assert len(found) <= 16


def _points(begin: int) -> list[tuple[str, dict[str, str]]]:
    numbers = range(begin, begin + 100)
    return [(f"contactPoints.{n}", {"type": "PHONE", "value": f"+49151730{n}"}) for n in numbers]
