"""What is wrong in an update is told by its place; it is set aside, named for its person where that can be read."""

from typing import Any

import pytest

from adapters.channels.telegram import Telegram
from adapters.contract.bounds import beyond
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import File, Person, Utterance
from tests.channels.telegram.double import AT, MIA, blocking, chat, delivered, message, update

CHAT = {"chat": chat()}
OWN = MIA["id"]
U = "https://shop.example/green"


def read(telegram: Telegram, told: Any, kind: str = "message") -> Event:
    """The event of an update that tells of one thing."""
    (event,) = telegram.events(delivered(update(told, kind)))
    return event


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"null", "no object"),
        (b"[]", "no object"),
        (b'"update"', "no object"),
        (b"{}", "update_id is missing"),
        (b'{"update_id": null}', "update_id is no whole number"),
        (b'{"update_id": true}', "update_id is no whole number"),
        (b'{"update_id": 1e3}', "update_id is no whole number"),
        (b'{"update_id": 0}', "update_id is too small"),
        (b'{"update_id": 1%s}' % (b"0" * 400), "update_id is too large"),
        (b"<html>", "no JSON"),
        (b"[" * 5_000, "no JSON"),
    ],
)
def test_no_update(telegram: Telegram, body: bytes, why: str) -> None:
    """What is no update with its id is a bad payload."""
    with pytest.raises(BadPayload, match=why):
        telegram.events(delivered(body))


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"message_id": None}, "message.message_id is no whole number"),
        ({"message_id": "7"}, "message.message_id is no whole number"),
        ({"message_id": 0}, "message.message_id is too small"),
        ({"date": 0}, "message.date is no moment of an exchange of messages"),
        ({"date": -1}, "message.date is no moment of an exchange of messages"),
        ({"date": AT * 1000}, "message.date is no moment of an exchange of messages"),
        ({"edit_date": 0}, "message.edit_date is no moment of an exchange of messages"),
        ({"chat": None}, "message.chat.type is missing"),
        ({"chat": {"type": "sphere"}}, "message.chat.type is none of the values that are known"),
        ({"text": 5}, "message.text is no text"),
        ({"caption": []}, "message.caption is no text"),
        ({"from": {**MIA, "first_name": 5}}, "message.from.first_name is no text"),
        ({"photo": []}, "message.photo is no object"),
        ({"photo": [None]}, "message.photo is no object"),
        ({"photo": [{"file_id": ""}]}, "message.photo.file_id is empty"),
        ({"voice": {}}, "message.voice.file_id is missing"),
        ({"document": {"file_id": 5}}, "message.document.file_id is no text"),
        ({"document": {"file_id": "a", "file_size": -1}}, "message.document.file_size is too small"),
        ({"document": {"file_id": "a", "file_size": 10**30}}, "message.document.file_size is too large"),
        ({"contact": {"phone_number": 5}}, "message.contact.phone_number is no text"),
    ],
)
def test_wrong_parts(telegram: Telegram, other: dict[str, Any], why: str) -> None:
    """A message with a part that is wrong is set aside for its person, who keeps their place in the order."""
    event = read(telegram, message(text="Hello") | other)
    assert (event.unread, event.records) == (why, ())
    assert event.who is not None
    assert event.order_by == event.who.value == str(OWN)


@pytest.mark.parametrize("user", [None, [], {}, "7", {"id": None}, {"id": "7"}, {"id": -7}, {"id": 0}, {"id": 2**64}])
def test_nobody(telegram: Telegram, user: Any) -> None:
    """A message of nobody, or of an id that is none, is set aside, and waits for nobody's turn."""
    event = read(telegram, message(text="Hello") | {"from": user})
    assert (event.who, event.order_by, event.records) == (None, telegram.account, ())
    assert (event.unread or "").startswith("message.from")


