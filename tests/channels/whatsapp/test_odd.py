"""Odd, broken and old deliveries: what can be read is read, the rest is set aside with its place, nothing is lost."""

import json
from typing import Any

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Utterance, Who
from tests.channels.meta_deliveries import delivered
from tests.channels.whatsapp.double import AT, NUMBER, enveloped, message, status

READER = Reader("whatsapp", NUMBER, frozenset({"2"}))
SECRETIVE = "+1 650 555 1234 is nobody's business"


def read(told: dict[str, Any], **more: str) -> list[Event]:
    """The events of a delivery that tells of one change."""
    return READER.events(enveloped(told, **more))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b'{"object":"page","entry":[]}',
        b'{"object":"whatsapp_business_account"}',
        b'{"object":"whatsapp_business_account","entry":{}}',
        b"[" * 100_000,
        b'{"object":"whatsapp_business_account","entry":' + b"[" * 100_000,
    ],
)
def test_no_envelope(whatsapp: WhatsApp, body: bytes) -> None:
    """A body that is no delivery of WhatsApp's is a bad payload as a whole."""
    with pytest.raises(BadPayload):
        whatsapp.events(delivered(body))


@pytest.mark.parametrize(
    "odd",
    [
        None,
        7,
        "text",
        [],
        {},
        message(id=7),
        message(id=""),
        message(id="x" * 600),
        message(type=None),
        message(text=None),
        message(text={"body": 7}),
        message("image", image={"mime_type": "image/png"}),
        message("location", location={"latitude": [], "longitude": 1}),
        message("contacts", contacts={"name": "x"}),
        message("order", order={"product_items": [{"product_retailer_id": "a"}]}),
        message("edit", edit={"original_message_id": "wamid.0"}),
        message("edit", edit={"original_message_id": "wamid.0", "message": {"type": "text"}}),
        message("revoke"),
        message("system", system={"type": "became_a_robot"}),
        message(**{"from": 16505551234}),
    ],
)
def test_broken_spoils_no_sibling(odd: Any) -> None:
    """A message that cannot be read is set aside by its place; those before and after it are read."""
    first, broken, last = read({"messages": [message(id="wamid.a"), odd, message(id="wamid.z")]})
    assert (first.key, last.key) == ("message:wamid.a", "message:wamid.z")
    assert broken.unread is not None
    assert "messages[1]" in broken.unread
    assert broken.records == ()


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"messages": [message(timestamp="x")]}, "messages"),
        ({"messages": [message(type=None, **{"from": None})], "contacts": [{"wa_id": "16505551234"}]}, "messages"),
        ({"statuses": [status(timestamp="x")]}, "messages"),
        (
            {"message_echoes": [message(timestamp="x", to="16505551234", **{"from": "15550783881"})]},
            "smb_message_echoes",
        ),
        ({"user_preferences": [{"wa_id": "16505551234"}]}, "user_preferences"),
    ],
    ids=["message", "only contact", "status", "echo", "preference"],
)
def test_unread_of_whom(told: dict[str, Any], field: str) -> None:
    """Whose something is that cannot be read is told where it says so, or only one person can be meant."""
    (event,) = read(told, field_=field)
    assert event.unread is not None
    assert event.who == Who("whatsapp", NUMBER, "16505551234")


@pytest.mark.parametrize(("ids", "is_read"), [((), True), (("102290129340398",), True), (("7", "8"), False)])
def test_business_account(ids: tuple[str, ...], is_read: bool) -> None:
    """Where the business accounts are named, what is addressed to another one is set aside."""
    body = {**enveloped({"messages": [message()]})}
    body["entry"] = [{**body["entry"][0], "id": "102290129340398"}, {"id": [], "changes": []}]
    first, *_ = Reader("whatsapp", NUMBER, frozenset(), frozenset(ids)).events(body)
    assert (first.unread is None) is bool(first.records) is is_read


@pytest.mark.parametrize("text", [b"half \\ud83d", b"half \\ude00", b"half \\ud83d!", b"half \\u0000", b"half \\u001b"])
def test_half_a_character(whatsapp: WhatsApp, text: bytes) -> None:
    """A text that was cut within a character, or holds a control, is kept without that, which nothing could store."""
    raw = json.dumps(enveloped({"messages": [message()]})).encode().replace(b"Hello", text)
    (event,) = whatsapp.events(delivered(raw))
    said = next(one.text for one in event.records if isinstance(one, Utterance))
    assert said is not None
    assert said.encode().startswith(b"half \xef\xbf\xbd")


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "-1",
        "0",
        "1.5",
        "1e9",
        "yesterday",
        "99999999999999999999",
        "1764149400000",
        "\u0661\u0667",
        None,
        True,
        1.5,
        [],
        -5,
    ],
)
def test_nonsense_moment(timestamp: Any) -> None:
    """A moment before WhatsApp or far ahead is none, and its message is set aside."""
    event, other = read({"messages": [message(timestamp=timestamp), message(id="wamid.z")]})
    assert event.unread == "entry[0].changes[0].value.messages[0].timestamp is no moment of an exchange of messages"
    assert other.unread is None


@pytest.mark.parametrize("timestamp", [str(AT), AT, "1504902988"])
def test_moment_of_seconds(timestamp: Any) -> None:
    """Seconds are read as text or number, old ones as well."""
    (event,) = read({"messages": [message(timestamp=timestamp)]})
    assert event.at is not None
    assert event.at.timestamp() == int(timestamp)


