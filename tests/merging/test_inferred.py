"""A machine has merged customers: who proves to be the customer, and what are visitors shown?"""

from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from rich.console import Console

from adapters.mongo import Store
from adapters.records import new_id
from gateway.doubles import search
from gateway.settings import Settings
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.makers import BEGIN, Made, Makers
from tests.merging.conftest import Do
from tests.walking import read, visitor

PROVEN = """query($value: String!, $p: Boolean!) { customerByIdentity(
  channel: "whatsapp", account: "main", value: $value, isProven: $p) { claim customer { id } } }"""
SHOWN = """displayName firstName lastName isAnonymous lastInteractionAt entryPoint { channel } hiddenFields
  contactPoints { value } consents { purpose } identities { value } history { totalCount }
  conversations { totalCount }"""
OWN_NUMBER, THEIR_NUMBER = "+4915100000001", "+4915100000002"


@dataclass
class Scene:
    """The oldest customer, into whom a machine has merged another who is likely, and not proven, to be the same."""

    ask: Asking
    store: Store
    survivor: Made
    other: Made
    merge: dict[str, Any]

    async def proven(self, value: str, *, is_proven: bool = True) -> Any:
        """Who is proven to be behind a number."""
        return (await self.ask(PROVEN, value=value, p=is_proven)).data["customerByIdentity"]

    async def own(self, of: Made) -> Any:
        """What a visitor who is this customer reads."""
        return await read(self.ask, of, SHOWN, **visitor(of))

    async def confirm(self) -> dict[str, Any]:
        """A person confirms the merge."""
        shown = "merge { isInferred confirmedAt confirmedBy } customer { id }"
        return await change(self.ask, "confirmMerge", shown, mergeId=self.merge["merge"]["id"])


async def _person(make: Makers, number: str, *, is_verified: bool) -> Made:
    points = [
        {"type": kind, "value": value, "postal": None, "is_primary": True, "is_verified": is_verified}
        | {"observed_from": "shop/main", "observed_at": BEGIN}
        for kind, value in (("EMAIL", "annabel.zimmer@example.com"), ("PHONE", "+4915112345999"))
    ]
    consents = [{"purpose": number, "status": "GRANTED", "at": BEGIN, "means": "FORM", "channel": None}]
    one = await make.customer("Annabel", "Zimmermann", contact_points=points, consents=consents)
    await make.identity(one, "whatsapp", number)
    await make.conversation(one, "Hello", "My pin is 4711")
    return one


@pytest.fixture
async def scene(ask: Asking, make: Makers, store: Store) -> Scene:
    """The attacker's record is the older one and survives."""
    survivor = await _person(make, OWN_NUMBER, is_verified=False)
    other = await _person(make, THEIR_NUMBER, is_verified=True)
    found = await search(store, Settings(secret=SecretStr("s" * 40)), Console(quiet=True), merges=True)
    assert found.merged == 1
    (merge,) = (await read(ask, survivor, "merges { nodes { id isInferred confirmedAt } }"))["merges"]["nodes"]
    assert (merge["isInferred"], merge["confirmedAt"]) == (True, None)
    return Scene(ask, store, survivor, other, {"merge": merge})


async def test_machine_proves_nobody(scene: Scene) -> None:
    """While a machine alone says that two are one, no identity of theirs signs anybody in."""
    for number in (OWN_NUMBER, THEIR_NUMBER):
        assert await scene.proven(number) is None
        found = {"claim": "INFERRED", "customer": {"id": scene.survivor.id}}
        assert await scene.proven(number, is_proven=False) == found
    shown = await read(scene.ask, scene.survivor, "identities { id claim }")
    assert [one["claim"] for one in shown["identities"]] == ["INFERRED"] * 2
    for one in shown["identities"]:
        answer = await scene.ask("query($id: ID!) { node(id: $id) { ... on Identity { claim } } }", id=one["id"])
        assert answer.data["node"] == {"claim": "INFERRED"}


async def test_visitor_sees_own_alone(scene: Scene) -> None:
    """A visitor into whom a machine has merged others reads nothing that could have come from them."""
    found = await scene.own(scene.survivor)
    assert set(found.pop("hiddenFields")) >= {
        *("displayName", "firstName", "lastName", "lastInteractionAt", "contactPoints", "consents")
    }
    assert found == {
        **dict.fromkeys(("displayName", "firstName", "lastName", "lastInteractionAt", "entryPoint")),
        "contactPoints": [],
        "consents": [],
        "isAnonymous": True,
        "identities": [{"value": OWN_NUMBER}],
        "history": {"totalCount": 2},
        "conversations": {"totalCount": 1},
    }
    assert (await scene.own(scene.other))["identities"] == [{"value": THEIR_NUMBER}]


