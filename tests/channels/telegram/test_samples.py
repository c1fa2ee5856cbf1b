"""Every sample delivery is read to records that make sense, the same ones each time."""

import json
from typing import Any

import pytest

from adapters.channels.telegram import Telegram
from adapters.contract.deliveries import Event
from adapters.contract.records import File, Person, Reach, Say, Talk, Utterance, Who
from tests.channels.telegram.double import BOT, FOLDER, MIA, NOW, delivered, sample

NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))
WHO = Who("telegram", BOT, "7300123456")

WORDS = {
    "message.text": "Is the green one still there?",
    "edited_message.text": "Is the green one still there, in 54?",
    "message.entities": "Look at the green one 🚲, please\n[link: the green one, https://shop.example/green]",
    "message.start": "/start spring_sale",
    "message.reply": "That one",
    "message.quote": "[quote: It is sold.]\nWhy?",
    "message.forwarded_until_7_0": "See this",
    "message.photo": "This scratch",
    "message.photo_of_album_1": "Both sides",
    "message.photo_of_album_2": None,
    "message.voice": None,
    "message.sticker": "[sticker: 👋]",
    "message.location": "[location: 53.0793, 8.8017]",
    "edited_message.location_live": "[location: 53.08, 8.81]",
    "message.venue": "[venue: Central station, Bahnhofsplatz 15]",
    "message.contact_own": "[contact: Mia, Brand, 4942112345678]",
    "message.contact_other": "[contact: Otto, +49 421 8765432]",
    "message.dice": "[dice: 🎯, 6]",
    "message.poll": "[poll: Which colour?, Green, Blue]",
    "message.web_app_data": '[web app data: Choose, {"size": 54}]',
    "message.successful_payment": "[successful payment: 45.00 EUR]",
    "callback_query.button": "[button: Yes]",
    "callback_query.inaccessible": "[button: menu]",
    "callback_query.game": "[button]",
    "message_reaction.added": "[reaction: 👍]",
    "message_reaction.custom": "[reaction]",
    "message_reaction.taken_back": "[reaction taken back]",
}
FILES = {
    "message.photo": ("AgACAgIAAxkBlarge01", "photo.jpg", "image/jpeg", 153201),
    "message.video": ("BAACAgIAAxkBvideo01", "brake.mp4", "video/mp4", 2201333),
    "message.video_note": ("DQACAgIAAxkBround01", "video_note.mp4", "video/mp4", 501222),
    "message.audio": ("CQACAgIAAxkBaudio01", "noise.m4a", "audio/mp4", 701222),
    "message.voice": ("AwACAgIAAxkBvoice01", "voice.ogg", "audio/ogg", 16022),
    "message.document": ("BQACAgIAAxkBpaper01", "invoice 17.pdf", "application/pdf", 4294967296),
    "message.animation": ("CgACAgIAAxkBgifly01", "giphy.mp4", "video/mp4", 88111),
    "message.sticker": ("CAACAgIAAxkBstick01", "sticker.webp", "image/webp", 21000),
}
LEFT_ALONE = {
    "message.by_bot": "a bot",
    **dict.fromkeys(("message.in_group", "message.migrated", "my_chat_member.in_group"), "a group or channel"),
    **dict.fromkeys(("channel_post.text", "edited_channel_post.text"), "a group or channel"),
    "message_reaction_count.in_channel": "a group or channel",
    **{
        f"{kind}.{what}": f"an update of the kind {kind}"
        for kind, what in (
            ("business_connection", "made"),
            ("callback_query", "inline"),
            ("chat_join_request", "asked"),
            ("inline_query", "typed"),
            ("poll", "closed"),
            ("poll_answer", "given"),
            ("pre_checkout_query", "asked"),
            ("update_of_tomorrow", "told"),
        )
    },
}
UNREAD = {
    "business_message.text": "a message in a kind of update that is not known",
    "message.of_another_kind": "a message of a kind that is not known",
}


def one(telegram: Telegram, name: str) -> Event:
    """The event of a sample."""
    (event,) = telegram.events(delivered(sample(name)))
    return event


def of(event: Event, kind: type) -> Any:
    """The record of that kind."""
    return next(record for record in event.records if isinstance(record, kind))


@pytest.mark.parametrize("name", NAMES)
def test_each_is_told(telegram: Telegram, name: str) -> None:
    """Each sample is read, left alone or set aside, as its kind wants; its key is the vendor's."""
    event = one(telegram, name)
    assert (event.left_alone, event.unread) == (LEFT_ALONE.get(name), UNREAD.get(name))
    assert bool(event.records) is (name not in {*LEFT_ALONE, *UNREAD})
    number = sample(name)["update_id"]
    assert event.key == f"{number}:{name.partition('.')[0]}"
    assert telegram.delivery_key(delivered(sample(name))) == str(number)