@pytest.mark.parametrize("told", [None, [], {}, "Hello", 7])
@pytest.mark.parametrize("kind", ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"])
def test_nothing_told(telegram: Telegram, kind: str, told: Any) -> None:
    """A kind that is read, and tells of nothing, is set aside."""
    assert read(telegram, told, kind).unread == f"{kind}.chat.type is missing"


@pytest.mark.parametrize(
    ("kind", "told", "why"),
    [
        ("callback_query", {"from": MIA, "id": "1", "message": None}, "chat.type is missing"),
        ("callback_query", {"from": MIA, "id": 1, "message": CHAT}, "id is no text"),
        ("callback_query", {"from": MIA, "id": "1", "message": CHAT, "data": 5}, "data is no text"),
        ("callback_query", {"id": "1", "message": CHAT}, "from is missing"),
        ("my_chat_member", blocking("left"), "new_chat_member.status is none of the values that are known"),
        ("my_chat_member", {**blocking(), "new_chat_member": None}, "new_chat_member.status is missing"),
        ("my_chat_member", blocking(at=0), "date is no moment of an exchange of messages"),
        ("message_reaction", {**CHAT, "user": MIA, "message_id": 4, "date": AT}, "new_reaction is missing"),
    ],
)
def test_other_kinds(telegram: Telegram, kind: str, told: dict[str, Any], why: str) -> None:
    """So are buttons, blocks and reactions with a part that is wrong."""
    assert read(telegram, told, kind).unread == f"{kind}.{why}"


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"text": "a\0b\ud83d"}, "a\ufffdb\ufffd"),
        ({"location": {}}, "[location]"),
        ({"location": {"latitude": 1, "longitude": None}}, "[location: 1]"),
        ({"poll": {"question": {}}}, "[poll]"),
        ({"sticker": {"file_id": "a", "emoji": None}}, "[sticker]"),
        ({"successful_payment": {"currency": "EUR", "total_amount": 1999}}, "[successful payment: 19.99 EUR]"),
        ({"refunded_payment": {"currency": "XTR", "total_amount": 5}}, "[refunded payment: 5 XTR]"),
        ({"successful_payment": {"currency": "JPY", "total_amount": 450}}, "[successful payment: 450 JPY]"),
        ({"successful_payment": {"currency": [], "total_amount": "9"}}, "[successful payment]"),
        ({"successful_payment": {"currency": None, "total_amount": 1999}}, "[successful payment]"),
        ({"successful_payment": {"currency": "EURO", "total_amount": 1999}}, "[successful payment]"),
        ({"successful_payment": {"currency": "EUR", "total_amount": True}}, "[successful payment]"),
        ({"successful_payment": {"currency": "EUR", "total_amount": -1}}, "[successful payment]"),
        ({"refunded_payment": {"currency": "XTR", "total_amount": 10**400}}, "[refunded payment]"),
        ({"dice": {"emoji": "x", "value": True}}, "[dice: x]"),
        ({"paid_media": {"star_count": 5, "paid_media": [{}]}}, "[paid media: 5]"),
        ({"checklist": {"title": "Tour", "tasks": [{"text": "Oil"}, 7, {"text": 5}]}}, "[checklist: Tour, Oil, 7, 5]"),
        ({"checklist": {"title": "Tour", "tasks": None}}, "[checklist: Tour]"),
        ({"poll": {"question": "Q", "options": [{"text": "A"}, {}, None]}}, "[poll: Q, A]"),
        ({"text": "a", "quote": {"text": 5}}, "a"),
        ({"text": "a", "quote": [], "entities": {}}, "a"),
        ({"text": "a b", "entities": [7, {"type": "text_link"}, {"type": "text_link", "url": 5}]}, "a b"),
        ({"text": "x.y", "entities": [{"type": "text_link", "url": "x.y"}]}, "x.y"),
        (
            {"text": "🚲 a", "entities": [{"type": "text_link", "offset": 3, "length": 1, "url": U}]},
            f"🚲 a\n[link: a, {U}]",
        ),
        ({"text": "a", "entities": [{"type": "text_link", "offset": 2**70, "length": 9, "url": U}]}, f"a\n[link: {U}]"),
        ({"text": "a", "entities": [{"type": "text_link", "offset": "0", "url": U}]}, f"a\n[link: {U}]"),
        ({"photo": [{"file_id": "a"}], "quote": {"text": "q"}}, "[quote: q]"),
        (
            {"photo": [{"file_id": "a"}], "caption": "a", "caption_entities": [{"type": "text_link", "url": U}]},
            f"a\n[link: {U}]",
        ),
        ({"users_shared": {"users": [{"user_id": 9}]}}, "[users shared]"),
    ],
)
def test_little_said(telegram: Telegram, other: dict[str, Any], text: str) -> None:
    """Of a message that lacks a part of what it says the rest is told."""
    (said,) = (one for one in read(telegram, message(**other)).records if isinstance(one, Utterance))
    assert said.text == text


