"""Whoever was erased stays so, whatever channels still have, until there is a word of their own from after that."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from adapters.contract.channel import Capability, Channel, ChannelSettings, Equipment
from adapters.contract.found import Found
from adapters.contract.records import HandedOver, Person, Renaming, Say, Watermark, Who
from adapters.contract.way import Way
from adapters.failures import StoreError
from adapters.lines import Lines
from adapters.mongo import Store
from adapters.records import key_hash
from adapters.veil import Veil
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest.batch import take
from resolvers.kit.erased import FORGOTTEN
from resolvers.kit.shift import Shift
from resolvers.live.account_pasts import read_on
from resolvers.live.answers import Landed, take_in
from resolvers.live.targets import Target
from tests.conftest import Asking, Commands
from tests.makers import Made
from tests.privacy.conftest import Erase, settle
from tests.taking_in import ANN, AT, CASE, DAY, EVERYTHING, FILE, ORDER, PERSON, REMARK, TALK, WORD, bring, outcomes

OWN = ("conversations", "customers", "identities", "messages", "notes", "purchases", "tickets", "attachments")
LATER = AT + DAY
BEN = Who("shop", "main", "18")

Heard = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def hear(ask: Asking) -> Heard:
    """Takes in what a channel says; what became of each."""

    async def heard(*records: HandedOver, came_at: datetime = LATER) -> list[str]:
        came = [came_at] * len(records)
        return outcomes(await take(ask.store, records, at=came_at, by="shop/main", came_at=came))

    return heard


@pytest.fixture
async def gone(ask: Asking, erase: Erase) -> None:
    """Ann was here and was erased, months after whatever is known of her."""
    await bring(ask.store, *EVERYTHING, FILE)
    (one,) = await ask.store.find(CUSTOMERS, {})
    ask.now = AT
    await erase(Made(one["_id"]))
    await settle(ask)


async def left(ask: Asking) -> dict[str, int]:
    """What there is of people."""
    counts = {name: await ask.store.count(ask.store.records[name], {}) for name in OWN}
    return {name: count for name, count in counts.items() if count}


@pytest.mark.usefixtures("gone")
async def test_past_stays_out(ask: Asking, hear: Heard) -> None:
    """Whatever a channel still has of an erased person brings nobody back, and is left out without a complaint."""
    theirs = (PERSON, ORDER, CASE, TALK, WORD, REMARK, FILE)
    assert await hear(*theirs) == ["unchanged"] * len(theirs)
    assert await left(ask) == {}


NEWS = {
    "message": replace(WORD, external_id="M2", sent_at=LATER),
    "order": replace(ORDER, external_id="SO2", placed_at=LATER),
    "ticket": replace(CASE, external_id="T2", created_at=LATER, updated_at=LATER),
    "consent": Say(who=ANN, purpose="news", status="GRANTED", at=LATER),
}


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("news", NEWS.values(), ids=NEWS)
async def test_own_word_brings_back(ask: Asking, hear: Heard, news: HandedOver) -> None:
    """A word of the person's own from after the erasure begins a new customer; the old ones stay out all the same."""
    assert await hear(PERSON, news, WORD, ORDER) == ["inserted", "inserted", "unchanged", "unchanged"]
    (again,) = await ask.store.find(CUSTOMERS, {})
    assert again["attributes"]["firstName"] == "Ann"
    assert await hear(PERSON, WORD, CASE) == ["unchanged"] * 3
    assert sum((await left(ask)).values()) <= 4


@pytest.mark.usefixtures("gone")
async def test_anothers_word_brings_nobody_back(ask: Asking, hear: Heard) -> None:
    """What somebody in copy writes is no word of the erased person's own."""
    assert await hear(PERSON, replace(NEWS["message"], is_by_other=True, author_name="Cora")) == ["unchanged"] * 2
    assert await left(ask) == {}


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize(
    "said",
    [
        replace(WORD, external_id="M2", direction="OUT", sent_at=LATER),
        replace(FILE, external_id="F2", created_at=LATER),
        replace(PERSON, seen_at=LATER),
        replace(WORD, external_id="M2", sent_at=AT),
        Watermark(channel="chat", account="web", who=ANN, talk="C1", status="READ", until=LATER, at=LATER),
    ],
    ids=["company's message", "file", "profile", "message of that moment", "that it was read"],
)
async def test_others_words_do_not(ask: Asking, hear: Heard, said: HandedOver) -> None:
    """What the company or the channel says of an erased person later is none of the person's words."""
    assert await hear(said) == ["unchanged"]
    assert await left(ask) == {}


@pytest.mark.usefixtures("gone")
async def test_received_before(ask: Asking, hear: Heard) -> None:
    """What was received before the erasure stays out, whatever moment the channel's clock tells."""
    assert await hear(replace(WORD, sent_at=LATER), came_at=AT - timedelta(seconds=1)) == ["unchanged"]
    assert await left(ask) == {}


@pytest.mark.usefixtures("gone")
async def test_file_brings_back(ask: Asking, hear: Heard) -> None:
    """A file that the company imports is its own word: the person is back, without the channel's past."""
    await bring(ask.store, Person(who=ANN))
    assert await hear(PERSON, WORD) == ["updated", "unchanged"]
    assert await left(ask) == {"customers": 1, "identities": 1}


