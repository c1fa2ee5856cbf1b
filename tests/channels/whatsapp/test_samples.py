"""Every sample delivery is read to records that make sense, the same ones each time."""

import json
from typing import Any

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.examples import EXAMPLES
from adapters.channels.whatsapp.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.records import File, Person, Progress, Reach, Say, Talk, Utterance, Who
from tests.channels.meta_deliveries import delivered
from tests.channels.whatsapp.double import FOLDER, sample

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
ACCOUNT = "1122334455667"
READER = Reader("whatsapp", ACCOUNT, EXAMPLES.settings["also_accounts"])
BSUID = Who("whatsapp", ACCOUNT, "US.13491208655302741918")

WORDS = {
    "message.text": "Body Text",
    "message.reply": "replied text",
    "message.forwarded": "forwarded text",
    "message.image": None,
    "message.video": "caption",
    "message.document": "caption",
    "message.current_location": "[location: 12.25089, 43.90539]",
    "message.reaction": "[reaction: 😮]",
    "message.unreaction_empty": "[reaction taken back]",
    "message.unreaction_no_emoji": "[reaction taken back]",
    "message.unsupported": "[unsupported]",
    "message.unsupported_with_type": "[unsupported: pool]",
    "message.interactive_message_with_err": "[interactive: without its content]",
    "message.order": "[cart: 3 x HAMBURGER at 30 ILS, 2 x FRENCH_FRIES at 35 ILS, 2 x SODA at 10 ILS]",
    "callback_button.button": "title",
    "callback_button.quick_reply": "title",
    "callback_selection.description": "title\ndescription",
    "call_permission_update.accept": "[permission to call: accept]",
}
FILES = {
    "message.image": ("65463453", "image.jpg", "image/jpeg"),
    "message.document": ("1234567890987654321", "filename.pdf", "application/pdf"),
    "message.voice": ("1234567890987654321", "audio.ogg", "audio/ogg; codecs=opus"),
    "message.static_sticker": ("1234567890987654321", "sticker.webp", "image/webp"),
}
STATUSES = {"sent": "SENT", "delivered": "DELIVERED", "read": "READ", "played": "READ", "failed": "FAILED"}


def one(name: str) -> Event:
    """The first event of a sample."""
    return READER.events(sample(name))[0]


def of(event: Event, kind: type) -> Any:
    """The record of that kind."""
    return next(record for record in event.records if isinstance(record, kind))


@pytest.mark.parametrize("name", NAMES)
def test_each_is_told(name: str) -> None:
    """Each message, status and preference of a sample is an event of its own, and none is unread."""
    body = sample(name)
    values = [change["value"] for entry in body["entry"] for change in entry["changes"]]
    told = sum(len(value.get(part, ())) for value in values for part in ("messages", "user_preferences"))
    told += sum(len(value.get("statuses", ())) for value in values)
    events = READER.events(body)
    assert [event.unread for event in events] == [None] * len(events)
    assert len(events) >= max(told, 1)
    is_ours = name.startswith(("message", "callback", "flow", "call_permission", "user_"))
    assert bool(events[0].records) is is_ours
    assert (events[0].left_alone is None) is is_ours


@pytest.mark.parametrize("name", NAMES)
def test_read_twice_equal(whatsapp: WhatsApp, name: str) -> None:
    """A delivery that comes twice tells of the same events under the same keys."""
    body = json.dumps(sample(name)).encode()
    assert whatsapp.events(delivered(body)) == whatsapp.events(delivered(body))


@pytest.mark.parametrize("name", WORDS)
def test_words(name: str) -> None:
    """What a message says is told in words, as it was written or in brackets."""
    assert of(one(name), Utterance).text == WORDS[name]


@pytest.mark.parametrize("name", FILES)
def test_files(name: str) -> None:
    """A message with a file hands over what is known of the file."""
    event = one(name)
    file = of(event, File)
    assert (file.external_id, file.name, file.media_type) == FILES[name]
    assert (file.of_kind, file.of, file.size_bytes) == ("message", of(event, Utterance).external_id, None)


def test_person_of_message() -> None:
    """Number and business-scoped id are one person's, whose name comes along."""
    event = one("message.text")
    person = of(event, Person)
    assert person.who == event.who == BSUID
    assert [who.value for who in person.also] == ["972987654321", "US.ENT.11815799212886844830"]
    assert person.reaches == (Reach(type="PHONE", value="+972987654321"),)
    assert person.profile == {"name": "Test Name"}
    assert person.seen_at == event.at


def test_one_conversation_per_person() -> None:
    """Everything that a person writes to a number is one conversation, in which events keep their order."""
    events = [one("message.text"), one("message.image"), one("callback_button.quick_reply_without_context")]
    assert {of(event, Talk).external_id for event in events} == {BSUID.value}
    assert {of(event, Utterance).talk for event in events} == {BSUID.value}
    assert {event.order_by for event in events} == {BSUID.value}


def test_referral_is_entry_point() -> None:
    """Who came by an ad came by its address."""
    event = one("message.referral")
    assert of(event, Person).entry_point["referrer"] == "AD_OR_POST_FB_URL"
    assert of(event, Talk).entry_point["channel"] == "whatsapp"


@pytest.mark.parametrize("name", STATUSES)
def test_statuses(name: str) -> None:
    """A status tells how far a message came, and to whom it went."""
    event = one(f"message_status.{name}")
    progress = of(event, Progress)
    assert (progress.status, progress.external_id, progress.who) == (STATUSES[name], "wamid.xyzxyz", BSUID)
    assert event.key == f"status:wamid.xyzxyz:{name}"
    assert (progress.reason is not None) is (name == "failed")


def test_status_tells_our_key() -> None:
    """The word that we gave with a message comes back in its statuses."""
    assert of(one("message_status.with_tracker"), Progress).key == "some data"


def test_failure_tells_why() -> None:
    """Why a message failed is told by WhatsApp's code and title."""
    reason = of(one("message_status.failed"), Progress).reason
    assert reason == "130472 User's number is part of an experiment"


def test_form_is_written_out() -> None:
    """A flow's answers are told line by line, without its token."""
    text = of(one("flow_completion.completion"), Utterance).text
    assert text.splitlines()[:2] == ["comment_text: Comment Text", "delivery_rating: 4"]
    assert "AQAAAAACS5FpgQ" not in text


def test_marketing_word() -> None:
    """Who takes marketing messages again has said so."""
    say = of(one("user_marketing_preferences.resume"), Say)
    assert (say.purpose, say.status, say.who.value) == ("marketing", "GRANTED", "16505551234")
