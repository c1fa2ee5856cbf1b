"""What WhatsApp delivers becomes customers, conversations and messages, once."""

from collections import Counter
from typing import Any

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.examples import EXAMPLES
from adapters.channels.whatsapp.reading import Reader
from adapters.contract.records import HandedOver
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.deliveries.reading import read
from resolvers.identities import IDENTITIES
from resolvers.ingest.report import Outcome
from resolvers.kept_pairs import PAIRS
from tests.channels.meta_deliveries import delivered
from tests.channels.whatsapp.double import AT, FOLDER, NUMBER, enveloped, message, sample, status
from tests.taking_in import bring, contents

READER = Reader("whatsapp", NUMBER, EXAMPLES.settings["also_accounts"])
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
BOTH = {"profile": {"name": "Sheena"}, "wa_id": "16505551234", "user_id": "US.1"}


def records(body: dict[str, Any]) -> list[HandedOver]:
    """Every record of a delivery."""
    return [record for event in READER.events(body) for record in event.records]


def test_samples_hand_over() -> None:
    """The samples between them hand over what the house keeps of messages."""
    kinds = Counter(type(one).__name__ for name in NAMES for one in records(sample(name)))
    assert set(kinds) == {"Person", "Talk", "Utterance", "File", "Progress", "Say"}


async def test_samples_are_taken(store: Store) -> None:
    """Each record of each sample is taken in, and coming again it changes nothing."""
    told = [(name, record) for name in NAMES for record in records(sample(name))]
    taken = await bring(store, *(record for _, record in told))
    wrong = [
        (name, type(record).__name__)
        for (name, record), result in zip(told, taken.results, strict=True)
        if result.outcome is Outcome.REJECTED
    ]
    # Its ids are placeholders in angle brackets, which are no ids.
    assert wrong == [("message_status.group", "Person")]
    held = await contents(store)
    await bring(store, *(record for _, record in told))
    assert await contents(store) == held


@pytest.mark.parametrize(("number", "are_taken"), [("1122334455667", True), ("999", False)])
def test_other_numbers(whatsapp: WhatsApp, number: str, are_taken: bool) -> None:
    """Of other numbers' deliveries to this address those are taken in that `also_accounts` names."""
    whole = delivered(enveloped({"messages": [message()]}, number=number))
    stored = {name: getattr(whole, name) for name in ("method", "query", "headers", "body", "received_at")}
    reading = read(Lines([whatsapp]), {"_id": b"1", "channel": "whatsapp", "account": NUMBER, **stored})
    assert [bool(reading.events), not reading.reasons] == [are_taken, are_taken]


async def test_odd_characters(store: Store, whatsapp: WhatsApp) -> None:
    """Whatever characters a vendor's JSON writes, of what is stored every text and name is one that can be kept."""
    card = {"name": {"formatted_name": "Ann\0"}, "phones": [{"phone": "\x1b1"}]}
    form = {"type": "nfm_reply", "nfm_reply": {"response_json": '{"a\\u0000": "b\\ud800"}'}}
    told = [
        message(id="wamid.1", text={"body": "a\0b\ud83d"}),
        message("contacts", id="wamid.2", contacts=[card]),
        message("interactive", id="wamid.3", interactive=form),
    ]
    shown = {"profile": {"name": "She\0ena\ud800"}, "wa_id": "16505551234"}
    events = whatsapp.events(delivered(enveloped({"contacts": [shown], "messages": told})))
    taken = await bring(store, *(record for event in events for record in event.records))
    assert Outcome.REJECTED not in {one.outcome for one in taken.results}
    kept = repr(await contents(store))
    assert not any(odd in kept for odd in ("\\x00", "\\x1b", "\\ud8"))
    texts = [one["text"] for one in await store.find(MESSAGES, {}, order=[("external_id", 1)])]
    assert texts == ["a\ufffdb\ufffd", "[contact: Ann\ufffd, \ufffd1]", "a\ufffd: b\ufffd"]


async def test_number_then_id(store: Store) -> None:
    """Who first was known by number alone, and then by both, and then by id alone, stays one customer."""
    steps: list[dict[str, Any]] = [
        {"messages": [message(id="wamid.1")]},
        {"contacts": [BOTH], "messages": [message(id="wamid.2", from_user_id="US.1")]},
        {"messages": [message(id="wamid.3", **{"from": None, "from_user_id": "US.1"})]},
    ]
    for told in steps:
        await bring(store, *records(enveloped(told)))
    assert len(await store.find(CUSTOMERS, {})) == 1
    assert len(await store.find(MESSAGES, {})) == 3


async def test_status_before_message(store: Store) -> None:
    """A status may come before its message, which then is where the status said."""
    echo = message(id="wamid.ours", **{"from": "15550783881", "to": "16505551234"})
    await bring(store, *records(enveloped({"statuses": [status("read")]})))
    await bring(store, *records(enveloped({"message_echoes": [echo]}, field_="smb_message_echoes")))
    (kept,) = await store.find(MESSAGES, {})
    assert (kept["status"], kept["direction"]) == ("READ", "OUT")


async def test_edited_and_taken_back(store: Store) -> None:
    """A message is what its author last made of it, and nothing once it is taken back."""
    edit = {"original_message_id": "wamid.1", "message": {"type": "text", "text": {"body": "Better"}}}
    await bring(store, *records(enveloped({"messages": [message(id="wamid.1")]})))
    later = str(AT + 60)
    await bring(store, *records(enveloped({"messages": [message("edit", id="wamid.2", timestamp=later, edit=edit)]})))
    (kept,) = await store.find(MESSAGES, {})
    assert kept["text"] == "Better"
    taken_back = message("revoke", id="wamid.3", timestamp=str(AT + 90), revoke={"original_message_id": "wamid.1"})
    await bring(store, *records(enveloped({"messages": [taken_back]})))
    (kept,) = await store.find(MESSAGES, {})
    assert kept["text"] is None