@pytest.mark.parametrize("name", NAMES)
def test_read_twice_equal(telegram: Telegram, name: str) -> None:
    """A delivery that comes twice tells of the same event under the same key."""
    body = json.dumps(sample(name)).encode()
    assert telegram.events(delivered(body)) == telegram.events(delivered(body))


@pytest.mark.parametrize("name", WORDS)
def test_words(telegram: Telegram, name: str) -> None:
    """What somebody says is told in words, as it was written or in brackets."""
    assert of(one(telegram, name), Utterance).text == WORDS[name]


@pytest.mark.parametrize("name", FILES)
def test_files(telegram: Telegram, name: str) -> None:
    """A message with a file hands over what is known of it, of a photo that of its largest size."""
    event = one(telegram, name)
    file, spoken = of(event, File), of(event, Utterance)
    assert (file.of, file.of_kind, file.who) == (spoken.external_id, "message", WHO)
    told = (file.external_id.removeprefix(f"{spoken.external_id}:"), file.name, file.media_type, file.size_bytes)
    assert told == FILES[name]
    assert len(event.records) == 4


def test_person_of_message(telegram: Telegram) -> None:
    """Who writes is known by an id beyond 32 bits, as text, and as they call themselves there."""
    event = one(telegram, "message.text")
    person = of(event, Person)
    assert person.who == event.who == WHO
    assert person.profile == {"name": "Mia Brand", "username": "mia_brand", "locale": "de"}
    assert (person.attributes, person.reaches, person.entry_point) == ({}, (), None)
    assert person.seen_at == event.at


def test_one_conversation_per_person(telegram: Telegram) -> None:
    """All that somebody says to the bot is one conversation, in which events keep their order."""
    events = [one(telegram, name) for name in WORDS]
    assert {of(event, Talk).external_id for event in events} == {WHO.value}
    assert {event.order_by for event in events} == {WHO.value}


def test_edit_is_same_message(telegram: Telegram) -> None:
    """An edited message is the one that it was, with the moment of the edit."""
    first, edited = (of(one(telegram, name), Utterance) for name in ("message.text", "edited_message.text"))
    assert (edited.external_id, edited.sent_at) == (first.external_id, first.sent_at)
    assert first.updated_at is None
    assert edited.updated_at > edited.sent_at
    # Whoever edits was there when they did.
    assert of(one(telegram, "edited_message.text"), Person).seen_at == edited.updated_at


@pytest.mark.parametrize(
    ("name", "came_by"),
    [("message.start", "spring_sale"), ("message.start_alone", None), ("message.forwarded", None)],
)
def test_deep_link_is_entry_point(telegram: Telegram, name: str, came_by: str | None) -> None:
    """Who began the bot by a link came by the word in it; who forwards another's such message did not."""
    event = one(telegram, name)
    said = {"channel": "telegram", "page": None, "referrer": came_by} if came_by else None
    assert of(event, Person).entry_point == of(event, Talk).entry_point == said


@pytest.mark.parametrize(
    ("name", "reaches"),
    [
        ("message.contact_own", (Reach(type="PHONE", value="+4942112345678"),)),
        ("message.contact_other", ()),
        ("message.contact_nobody", ()),
    ],
)
def test_own_number(telegram: Telegram, name: str, reaches: tuple[Reach, ...]) -> None:
    """A phone number is the person's where they shared their own, and not another's."""
    assert of(one(telegram, name), Person).reaches == reaches


@pytest.mark.parametrize(
    ("name", "status"), [("my_chat_member.blocked", "WITHDRAWN"), ("my_chat_member.unblocked", "GRANTED")]
)
def test_blocked(telegram: Telegram, name: str, status: str) -> None:
    """Who blocks the bot does not want to be written to by it; who unblocks it does."""
    event = one(telegram, name)
    say = of(event, Say)
    assert (say.who, say.purpose, say.status) == (WHO, "telegram messages", status)
    assert say.at == event.at


def test_reaction_changes(telegram: Telegram) -> None:
    """How somebody reacts to one message is one thing said, whose text is the newest."""
    said = [of(one(telegram, f"message_reaction.{name}"), Utterance) for name in ("added", "custom", "taken_back")]
    assert {one.external_id for one in said} == {f"{MIA['id']}:10:reaction"}
    assert [one.updated_at for one in said] == sorted(one.sent_at for one in said)


def test_button_has_no_moment(telegram: Telegram) -> None:
    """When a button was pressed, Telegram does not say: it is when the delivery came."""
    event = one(telegram, "callback_query.inaccessible")
    assert event.at == of(event, Utterance).sent_at == NOW
