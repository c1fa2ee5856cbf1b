"""Does what somebody made sure of stay sure when two become one?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Who
from adapters.mongo import Store
from adapters.records import Document
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from tests.conftest import Asking
from tests.makers import BEGIN, Made, Makers
from tests.merging.conftest import Do
from tests.taking_in import bring, outcomes
from tests.walking import read

SEEN = {"observed_from": "shop/main", "observed_at": BEGIN}
SURE = {"is_verified": True, "observed_from": "staff", "observed_at": BEGIN, "observed_by": "sue"}
SHOWN = """attributes { name value isVerified observedBy }
  contactPoints { value isVerified verifiedBy verifiedAt }"""


def _point(**more: Any) -> dict[str, Any]:
    return {"type": "PHONE", "value": "+4915111", "postal": None, "is_primary": True, **SEEN, **more}


async def _two(make: Makers, **doubts: Any) -> tuple[Made, Made]:
    """Two with the same name and number, of which somebody made sure at the second alone."""
    plain = {**SEEN, "is_verified": False}
    sure = _point(is_verified=True, verified_at=BEGIN, verified_by="sue")
    one = await make.customer(
        "Eva", observed={"firstName": plain, "lastName": plain}, contact_points=[_point(is_verified=False, **doubts)]
    )
    return one, await make.customer(
        "Eva", "Lee", observed={"firstName": SURE, "lastName": plain}, contact_points=[sure]
    )


@pytest.mark.parametrize(
    "choices", [[], [{"name": "firstName", "choice": "KEEP"}], [{"name": "firstName", "choice": "TAKE"}]]
)
async def test_verified_stays_so(ask: Asking, make: Makers, merge: Do, unmerge: Do, choices: Any) -> None:
    """Of equal values the verified one stands, with by whom and when, until the merge is undone."""
    both = await _two(make)
    before = [await read(ask, one, SHOWN) for one in both]
    merged = await merge(*both, attributes=choices)
    now = await read(ask, both[0], SHOWN)
    assert now["contactPoints"] == before[1]["contactPoints"]
    assert now["attributes"] == before[1]["attributes"]
    assert "survivor" in await unmerge(merged)
    assert [await read(ask, one, SHOWN) for one in both] == before


async def test_doubted_stays_so(ask: Asking, make: Makers, merge: Do) -> None:
    """What somebody doubts is proven by nobody else's record."""
    both = await _two(make, is_doubted=True)
    await merge(*both)
    (point,) = (await read(ask, both[0], SHOWN))["contactPoints"]
    assert not point["isVerified"]


async def _stored(store: Store, one: Made) -> Document:
    return await store.first(CUSTOMERS, {"_id": one.key}) or {}


async def test_sources_keep_proof(store: Store, merge: Do, unmerge: Do) -> None:
    """What the survivor's own source says of it later takes no proof away that came by a merge."""
    reach = Reach(type="POSTAL", value="Main Street 1")
    mine = Person(who=Who("shop", "main", "1"), reaches=(reach,))
    await bring(store, mine, Person(who=Who("shop", "main", "2"), reaches=(replace(reach, is_verified=True),)))
    found = {one["value"]: Made(one["customer_id"]) for one in await store.find(IDENTITIES, {})}
    merged = await merge(found["1"], found["2"])
    for postal in ({"city": "Ulm"}, {"city": "Bonn"}):
        assert outcomes(await bring(store, replace(mine, reaches=(replace(reach, postal=postal),)))) == ["updated"]
        (point,) = (await _stored(store, found["1"]))["contact_points"]
        assert (point["postal"]["city"], point["is_verified"]) == (postal["city"], True)
    assert "survivor" in await unmerge(merged)
    (point,) = (await _stored(store, found["1"]))["contact_points"]
    assert (point["postal"]["city"], point["is_verified"]) == ("Bonn", False)
