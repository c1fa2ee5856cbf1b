"""How likely are two customers one person, and for which reasons?"""

import dataclasses
import math

import pytest
from hypothesis import given

from resolvers.attribute_rules import MatchingRole
from resolvers.matching import DEFAULT, Against, Base, Evidence, Level, Weight, counted, score_of
from tests.matching.people import people, person

BASE = Base(size=10_000)
HOME = {"street": "12 Long Meadow Road", "city": "Springfield"}
ANN = person(firstName="Ann", lastName="Larkin", birthDate="1980-02-13", phones=("+14155550123",), **HOME)


def _levels(one: Evidence, other: Evidence) -> dict[str, str]:
    return {reason.role.value: reason.level.name for reason in score_of(one, other, BASE).reasons}


def _merges(one: Evidence, other: Evidence) -> bool:
    return score_of(one, other, BASE).bits >= DEFAULT.merge_at


def _suggests(one: Evidence, other: Evidence) -> bool:
    return score_of(one, other, BASE).bits >= DEFAULT.suggest_at


@given(one=people(), other=people())
def test_scores_are_symmetric(one: Evidence, other: Evidence) -> None:
    """Which customer comes first makes no difference, not in the last digit."""
    assert score_of(one, other, BASE) == score_of(other, one, BASE)


@given(one=people(), other=people())
def test_weights_sum_up(one: Evidence, other: Evidence) -> None:
    """The reasons' weights and what is assumed beforehand are the score; each role is told once."""
    score = score_of(one, other, BASE)
    assert math.isclose(score.bits, score.prior + sum(reason.weight for reason in score.reasons), abs_tol=1e-9)
    assert len({reason.role for reason in score.reasons}) == len(score.reasons)
    assert 0 <= score.probability <= 1


@given(one=people(), other=people())
def test_reasons_tell_no_values(one: Evidence, other: Evidence) -> None:
    """A reason is a role, a level and a weight; nothing of what either customer said."""
    for reason in score_of(one, other, BASE).reasons:
        assert [type(part) for part in dataclasses.astuple(reason)] == [MatchingRole, Level, float]


@given(one=people(), other=people())
def test_silence_is_no_reason(one: Evidence, other: Evidence) -> None:
    """A role of which one of the two says nothing is no reason."""
    told = {reason.role for reason in score_of(one, other, BASE).reasons}
    assert (MatchingRole.BIRTH_DATE in told) == bool(one.births and other.births)
    assert (MatchingRole.PHONE in told) == bool(one.phones and other.phones)


def test_doubles_merge() -> None:
    """The same name and day of birth are one person, through nicknames and slips."""
    assert _merges(ANN, person(firstName="Ann", lastName="Larkin", birthDate="1980-02-13"))
    assert _merges(ANN, person(firstName="Annie", lastName="Larkin", birthDate="1980-02-13"))
    assert _merges(ANN, person(firstName="Ann", lastName="Larkni", birthDate="1980-02-13"))
    assert _suggests(ANN, person(firstName="Annie", lastName="Larkni", birthDate="1980-02-13"))
    assert _merges(ANN, person(firstName="Larkin", lastName="Ann", birthDate="1980-02-13"))


def test_moved_and_married() -> None:
    """Another home and another family name leave a person the same."""
    married = person(firstName="Ann", lastName="Ostrow", birthDate="1980-02-13", phones=("+14155550123",))
    assert _merges(ANN, married)
    assert _merges(ANN, person(firstName="Ann", lastName="Larkin", birthDate="1980-02-13", street="7 Elm", city="Rome"))


def test_relatives_stay_apart() -> None:
    """Who shares home, family name and phone is no double without a given name that agrees."""
    bob = person(firstName="Bob", lastName="Larkin", phones=("+14155550123",), **HOME)
    score = score_of(ANN, bob, BASE)
    assert score.bits < DEFAULT.suggest_at
    assert score.against is Against.RELATIVE
    assert score_of(ANN, person(lastName="Larkin", phones=("+14155550123",), **HOME), BASE).bits < DEFAULT.merge_at


def test_twins_stay_apart() -> None:
    """Twins share even their birthday."""
    twin = person(firstName="Beatrice", lastName="Larkin", birthDate="1980-02-13", phones=("+14155550123",), **HOME)
    assert not _merges(ANN, twin)


def test_father_and_son() -> None:
    """A son with his father's whole name has another birthday."""
    son = person(firstName="Ann", lastName="Larkin", birthDate="2003-07-30", phones=("+14155550123",), **HOME)
    assert not _merges(ANN, son)
    assert score_of(ANN, son, BASE).contradicts() or score_of(ANN, son, BASE).bits < DEFAULT.merge_at


def test_namesakes_are_suggested_at_most() -> None:
    """A name is no identity: alone it never merges, however rare it is and however small the base."""
    one = person(firstName="Zbigniewa", lastName="Quackenbush")
    assert not _merges(one, one)
    assert score_of(one, one, Base(size=1, counts={MatchingRole.GIVEN_NAME: {}})).bits < DEFAULT.merge_at


def test_larger_bases_ask_more() -> None:
    """Among more customers, the same agreement is more often chance."""
    other = person(firstName="Ann", lastName="Larkin", birthDate="1980-02-13")
    bits = [score_of(other, other, Base(size=size)).bits for size in (1_000, 100_000, 10_000_000)]
    assert bits == sorted(bits, reverse=True)
    assert bits[0] > bits[2]


