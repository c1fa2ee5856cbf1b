"""Of whom is erased nothing is left, and of others nothing is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from adapters.failures import StoreDown
from adapters.mongo import Store
from adapters.records import new_id
from resolvers.accesses import ACCESSES
from resolvers.acts import ACTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.kit.erased import ERASING
from resolvers.kit.graph import Graph
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import ADMINISTRATORS, Role
from resolvers.notes import NOTES
from resolvers.privacy import erasing, removing
from resolvers.privacy.erasing import work_on
from resolvers.privacy.receipts import SETTLING
from tests.adapters.test_explain import Scans
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.crowd import crowd
from tests.makers import Makers
from tests.privacy.conftest import Erase, counts, settle, shift_of
from tests.privacy.planting import RECEIPTS, planted, traces, unmarked, whole
from tests.walking import visitor

PREVIEW = """query($id: ID!) { previewErasure(customerId: $id) { version aliasIds customer { id }
  removed { kind count } emptied { kind count } kept { kind count why } } }"""
ERASURES = """{ erasures { totalCount nodes { id state reason reference doneAt requestedBy customerIds
  removed { kind count } emptied { kind count } } } }"""


async def test_nothing_left(ask: Asking, make: Makers, erase: Erase) -> None:
    """Of every declared record and part nothing of the customer or an alias is left in the whole database."""
    one = await planted(make, ask.graph.declared)
    assert unmarked(ask.graph.declared, one) == []
    assert len(list(traces(await whole(make), one))) > len(one.marks)
    await erase(one.customer)
    await settle(ask)
    left = {name: found for name, found in (await whole(make)).items() if name not in RECEIPTS}
    assert list(traces(left, one)) == []
    assert await make.store.count(ERASING, {}) == 0


async def test_others_untouched(ask: Asking, make: Makers, erase: Erase) -> None:
    """Others' documents are the same, but for what the customer held together with them or was named in."""
    one = await planted(make, ask.graph.declared)
    before = await whole(make)
    await erase(one.customer)
    await settle(ask)
    after = await whole(make)
    gone = {name: {key for key in found if key not in after[name]} for name, found in before.items()}
    lost = {name for name, keys in gone.items() if not all(any(traces(before[name][key], one)) for key in keys)}
    # A file's bytes are told by its id alone.
    assert lost <= {"files.files"}
    changed = [
        (name, found)
        for name, documents in before.items()
        for key, found in documents.items()
        if name not in RECEIPTS and key in after[name] and after[name][key] != found
    ]
    ledger = [found for name, found in changed if name == "merges"]
    assert {name for name, _ in changed} == {"merges", "customer_accounts"}
    assert [after["merges"][found["_id"]]["added"] for found in ledger] == [[]]
    assert [after["customer_accounts"][found["_id"]]["number"] for name, found in changed if name != "merges"] == [
        "shared"
    ]


async def test_given_away(ask: Asking, make: Makers, erase: Erase) -> None:
    """A conversation that became another customer's stays that one's, and no longer tells whose it was."""
    one, other = await make.customer(), await make.customer("Bob")
    talk = await make.conversation(one, "Hello")
    await make.note(one)
    given = {"id": global_id("Conversation", talk), "customerId": other.id}
    await change(ask, "relinkConversation", "conversation { id }", **given)
    await erase(one)
    await settle(ask)
    (kept,), (message,) = await make.store.find(CONVERSATIONS, {}), await make.store.find(MESSAGES, {})
    assert (kept["customer_id"], message["customer_id"], kept["relinked"]) == (other.key, other.key, None)
    (receipt,) = (await ask(ERASURES, as_=Role.ADMINISTRATOR)).data["erasures"]["nodes"]
    assert counts(receipt, "emptied") == {"conversations": 1}


