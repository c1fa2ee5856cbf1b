"""What becomes of what was said of identities while two customers were one?"""

from typing import Any

import pytest

from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.merging.conftest import Do
from tests.walking import read

PROVEN = """query($value: String!) { customerByIdentity(
  channel: "whatsapp", account: "main", value: $value, isProven: true) { customer { id } } }"""
NUMBER = "+4915100000001"


async def _link(ask: Asking, one: Made, value: str = NUMBER) -> str:
    given = {"channel": "whatsapp", "account": "main", "value": value, "claim": "ASSERTED"}
    found = await change(ask, "linkIdentity", "identity { id }", customerId=one.id, **given)
    key: str = found["identity"]["id"]
    return key


async def _both(ask: Asking, make: Makers) -> tuple[Made, Made, str]:
    """Alice, and Berta with a number that was said to be hers."""
    await make.channel("whatsapp")
    alice, berta = await make.customer("Alice"), await make.customer("Berta")
    return alice, berta, await _link(ask, berta)


async def _proven(ask: Asking) -> Any:
    found = (await ask(PROVEN, value=NUMBER)).data["customerByIdentity"]
    return found and found["customer"]["id"]


async def _claims(ask: Asking, *people: Made) -> list[list[str]]:
    found = [(await read(ask, one, "identities { claim }"))["identities"] for one in people]
    return [[one["claim"] for one in identities] for identities in found]


@pytest.mark.parametrize(("way", "claim"), [("RESTORE", "ASSERTED"), ("KEEP", "VERIFIED")])
async def test_verified_since(ask: Asking, make: Makers, merge: Do, unmerge: Do, *, way: str, claim: str) -> None:
    """Who was made sure of while merged was the survivor: it needs a word before it opens the other one's data."""
    alice, berta, key = await _both(ask, make)
    merged = await merge(alice, berta)
    await change(ask, "verifyIdentity", "identity { id }", id=key)
    assert await _proven(ask) == alice.id
    refused = await unmerge(merged)
    told = [{"field": f"identities.{key}", "before": "ASSERTED", "now": "VERIFIED", "isHidden": False}]
    assert (refused["code"], refused["edits"]) == ("EDITED_SINCE", told)
    assert "survivor" in await unmerge(merged, resolutions=[{"field": f"identities.{key}", "choice": way}])
    assert await _claims(ask, alice, berta) == [[], [claim]]
    assert await _proven(ask) == (berta.id if way == "KEEP" else None)


@pytest.mark.parametrize(("way", "claims"), [("RESTORE", ["ASSERTED"]), ("KEEP", [])])
async def test_taken_off_since(
    ask: Asking, make: Makers, merge: Do, unmerge: Do, *, way: str, claims: list[str]
) -> None:
    """An identity that was taken off while merged is told, and stays off or goes back with whom it came."""
    alice, berta, key = await _both(ask, make)
    merged = await merge(alice, berta)
    await change(ask, "unlinkIdentity", "removedId", id=key)
    (told,) = (await unmerge(merged))["edits"]
    assert (told["field"], told["before"], told["now"]) == (f"identities.{key}", "ASSERTED", None)
    assert "survivor" in await unmerge(merged, resolutions=[{"field": told["field"], "choice": way}])
    assert await _claims(ask, alice, berta) == [[], claims]
    found = await ask(PROVEN.replace(", isProven: true", ""), value=NUMBER)
    assert bool(found.data["customerByIdentity"]) == bool(claims)


@pytest.mark.parametrize(("way", "claims"), [("RESTORE", []), ("KEEP", ["ASSERTED"]), ("GIVE_BACK", [])])
async def test_linked_since(ask: Asking, make: Makers, merge: Do, unmerge: Do, *, way: str, claims: list[str]) -> None:
    """Of an identity that people linked to the one customer they say whose it is."""
    alice, berta, _ = await _both(ask, make)
    merged = await merge(alice, berta)
    key = await _link(ask, berta, "+4915100000002")
    (told,) = (await unmerge(merged))["edits"]
    assert (told["field"], told["before"], told["now"]) == (f"identities.{key}", None, "ASSERTED")
    assert "survivor" in await unmerge(merged, resolutions=[{"field": told["field"], "choice": way}])
    assert await _claims(ask, alice, berta) == [claims, ["ASSERTED"] * (1 + (way == "GIVE_BACK"))]


async def test_linked_again_since(ask: Asking, make: Makers, merge: Do, unmerge: Do) -> None:
    """What was taken off and linked anew goes back where the new link does not stand; else that is refused."""
    alice, berta, key = await _both(ask, make)
    merged = await merge(alice, berta)
    await change(ask, "unlinkIdentity", "removedId", id=key)
    fields = [f"identities.{one}" for one in (key, await _link(ask, alice))]
    ways = [{"field": one, "choice": way} for one, way in zip(fields, ("RESTORE", "KEEP"), strict=True)]
    assert (await unmerge(merged, resolutions=ways))["code"] == "CONFLICT"
    both = [{"field": one, "choice": "RESTORE"} for one in fields]
    assert "survivor" in await unmerge(merged, resolutions=both)
    assert await _claims(ask, alice, berta) == [[], ["ASSERTED"]]
