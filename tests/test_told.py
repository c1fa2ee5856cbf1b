"""What becomes of a message of which a channel tells how far it came, that it was taken back, or another name?"""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.records import File, HandedOver, Person, Progress, Removal, Who, Withdrawal
from adapters.mongo import Store
from adapters.records import Document, RecordId, new_id
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import MESSAGES
from resolvers.ingest.batch import take
from resolvers.ingest.report import Outcome
from resolvers.ingest.talks import REACHED, further, sent_message_id, with_state
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.privacy.retention import remove_old
from tests.conftest import Asking
from tests.taking_in import ANN, AT, DAY, WORD, bring, outcomes, reason_of

ANSWER = replace(WORD, direction="OUT", status="SENT", text="Yes")
TAKEN_BACK = Withdrawal(channel="chat", account="web", external_id="M1", at=AT - DAY)
PICTURE = File(
    channel="chat",
    account="web",
    external_id="F1",
    who=ANN,
    of="M1",
    of_kind="message",
    name="a.png",
    media_type="image/png",
    size_bytes=7,
    created_at=AT - 6 * DAY,
)


def progress(status: str, **more: Any) -> Progress:
    """How far the message came."""
    return Progress(
        **{"channel": "chat", "account": "web", "external_id": "M1", "at": AT - 5 * DAY, **more}, status=status
    )


async def the_message(store: Store) -> Document:
    """The one message that is somebody's."""
    (found,) = await store.find(MESSAGES, {"customer_id": {"$ne": None}})
    return found


@given(st.lists(st.sampled_from(REACHED), min_size=1, max_size=5))
def test_status_in_any_order(told: list[str]) -> None:
    """Whatever order statuses come in, the furthest stands."""
    come: set[str] = set()
    for order in permutations(told):
        state: dict[str, Any] = {}
        for status in order:
            state = with_state(state, {"status": status})
        come.add(state["status"])
    assert come == {max(told, key=REACHED.index)}


BEATEN = [
    *(("UNKNOWN", other, other) for other in REACHED),
    ("SENT", "FAILED", "FAILED"),
    ("FAILED", "DELIVERED", "DELIVERED"),
    ("FAILED", "READ", "READ"),
    ("QUEUED", "SENT", "SENT"),
    ("DELIVERED", "READ", "READ"),
]


@pytest.mark.parametrize(("one", "other", "stands"), BEATEN)
def test_which_status_stands(one: str, other: str, stands: str) -> None:
    """What was sent may fail yet; what reached the customer has not failed; anything is more than not to know."""
    assert further(one, other) == further(other, one) == stands


@pytest.mark.parametrize(
    "told", list(permutations([ANSWER, progress("DELIVERED"), progress("FAILED", reason="131026")]))
)
async def test_failed_after_delivered(store: Store, told: tuple[HandedOver, ...]) -> None:
    """What has reached the customer has not failed, whoever says so when; and it has no reason to have failed."""
    for one in told:
        await bring(store, one)
    found = await the_message(store)
    assert (found["status"], found.get("failure_reason")) == ("DELIVERED", None)


async def test_reason_for_staff_alone(ask: Asking) -> None:
    """Why a message failed is in the vendor's words: no visitor reads them."""
    await bring(ask.store, Person(who=ANN), ANSWER, progress("FAILED", reason="131026 undeliverable"))
    found = await the_message(ask.store)
    query = "query ($id: ID!) { node(id: $id) { ... on Message { status failureReason isWithdrawn } } }"
    key = global_id("Message", found["_id"])
    shown = (await ask(query, id=key)).data["node"]
    assert shown == {"status": "FAILED", "failureReason": "131026 undeliverable", "isWithdrawn": False}
    own = {"customer_id": found["customer_id"]}
    assert (await ask(query, as_=Role.VISITOR, viewer=own, id=key)).data["node"]["failureReason"] is None


async def test_told_before_message(ask: Asking) -> None:
    """A status that comes before its message waits for it, and nobody is shown it meanwhile."""
    assert outcomes(await bring(ask.store, progress("READ"))) == ["inserted"]
    (waiting,) = await ask.store.find(MESSAGES, {})
    query = "query ($id: ID!) { node(id: $id) { id } }"
    assert (await ask(query, id=global_id("Message", waiting["_id"]))).data == {"node": None}
    assert outcomes(await bring(ask.store, ANSWER)) == ["inserted"]
    assert (await the_message(ask.store))["status"] == "READ"


