"""What Messenger delivers becomes customers, conversations and messages, once; what goes out is settled by its echo."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.channels.meta_messaging.reading import Reader
from adapters.contract.found import Portion
from adapters.contract.records import HandedOver, Person
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.deliveries.reading import read
from resolvers.ingest.report import Outcome
from tests.channels.messenger.double import FOLDER, OTHER_PAGE, PAGE, PSID, echo, enveloped, item, message, sample
from tests.channels.messenger.test_people import SHOWN, WHO
from tests.channels.meta_deliveries import delivered
from tests.channels.meta_graph import APP, AT, Graph, spoken
from tests.channels.meta_talking import Talking
from tests.conftest import Asking
from tests.taking_in import bring, contents

READER = Reader("messenger", PAGE, "page", app_id=APP)
NAMES = sorted(path.stem.removeprefix("webhook_") for path in FOLDER.glob("webhook_*.json"))


def records(body: dict[str, Any]) -> list[HandedOver]:
    """Every record of a delivery."""
    return [record for event in READER.events(body) for record in event.records]


async def test_samples_are_taken(store: Store) -> None:
    """Each record of each sample is taken in, all of one customer, and coming again it changes nothing."""
    told = [record for name in NAMES for record in records(sample(name))]
    taken = await bring(store, *told)
    assert Outcome.REJECTED not in {one.outcome for one in taken.results}
    held = await contents(store)
    await bring(store, *told)
    assert await contents(store) == held
    assert await store.count(CUSTOMERS, {}) == await store.count(CONVERSATIONS, {}) == 1
    assert await store.count(ATTACHMENTS, {}) == 5


@pytest.mark.parametrize(("page", "is_taken"), [(PAGE, True), (OTHER_PAGE, True), ("9", False)])
def test_other_pages(messenger: MetaMessaging, page: str, is_taken: bool) -> None:
    """Of other pages' deliveries to this address those are taken in that `also_accounts` names."""
    whole = delivered(enveloped(message() | {"recipient": {"id": page}}, page=page))
    stored = {name: getattr(whole, name) for name in ("method", "query", "headers", "body", "received_at")}
    reading = read(Lines([messenger]), {"_id": b"1", "channel": "messenger", "account": PAGE, **stored})
    assert [bool(reading.events), not reading.reasons] == [is_taken, is_taken]


async def test_profile_names(store: Store, messenger: MetaMessaging, graph: Graph) -> None:
    """Who wrote has the name that the profile shows; one that shows nothing takes nothing away."""
    graph.people[PSID] = SHOWN
    await bring(store, *records(enveloped(message())))
    await bring(store, *(await messenger.person(WHO)).records)
    await bring(store, Person(who=WHO))
    (customer,) = await store.find(CUSTOMERS, {})
    assert customer["attributes"]["firstName"] == "Kevin"


async def test_past_meets_deliveries(store: Store, messenger: MetaMessaging, graph: Graph) -> None:
    """What is asked for and what was delivered is one conversation, and each message of it is one."""
    graph.threads[PSID] = [spoken(n, PSID if n else PAGE) for n in (2, 1, 0)]
    at = int(spoken_at(graph) * 1000)
    await bring(store, *records(enveloped(message("m_2", "Word 2", at=at))))
    found = await messenger.past(WHO, Portion())
    await bring(store, *found.records)
    assert await store.count(CONVERSATIONS, {}) == 1
    kept = await store.find(MESSAGES, {}, order=[("sent_at", 1)])
    assert [(one["text"], one["direction"]) for one in kept] == [
        ("Word 0", "OUT"),
        ("Word 1", "IN"),
        ("Word 2", "IN"),
    ]