@pytest.mark.parametrize(
    "service",
    [
        {"pinned_message": {"message_id": 4}},
        {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
        {"write_access_allowed": {}},
        {"connected_website": "shop.example"},
        {"chat_background_set": {"type": {}}},
        {"proximity_alert_triggered": {"distance": 5}},
        {"checklist_tasks_done": {"marked_as_done_task_ids": [1]}},
        {"forum_topic_created": {"name": "n"}},
        {"general_forum_topic_hidden": {}},
        {"giveaway": {"winner_count": 1}},
        {"giveaway_winners": {}},
        {"video_chat_started": {}},
        {"new_chat_members": [MIA]},
        {"left_chat_member": MIA},
        {"group_chat_created": True},
        {"migrate_from_chat_id": -5},
        {"boost_added": {"boost_count": 1}},
        {"suggested_post_paid": {}},
    ],
    ids="".join,
)
def test_nobody_said(telegram: Telegram, service: dict[str, Any]) -> None:
    """What Telegram notes in the chat by itself is none of anybody's words, and nobody was seen by it."""
    assert read(telegram, message(**service)).left_alone == "a note of Telegram's"
    for told in ({"pinned_message": None}, {"group_chat_created": False}, {"suggested_post_info": {}}):
        assert read(telegram, message(text="Hello", **told)).records


KEYS = [None, [7, {"text": 5, "callback_data": "y1"}], [{"text": "Site", "url": "https://x"}]]


@pytest.mark.parametrize(
    ("markup", "data", "text"),
    [
        ({"inline_keyboard": [*KEYS, [{"text": "Yes, please", "callback_data": "y1"}]]}, "y1", "Yes, please"),
        ({"inline_keyboard": [*KEYS, [{"text": "No", "callback_data": "n1"}]]}, "y1", "y1"),
        ({"inline_keyboard": KEYS}, None, None),
        ({"inline_keyboard": "x"}, "y1", "y1"),
        ([], "y1", "y1"),
        (None, "y1", "y1"),
    ],
)
def test_buttons(telegram: Telegram, markup: Any, data: str | None, text: str | None) -> None:
    """A pressed button is told by what stands on it, and by what it sends only where that is not told."""
    press = {"from": MIA, "id": "1", "message": {**CHAT, "reply_markup": markup}, "data": data}
    (said,) = (one for one in read(telegram, press, "callback_query").records if isinstance(one, Utterance))
    assert said.text == (f"[button: {text}]" if text else "[button]")


def test_hardly_anybody(telegram: Telegram) -> None:
    """Who shows nothing but an id is somebody all the same, whatever the id's length."""
    event = read(telegram, message(text="Hello") | {"from": {"id": 2**52 - 1, "last_name": None}})
    (person,) = (one for one in event.records if isinstance(one, Person))
    assert (person.who.value, person.profile) == ("4503599627370495", {})


@pytest.mark.parametrize(
    "contact",
    [
        {"phone_number": "", "user_id": OWN},
        {"phone_number": "0151 23456789", "user_id": OWN},
        {"phone_number": "+0151 23456789", "user_id": OWN},
        {"phone_number": "+49421123456"},
        {"phone_number": "+49421123456", "user_id": OWN + 1},
    ],
)
def test_not_own_number(telegram: Telegram, contact: dict[str, Any]) -> None:
    """A number that is not said to be the sender's own, or whose country nobody knows, is none of theirs."""
    assert read(telegram, message(contact=contact)).records[0].reaches == ()  # type: ignore[union-attr]


@pytest.mark.parametrize("forwarded", [{"forward_date": AT}, {"forward_origin": {}}, {"forward_origin": None}])
def test_forwarded_proves_nothing(telegram: Telegram, forwarded: dict[str, Any]) -> None:
    """What was forwarded tells neither a number of the sender's nor where they came from."""
    contact = {"phone_number": "+49421123456", "user_id": OWN}
    event = read(telegram, message(text="/start spring", contact=contact, **forwarded))
    (person,) = (one for one in event.records if isinstance(one, Person))
    assert (person.reaches, person.entry_point) == ((), None)


@pytest.mark.parametrize(
    ("kind", "name", "media_type"),
    [
        ("audio", "audio.mp3", "audio/mpeg"),
        ("animation", "animation.mp4", "video/mp4"),
        ("document", "document", "application/octet-stream"),
    ],
)
def test_file_without_words(telegram: Telegram, kind: str, name: str, media_type: str) -> None:
    """A file of which nothing but its id is told has the name and type of its kind."""
    event = read(telegram, message(**{kind: {"file_id": "a", "file_name": " ", "mime_type": ""}}))
    (file,) = (one for one in event.records if isinstance(one, File))
    assert (file.name, file.media_type, file.size_bytes) == (name, media_type, None)
    assert beyond(file) is None


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("../../a.pdf", "a.pdf"),
        ("C:\\temp\\a.pdf", "a.pdf"),
        ("/etc/", "etc"),
        ("../..", "document.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
    ],
)
def test_file_has_no_path(telegram: Telegram, told: str, name: str) -> None:
    """A file is called by its name alone: whoever saves it saves it where they mean to."""
    document = {"file_id": "a", "file_name": told, "mime_type": "application/pdf"}
    (file,) = (one for one in read(telegram, message(document=document)).records if isinstance(one, File))
    assert file.name == name