@pytest.mark.parametrize("status", ["RECEIVED", "read", "QUEUED"])
async def test_no_such_progress(store: Store, status: str) -> None:
    """A channel says of a message that it was sent, delivered, read, or that it failed."""
    assert "one of SENT, FAILED, DELIVERED, READ" in await reason_of(store, progress(status))


@pytest.mark.parametrize("told", list(permutations([WORD, PICTURE, TAKEN_BACK])))
async def test_taken_back(store: Store, told: tuple[HandedOver, ...]) -> None:
    """What its author took back has neither text nor files, whichever came first, nor when it is told again."""
    for one in (*told, replace(WORD, text="Hello again", updated_at=AT), PICTURE, WORD):
        await bring(store, one)
    found = await the_message(store)
    assert (found["text"], found["withdrawn_at"], found["sent_at"]) == (None, TAKEN_BACK.at, WORD.sent_at)
    assert await store.find(ATTACHMENTS, {}) == []


async def test_bytes_go_along(store: Store) -> None:
    """The bytes of the files of a message that was taken back are removed with it."""

    async def bytes_of() -> Any:
        yield b"a"

    file = new_id()
    await store.files.put(file, bytes_of())
    await bring(store, WORD, PICTURE)
    await store.update_all(ATTACHMENTS, {}, {"$set": {"file_id": file}})
    await bring(store, TAKEN_BACK)
    assert await store.find(store.records["doomed_files"], {}) == []
    assert not await store.files.remove(file)


async def test_still_in_history(ask: Asking) -> None:
    """The entry of what was taken back stays at its moment, marked and without words."""
    await bring(ask.store, WORD, TAKEN_BACK)
    found = await the_message(ask.store)
    item = "item { ... on Message { text isWithdrawn } }"
    query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Customer {{ history {{ nodes {{ {item} }} }} }} }} }}"
    (entry,) = (await ask(query, id=global_id("Customer", found["customer_id"]))).data["node"]["history"]["nodes"]
    assert entry["item"] == {"text": None, "isWithdrawn": True}


# Messages that we sent


async def sent(store: Store, key: str = "k1") -> Any:
    """A message that the sending part has stored under its key, before the vendor named it."""
    await bring(store, replace(ANSWER, external_id="other", text="First"))
    (other,) = await store.find(MESSAGES, {})
    document = {
        **other,
        "_id": sent_message_id("chat", "web", key),
        "external_id": "",
        "text": "Yes",
        "status": "QUEUED",
    }
    await store.insert(MESSAGES, document)
    return document["_id"]


ECHO = replace(ANSWER, key="k1")
NAMING = progress("SENT", key="k1")
REMOVED = Removal(channel="chat", account="web", kind="message", external_id="M1", at=AT - DAY)


@pytest.mark.parametrize("told", list(permutations([NAMING, replace(ECHO, key=None), progress("READ")])))
async def test_named_by_channel(store: Store, told: tuple[HandedOver, ...]) -> None:
    """A message that we sent keeps its id; what is said by the channel's id joins it once that is known."""
    key = await sent(store)
    for one in (*told, *told):
        await bring(store, one)
    (found,) = await store.find(MESSAGES, {"customer_id": {"$ne": None}, "external_id": "M1"})
    assert (found["_id"], found["status"], found["text"]) == (key, "READ", "Yes")


async def test_echo_with_key(store: Store) -> None:
    """An echo that carries our key is the message that we sent, and what comes with the echo is its own."""
    key = await sent(store)
    assert outcomes(await bring(store, ECHO, PICTURE)) == ["updated", "inserted"]
    assert await store.count(MESSAGES, {"customer_id": {"$ne": None}}) == 2
    assert [one["of_id"] for one in await store.find(ATTACHMENTS, {})] == [key]
    await bring(store, replace(TAKEN_BACK))
    assert (await store.by_ids(MESSAGES, [key]))[key]["text"] is None


async def test_files_follow_the_name(store: Store) -> None:
    """The files of an echo that was shown before it was known that we sent it go along to that message."""
    key = await sent(store)
    await bring(store, replace(ECHO, key=None), PICTURE)
    await bring(store, NAMING)
    assert [one["of_id"] for one in await store.find(ATTACHMENTS, {})] == [key]