async def test_seen_no_more(ask: Asking, make: Makers, erase: Erase) -> None:
    """From the answer on the customer's id, old ids and the ids of what was the customer's answer null."""
    one = await planted(make, ask.graph.declared)
    stored = {
        name: await make.store.find(keeping.record, {str(keeping.record.customer): {"$in": one.ids}})
        for name, keeping in ask.graph.declared.nodes.items()
    }
    ids = [global_id(name, row["_id"]) for name, rows in stored.items() for row in rows]
    assert len(ids) > 30
    await erase(one.customer)
    for id_ in (one.customer.id, one.alias.id):
        answer = await ask("query($id: ID!) { customer(id: $id) { id } node(id: $id) { id } }", id=id_)
        assert answer.data == {"customer": None, "node": None}
    found = await ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids, as_=Role.ADMINISTRATOR)
    assert found.data["nodes"] == [None] * len(ids)


async def test_receipt(ask: Asking, make: Makers, erase: Erase) -> None:
    """The receipt says who, when, why, how far and how much by collection, as the preview foresaw it."""
    one = await planted(make, ask.graph.declared)
    seen = (await ask(PREVIEW, id=one.alias.id, as_=Role.ADMINISTRATOR)).data["previewErasure"]
    assert (seen["customer"]["id"], seen["aliasIds"]) == (one.customer.id, [one.alias.id])
    kept = {one["kind"]: one["count"] for one in seen["kept"]}
    named = {"customers": {"$in": [one.customer.key, one.alias.key]}}
    told = {record.name: await make.store.count(record, named) for record in (ACCESSES, ACTS)}
    assert kept == {"customer_accounts": 1, **told}
    assert all(one["why"] for one in seen["kept"])
    begun = await erase(one.customer, reference="DSR-2026/118")
    assert (begun["state"], begun["reason"], begun["doneAt"]) == ("RUNNING", "REQUESTED", None)
    await settle(ask)
    found = (await ask(ERASURES, as_=Role.ADMINISTRATOR)).data["erasures"]
    assert found["totalCount"] == 1
    (receipt,) = found["nodes"]
    assert (receipt["id"], receipt["state"], receipt["reference"]) == (begun["id"], "DONE", "DSR-2026/118")
    assert receipt["requestedBy"] == "administrator"
    assert receipt["customerIds"] == [one.customer.id, one.alias.id]
    assert counts(receipt) == counts(seen)
    assert counts(receipt, "emptied") == counts(seen, "emptied") == {"merges": 1}
    assert counts(receipt)["files"] == 1


async def test_visitor_reads_nothing(ask: Asking, make: Makers, erase: Erase) -> None:
    """A visitor's token of an erased customer opens nothing any more, also while a long history is removed."""
    one = await planted(make, ask.graph.declared)
    key = await make.note(one.customer)
    purchase = await make.purchase(one.customer, "1.00")
    await erase(one.customer)
    await make.purchase(one.customer, "2.00", _id=new_id())
    asked = [one.customer.id, global_id("Note", key), global_id("Purchase", purchase)]
    late = (await make.store.find(make.store.records["purchases"], {"customer_id": one.customer.key}))[0]["_id"]
    query = "query($id: ID!, $ids: [ID!]!) { customer(id: $id) { id } nodes(ids: $ids) { id } }"
    given = {"id": one.customer.id, "ids": [*asked, global_id("Purchase", late)]}
    answer = await ask(query, **given, **visitor(one.customer))
    assert answer.data == {"customer": None, "nodes": [None] * 4}


