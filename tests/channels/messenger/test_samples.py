"""Every sample of a delivery is read, or says why it is none of the house's business."""

from typing import Any, TypeVar

import pytest

from adapters.channels.meta_messaging.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.records import File, Person, Progress, Say, Talk, Utterance, Watermark
from tests.channels.messenger.double import FOLDER, PAGE, PSID, sample
from tests.channels.meta_graph import APP

READER = Reader("messenger", PAGE, "page", app_id=APP)
NAMES = sorted(path.stem.removeprefix("webhook_") for path in FOLDER.glob("webhook_*.json"))
LEFT_ALONE = {
    "dashboard_test": "a test of Meta's dashboard",
    "feed": "the field feed",
    "handover": "pass thread control",
}
R = TypeVar("R")


def of(event: Event, kind: type[R]) -> R:
    """The one record of that kind."""
    (found,) = (one for one in event.records if isinstance(one, kind))
    return found


def read(name: str) -> list[Event]:
    """The events of a sample."""
    return READER.events(sample(name))


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_read(name: str) -> None:
    """Nothing of a sample is set aside, and what is left alone says why."""
    for event in read(name):
        assert event.unread is None
        assert event.left_alone == LEFT_ALONE.get(name)
        assert event.left_alone or event.order_by == PSID


def test_there_are_samples() -> None:
    """A folder without samples would read them all."""
    assert len(NAMES) >= 14


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("text_quick_reply", ["The blue one"]),
        ("reply_to", ["That one"]),
        ("echo", ["It comes in red, too."]),
        ("reaction", ["[reaction: ❤️]", "[reaction taken back]"]),
        ("postback", ["Get started"]),
        ("standby", ["Is anybody there?", "A colleague will answer."]),
        ("edited", ["The red one"]),
        (
            "attachments",
            [
                None,
                "[sticker]",
                "See https://shop.example.com/lamp\n[fallback: Lamp]",
                (
                    "[reel: How it shines, https://video.example.com/reel/1]\n"
                    "[ig post: https://photo.example.com/p/2]\n[appointment booking: Fitting]"
                ),
                "[template: Lamp, Bell]",
            ],
        ),
    ],
)
def test_words(name: str, told: list[str | None]) -> None:
    """What was written stands as it was, and what is no writing is told in square brackets."""
    assert [of(event, Utterance).text for event in read(name)] == told


def test_files() -> None:
    """Each file is told with the name and type that its address shows; its address is not kept."""
    files = [one for event in read("attachments") for one in event.records if isinstance(one, File)]
    assert [(one.name, one.media_type) for one in files] == [
        ("lamp.jpg", "image/jpeg"),
        ("clip.mp4", "video/mp4"),
        ("film.mp4", "video/mp4"),
        ("bill of May.pdf", "application/pdf"),
        ("like.png", "image/png"),
    ]
    assert len({one.external_id for one in files}) == 5
    assert "cdn.example.com" not in repr([one.external_id for one in files])


def test_echo_is_ours() -> None:
    """An echo is the page's own word to whoever received it, under the key that we gave along."""
    (event,) = read("echo")
    said = of(event, Utterance)
    assert (said.direction, said.status, said.who.value, said.talk) == ("OUT", "SENT", PSID, PSID)
    assert (said.key, said.is_echo) == ("our-key", False)
    assert of(event, Person).seen_at is None


def test_echo_of_another_app() -> None:
    """What another app wrote is kept, and none of ours."""
    said = of(read("standby")[1], Utterance)
    assert (said.direction, said.key, said.is_echo) == ("OUT", None, False)


def test_shown() -> None:
    """What was delivered and read is told by a moment, and by the messages that are named."""
    (delivery,), (seen,) = read("delivery"), read("read")
    assert (of(delivery, Progress).external_id, of(delivery, Progress).status) == ("m_echo", "DELIVERED")
    marks = [of(one, Watermark) for one in (delivery, seen)]
    assert [(one.status, one.talk, one.until.microsecond) for one in marks] == [
        ("DELIVERED", PSID, 200_000),
        ("READ", PSID, 500_000),
    ]


@pytest.mark.parametrize(
    ("name", "came_by"),
    [
        ("postback", {"channel": "messenger", "page": None, "referrer": "spring"}),
        ("referral", {"channel": "messenger", "page": "ad 6045246247433", "referrer": "lamp-ad"}),
    ],
)
def test_entry_point(name: str, came_by: dict[str, Any]) -> None:
    """Who came by a link or an advertisement came by it, and so did the conversation."""
    (event,) = read(name)
    assert of(event, Person).entry_point == of(event, Talk).entry_point == came_by


def test_optin_is_a_word() -> None:
    """Who stops marketing messages has said so; the token that comes along is not kept."""
    (event,) = read("optin")
    assert (of(event, Say).purpose, of(event, Say).status) == ("marketing", "WITHDRAWN")
    assert "4711" not in str([(event.key, one) for one in event.records])
