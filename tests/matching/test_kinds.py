"""What do a base's own identifiers tell, kind by kind, and do those who share a home share a name?"""

import random

from hypothesis import given
from hypothesis import strategies as st

from resolvers.matching import DEFAULT, Base, Evidence, Kind, Level, counted, doubles_among, score_of
from resolvers.matching.kinds import crowding, families
from tests.matching.people import person

NAMES = ["Alice", "Bruno", "Clara", "Dieter", "Edgar", "Fiona", "Greta", "Hector", "Ingrid", "Jasper"]
FAMILIES = [
    "Larkin",
    "Ostrow",
    "Pemberton",
    "Quill",
    "Rosewood",
    "Sandoval",
    "Thackeray",
    "Underhill",
    "Vickers",
    "Wexford",
]
Base_ = dict[int, Evidence]


def _doubled(number: str, again: str) -> Base_:
    """A hundred people, the first forty of them met twice; formats of the number of each, and at the second time."""
    found = {}
    for n in range(100):
        said = {
            "firstName": NAMES[n // 10],
            "lastName": FAMILIES[n % 10],
            "birthDate": f"{1950 + n % 50}-{n % 12 + 1}-{n % 28 + 1}",
        }
        found[n] = person(**said, passport=number.format(n))
        if n < 40:
            found[1_000 + n] = person(**said, passport=again.format(n))
    return found


def test_new_cards_part_nobody() -> None:
    """Where people get a new number at each registration, another number is no evidence against one person."""
    learned = doubles_among(_doubled("C{0:05}11", "D7{0:05}9"))
    assert _told_by_another_number(learned.base) > -1
    assert len(learned.to_merge()) == 40


def test_passports_part_people() -> None:
    """Where one person's records bear one number, another number parts two people."""
    learned = doubles_among(_doubled("C{0:05}11", "C{0:05}11"))
    assert _told_by_another_number(learned.base) < -6


def _told_by_another_number(base: Base) -> float:
    (reason,) = score_of(person(passport="C9000011"), person(passport="D7900009"), base).reasons
    return reason.weight


def test_numbers_in_sequence() -> None:
    """The next number is the next person's where numbers are given out in sequence, and a slip where they are not."""
    chance = random.Random(1)
    sequence = [person(passport=f"{20_240_000 + n}") for n in range(3_000)]
    scattered = [person(passport=f"{chance.randrange(10**8):08}") for _ in range(3_000)]
    told = [Kind(strangers=crowding(each)["passport"]).against_stranger(Level.NEAR) for each in (sequence, scattered)]
    assert told[0] < -5
    assert told[1] == 0


def test_neighbours_in_one_home() -> None:
    """Brother and sister who were registered together are no more one person for their neighbouring numbers."""
    home = {"lastName": "Larkin", "birthDate": "2019-04-03", "street": "12 Hill Street", "city": "Springfield"}
    near, none = (
        (person(firstName="Mario", **home, **first), person(firstName="Mariq", **home, **second))
        for first, second in (({"passport": "04000101"}, {"passport": "04000102"}), ({}, {}))
    )
    assert score_of(*near, Base()).bits <= score_of(*none, Base()).bits


def test_policies_of_families() -> None:
    """A number that a whole family has is no proof of one person."""
    people: Base_ = {}
    for n in range(60):
        home = {"lastName": FAMILIES[n % 10] + "xyz"[n % 3], "street": f"{n} Hill Street", "passport": f"P{n:04}77"}
        for who in range(3):
            born = f"{1950 + 9 * who}-{n % 12 + 1}-{n % 28 + 1}"
            people[10 * n + who] = person(firstName=NAMES[(n + 3 * who) % 10], birthDate=born, **home)
    twins = [person(firstName=name, birthDate="1990-01-05", passport="P880088") for name in ("Mario", "Maria")]
    told = doubles_among(people).base
    assert score_of(*twins, told).bits < DEFAULT.merge_at <= score_of(*twins, Base(size=1_000)).bits


def test_colleagues_share_no_name() -> None:
    """Under a firm's address an equal family name tells of one person, under a family's of the family."""

    def together(family: str) -> list[Evidence]:
        return [
            person(
                firstName=NAMES[n % 10], lastName=family or FAMILIES[(n + n // 10) % 10], street=f"{n // 10} Old Quay"
            )
            for n in range(100)
        ]

    firm, kin = families(together("")), families(together("Larkin"))
    assert firm.against_relative(Level.EXACT) > 1.5
    assert firm.against_relative(Level.FAR) < -1.5
    assert kin.against_relative(Level.EXACT) < 0


def test_crowded_years() -> None:
    """A day near the other one tells less where most were born within a few years."""
    students = counted([person(birthDate=f"{2003 + n % 3}-{n % 12 + 1}-{n % 28 + 1}")] for n in range(3_000))
    town = counted([person(birthDate=f"{1930 + n % 80}-{n % 12 + 1}-{n % 28 + 1}")] for n in range(3_000))
    near = person(birthDate="2004-10-21"), person(birthDate="2004-10-22")
    told = [score_of(*near, base).reasons[0].weight for base in (students, town)]
    assert told[0] + 2 < told[1]


LEVELS = st.dictionaries(st.sampled_from([Level.EXACT, Level.NEAR, Level.PARTIAL, Level.FAR]), st.integers(0, 10**6))


@given(doubles=LEVELS, relatives=LEVELS)
def test_learned_within_reason(doubles: dict[Level, int], relatives: dict[Level, int]) -> None:
    """However many pairs are counted, what they teach stays finite; and what is not counted teaches nothing."""
    kind, untaught = Kind(doubles, relatives), Kind()
    for level in (Level.EXACT, Level.NEAR, Level.PARTIAL, Level.FAR):
        assert abs(kind.against_stranger(level)) < 30
        assert abs(kind.against_relative(level)) < 60
        assert abs(untaught.against_stranger(level)) + abs(untaught.against_relative(level)) < 1e-9