def spoken_at(graph: Graph) -> float:
    """When the newest message was said."""
    (found,) = [one for one in graph.threads[PSID] if one["id"] == "m_2"]
    event = READER.events(enveloped(message() | {"timestamp": found["created_time"]}))[0]
    assert event.at is not None
    return event.at.timestamp()


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
async def test_edits_in_any_order(store: Store, order: tuple[int, ...]) -> None:
    """However a message and its edits arrive, it stands where it was written, with its last words."""
    told = [
        message("m_1", at=AT),
        item(at=AT + 8_000, message_edit={"mid": "m_1", "text": "Better", "num_edit": 1}),
        item(at=AT + 9_000, message_edit={"mid": "m_1", "text": "Best", "num_edit": 2}),
    ]
    for n in order:
        await bring(store, *records(enveloped(told[n])))
    (kept,) = await store.find(MESSAGES, {})
    (talk,) = await store.find(CONVERSATIONS, {})
    assert (kept["text"], kept["sent_at"]) == ("Best", datetime.fromtimestamp(AT / 1_000, UTC))
    assert talk["started_at"] == kept["sent_at"]


@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1), (1, 0, 2)], ids=str)
async def test_read_until(store: Store, order: tuple[int, ...]) -> None:
    """All that was sent until the moment that the person read counts as read, also what is told of later."""
    told: list[list[Any]] = [
        [echo("m_1", at=AT), echo("m_2", at=AT + 1000)],
        [echo("m_3", at=AT + 2000)],
        [item(at=AT + 9000, read={"watermark": AT + 2000})],
    ]
    await bring(store, *records(enveloped(message("m_0", at=AT - 1000))))
    for n in order:
        await bring(store, *records(enveloped(*told[n])))
    await bring(store, *records(enveloped(echo("m_4", at=AT + 3000))))
    kept = await store.find(MESSAGES, {}, order=[("sent_at", 1)])
    assert [one["status"] for one in kept] == ["RECEIVED", "READ", "READ", "READ", "SENT"]


async def test_marks_only_climb(store: Store) -> None:
    """An earlier moment, and one of mere delivery, take nothing back; the first word is of one conversation alone."""
    other = echo("m_other", at=AT) | {"recipient": {"id": "2"}}
    await bring(store, *records(enveloped(message("m_0", at=AT - 1000), echo("m_1", at=AT), other)))
    steps = [
        item(at=AT + 1, read={"watermark": AT + 1}),
        item(at=AT + 2, delivery={"watermark": AT + 2}),
        item(at=AT + 3, read={"watermark": AT - 500}),
    ]
    for one in steps:
        await bring(store, *records(enveloped(one)))
    kept = {one["external_id"]: one["status"] for one in await store.find(MESSAGES, {})}
    assert kept == {"m_0": "RECEIVED", "m_1": "READ", "m_other": "SENT"}


async def test_read_of_nothing(store: Store) -> None:
    """Who read something of which nothing is known here makes no customer and no conversation."""
    taken = await bring(store, *records(enveloped(item(read={"watermark": AT}))))
    assert [one.outcome for one in taken.results] == [Outcome.UNCHANGED]
    assert await store.count(CUSTOMERS, {}) == await store.count(CONVERSATIONS, {}) == 0


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=str)
async def test_edits_of_one_moment(store: Store, order: tuple[int, ...]) -> None:
    """Of two edits of one moment the one stands that Meta counts as the later."""
    told = [item(message_edit={"mid": "m_1", "text": text, "num_edit": n}) for n, text in ((9, "Yes"), ("10", "No"))]
    for n in order:
        await bring(store, *records(enveloped(told[n])))
    assert [one["text"] for one in await store.find(MESSAGES, {})] == ["No"]


async def test_edited_and_taken_back(store: Store) -> None:
    """A message is what its author last made of it, and nothing once it is taken back."""
    edit = item(at=AT + 1000, message_edit={"mid": "m_1", "text": "Better", "num_edit": 1})
    await bring(store, *records(enveloped(message(), edit)))
    assert [one["text"] for one in await store.find(MESSAGES, {})] == ["Better"]
    await bring(store, *records(enveloped(message(at=AT + 2000, is_deleted=True))))
    assert [one["text"] for one in await store.find(MESSAGES, {})] == [None]