async def test_changed_number_stays_one(store: Store) -> None:
    """Who changes their number stays the same customer, under the new one."""
    changed = {"type": "user_changed_number", "wa_id": "12195555358"}
    for told in (message(), message("system", id="wamid.2", system=changed), message(**{"from": "12195555358"})):
        await bring(store, *records(enveloped({"messages": [told]})))
    (one,) = await store.find(CUSTOMERS, {})
    assert {(point["value"], point["is_primary"]) for point in one["contact_points"]} == {
        ("+16505551234", False),
        ("+12195555358", True),
    }


async def test_recycled_number_is_strangers(store: Store) -> None:
    """Who writes by a number after its person changed it is another customer, with the name that they show."""
    changed = {"type": "user_changed_number", "wa_id": "12195555358"}
    stranger = [{"profile": {"name": "Zoe"}, "wa_id": "16505551234"}]
    steps: list[dict[str, Any]] = [
        {"contacts": [{**stranger[0], "profile": {"name": "Ann"}}], "messages": [message()]},
        {"messages": [message("system", id="wamid.2", timestamp=str(AT + 60), system=changed)]},
        {"contacts": stranger, "messages": [message(id="wamid.3", timestamp=str(AT + 3600))]},
    ]
    for told in (*steps, *steps):
        await bring(store, *records(enveloped(told)))
    assert await store.count(CUSTOMERS, {}) == await store.count(CONVERSATIONS, {}) == 2
    names = {one["customer_id"]: one["profile"]["name"] for one in await store.find(IDENTITIES, {}) if one["profile"]}
    said = {one["external_id"]: names[one["customer_id"]] for one in await store.find(MESSAGES, {})}
    assert (said["wamid.3"], sorted(said.values())) == ("Zoe", ["Ann", "Zoe"])


@pytest.mark.parametrize(
    ("number", "wa_id"), [("5511987654321", "551187654321"), ("5215512345678", "525512345678"), ("5491123456789",) * 2]
)
async def test_numbers_with_extra_digit(store: Store, number: str, wa_id: str) -> None:
    """Whoever writes from Brazil, Mexico or Argentina is one customer, with or without the extra digit."""
    for told in ([{"wa_id": wa_id}], []):
        body = enveloped({"contacts": told, "messages": [message(**{"from": number})]})
        taken = await bring(store, *records(body))
        assert all(one.outcome is not Outcome.REJECTED for one in taken.results), [one.reason for one in taken.results]
    assert len(await store.find(CUSTOMERS, {})) == 1


@pytest.mark.parametrize(("since_s", "count"), [(60, 1), (-400 * 86_400, 2)], ids=["since the change", "long before"])
async def test_new_number_wrote_first(store: Store, since_s: int, count: int) -> None:
    """Whoever wrote by the new number before the change was told of is the person, unless it was somebody's before."""
    new = "16505559999"
    shown = [{"profile": {"name": "Sheena"}, "wa_id": new}]
    changed = message("system", id="wamid.3", system={"type": "user_changed_number", "wa_id": new})
    first = {"from": new, "timestamp": str(AT + since_s)}
    steps: list[dict[str, Any]] = [
        {"contacts": [{**shown[0], "wa_id": "16505551234"}], "messages": [message(id="wamid.1")]},
        {"contacts": shown, "messages": [message(id="wamid.2", **first)]},
        {"messages": [changed]},
    ]
    for told in (*steps, steps[-1]):
        taken = await bring(store, *records(enveloped(told)))
        assert Outcome.REJECTED not in {one.outcome for one in taken.results}
    assert len(await store.find(CUSTOMERS, {"merged_into": None})) == count
    assert len(await store.find(PAIRS, {})) == count - 1
    assert len(await store.find(MESSAGES, {})) == 2


async def test_revoked_by_another(store: Store) -> None:
    """Whoever revokes another's message, or one of the company's, changes nothing of it; one's own goes."""
    mal = {"from": "16505550102", "kind": "revoke"}
    theirs = message(id="wamid.vic", text={"body": "I owe nothing"})
    echo = {"from": NUMBER, "to": "16505551234", "id": "wamid.ours", "timestamp": theirs["timestamp"], "type": "text"}
    ours = {"message_echoes": [{**echo, "text": {"body": "Our promise"}}]}
    told = [
        enveloped({"messages": [theirs]}),
        enveloped(ours, field_="smb_message_echoes"),
        enveloped({"messages": [message(id="wamid.m1", **mal, revoke={"original_message_id": "wamid.vic"})]}),
        enveloped({"messages": [message(id="wamid.m2", **mal, revoke={"original_message_id": "wamid.ours"})]}),
    ]
    taken = [await bring(store, *records(one)) for one in told]
    assert [one.results[0].outcome is Outcome.REJECTED for one in taken] == [False, False, True, True]
    assert {one["text"] for one in await store.find(MESSAGES, {})} == {"I owe nothing", "Our promise"}
    own = message("revoke", id="wamid.m3", revoke={"original_message_id": "wamid.vic"})
    await bring(store, *records(enveloped({"messages": [own]})))
    assert {one["text"] for one in await store.find(MESSAGES, {})} == {None, "Our promise"}
