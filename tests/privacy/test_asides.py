"""What was delivered and could not be taken in is found by whomever it tells of, and goes with them."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.records import RecordId, key_hash
from resolvers.customers import CUSTOMERS
from resolvers.deliveries.replaying import replay
from resolvers.deliveries.waiting import DELIVERIES
from resolvers.identities import IDENTITY_KEYS
from resolvers.kit.viewer import Role
from resolvers.privacy import erasing
from resolvers.privacy.receipts import ERASURES
from tests.changing import change
from tests.channels.toy import event
from tests.conftest import NOW, Asking
from tests.makers import Made
from tests.privacy.conftest import Erase, counts, settle
from tests.privacy.test_erasing import PREVIEW
from tests.privacy.test_exporting import exported
from tests.test_deliveries import Post


@pytest.fixture
def post(ask: Asking) -> Post:
    """Two accounts of the toy channel, and nothing waits."""
    return Post(ask)


async def known(post: Post, person: str) -> Made:
    """The customer who is known by this id on the toy channel."""
    key = key_hash("toy", "main", person)
    return Made((await post.store.by_ids(IDENTITY_KEYS, [key]))[key]["customer_id"])


async def asides(post: Post) -> list[list[RecordId]]:
    """The customers whom each delivery names that stands aside."""
    found = await post.store.find(DELIVERIES, {"state": "aside"}, order=[("sequence", 1)])
    return [one["customer_ids"] for one in found]


async def foreseen(ask: Asking, one: Made) -> dict[str, Any]:
    """What the erasure's preview says."""
    found: dict[str, Any] = (await ask(PREVIEW, id=one.id, as_=Role.ADMINISTRATOR)).data["previewErasure"]
    return found


async def test_names_its_people(post: Post) -> None:
    """A delivery that is set aside names everyone of whom it tells, also by events that could not be read."""
    await post.bring(event("ann", 1), event("ben", 1))
    await post.bring(event("ann", 2, "labels"), event("ben", 2, "waves"), event("cid", 2, "waves"))
    await post.take_in()
    both = sorted([(await known(post, "ann")).key, (await known(post, "ben")).key])
    assert await asides(post) == [both]


async def test_goes_with_its_person(post: Post, ask: Asking, erase: Erase) -> None:
    """Whoever is erased takes along the deliveries that tell of them, counted, and nobody else's."""
    await post.bring(event("ann", 1), event("ben", 1), event("ann", 2, "waves"))
    await post.bring(event("ben", 2, "waves"))
    await post.take_in()
    ann, ben = await known(post, "ann"), await known(post, "ben")
    assert counts(await foreseen(ask, ann))["deliveries"] == 1
    assert counts(await erase(ann))["deliveries"] == 1
    assert await asides(post) == [[ben.key]]


async def test_came_before_its_person(post: Post, ask: Asking, erase: Erase) -> None:
    """A delivery that came before anybody was known by it is found by whoever came after."""
    await post.bring(event("ann", 1, "waves"))
    await post.take_in()
    await post.bring(event("ann", 2))
    await post.take_in()
    ann = await known(post, "ann")
    assert await asides(post) == [[]]
    assert counts(await foreseen(ask, ann))["deliveries"] == 1
    told, _ = await exported(ask, ann)
    assert '"n": 1' in told["mentionedBy"]["deliveries"][0]["body"]
    assert counts(await erase(ann))["deliveries"] == 1
    assert await post.store.count(DELIVERIES, {}) == 0


@pytest.mark.parametrize("other", ["ben", "who knows"])
async def test_export_without_others(post: Post, ask: Asking, other: str) -> None:
    """A delivery that tells of others, too, or of nobody knows whom, is exported without what was delivered."""
    await post.bring(event("ann", 1), event("ann", 2, "waves"), event(other, 3, "waves" if other == "ben" else "wave"))
    await post.take_in()
    told, _ = await exported(ask, await known(post, "ann"))
    (delivery,) = told["mentionedBy"]["deliveries"]
    assert delivery["reasons"] == ["`kind` is none that is known."]
    assert not {"body", "query", "headers", "identities"} & set(delivery)


