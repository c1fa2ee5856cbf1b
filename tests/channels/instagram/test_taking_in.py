"""What Instagram delivers becomes customers, conversations and messages, once; what goes out is settled by its echo."""

from typing import Any

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.channels.meta_messaging.reading import Reader
from adapters.contract.found import Portion
from adapters.contract.records import HandedOver, Who
from adapters.mongo import Store
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.ingest.report import Outcome
from tests.channels.instagram.double import (
    ACCOUNT,
    FOLDER,
    IGSID,
    SAMPLE_ACCOUNT,
    comment,
    echo,
    enveloped,
    item,
    message,
    sample,
)
from tests.channels.meta_graph import APP, AT, Graph, spoken
from tests.channels.meta_talking import Talking
from tests.conftest import Asking
from tests.taking_in import bring, contents

READER = Reader("instagram", ACCOUNT, "instagram", {SAMPLE_ACCOUNT}, APP)
NAMES = sorted(path.stem.removeprefix("webhook_") for path in FOLDER.glob("webhook_*.json"))


def records(body: dict[str, Any]) -> list[HandedOver]:
    """Every record of a delivery."""
    return [record for event in READER.events(body) for record in event.records]


async def test_samples_are_taken(store: Store) -> None:
    """Each record of each sample is taken in, and coming again it changes nothing."""
    # The samples of others give all their messages one id, in which only the first of them is right.
    told = [record for name in NAMES if name != "story_mention_echo" for record in records(sample(name))]
    taken = await bring(store, *told)
    assert Outcome.REJECTED not in {one.outcome for one in taken.results}
    held = await contents(store)
    await bring(store, *told)
    assert await contents(store) == held
    assert await store.count(CUSTOMERS, {}) == 2


async def test_deleted_text_goes(store: Store) -> None:
    """What a customer deletes has no text and no files any more, also where that is told of first."""
    file = [{"type": "image", "payload": {"url": "https://cdn.example.com/a.jpg"}}]
    told = [message("m_1", attachments=file), message("m_2"), item(at=AT + 1, message={"mid": "m_1", "is_deleted": 1})]
    told[2]["message"]["is_deleted"] = True
    first = item(at=AT + 1, message={"mid": "m_2", "is_deleted": True})
    for one in (first, *told):
        await bring(store, *records(enveloped(one)))
    assert [one["text"] for one in await store.find(MESSAGES, {})] == [None, None]


@pytest.mark.parametrize("is_past_first", [True, False])
async def test_past_tells_less(store: Store, instagram: MetaMessaging, graph: Graph, *, is_past_first: bool) -> None:
    """What a delivery told of a message stands, though Meta tells less of it to who asks, before or later."""
    story = {"type": "story_mention", "payload": {"url": "https://cdn.example.com/a.jpg"}}
    graph.threads[IGSID] = [spoken(2, IGSID, ""), spoken(1, IGSID, "How much?"), spoken(0, IGSID, "")]
    past = (await instagram.past(Who("instagram", ACCOUNT, IGSID), Portion())).records
    reply = {"reply_to": {"story": {"id": "1"}}}
    image = message("m_2", None, at=AT + 2, attachments=[{"type": "image"}])
    answer = message("m_1", "How much?", at=AT + 1, **reply)
    told = records(enveloped(message("m_0", None, attachments=[story]), answer, image))
    for some in (past, told) if is_past_first else (told, past):
        await bring(store, *some)
    found = await store.find(MESSAGES, {}, order=[("external_id", 1)])
    assert [one["text"] for one in found] == ["[story mention]", "How much?\n[reply to a story]", None]


async def test_comments_beside_messages(store: Store) -> None:
    """Somebody's comments and messages are one customer's, in conversations of their own."""
    await bring(store, *records(enveloped(message(), message("m_2"))))
    await bring(
        store, *records(enveloped(comment(), comment("c_2"), comment("c_3", media={"id": "9"}), name="changes"))
    )
    assert await store.count(CUSTOMERS, {}) == 1
    assert await store.count(CONVERSATIONS, {}) == 3


