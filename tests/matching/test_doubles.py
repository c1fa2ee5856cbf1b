"""Who among many customers are one person?"""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.made_up_people import People
from benchmarks.matching import MADE_UP_ATTRIBUTES, judged, paired, same_people
from resolvers.attribute_schema import SYSTEM_DEFINITIONS
from resolvers.matching import DEFAULT, Evidence, blocking_keys, counted, doubles_among, evidence_of, score_of, telling
from resolvers.matching.keys import MOST_KEYS
from resolvers.matching.pairs import MOST_COMPARED, pairs
from tests.matching.people import people, person

BORN = "1980-02-13"
ANN = person(firstName="Ann", lastName="Larkin", birthDate=BORN, passport="AB123456")
SLIPS = {
    "typo in the given name": person(firstName="Amn", lastName="Larkin", birthDate=BORN),
    "typo in the family name": person(firstName="Ann", lastName="Lzrkin", birthDate=BORN),
    "first letter wrong": person(firstName="Ann", lastName="Karkin", birthDate=BORN),
    "names exchanged": person(firstName="Larkin", lastName="Ann", birthDate=BORN),
    "nickname": person(firstName="Annie", lastName="Larkin", birthDate="1955-05-05"),
    "day and month exchanged": person(firstName="Ann", lastName="Lzrkin", birthDate="1980-13-02"),
    "wrong year": person(firstName="Ann", lastName="Lzrkin", birthDate="1981-02-13"),
    "wrong month": person(firstName="Ann", lastName="Lzrkin", birthDate="1980-03-13"),
    "wrong day": person(firstName="Ann", lastName="Lzrkin", birthDate="1980-02-18"),
    "another name": person(firstName="Ann", lastName="Ostrow", birthDate=BORN),
    "no name": person(birthDate=BORN),
    "typo in the passport": person(passport="AB123465"),
    "whole name in one field": person(firstName="Ann Larkin"),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_keys_outlive_slips(slip: str) -> None:
    """A slip leaves at least one key alone."""
    assert set(blocking_keys(ANN)) & set(blocking_keys(SLIPS[slip]))


@given(one=people())
def test_keys_are_short_and_few(one: Evidence) -> None:
    """Keys are short enough for an index, each once, the same for the same evidence, and tell no value."""
    keys = blocking_keys(one)
    assert keys == blocking_keys(one)
    assert len(set(keys)) == len(keys) <= MOST_KEYS
    assert all(len(key) == 12 for key in keys)


def test_hearsay_hides_nobody() -> None:
    """However many type two people's verified address, these two are found as before."""
    ann = _reached("ann@example.com", is_verified=True, firstName="Ann")
    typed = {number: _reached("ann@example.com", is_verified=False) for number in range(2, 12)}
    both = {0: ann, 1: ann}
    before, after = (doubles_among(given).scores[0, 1].bits for given in (both, both | typed))
    assert after >= before - 0.1
    several = {number: _reached("ann@example.com", is_verified=True) for number in typed}
    assert doubles_among(both | several).scores[0, 1].bits < before - 1


def test_hearsay_makes_no_key_common() -> None:
    """More than a key brings together may type an address: whose it is, is found as before, and beside the first."""
    ann, anne = (_reached("ann@example.com", is_verified=True, firstName=name) for name in ("Ann", "Anne"))
    typed = {number: _reached("ann@example.com", is_verified=False) for number in range(2, 102)}
    found = doubles_among({0: ann, 1: anne} | typed)
    assert {(0, 1), (0, 2), (1, 2)} <= set(found.scores)
    assert (0, 101) not in found.scores


def _reached(email: str, *, is_verified: bool, **values: str) -> Evidence:
    points = [{"type": "EMAIL", "value": email, "is_verified": is_verified}]
    return evidence_of({"attributes": values, "contact_points": points}, telling(SYSTEM_DEFINITIONS))


def test_strangers_share_no_key() -> None:
    """Customers who have nothing in common are not compared."""
    other = person(firstName="Boris", lastName="Quill", birthDate="1955-11-30", emails=("b@q.org",))
    assert not set(blocking_keys(ANN)) & set(blocking_keys(other))


def test_crowded_keys_are_passed_over() -> None:
    """A key that too many share brings nobody together, so the pairs do not grow with its square."""
    crowd = {number: ["all", str(number // 2)] for number in range(100)}
    assert list(pairs(crowd, most_sharing=50)) == [(number, number + 1) for number in range(0, 100, 2)]
    assert (50, 52) not in set(pairs(crowd, most_sharing=50, unsure=frozenset(range(49))))
    assert (50, 52) in set(pairs(crowd, most_sharing=50, unsure=frozenset(range(50))))


def test_comparisons_are_bounded() -> None:
    """However many keys customers share, each is compared with few, those with the rarest keys first."""
    shared = {number: [f"{n}-{number * (n + 3) % 97}" for n in range(60)] for number in range(2_000)}
    found = list(pairs(shared | {3: [*shared[3], "rare"], 1_998: [*shared[1_998], "rare"]}))
    assert len(found) <= MOST_COMPARED * len(shared)
    assert (3, 1_998) in found


FEW = st.lists(people(), min_size=2, max_size=8)


@given(found=FEW, seed=st.randoms(use_true_random=False))
def test_order_makes_no_difference(found: list[Evidence], seed: object) -> None:
    """The same customers are the same people, in whatever order they come."""
    numbered = list(enumerate(found))
    shuffled = list(numbered)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = doubles_among(dict(numbered)), doubles_among(dict(shuffled))
    assert one.scores == other.scores
    assert one.to_merge() == other.to_merge()
    assert one.to_suggest() == other.to_suggest()


@given(found=FEW)
def test_each_customer_once(found: list[Evidence]) -> None:
    """Nobody is two people, a person has two customers or more, and what is merged is suggested too."""
    doubles = doubles_among(dict(enumerate(found)))
    members = [one for person in doubles.to_merge() for one in person]
    assert len(members) == len(set(members))
    assert all(len(one) > 1 for one in doubles.to_merge())


@given(found=FEW)
def test_different_people_stay_apart(found: list[Evidence]) -> None:
    """What people have decided binds the machine: those known to be different are never together."""
    apart = frozenset(combinations(range(len(found)), 2))
    doubles = doubles_among(dict(enumerate(found)), apart=apart)
    assert doubles.to_merge() == doubles.to_suggest() == []


@given(found=FEW)
def test_no_contradiction_inside(found: list[Evidence]) -> None:
    """No two members of one person contradict each other."""
    doubles = doubles_among(dict(enumerate(found)))
    for one, other in paired(doubles.to_merge()):
        score = doubles.clusters.score(one, other)
        assert score.bits >= DEFAULT.merge_at or not score.contradicts()


HOME = {"street": "12 Long Meadow Road", "city": "Springfield", "lastName": "Larkin", "birthDate": BORN}


def test_twins_share_no_record() -> None:
    """A customer who could be either of two twins is merged with neither."""
    doubles = doubles_among(
        {1: person(firstName="Ann", **HOME), 2: person(firstName="Beatrice", **HOME), 3: person(**HOME)}
    )
    assert doubles.to_merge() == []


def test_doubles_of_one_person() -> None:
    """Records that agree in different things are one person through those between."""
    found = {
        1: person(firstName="Annabel", lastName="Larkin", birthDate=BORN),
        2: person(firstName="Annabel", lastName="Larkin", birthDate=BORN, emails=("annabel.l@web.de",)),
        3: person(firstName="Annabel", emails=("annabel.l@web.de",), phones=("+14155550123",)),
    }
    assert doubles_among(found).to_merge() == [[1, 2, 3]]


def test_twins_with_like_names() -> None:
    """Twins whose names differ by a letter are two, where both names are given to others; a slip is still a slip."""
    base = counted([person(firstName=name)] for name in ["Daniel", "Daniela", "Robert"] * 3)
    shared = {"lastName": "Conley", "birthDate": "2002-08-04", "phoneNumber": "+18654984091"}
    for one, other, are_one in (("Daniel", "Daniela", False), ("Robert", "Rbert", True)):
        score = score_of(person(firstName=one, **shared), person(firstName=other, **shared), base)
        assert (score.bits >= DEFAULT.merge_at) is are_one


def test_many_records_of_one() -> None:
    """Of however many records that say the same, each is found: no key of theirs is selective."""
    same = person(firstName="Wilhelmina", lastName="Sommerfeld", birthDate="1981-03-04")
    found = doubles_among(dict.fromkeys(range(60), same))
    assert [len(members) for members in found.to_merge()] == [60]


def test_made_up_people() -> None:
    """Among households with twins, namesakes and slips of all kinds, machine merges are right in 99 of 100."""
    documents, who = People(seed=7, households=300).records()
    known = telling([*SYSTEM_DEFINITIONS, *MADE_UP_ATTRIBUTES])
    doubles = doubles_among({number: evidence_of(one, known) for number, one in enumerate(documents)})
    true = same_people(map(str, who))
    merged, suggested = judged(paired(doubles.to_merge()), true), judged(paired(doubles.to_suggest()), true)
    assert merged.precision >= 0.99
    assert merged.recall >= 0.7
    assert suggested.recall >= 0.88
    assert doubles.compared < 15 * len(documents)


def test_tells_how_far() -> None:
    """Of each stage is told how much of it is done, from nothing to the end; what is found does not hang on it."""
    base = {
        n: person(firstName=f"Ann{n % 7}", lastName="Vandenberg", emails=(f"a{n // 2}@example.com",))
        for n in range(300)
    }
    heard: dict[str, list[tuple[int, int]]] = {}

    def tell(what: str, done: int, total: int) -> None:
        heard.setdefault(what, []).append((done, total))

    assert doubles_among(base, tell=tell).to_merge(tell) == doubles_among(base).to_merge()
    assert {"keys made", "customers compared", "pairs clustered", "compared once more"} <= set(heard)
    for steps in heard.values():
        assert steps[0][0] == 0
        assert steps[-1][0] == steps[-1][1]
        assert all(one <= other for (one, _), (other, _) in pairwise(steps) if other)
    assert len(heard["keys made"]) > 50
