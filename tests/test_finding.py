"""Is whoever is found by a value that is one person's own looked up, and told in the access ledger?"""

from typing import Any

import pytest

from resolvers.kit.delivered import AccessWay
from resolvers.kit.viewer import LOOKUP_SCOPE, PERSONAL_SCOPE, Role
from tests import crowd
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made, Makers

PHONE = "+14155550123"
SEARCH = "query ($by: String!) { customers(search: $by) { nodes { id } } }"
FILTER = """query ($name: String!, $by: AttributeScalar!) {
  customers(filter: { attributes: [{ name: $name, anyOf: [$by] }] }) { totalCount } }"""


@pytest.fixture
async def ann(make: Makers) -> Made:
    """A customer with a number, an address and a membership, who is found by them."""
    await crowd.definition(make, "mail", matching_role="EMAIL")
    await crowd.definition(make, "member", matching_role="IDENTIFIER", is_personal=False)
    words = ["ann", "lee", "14155550123", "4155550123", "ann@example.com"]
    one = await make.customer(search=words)
    await crowd.attributes(make, one, phoneNumber=PHONE, mail="ann@example.com", member="M-17")
    return one


BY_ONE = [
    (SEARCH, {"by": "+1 (415) 555-0123"}),
    (SEARCH, {"by": ".4155550123"}),
    (SEARCH, {"by": "lee 4155550"}),
    (SEARCH, {"by": "ann@example.com"}),
    (FILTER, {"name": "phoneNumber", "by": PHONE}),
    (FILTER, {"name": "mail", "by": "ann@example.com"}),
    (FILTER, {"name": "member", "by": "M-17"}),
]


@pytest.mark.parametrize(("text", "given"), BY_ONE)
async def test_needs_look_up(ask: Asking, ann: Made, text: str, given: dict[str, Any]) -> None:
    """Finding somebody by a number, an address or an identifier is FORBIDDEN without the right to look people up."""
    codes = []
    for scopes in ({PERSONAL_SCOPE}, {PERSONAL_SCOPE, LOOKUP_SCOPE}):
        answer = await ask(text, as_=Role.PARTNER, viewer={"scopes": frozenset(scopes)}, **given)
        codes.append(answer.codes)
    assert codes == [["FORBIDDEN"], []]
    assert ask.delivered.customers == {ann.key}


@pytest.mark.parametrize(("text", "given"), BY_ONE)
async def test_names_whom(ask: Asking, ann: Made, text: str, given: dict[str, Any]) -> None:
    """The ledger names who was found, and says that it was a look-up; of a value that nobody has, nobody."""
    assert not (await ask(text, **given)).errors
    assert (ask.delivered.customers, ask.delivered.ways) == ({ann.key}, {AccessWay.LOOKED_UP, AccessWay.SEARCHED})
    assert not (await ask(text, **given | {"by": _other(given["by"])})).errors
    assert (ask.delivered.customers, AccessWay.LOOKED_UP in ask.delivered.ways) == (set(), True)


def _other(value: str) -> str:
    """A value of that kind that nobody has."""
    return value.replace("5550", "5551").replace("555-0", "555-1").replace("M-17", "M-18").replace("ann", "bob")


async def test_names_of_names(ask: Asking, make: Makers, ann: Made) -> None:
    """Who is searched by a name is no look-up, and those on the page are named."""
    others = [await make.customer("Ann", "Berg", search=["ann", "berg"]) for _ in range(3)]
    assert not (await ask(SEARCH, by="ann")).errors
    assert ask.delivered.ways == {AccessWay.SEARCHED}
    assert ask.delivered.customers == {ann.key, *(one.key for one in others)}
    assert not (await ask("{ customers { nodes { id } } }")).errors
    assert ask.delivered.customers == set()


async def test_later_page_names(ask: Asking, make: Makers, ann: Made) -> None:
    """A page behind the one on which somebody stands names that one: its count tells of them."""
    await make.customer("Eve")
    cursor = (await ask("{ customers { pageInfo { endCursor } } }")).data["customers"]["pageInfo"]["endCursor"]
    text = FILTER.replace("$by: AttributeScalar!", "$by: AttributeScalar!, $after: String").replace(
        "customers(", "customers(after: $after, "
    )
    answer = await ask(text, name="phoneNumber", by=PHONE, after=cursor)
    assert answer.data == {"customers": {"totalCount": 1}}
    assert ask.delivered.customers == {ann.key}


async def test_linking_looks_up(ask: Asking, make: Makers, ann: Made) -> None:
    """Whoever links an identity is told whether it is somebody's: the ledger says so, and whose it is."""
    await make.identity(ann, "whatsapp", PHONE)
    eve = await make.customer("Eve")
    seen = []
    for value in (PHONE, "+14155550199"):
        given = {"customerId": eve.id, "channel": "whatsapp", "account": "main", "value": value}
        found = await change(ask, "linkIdentity", "identity { id }", **given)
        seen.append((found.get("code"), ann.key in ask.delivered.customers, dict(ask.delivered.look_ups)))
    place = ("whatsapp", "main")
    assert seen == [("CONFLICT", True, {(*place, True): 1}), (None, False, {(*place, False): 1})]
