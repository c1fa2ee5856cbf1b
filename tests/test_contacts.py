"""How can a customer be reached?"""

from typing import Any

from tests.conftest import Asking
from tests.crowd import contact_point
from tests.makers import Makers
from tests.walking import PARTNER, read, visitor


async def _points(ask: Asking, of: Any, arguments: str = "", **who: Any) -> list[Any]:
    fields = "type value isPrimary hiddenFields postal { city country }"
    found = await read(ask, of, f"contactPoints{arguments} {{ {fields} }}", **who)
    return found["contactPoints"]  # type: ignore[no-any-return]


async def test_primary_first(ask: Asking, make: Makers) -> None:
    """The customer's phones, e-mail and postal addresses, the primary one of each type first."""
    one = await make.customer()
    await contact_point(make, one, "+14155550001", "PHONE")
    await contact_point(make, one, "a@example.com")
    await contact_point(make, one, "+14155550002", "PHONE", is_primary=True)
    await contact_point(make, one, "b@example.com", is_primary=True)
    values = [point["value"] for point in await _points(ask, one)]
    assert values == ["b@example.com", "a@example.com", "+14155550002", "+14155550001"]


async def test_points_by_type(ask: Asking, make: Makers) -> None:
    """Only contact points of the types asked for; none asked for means all."""
    one = await make.customer()
    await contact_point(make, one, "+14155550001", "PHONE")
    await contact_point(make, one, "a@example.com")
    assert [point["type"] for point in await _points(ask, one, "(types: [PHONE])")] == ["PHONE"]
    assert len(await _points(ask, one, "(types: [])")) == 2
    assert await _points(ask, one, "(types: [POSTAL])") == []


async def test_contact_points_hidden(ask: Asking, make: Makers) -> None:
    """A partner without the scope sees that there is an address, not which; the visitor sees it."""
    one = await make.customer()
    await contact_point(make, one, "Main Street 1, Ulm", "POSTAL", postal={"city": "Ulm", "country": "DE"})
    hidden = {"type": "POSTAL", "value": None, "isPrimary": False, "hiddenFields": ["value", "postal"], "postal": None}
    assert await _points(ask, one, **PARTNER) == [hidden]
    assert (await _points(ask, one, **visitor(one)))[0]["postal"] == {"city": "Ulm", "country": "DE"}


async def test_contact_point_facts(ask: Asking, make: Makers) -> None:
    """Contact points are facts, with where they were observed; hidden ones say so."""
    one = await make.customer(None, None)
    await contact_point(make, one, "a@example.com", is_verified=True)
    fields = "facts { nodes { category name value isHidden observedFrom isVerified } }"
    fact = {"category": "Contact points", "name": "Email", "observedFrom": "shop/main", "isVerified": True}
    shown = (await read(ask, one, fields))["facts"]["nodes"]
    hidden = (await read(ask, one, fields, **PARTNER))["facts"]["nodes"]
    assert shown == [fact | {"value": "a@example.com", "isHidden": False}]
    assert hidden == [fact | {"value": None, "isHidden": True}]