@pytest.mark.parametrize("told", [None, 5, [], {}, {"user": MIA}])
def test_unknown_kinds(telegram: Telegram, told: Any) -> None:
    """What Telegram may begin to tell of is left alone, and its name is cut where it is long."""
    assert read(telegram, told, "k" * 400).left_alone == f"an update of the kind {'k' * 40}"


@pytest.mark.parametrize("content", [{"text": ""}, {"rich_message": {"text": "Help"}}, {"location": [1]}, {"poll": 5}])
def test_content_of_unknown_kind(telegram: Telegram, content: dict[str, Any]) -> None:
    """Of a message whose content nobody can read nothing is made up: it is set aside whole, for its person."""
    event = read(telegram, message(**content))
    assert (event.unread, event.records) == ("a message of a kind that is not known", ())
    assert event.who is not None


def test_unknown_kind_of_message(telegram: Telegram) -> None:
    """Unless it is a message to the bot: that is set aside, for whoever learns to read it."""
    event = read(telegram, message(), "guest_message")
    assert event.unread == "a message in a kind of update that is not known"
    assert event.who is not None


def test_two_kinds(telegram: Telegram) -> None:
    """Where an update tells of two things, against the documentation, neither is lost, nor spoilt by the other."""
    events = telegram.events(delivered({**update(message()), "edited_message": None}))
    assert [(event.key, event.unread is None) for event in events] == [
        ("480000001:message", True),
        ("480000001:edited_message", False),
    ]


def test_empty_update(telegram: Telegram) -> None:
    """An update that tells of nothing is left alone."""
    (event,) = telegram.events(delivered({"update_id": 1}))
    assert event.left_alone == "an update without content"
