"""Is the one of many namesakes found with whom something else agrees, and are the others left alone?"""

from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Who
from adapters.mongo import Store
from resolvers.attribute_rules import AttributeType, MatchingRole
from resolvers.matching import Base, Evidence
from resolvers.matching.words import name_of
from resolvers.matching_base import keep_base
from resolvers.namesakes import is_name_enough
from tests.conftest import NOW, Asking, Commands
from tests.crowd import definition
from tests.makers import Makers
from tests.taking_in import bring

SUGGESTED = """query ($value: String!) { customerByIdentity(channel: "shop", account: "main", value: $value) {
  customer { id } suggestions(first: 20) { customers { id } } } }"""
HOME = {"street": "12 Mill Lane", "city": "Norford", "postcode": "48213"}
POSTAL = (Reach(type="POSTAL", value="12 Mill Lane, 48213 Norford"),)
NAMESAKES = 60


def _anna(value: str, reaches: tuple[Reach, ...] = (), **more: str) -> Person:
    names = {"firstName": "Anna", "lastName": "Schmidt"}
    return Person(who=Who("shop", "main", value), attributes=names | more, reaches=reaches)


@pytest.fixture
async def many(make: Makers, store: Store) -> None:
    """Many of one name, whose homes and days of birth are their own, in a base that is a million."""
    await make.channel("shop")
    for name in HOME:
        await definition(make, name, matching_role="ADDRESS")
    await definition(make, "birthDate", type=AttributeType.DATE, matching_role="BIRTH_DATE")
    common = {MatchingRole.GIVEN_NAME: {"anna": 900}, MatchingRole.FAMILY_NAME: {"schmidt": 700}}
    await keep_base(store, Base(size=1_000_000, people=1_000_000, counts=common), NOW)
    others = [
        _anna(f"n{n}", street=f"{n + 20} Elm Street", city=f"Town{n}", postcode=f"{10_000 + n}", birthDate="1950-01-01")
        for n in range(NAMESAKES // 2)
    ]
    await bring(store, *others, *(_anna(f"m{n}") for n in range(NAMESAKES // 2)))


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_anna("1", **HOME), _anna("2", **HOME | {"street": "12 Mill-Lane"})),
        (_anna("1", POSTAL), _anna("2", **HOME)),
        (_anna("1", POSTAL), _anna("2", (Reach(type="POSTAL", value="Mill Lane 12, Norford"),))),
        (_anna("1", birthDate="1984-03-09"), _anna("2", birthDate="1984-09-03")),
        (_anna("1", birthDate="1984-03-09"), _anna("2", birthDate="1948-03-09")),
    ],
    ids=["attributes", "attributes and contact point", "contact points", "day and month", "year"],
)
async def test_agreeing_found(ask: Asking, store: Store, one: Person, other: Person) -> None:
    """Among many namesakes the one of the same home or birthday is found, however the two are written."""
    await bring(store, one, other)
    for mine, theirs in (("1", "2"), ("2", "1")):
        own = (await ask(SUGGESTED, value=mine)).data["customerByIdentity"]
        expected = (await ask(SUGGESTED, value=theirs)).data["customerByIdentity"]["customer"]["id"]
        assert _others(own) == [expected]


def _others(found: Any) -> list[str]:
    ends = [who["id"] for one in found["suggestions"] for who in one["customers"]]
    return [one for one in ends if one != found["customer"]["id"]]


@pytest.mark.usefixtures("many")
async def test_namesakes_left_alone(ask: Asking, store: Store, commands: Commands) -> None:
    """Of a common name nobody is read whom nothing else speaks for: no command asks for the name alone."""
    await bring(store, _anna("1", **HOME))
    with commands.counted() as sent:
        found = (await ask(SUGGESTED, value="1")).data["customerByIdentity"]
    assert _others(found) == []
    by_name = [
        stages
        for _, command in sent
        for one in command.get("pipeline", ())
        if "$unionWith" in one and "sounds" in str(stages := one["$unionWith"]["pipeline"])
    ]
    assert len(by_name) == 1
    assert "postcode" in str(by_name)


@pytest.mark.parametrize(("size", "is_enough"), [(1_000, True), (1_000_000, False)])
def test_rare_names(size: int, *, is_enough: bool) -> None:
    """In a small base a name is enough, and in a large one it is not."""
    told = Evidence(given=(name_of("Anna"),), family=(name_of("Schmidt"),))
    assert is_name_enough(told, Base(size=size)) is is_enough