@pytest.mark.parametrize("size", [1, 7])
async def test_killed_at_each_step(
    ask: Asking, make: Makers, erase: Erase, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Whoever dies at whichever write leaves an erasure that the next one ends, with every document counted once."""
    monkeypatch.setattr(erasing, "BATCH", size)
    one = await planted(make, ask.graph.declared)
    seen = (await ask(PREVIEW, id=one.customer.id, as_=Role.ADMINISTRATOR)).data["previewErasure"]
    await erase(one.customer)
    failing = _Failing(ask.store, monkeypatch)
    for _ in range(200):
        if await failing.until_it_fails(lambda: work_on(shift_of(ask))):
            break
    monkeypatch.undo()
    await settle(ask)
    left = {name: found for name, found in (await whole(make)).items() if name not in RECEIPTS}
    assert list(traces(left, one)) == []
    (receipt,) = (await ask(ERASURES, as_=Role.ADMINISTRATOR)).data["erasures"]["nodes"]
    assert failing.failures > 10
    assert counts(receipt) == counts(seen)


class _Failing:
    """Lets the n-th write of a run fail, and in each run a later one."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.failures = self._at = self._count = 0
        for name in ("delete", "update", "upsert", "update_all", "insert"):
            monkeypatch.setattr(store, name, self._failing(getattr(store, name)))
        monkeypatch.setattr(store.files, "remove", self._failing(store.files.remove))

    def _failing(self, write: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def written(*given: Any, **more: Any) -> Any:
            self._count += 1
            if self._count > self._at:
                raise StoreDown("The database went away.")
            return await write(*given, **more)

        return written

    async def until_it_fails(self, work: Callable[[], Awaitable[bool]]) -> bool:
        """Whether the work came to its end without reaching the write that fails."""
        self._count = 0
        try:
            while await work():
                pass
        except StoreDown:
            self.failures += 1
            self._at += 1
            return False
        return True


async def test_first_step_whole(ask: Asking, make: Makers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first step breaks off anywhere, the customer is there as before."""
    one = await planted(make, ask.graph.declared)
    before = await whole(make)
    version = before["customers"][one.customer.key]["version"]
    for n in range(0, 60, 5):
        with monkeypatch.context() as patched:
            failing = _Failing(ask.store, patched)
            failing._at = n
            given = {"customerId": one.customer.id, "version": version, "reason": "NO_PERSON"}
            answer = await ask(
                "mutation($input: EraseCustomerInput!) { eraseCustomer(input: $input) { __typename } }",
                as_=Role.ADMINISTRATOR,
                input=given,
            )
        if not answer.errors:
            assert n > 10
            return
        assert await whole(make) == before


async def test_late_arrivals(ask: Asking, make: Makers, erase: Erase) -> None:
    """What was being written at that very moment is found: an erasure is done when nothing comes any more."""
    one = await planted(make, ask.graph.declared)
    await erase(one.customer)
    while await work_on(shift_of(ask)):
        pass
    await make.note(one.customer, "PLANTED late")
    await settle(ask)
    (receipt,) = (await ask(ERASURES, as_=Role.ADMINISTRATOR)).data["erasures"]["nodes"]
    assert receipt["state"] == "RUNNING"
    assert await make.store.count(NOTES, {"customer_id": one.customer.key}) == 0
    ask.now += SETTLING
    await settle(ask)
    (receipt,) = (await ask(ERASURES, as_=Role.ADMINISTRATOR)).data["erasures"]["nodes"]
    assert receipt["state"] == "DONE"


def test_wait_is_described(house: Graph) -> None:
    """The contract says for how long a small erasure, too, stays RUNNING, and what is gone by then."""
    types = house._schema.type_map
    told = [types["ErasureState"].values["RUNNING"].description, types["Erasure"].fields["state"].description]  # type: ignore[attr-defined]
    assert all(f"{SETTLING.total_seconds():.0f} seconds" in str(one) for one in told)
    assert "what `removed` and `emptied` count is gone" in str(told[0])


async def test_long_history(ask: Asking, make: Makers, erase: Erase, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long history goes in batches of bounded size, by as many workers as there are."""
    monkeypatch.setattr(erasing, "BATCH", 50)
    monkeypatch.setattr(removing, "BATCH", 50)
    one = await make.customer()
    talk = await make.conversation(one)
    for n in range(230):
        await make.message(one, talk, f"PLANTED {n}")
    await erase(one)
    assert 0 < await make.store.count(MESSAGES, {}) < 230
    await asyncio.gather(*(_work(ask) for _ in range(3)))
    assert await make.store.count(MESSAGES, {}) == 0
    (receipt,) = (await ask(ERASURES, as_=Role.ADMINISTRATOR)).data["erasures"]["nodes"]
    assert counts(receipt)["messages"] == 230


async def _work(ask: Asking) -> None:
    while await work_on(shift_of(ask)):
        pass


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ({"version": 99}, ("STALE_VERSION", "input.version")),
        ({"reference": "ann@example.com"}, ("INVALID_INPUT", "input.reference")),
        ({"reference": "Ann Lee"}, ("INVALID_INPUT", "input.reference")),
        ({"reference": "x" * 65}, ("INVALID_INPUT", "input.reference")),
    ],
)
async def test_erasure_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """An erasure is of a customer who is there, upon the version that was seen, under a reference that is no name."""
    one = await make.customer()
    usual = {"customerId": one.id, "version": 1, "reason": "REQUESTED"}
    assert await refused(ask, "eraseCustomer", Role.ADMINISTRATOR, **(usual | given)) == refusal
    assert await make.store.count(ERASING, {}) == 0


async def test_erasure_unseen(ask: Asking, make: Makers) -> None:
    """Whoever was changed since the preview is not erased: it says upon which version, and to look at it again."""
    one = await make.customer()
    await change(ask, "addTag", "__typename", customerId=one.id, word="golf")
    given = {"customerId": one.id, "version": 1, "reason": "REQUESTED"}
    found = await change(ask, "eraseCustomer", "__typename", Role.ADMINISTRATOR, **given)
    assert found["message"] == (
        "The erasure was asked for upon version 1 of the customer, who is at version 2 now. Since then were changed: "
        "tags. Look at `previewErasure` again, then send `eraseCustomer` with version 2."
    )
    assert await make.store.count(ERASING, {}) == 0


async def test_erased_once(ask: Asking, make: Makers) -> None:
    """Of two who erase one customer at once, one does, and the other is told that there is none."""
    one = await make.customer()
    given = {"customerId": one.id, "version": 1, "reason": "REQUESTED"}
    both = (change(ask, "eraseCustomer", "__typename", Role.ADMINISTRATOR, **given) for _ in range(2))
    found = await asyncio.gather(*both)
    assert sorted(one["__typename"] for one in found) == ["EraseCustomerPayload", "NotFound"]


async def test_privacy_by_role(ask: Asking, make: Makers) -> None:
    """Erasing, its preview, its receipts and exporting are the administrators'."""
    one = await make.customer()
    assert await may(ask, "eraseCustomer", customerId=GONE, version=1, reason="REQUESTED") == ADMINISTRATORS
    assert await may(ask, "exportCustomer", customerId=GONE) == ADMINISTRATORS
    for role in set(Role) - ADMINISTRATORS:
        who: dict[str, Any] = {"as_": role, "viewer": {"customer_id": one.key}}
        assert (await ask(PREVIEW, id=one.id, **who)).codes == ["FORBIDDEN"]
        assert (await ask(ERASURES, **who)).codes == ["FORBIDDEN"]
    assert (await ask(PREVIEW, id=GONE, as_=Role.ADMINISTRATOR)).data == {"previewErasure": None}


async def test_no_scan(ask: Asking, make: Makers, erase: Erase, commands: Commands) -> None:
    """Preview, first step and the job find everything along indexes, and scan no collection."""
    one = await planted(make, ask.graph.declared)
    for other in await crowd(make, 3, 2):
        await make.note(other)
    scans = Scans(make.store, commands)
    await scans.run(ask, "preview", PREVIEW, id=one.customer.id, as_=Role.ADMINISTRATOR)
    with commands.counted() as sent:
        await erase(one.customer)
        await settle(ask)
    await scans.judge("erasure", sent)
    assert scans.explained > 60
    assert scans.found == []