def test_common_values_weigh_less() -> None:
    """A value that many have tells less than one that few have."""
    crowd = [[person(firstName="Mary", emails=("shop@all.org",))] for _ in range(200)]
    rare = person(firstName="Zelda", emails=("z.q@all.org",))
    base = counted([*crowd, [rare]])
    common, few = score_of(crowd[0][0], crowd[1][0], base), score_of(rare, rare, base)
    assert [one.weight < other.weight for one, other in zip(common.reasons, few.reasons, strict=True)] == [True, True]


def test_common_names_are_no_slips() -> None:
    """Two names of many that look alike are two names; one that nobody else has is a slip."""
    both = [[person(lastName=name)] for name in ("Gonzalez", "Gonzales") for _ in range(200)]
    base = counted(both)
    common = score_of(person(lastName="Gonzalez"), person(lastName="Gonzales"), base)
    slip = score_of(person(lastName="Gonzalez"), person(lastName="Gonzalrz"), base)
    assert slip.bits > common.bits + 2


def test_placeholders_weigh_nothing() -> None:
    """What stands where nothing is known is no agreement."""
    one = person(firstName="unknown", birthDate="1900-01-01", phones=("+10000000000",), passport="0000000")
    assert score_of(one, one, BASE).reasons == ()


def test_baby_is_no_name() -> None:
    """A child that has no name yet is not named Baby."""
    assert "GIVEN_NAME" not in _levels(person(firstName="Baby"), person(firstName="Baby"))
    assert "GIVEN_NAME" not in _levels(person(firstName="Baby"), person(firstName="Emma"))


@pytest.mark.parametrize("two", ["Mario Maria", "Jan Jana", "Daniel Daniela", "Ivo Iva"])
def test_brother_and_sister(two: str) -> None:
    """The form for a man and the one for a woman are two names, whether or not either is known."""
    one, other = two.split()
    assert _levels(person(firstName=one), person(firstName=other)) == {"GIVEN_NAME": "LIKE"}


def test_likeness_is_no_exchange() -> None:
    """Names that only look like each other's in the wrong place are not exchanged."""
    one, other = person(firstName="David", lastName="Davis"), person(firstName="Travis", lastName="Davis")
    assert _levels(one, other) == {"GIVEN_NAME": "FAR", "FAMILY_NAME": "EXACT"}


@pytest.mark.parametrize(
    ("one", "other", "levels"),
    [
        ({"firstName": "Ann Larkin"}, {"firstName": "Ann", "lastName": "Larkin"}, ["EXACT", "EXACT"]),
        (
            {"firstName": "Larkin", "lastName": "Ann"},
            {"firstName": "Ann", "lastName": "Larkin"},
            ["SWAPPED", "SWAPPED"],
        ),
        ({"firstName": "Larkin", "lastName": "A."}, {"firstName": "Ann", "lastName": "Larkin"}, ["PARTIAL", "SWAPPED"]),
        ({"firstName": "Bob", "lastName": "Hill"}, {"firstName": "Ann", "lastName": "Larkin"}, ["FAR", "FAR"]),
    ],
)
def test_names_in_wrong_fields(one: dict[str, str], other: dict[str, str], levels: list[str]) -> None:
    """Names are compared as they stand, exchanged, and out of one field."""
    assert list(_levels(person(**one), person(**other)).values()) == levels


def test_best_of_several() -> None:
    """Of several phones, the two that agree count; the others do not count against."""
    one = person(phones=("+14155550123", "+14155559999"))
    assert _levels(one, person(phones=("+442079460000", "+14155550123"))) == {"PHONE": "EXACT"}


def test_identifiers_by_kind() -> None:
    """Numbers are compared with those of the same kind; where two kinds disagree, neither is believed."""
    one = person(passport="AB123456", member="77001122")
    assert _levels(one, person(member="AB123456")) == {"IDENTIFIER": "FAR"}
    assert _levels(one, person(passport="AB123456", member="90909091")) == {"IDENTIFIER": "PARTIAL"}
    assert _levels(one, person(passport="AB123456")) == {"IDENTIFIER": "EXACT"}


def test_address_columns_swapped() -> None:
    """It makes no difference which part of an address stands in which field, nor whether it is one line."""
    one = person(**HOME)
    assert _levels(one, person(street=HOME["city"], city=HOME["street"])) == {"ADDRESS": "EXACT"}
    assert _levels(one, person(postal=("12 Long Meadow Rd, Springfield",))) == {"ADDRESS": "EXACT"}
    assert _levels(one, person(street="14 Long Meadow Road", city="Springfield")) == {"ADDRESS": "PARTIAL"}


def test_own_and_family_mail() -> None:
    """An address that bears the given name tells more of a person than the family's."""
    own = person(firstName="Annabel", emails=("annabel.larkin@web.de",))
    family = person(firstName="Annabel", emails=("larkins@web.de",))
    assert _levels(own, own)["EMAIL"] == "OWN"
    assert _levels(family, family)["EMAIL"] == "EXACT"


def test_weights_are_data() -> None:
    """Another set of weights gives another score, without another line of code."""
    levels = DEFAULT.levels | {MatchingRole.PHONE: {Level.EXACT: Weight(1.0, 0.0), Level.FAR: Weight(0.0, 0.0)}}
    one = person(phones=("+14155550123",))
    score = score_of(one, one, BASE, dataclasses.replace(DEFAULT, levels=levels))
    assert [reason.weight for reason in score.reasons] == [1.0]


def test_every_level_has_a_weight() -> None:
    """The default set weighs every level of every role that comparing finds."""
    assert set(DEFAULT.levels) == set(DEFAULT.typical) == set(MatchingRole)
    for weighed in DEFAULT.levels.values():
        assert {Level.EXACT, Level.NEAR, Level.FAR} <= set(weighed)
        assert weighed[Level.EXACT].stranger > weighed[Level.NEAR].stranger > weighed[Level.FAR].stranger