async def test_through_the_intake(ask: Asking, messenger: MetaMessaging) -> None:
    """What was delivered is taken in once; a test of the dashboard is dropped, and only what is odd stands aside."""
    talking = await Talking.begun(ask, messenger, enveloped(message()))
    odd = enveloped(message("m_9"), item(hologram={}))
    told = [sample("text_quick_reply"), sample("dashboard_test"), sample("handover"), sample("text_quick_reply"), odd]
    tally = await talking.post(*told)
    assert (tally.taken, tally.repeated, tally.left_alone) == (2, 1, 2)
    assert (tally.done, tally.set_aside) == (4, 1)
    assert list(tally.aside) == ["entry[0].messaging[1] is of no kind that is known"]


# What goes out


async def test_answer_is_read(ask: Asking, messenger: MetaMessaging, graph: Graph) -> None:
    """An agent's answer goes out, is one with its echo, and is read when the person read until then."""
    talking = await Talking.begun(ask, messenger, enveloped(message(at=_now(ask))))
    await talking.send("Good morning!")
    assert await talking.fares() == {"Good morning!": "SENT"}
    (sent,) = graph.sent
    back = echo("m_sent-1", "Good morning!", app_id=int(APP), metadata=sent["message"]["metadata"], at=_now(ask) + 500)
    await talking.hears(enveloped(back, item(at=_now(ask) + 9000, read={"watermark": _now(ask) + 600})))
    assert await talking.fares() == {"Good morning!": "READ"}


async def test_unknown_is_settled_by_echo(ask: Asking, impatient: MetaMessaging, graph: Graph) -> None:
    """What nobody knew is sent once its echo comes with our key; it goes out once, and stands here once."""
    graph.hangs = True
    talking = await Talking.begun(ask, impatient, enveloped(message(at=_now(ask))))
    await talking.send("Good morning!")
    assert await talking.fares() == {"Good morning!": "UNKNOWN"}
    key = graph.sent[0]["message"]["metadata"]
    back = echo("m_late", "Good morning!", app_id=int(APP), metadata=key, at=_now(ask) + 5000)
    for _ in range(2):
        await talking.hears(enveloped(back))
    assert await talking.fares() == {"Good morning!": "SENT"}
    assert len(graph.sent) == 1
    await talking.hears(enveloped(item(at=_now(ask) + 9000, delivery={"mids": ["m_late"]})))
    assert await talking.fares() == {"Good morning!": "DELIVERED"}


async def test_throttled_waits(ask: Asking, messenger: MetaMessaging, graph: Graph) -> None:
    """A throttled message waits and is shown so; it goes out once when the vendor takes it, and nothing is dropped."""
    talking = await Talking.begun(ask, messenger, enveloped(message(at=_now(ask))))
    graph.fails("send", 1200)
    await talking.send("Good morning!")
    assert await talking.fares() == {"Good morning!": "QUEUED"}
    assert talking.waiting(await talking.outbox()) == ["WAITING"]
    graph.errors.clear()
    await talking.empty(timedelta(hours=1))
    assert await talking.fares() == {"Good morning!": "SENT"}
    assert await talking.outbox() == []


async def test_window_is_named(ask: Asking, messenger: MetaMessaging, graph: Graph) -> None:
    """A day later an agent is told that a person may answer, and does; after a week nobody may."""
    talking = await Talking.begun(ask, messenger, enveloped(message(at=_now(ask))))
    ask.now += timedelta(hours=25)
    refused = await talking.sent("Sorry!")
    assert (refused["code"], refused["allowed"]) == ("OUTSIDE_WINDOW", ["HUMAN_AGENT"])
    assert (await talking.sent("Sorry!", asHumanAgent=True))["sent"]["status"] == "QUEUED"
    await talking.empty()
    assert graph.sent[0]["tag"] == "HUMAN_AGENT"
    ask.now += timedelta(days=6)
    assert (await talking.sent("Hello?", key="2", asHumanAgent=True))["allowed"] == []


def _now(ask: Asking) -> int:
    return int(ask.now.timestamp() * 1000)