async def test_nobody_can_tell(post: Post, ask: Asking) -> None:
    """Preview and export say how many deliveries there are of which nobody can tell whose they are, and their end."""
    await post.bring(event("ann", 1))
    await post.bring(body=b"no JSON")
    await post.take_in()
    ann = await known(post, "ann")
    (kept,) = (await foreseen(ask, ann))["kept"]
    assert (kept["kind"], kept["count"]) == ("deliveries", 1)
    assert "Each ends 30 days after it was set aside." in kept["why"]
    told, _ = await exported(ask, ann)
    assert told["untold"] == [kept]


async def test_follows_merges(post: Post, ask: Asking, erase: Erase) -> None:
    """A delivery of somebody who was merged goes with the survivor; of one who was parted again, with that one."""
    await post.bring(event("ann", 1), event("ann", 2, "waves"))
    await post.bring(event("ben", 1))
    await post.take_in()
    ann, ben = await known(post, "ann"), await known(post, "ben")
    merged = (await change(ask, "mergeCustomers", "merge { id }", survivorId=ben.id, otherIds=[ann.id]))["merge"]
    assert counts(await foreseen(ask, ben))["deliveries"] == 1
    survivor = await post.store.first(CUSTOMERS, {"_id": ben.key}) or {}
    await change(ask, "unmergeCustomers", "merge { undoneAt }", mergeId=merged["id"], version=survivor["version"])
    assert "deliveries" not in counts(await foreseen(ask, ben))
    await erase(ann)
    assert await post.store.count(DELIVERIES, {}) == 0


async def test_waits_while_erased(post: Post, ask: Asking, erase: Erase) -> None:
    """What waits while its person is erased brings nobody back, is not set aside, and loses nothing of others."""
    await post.bring(event("ann", 1))
    await post.take_in()
    post.now = NOW + timedelta(hours=1)
    await post.bring(event("ann", 2), event("ben", 2))
    await post.bring(event("ann", 3, "waves"), event("ben", 3))
    await erase(await known(post, "ann"))
    tally = await post.take_in()
    await settle(ask)
    assert (tally.done, tally.dropped, tally.set_aside) == (1, 1, 0)
    assert await post.texts() == ["word 2", "word 3"]
    (ben,) = await post.store.find(CUSTOMERS, {})
    assert ben["_id"] == (await known(post, "ben")).key
    assert await post.store.count(DELIVERIES, {}) == 0


async def test_read_later(post: Post, erase: Erase, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody could ascribe, and a better adapter reads after the erasure, brings nobody back."""
    await post.bring(event("ann", 1))
    await post.bring(event("ann", 2, "wave"))
    await post.take_in()
    await erase(await known(post, "ann"))
    assert await asides(post) == [[]]
    monkeypatch.setattr("tests.channels.toy.Toy.kinds", frozenset({"says", "wave"}))
    judged = await replay(post.shift, {"state": "aside"}, is_dry=True)
    await replay(post.shift, {"state": "aside"})
    assert (judged.taken, await post.store.count(CUSTOMERS, {})) == (1, 0)
    assert await post.store.count(DELIVERIES, {}) == 0


async def test_many_at_once(post: Post, ask: Asking, erase: Erase) -> None:
    """Where there are very many, those that name the customer in a list are removed by their ids like all others."""
    await post.bring(event("ann", 1), event("ben", 1))
    await post.take_in()
    ann = await known(post, "ann")
    await erase(ann)
    made = [await post.bring(event("ann", n, "waves")) for n in range(2)]
    await post.store.update(DELIVERIES, {"_id": made[0]["_id"]}, {"$set": {"customer_ids": [RecordId(), ann.key]}})
    (receipt,) = await post.store.find(ERASURES, {})
    keys = [one["_id"] for one in made]
    await erasing._these(post.store, ask.graph.declared, receipt["_id"], DELIVERIES, keys, NOW)
    assert [one["_id"] for one in await post.store.find(DELIVERIES, {})] == keys[1:]
