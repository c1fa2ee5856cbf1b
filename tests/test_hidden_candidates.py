"""Is nobody found by what the viewer may not see, whatever is written into another customer to guess it?"""

from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import new_id
from resolvers.attribute_rules import MatchingRole
from resolvers.attribute_schema import SYSTEM_DEFINITIONS
from resolvers.candidates import Sought, ways
from resolvers.kit.viewer import Role
from resolvers.matching import Base, naming_definitions, sounds_kept, telling
from resolvers.matching_base import keep_base
from resolvers.sight import Sight
from tests.changing import change
from tests.conftest import NOW, Asking
from tests.makers import Made, Makers

PHONE, NEXT = "+573115550187", "+573115550188"
HOME, MISSPELT = "17 Zwetschgenweg Oberammergau", "17 Zwetschgenwegg Oberammergauu"
SUGGESTED = "query ($id: ID!) { customer(id: $id) { suggestions(first: 20) { customers { id } } } }"
FOR_FEW = {"visibleTo": ["SUPERVISOR"], "editableBy": ["SUPERVISOR"]}


async def _person(make: Makers, *names: str | None) -> Made:
    values = dict(zip(("firstName", "lastName"), names, strict=True))
    sounds = sounds_kept(values, naming_definitions(SYSTEM_DEFINITIONS))
    return await make.customer(*names, **({"sounds": sounds} if sounds else {}))


async def _give(ask: Asking, one: Made, kind: str, value: str, role: Role = Role.AGENT) -> None:
    given = await change(ask, "addContactPoint", "customer { id }", role, customerId=one.id, type=kind, value=value)
    assert "customer" in given


async def _finds(ask: Asking, one: Made, other: Made, role: Role = Role.AGENT) -> bool:
    """Whether the one is suggested to be the other."""
    answer = await ask(SUGGESTED, as_=role, id=one.id)
    assert not answer.errors
    return any(who["id"] == other.id for pair in answer.data["customer"]["suggestions"] for who in pair["customers"])


async def _hide(ask: Asking, name: str) -> None:
    """From everybody but supervisors."""
    found = (await ask("{ attributeDefinitions { id name } }")).data["attributeDefinitions"]
    key = next(one["id"] for one in found if one["name"] == name)
    rules = {"isSearchable": False, **FOR_FEW}
    changed = await change(
        ask, "changeAttributeDefinition", "definition { id }", Role.ADMINISTRATOR, id=key, rules=rules
    )
    assert "definition" in changed


@pytest.fixture
async def base(store: Store) -> None:
    """A base in which a name alone suggests nobody."""
    counts = {MatchingRole.GIVEN_NAME: {"ann": 30}, MatchingRole.FAMILY_NAME: {"lee": 30}}
    await keep_base(store, Base(size=1_000, people=1_000, counts=counts), NOW)


@pytest.fixture
async def victim(ask: Asking, make: Makers, base: None) -> Made:
    """A customer whose number agents may not see, and whose home they may."""
    del base
    await _hide(ask, "phoneNumber")
    one = await _person(make, "Ann", "Lee")
    await _give(ask, one, "PHONE", PHONE, Role.SUPERVISOR)
    await _give(ask, one, "POSTAL", HOME)
    return one


@pytest.mark.parametrize("guess", [PHONE, NEXT])
@pytest.mark.parametrize(
    ("kind", "written"),
    [("POSTAL", "{digits}"), ("POSTAL", "{short} 2 3 4"), ("EMAIL", "{short}@example.com")],
    ids=["as an address", "within an address", "as a mailbox"],
)
async def test_number_guessed(ask: Asking, make: Makers, victim: Made, guess: str, kind: str, written: str) -> None:
    """A number that is written as something else finds nobody by a number that is hidden, right or wrong."""
    probe = await _person(make, "Ann", "Lee")
    await _give(ask, probe, "POSTAL", MISSPELT)
    await _give(ask, probe, kind, written.format(digits=guess[1:], short=guess[3:]))
    assert not await _finds(ask, probe, victim)


