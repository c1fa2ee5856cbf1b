"""Every sample of a delivery is read, or says why it is none of the house's business."""

from typing import TypeVar

import pytest

from adapters.channels.meta_messaging.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.records import File, Person, Progress, Talk, Utterance, Watermark, Withdrawal
from tests.channels.instagram.double import ACCOUNT, FOLDER, IGSID, SAMPLE_ACCOUNT, sample
from tests.channels.meta_graph import APP

READER = Reader("instagram", ACCOUNT, "instagram", {SAMPLE_ACCOUNT}, APP)
NAMES = sorted(path.stem.removeprefix("webhook_") for path in FOLDER.glob("webhook_*.json"))
OF_OTHERS = ("seen", "share_attachment", "story_mention", "story_mention_echo", "story_reply", "text")
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
    """Nothing of a sample is set aside."""
    assert [event.unread for event in read(name) if event.unread is not None] == []


def test_there_are_samples() -> None:
    """A folder without samples would read them all."""
    assert len(NAMES) >= 15
    assert set(OF_OTHERS) < set(NAMES)


@pytest.mark.parametrize(
    ("name", "direction", "text"),
    [
        ("text", "IN", "This is the first message from the customer"),
        ("story_reply", "IN", "This is the story reply\n[reply to a story]"),
        ("story_mention", "IN", "[story mention]"),
        ("story_mention_echo", "OUT", "[story mention]"),
        ("share_attachment", "IN", "[share: https://www.example.com/test.jpeg]"),
        ("unsupported", "IN", "[unsupported]"),
        ("reaction", "IN", "[reaction: ❤]"),
        ("postback", "IN", "Opening hours"),
        ("edited", "IN", "Better words"),
        ("echo", "OUT", "12 dollars."),
    ],
)
def test_words(name: str, direction: str, text: str) -> None:
    """What was written stands as it was, and what is no writing is told in square brackets."""
    (event,) = read(name)
    said = of(event, Utterance)
    assert (said.direction, said.text) == (direction, text)
    customer = "Sender-id-1" if name in OF_OTHERS else IGSID
    assert {said.who.value, said.talk, event.order_by} == {customer}


def test_story_is_a_file() -> None:
    """The story that somebody mentioned us in is a file of the message."""
    (event,) = read("story_mention")
    file = of(event, File)
    assert (file.name, file.media_type, file.of) == ("test.jpeg", "image/jpeg", "message-id-1")


def test_deleted() -> None:
    """Who deletes a message takes back what they said."""
    (event,) = read("deleted")
    gone = of(event, Withdrawal)
    assert (gone.external_id, gone.direction, gone.who) == ("aWc2", "IN", event.who)
    assert event.key != f"message:{gone.external_id}"


def test_seen() -> None:
    """Who saw a message has seen it, and all that was sent before."""
    (event,) = read("seen")
    assert (of(event, Progress).external_id, of(event, Progress).status) == ("message-id-1", "READ")
    assert (of(event, Watermark).status, of(event, Watermark).until) == ("READ", event.at)


def test_comments() -> None:
    """A comment is a message of a conversation for each person and post; where nobody is named, it is left alone."""
    first, live, mention, insight, advert = read("comments")
    assert [of(one, Utterance).text for one in (first, live, advert)] == ["So bright", "Hi", "On an advert"]
    assert {of(one, Talk).external_id for one in (first, live, advert)} == {
        f"comments/1800/{IGSID}",
        f"comments/1801/{IGSID}",
        f"comments/1804/{IGSID}",
    }
    assert of(first, Person).profile == {"username": "kerry"}
    assert [(of(one, Talk).entry_point or {})["page"] for one in (first, advert)] == ["post 1800", "ad 77"]
    assert mention.left_alone == "a mention that does not say by whom"
    assert insight.left_alone == "the field story_insights"


def test_dashboard_test() -> None:
    """A test of the dashboard is left alone, and no customer of it is made."""
    (event,) = read("dashboard_test")
    assert (event.left_alone, event.who) == ("a test of Meta's dashboard", None)


def test_entry_point() -> None:
    """Who came by a link came by it, and who asks about a product by that."""
    came, asked = read("referral")
    assert of(came, Person).entry_point == {"channel": "instagram", "page": None, "referrer": "spring"}
    assert (of(asked, Talk).entry_point or {})["page"] == "product P-12"