async def test_person_confirms(scene: Scene) -> None:
    """A person's word on the merge lifts all that, and stands in the ledger."""
    found = await scene.confirm()
    assert (found["merge"]["confirmedBy"], found["merge"]["isInferred"]) == ("agent", True)
    assert (found["merge"]["confirmedAt"] is not None, found["customer"]["id"]) == (True, scene.survivor.id)
    assert (await scene.proven(THEIR_NUMBER))["claim"] == "VERIFIED"
    shown = await scene.own(scene.survivor)
    assert (shown["displayName"], len(shown["identities"])) == ("Annabel Zimmermann", 2)
    assert shown["conversations"] == {"totalCount": 2}
    assert (await scene.confirm())["code"] == "CONFLICT"


async def test_undoing_lifts(scene: Scene, unmerge: Do) -> None:
    """Undoing the merge lifts it, too; then there is nothing to confirm."""
    assert "survivor" in await unmerge(scene.merge)
    assert (await scene.proven(OWN_NUMBER))["customer"]["id"] == scene.survivor.id
    assert (await scene.proven(THEIR_NUMBER))["customer"]["id"] == scene.other.id
    assert (await scene.own(scene.survivor))["displayName"] == "Annabel Zimmermann"
    assert (await scene.confirm())["code"] == "CONFLICT"


async def test_handed_over_confirmed(scene: Scene) -> None:
    """While a machine alone says that two are one, neither an export nor an erasure goes upon that."""
    role, merge_id = Role.ADMINISTRATOR, scene.merge["merge"]["id"]
    blocked = "query($id: ID!) { previewErasure(customerId: $id) { version blocked { code mergeIds message } } }"
    for one in (scene.survivor, scene.other):
        preview = (await scene.ask(blocked, as_=role, id=one.id)).data["previewErasure"]
        (block,) = preview["blocked"]
        assert (block["code"], block["mergeIds"]) == ("CONFLICT", [merge_id])
        given = {"customerId": one.id, "version": preview["version"], "reason": "REQUESTED"}
        erased = await change(scene.ask, "eraseCustomer", "__typename", role, **given)
        export = await change(scene.ask, "exportCustomer", "__typename", role, customerId=one.id)
        for found in (erased, export):
            assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "customerId"])
            assert merge_id in found["message"]
    await scene.confirm()
    assert (await scene.ask(blocked, as_=role, id=scene.other.id)).data["previewErasure"]["blocked"] == []
    assert await refused(scene.ask, "exportCustomer", role, customerId=scene.other.id) == ("NOT_PERMITTED", "")


async def test_doubt_goes_along(scene: Scene, make: Makers, merge: Do, unmerge: Do) -> None:
    """Who was merged by a machine and then by people into others stays in doubt, and is confirmed wherever it is."""
    ann, bob = await make.customer("Ann"), await make.customer("Bob")
    first, second = await merge(ann, scene.survivor), await merge(bob, ann)
    assert await scene.proven(OWN_NUMBER) is None
    assert (await scene.own(bob))["displayName"] is None
    assert (await scene.confirm())["customer"]["id"] == bob.id
    for undone, one in (({}, bob), (second, ann), (first, scene.survivor)):
        if undone:
            assert "survivor" in await unmerge(undone)
        assert (await scene.proven(OWN_NUMBER))["customer"]["id"] == one.id


async def test_later_edit_opens_nothing(scene: Scene) -> None:
    """What is written into the record meanwhile is not shown either, nor does an identity open it that is new."""
    given = {"channel": "whatsapp", "account": "main", "value": "+4915100000003", "customerId": scene.survivor.id}
    linked = await change(scene.ask, "linkIdentity", "identity { id claim }", **given)
    assert linked["identity"]["claim"] == "INFERRED"
    assert "code" not in await change(scene.ask, "verifyIdentity", "__typename", id=linked["identity"]["id"])
    assert await scene.proven("+4915100000003") is None
    identity = await scene.store.first(IDENTITIES, {"value": OWN_NUMBER})
    assert identity
    assert await refused(scene.ask, "verifyIdentity", id=global_id("Identity", identity["_id"])) == (
        *("CONFLICT", "input.id"),
    )
    await scene.store.update(CUSTOMERS, {"_id": scene.survivor.key}, {"$set": {"attributes.firstName": "Vera"}})
    assert (await scene.own(scene.survivor))["firstName"] is None


async def test_confirm_refused(ask: Asking, make: Makers, merge: Do) -> None:
    """What people have merged needs no confirming, and what is not there cannot be confirmed; the staff confirm."""
    merged = await merge(await make.customer(), await make.customer())
    assert await refused(ask, "confirmMerge", mergeId=merged["merge"]["id"]) == ("CONFLICT", "input.mergeId")
    for gone in (GONE, global_id("Merge", new_id())):
        assert await refused(ask, "confirmMerge", mergeId=gone) == ("NOT_FOUND", "input.mergeId")
    assert await may(ask, "confirmMerge", mergeId="x") == STAFF