@pytest.mark.parametrize(
    ("odd", "place"),
    [
        (status("shredded"), "statuses[0].status is none of the values that are known"),
        (status(timestamp="soon"), "statuses[0].timestamp is no moment"),
        (status(id=None), "statuses[0].id is no text"),
        (None, "statuses[0] is no object"),
    ],
)
def test_odd_status(odd: Any, place: str) -> None:
    """A status that nobody knows is set aside, for whoever learns it later."""
    event, good = read({"statuses": [odd, status("read")]})
    assert place in (event.unread or "")
    assert good.records


@pytest.mark.parametrize("errors", [None, [], {}, [None], [{"title": "?"}], [{"code": "x"}]])
def test_failure_without_reason(errors: Any) -> None:
    """A failure whose reason cannot be read is a failure all the same."""
    (event,) = read({"statuses": [status("failed", errors=errors)]})
    assert event.unread is None


def test_words_of_a_reason_quote_nothing() -> None:
    """Why something is unread tells its place and what was expected, and no value."""
    told = {"messages": [message(id=[SECRETIVE], timestamp=SECRETIVE), SECRETIVE], "statuses": SECRETIVE}
    for event in read({**told, "contacts": [{"wa_id": {SECRETIVE: 1}}], "metadata": {"phone_number_id": 1}}):
        assert "650" not in (event.unread or "")


@pytest.mark.parametrize(("number", "is_read"), [(NUMBER, True), ("2", True), ("3", False)])
def test_other_numbers(number: str, is_read: bool) -> None:
    """What is of another number of ours is placed on that; what is of one that nobody named is set aside."""
    (event,) = read({"messages": [message()]}, number=number)
    assert (event.unread is None) is is_read
    assert all(getattr(one, "account", number) == number for one in event.records)
    if is_read:
        assert event.who is not None
        assert event.who.account == number
    else:
        assert "of another number, 3" in (event.unread or "")


def test_other_words() -> None:
    """What stands in place of a number's id and is none is not quoted."""
    (event,) = read({"messages": [message()]}, number="ada@example.com")
    assert (event.unread or "").endswith("it is of another number which also_accounts does not name")


@pytest.mark.parametrize("metadata", [None, {}, "x", {"phone_number_id": 7}, {"phone_number_id": ""}])
def test_no_number(metadata: Any) -> None:
    """What does not say of which number it is, is set aside, each message for itself."""
    events = read({"metadata": metadata, "messages": [message(), message()], "statuses": [status()]})
    assert len(events) == 3
    assert all("metadata" in (event.unread or "") for event in events)


@pytest.mark.parametrize("changes", [None, "x", [None], [{}], [{"field": 7}], [{"field": "messages", "value": []}]])
def test_broken_entry(changes: Any) -> None:
    """An entry that cannot be read is set aside, and the next one is read."""
    whole = enveloped({"messages": [message()]})
    whole["entry"].insert(0, {"id": "1", "changes": changes})
    first, second = READER.events(whole)
    assert first.unread is not None
    assert second.key == "message:wamid.1"


@pytest.mark.parametrize("field", ["account_update", "calls", "messaging_handovers", "something_new"])
def test_other_fields_left_alone(field: str) -> None:
    """What tells of accounts, templates and calls is counted and dropped, whatever stands in it."""
    (event,) = read({"event": "X"}, field_=field)
    assert event.left_alone == f"the field {field}"


def test_empty_change() -> None:
    """A change that tells of nothing is told of as that."""
    (event,) = read({"messages": []})
    assert event.left_alone == "the field messages, told empty"


def test_errors_alone() -> None:
    """A delivery may tell of errors alone: each is named by code and title."""
    (event,) = read({"errors": [{"code": 130429, "title": "Rate limit hit", "message": SECRETIVE}]})
    assert event.left_alone == "an error of WhatsApp's: 130429 Rate limit hit"


def test_broken_contact_is_told() -> None:
    """A contact that cannot be read is set aside, and its message is read without it."""
    broken, whole = read({"contacts": [{"profile": {"name": 7}}], "messages": [message()]})
    assert "contacts[0].profile.name is no text" in (broken.unread or "")
    assert whole.records


@pytest.mark.parametrize(("said", "stands"), [("stop", "WITHDRAWN"), ("resume", "GRANTED")])
def test_marketing_preference(said: str, stands: str) -> None:
    """Who stops marketing messages withdraws, and who resumes them grants."""
    wanted = {"wa_id": "16505551234", "category": "marketing_messages", "value": said, "timestamp": AT}
    (event,) = read({"user_preferences": [wanted]}, field_="user_preferences")
    assert [getattr(one, "status", None) for one in event.records][-1] == stands


def test_unread_keys_repeat() -> None:
    """What cannot be read has a key of its own, the same each time, and never that of a good event."""
    whole = enveloped({"messages": [message(timestamp="x"), message(timestamp="y")]})
    first, again = READER.events(whole), READER.events(json.loads(json.dumps(whole)))
    assert [one.key for one in first] == [one.key for one in again]
    assert len({one.key for one in first}) == 2
    assert all(one.key.startswith("unread:") for one in first)