async def test_seen_is_all_before(store: Store) -> None:
    """Who saw our last message saw those before it."""
    told = [message("m_0", at=AT - 1), echo("m_1"), echo("m_2", at=AT + 1), item(at=AT + 9, read={"mid": "m_2"})]
    await bring(store, *records(enveloped(*told)))
    await bring(store, *records(enveloped(echo("m_3", at=AT + 99))))
    found = await store.find(MESSAGES, {"direction": "OUT"}, order=[("sent_at", 1)])
    assert [one["status"] for one in found] == ["READ", "READ", "SENT"]


# What goes out


def _now(ask: Asking) -> int:
    return int(ask.now.timestamp() * 1000)


async def _unknown(ask: Asking, channel: MetaMessaging, graph: Graph) -> Talking:
    graph.hangs = True
    talking = await Talking.begun(ask, channel, enveloped(message(at=_now(ask))))
    await talking.send("Good morning!")
    assert await talking.fares() == {"Good morning!": "UNKNOWN"}
    return talking


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"app_id": int(APP)}, "SENT"),
        ({"app_id": int(APP), "text": " Good morning!\n"}, "SENT"),
        ({"app_id": int(APP), "text": "Good evening!"}, "UNKNOWN"),
        ({"app_id": int(APP), "after_s": -3600}, "UNKNOWN"),
        ({"app_id": 263902037430900}, "UNKNOWN"),
        ({}, "UNKNOWN"),
    ],
    ids=["ours", "trimmed", "other words", "long before", "other app", "no app"],
)
async def test_unknown_and_echo(
    ask: Asking, impatient: MetaMessaging, graph: Graph, more: dict[str, Any], status: str
) -> None:
    """What nobody knew went out as the echo of our own app says the same; nobody else's words settle it."""
    talking = await _unknown(ask, impatient, graph)
    more = {"text": "Good morning!", "after_s": 5, **more}
    back = echo("m_late", at=_now(ask) + more.pop("after_s") * 1000, **more)
    for _ in range(2):
        await talking.hears(enveloped(back))
    found = await ask.store.find(MESSAGES, {"direction": "OUT", "customer_id": {"$ne": None}})
    assert len(found) == (1 if status == "SENT" else 2)
    ours = next(one for one in found if one["author_name"])
    assert (ours["status"], ours["external_id"]) == (status, "m_late" if status == "SENT" else None)
    await talking.hears(enveloped(item(at=_now(ask) + 9000, read={"mid": "m_late"})))
    assert {one["status"] for one in await ask.store.find(MESSAGES, {"external_id": "m_late"})} == {"READ"}
    assert len(graph.sent) == 1


async def test_same_words_twice(ask: Asking, impatient: MetaMessaging, graph: Graph) -> None:
    """Of two of the same words each echo settles one, the older first; while one is handed over, none is guessed."""
    talking = await _unknown(ask, impatient, graph)
    assert (await talking.sent("Good morning!", key="2"))["sent"]["status"] == "QUEUED"
    first = echo("m_a", "Good morning!", app_id=int(APP), at=_now(ask) + 1000)
    await talking.hears(enveloped(first))
    own = {"author_name": {"$ne": None}, "direction": "OUT"}
    kept = await ask.store.find(MESSAGES, own, order=[("_id", 1)])
    assert sorted(one["status"] for one in kept) == ["QUEUED", "UNKNOWN"]
    await talking.empty()
    assert {one["status"] for one in await ask.store.find(MESSAGES, own)} == {"UNKNOWN"}
    for mid in ("m_b", "m_c"):
        await talking.hears(enveloped(echo(mid, "Good morning!", app_id=int(APP), at=_now(ask) + 2000)))
    assert sorted(one["external_id"] for one in await ask.store.find(MESSAGES, own)) == ["m_b", "m_c"]


async def test_echo_first(ask: Asking, instagram: MetaMessaging, graph: Graph) -> None:
    """An echo that comes before the vendor's answer is one with the message."""
    talking = await Talking.begun(ask, instagram, enveloped(message(at=_now(ask))))
    assert (await talking.sent("Good morning!"))["sent"]["status"] == "QUEUED"
    await talking.hears(enveloped(echo("m_sent-1", "Good morning!", app_id=int(APP), at=_now(ask) + 100)))
    await talking.empty()
    assert await talking.fares() == {"Good morning!": "SENT"}
    assert len(graph.sent) == 1