@pytest.mark.usefixtures("gone")
async def test_renamed_at_channel(ask: Asking, hear: Heard) -> None:
    """An erased person whom the channel calls otherwise by now is erased under that id, too."""
    new = Who("shop", "main", "17-new")
    assert await hear(Renaming(was=ANN, who=new, at=LATER)) == ["unchanged"]
    assert await hear(replace(PERSON, who=new), replace(WORD, who=new)) == ["unchanged"] * 2
    assert await left(ask) == {}
    await hear(replace(WORD, who=new, sent_at=LATER))
    assert (await left(ask))["customers"] == 1


@pytest.mark.usefixtures("gone")
async def test_nobody_elses_other_id(ask: Asking, hear: Heard) -> None:
    """A customer of whom the channel says that the erased person's id is theirs does not get it."""
    await bring(ask.store, Person(who=BEN))
    await hear(replace(PERSON, who=BEN, also=(ANN,)))
    assert [one["value"] for one in await ask.store.find(IDENTITIES, {})] == ["18"]


@pytest.mark.usefixtures("gone")
async def test_other_id_of_theirs(ask: Asking, hear: Heard) -> None:
    """Somebody unknown whom the channel calls by the erased person's id, too, is that person."""
    assert await hear(Person(who=BEN, also=(ANN,))) == ["unchanged"]
    assert await hear(Person(who=BEN)) == ["unchanged"]
    await hear(Person(who=BEN, also=(ANN,)), replace(WORD, who=BEN, sent_at=LATER))
    assert sorted(one["value"] for one in await ask.store.find(IDENTITIES, {})) == ["17", "18"]


async def test_other_ids_come_along(ask: Asking, hear: Heard, erase: Erase) -> None:
    """Whoever comes back has their other ids of that channel account back, too."""
    both = replace(PERSON, also=(BEN,))
    await bring(ask.store, both)
    (one,) = await ask.store.find(CUSTOMERS, {})
    ask.now = AT
    await erase(Made(one["_id"]))
    await hear(both, NEWS["message"])
    assert sorted(one["value"] for one in await ask.store.find(IDENTITIES, {})) == ["17", "18"]


@pytest.mark.usefixtures("gone")
async def test_marks_show_nothing(ask: Asking, hear: Heard) -> None:
    """What is kept of an erased identity is a hash under the secret and moments."""
    (mark,) = await ask.store.find(FORGOTTEN, {})
    digest = key_hash(*ANN)
    assert mark == {"_id": ask.store.veil.id_of("erased identity", digest), "erased_at": ask.now, "back_at": None}
    assert mark["_id"] != Veil("another secret").id_of("erased identity", digest)
    await hear(NEWS["message"])
    (mark,) = await ask.store.find(FORGOTTEN, {})
    assert (mark["erased_at"], mark["back_at"]) == (ask.now, LATER)


class _Desk(Channel):
    """Gives out everything that it has of everybody."""

    name = "shop"
    Settings = ChannelSettings

    async def portion_of_all(self, cursor: str | None) -> Found:
        """All of it."""
        del cursor
        return Found(records=(PERSON, CASE, WORD, Person(who=BEN)))


@pytest.mark.usefixtures("gone")
async def test_account_past(ask: Asking) -> None:
    """What a channel account has of everybody brings others, and no erased person."""
    lines = Lines([_Desk("main", None, Equipment(way=cast("Way", None)))])
    shift = Shift(store=ask.store, declared=ask.graph.declared, clock=lambda: LATER, lines=lines)
    await read_on(shift)
    assert await left(ask) == {"customers": 1, "identities": 1}
    assert await ask.store.by_ids(IDENTITY_KEYS, [key_hash(*ANN)]) == {}


@pytest.mark.usefixtures("gone")
async def test_live_answer(ask: Asking, hear: Heard) -> None:
    """Of somebody who came back, a live answer brings what is new alone; of who did not, nothing."""
    old = replace(CASE, channel="shop", account="main")
    new = replace(old, external_id="T9", created_at=LATER, updated_at=LATER)
    landed = [Landed(Target(("shop", "main"), Capability.TICKETS, ANN), (PERSON, old, new))]

    async def asked() -> dict[str, int]:
        await take_in(ask.store, landed, at=LATER, default_region=None)
        return await left(ask)

    assert await asked() == {}
    await hear(NEWS["message"])
    assert (await asked())["tickets"] == 1


async def test_costs_one_look(ask: Asking, commands: Commands) -> None:
    """Where nobody was ever erased, a batch costs one look more."""
    await bring(ask.store, PERSON)
    counts = []
    for more in ({}, {"came_at": [LATER]}):
        with commands.counted() as sent:
            given: dict[str, Any] = {"at": LATER, "by": "shop/main", **more}
            await take(ask.store, [PERSON], **given)
        counts.append(len(sent))
    assert counts[1] - counts[0] == 1


async def test_without_secret(ask: Asking) -> None:
    """A store that was opened without the gateway's secret says so to whoever erases by it."""
    store = await Store.open(ask.store.url, ask.store.database, list(ask.store.records.values()))
    with pytest.raises(StoreError, match="Set GATEWAY_SECRET"):
        store.veil.id_of("a word")
    await store.close()