@pytest.mark.parametrize("word", [TAKEN_BACK, REMOVED], ids=["taken back", "removed"])
@pytest.mark.parametrize("naming", [NAMING, ECHO], ids=["progress", "echo"])
async def test_gone_before_named(store: Store, word: HandedOver, naming: HandedOver) -> None:
    """What is gone at the channel before the message had its name there goes as soon as it is named, files and all."""
    key = await sent(store)
    await bring(store, word)
    (before,) = (await store.by_ids(MESSAGES, [key])).values()
    await make_file(store, key, before["customer_id"])
    assert before["text"] == "Yes"
    await bring(store, naming)
    await bring(store, replace(ECHO, key=None), progress("READ"))
    found = await store.find(MESSAGES, {"external_id": "M1", "customer_id": {"$ne": None}})
    assert [one["text"] for one in found] == ([None] if word is TAKEN_BACK else [])
    assert [one.get("text") for one in (await store.by_ids(MESSAGES, [key])).values()] == [None]
    assert await store.count(ATTACHMENTS, {}) == 0


async def test_written_after_removal(store: Store) -> None:
    """A message that was written after its namesake was gone is not that one."""
    key = await sent(store)
    await store.update(MESSAGES, {"_id": key}, {"$set": {"sent_at": AT + DAY}})
    await bring(store, REMOVED)
    await bring(store, NAMING)
    assert (await store.by_ids(MESSAGES, [key]))[key]["text"] == "Yes"


async def make_file(store: Store, message: RecordId, customer: RecordId) -> None:
    """A file of a message that we sent."""
    document = {"customer_id": customer, "of_id": message, "name": "a.png", "created_at": AT - 6 * DAY}
    await store.insert(ATTACHMENTS, {"_id": new_id(), **document})


async def test_unknown_key(store: Store) -> None:
    """A key of which nothing is known names nothing: the message stands under the channel's id."""
    await bring(store, ECHO, NAMING)
    assert (await the_message(store))["_id"] == MESSAGES.id_of(
        {"channel": "chat", "account": "web", "external_id": "M1"}
    )


# What it costs, and what is left out


async def test_no_command_more(store: Store, commands: Any) -> None:
    """Messages, files and tickets cost as many commands as if nothing could be told of them."""
    await bring(store, Person(who=ANN), WORD)
    sent = []
    for told in ((), (progress("READ"),)):
        words = [replace(WORD, external_id=f"{len(told)}{n}") for n in range(3)]
        with commands.counted() as seen:
            await bring(store, *words, *told)
        sent.append([name for name, _ in seen])
    assert sent[0].count("find") == 6
    assert sent[1].count("find") == 6


def _person(**more: Any) -> Person:
    return Person(who=Who("desk", "main", "9"), attributes={"firstName": "Ann", "phoneNumber": "12"}, **more)


async def test_bad_number_left_out(store: Store) -> None:
    """A number that is none is left out of a delivery and told of without quoting it; a row of a file is rejected."""
    taken = await take(store, [_person()], at=AT, by="desk", is_lenient=True)
    ((result,),) = (taken.results,)
    assert result.outcome is Outcome.INSERTED
    assert [("'phoneNumber'" in note, "12" in note) for note in result.notes] == [(True, False)]
    assert "phoneNumber" in await reason_of(store, replace(_person(), who=Who("desk", "main", "10")))


async def test_waiting_words_age(ask: Asking) -> None:
    """What waits for a message that never comes ends like the messages of its time."""
    await bring(ask.store, progress("READ"), TAKEN_BACK)
    declared = ask.graph.declared
    assert not await remove_old(ask.store, declared, MESSAGES, {"sent_at": {"$lte": AT - 7 * DAY}})
    assert await remove_old(ask.store, declared, MESSAGES, {"sent_at": {"$lte": AT - 5 * DAY}}) == {"messages": 1}
    assert await ask.store.find(MESSAGES, {}) == []


async def test_key_with_foreign_claim(store: Store) -> None:
    """A key on another channel account names no message of this one."""
    await sent(store)
    await bring(store, replace(NAMING, account="shop", external_id="M9"))
    assert await store.count(MESSAGES, {"external_id": "M9"}) == 0