async def test_shown_finds(ask: Asking, make: Makers, victim: Made) -> None:
    """By what they see, agents from whom numbers are hidden find whom all others find."""
    probe = await _person(make, "Ann", "Lee")
    await _give(ask, probe, "POSTAL", "Zwetschgenweg 17, Oberammergau")
    assert await _finds(ask, probe, victim)


async def test_mailbox_finds(ask: Asking, make: Makers, victim: Made) -> None:
    """So do they by a mail address."""
    await _give(ask, victim, "EMAIL", "qzxbruno@example.com")
    probe = await _person(make, "Ann", "Lee")
    await _give(ask, probe, "EMAIL", "qzxbruno@example.com")
    assert await _finds(ask, probe, victim, Role.SUPERVISOR)
    assert await _finds(ask, probe, victim)


@pytest.mark.parametrize("guess", [PHONE, NEXT])
async def test_identity_guessed(ask: Asking, make: Makers, base: None, guess: str) -> None:
    """An attribute that names customers on channels names nobody by an identity whose value is hidden."""
    del base
    await make.channel("whatsapp")
    await _hide(ask, "phoneNumber")
    rules = {"label": "Ref", "isChannelIdentifier": True}
    await change(
        ask, "addAttributeDefinition", "__typename", Role.ADMINISTRATOR, name="ref", type="STRING", rules=rules
    )
    one, probe = await make.customer("Some", "Body"), await make.customer("Probe", "Person")
    await make.identity(one, "whatsapp", PHONE)
    given = [{"name": "ref", "value": guess}]
    edited = await change(ask, "editCustomer", "customer { id }", id=probe.id, version=1, attributes=given)
    assert "customer" in edited
    assert await _finds(ask, probe, one, Role.SUPERVISOR) is (guess == PHONE)
    assert not await _finds(ask, probe, one)


@pytest.mark.parametrize("number", [PHONE, NEXT])
async def test_found_by_others(ask: Asking, make: Makers, victim: Made, number: str) -> None:
    """What somebody found who sees more stays unknown to those who do not."""
    probe = await _person(make, "Ann", "Lee")
    await _give(ask, probe, "PHONE", number, Role.SUPERVISOR)
    await _give(ask, probe, "POSTAL", MISSPELT)
    assert not await _finds(ask, probe, victim)
    assert await _finds(ask, probe, victim, Role.SUPERVISOR) is (number == PHONE)
    assert not await _finds(ask, probe, victim)


@pytest.mark.parametrize(("hidden", "are_sought"), [((), True), (("PHONE",), True), (("FAMILY_NAME",), False)])
def test_name_hidden(hidden: tuple[str, ...], *, are_sought: bool) -> None:
    """Where one of the names is hidden, nobody is found by how names sound: it tells of all of them."""
    sight = Sight(SYSTEM_DEFINITIONS, telling(SYSTEM_DEFINITIONS), roles=frozenset(hidden))
    one = Sought({"_id": new_id(), "attributes": {"firstName": "Theodelinde", "lastName": "Quackenbos"}})
    found = list(ways(one, (), sight, is_rare=True))
    assert ("sounds" in str(found)) is are_sought


@pytest.mark.parametrize("number", [8, 9, 50])
async def test_last_of_many(ask: Asking, make: Makers, base: None, number: int) -> None:
    """Who has many numbers is found by each of them, from either side."""
    del base
    one = await make.customer("Wilhelmina", "Sommerfeld")
    await _give(ask, one, "PHONE", PHONE)
    other: Any = await make.customer(None, None)
    for n in range(number - 1):
        await make.identity(other, "whatsapp", f"+491628374{n:03}")
    await make.identity(other, "whatsapp", PHONE, account="zzz")
    assert await _finds(ask, other, one)
    assert await _finds(ask, one, other)
