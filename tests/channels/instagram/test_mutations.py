"""Whatever is done to a delivery, it is a bad payload or events, and nothing of it is lost without a word."""

import json

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from tests.channels.instagram.double import FOLDER, comment, enveloped, item, message
from tests.channels.meta_spoilt import outcomes, siblings_survive

SAMPLES = [path.read_bytes() for path in sorted(FOLDER.glob("webhook_*.json"))]


def several() -> bytes:
    """A delivery with messages and comments of several people."""
    whole = enveloped(*(message(f"m_{n}", person=f"{n + 1}") for n in range(3)), item(read={"mid": "m_0"}))
    whole["entry"] += enveloped(comment(), comment("c_2"), name="changes")["entry"]
    return json.dumps(whole).encode()


def test_spoilt_deliveries(instagram: MetaMessaging) -> None:
    """A spoilt delivery is no payload, or has something unread, or is read: nothing else happens."""
    bad, unread, good = outcomes(instagram, [*SAMPLES, several()], 200)
    # A mutator that spoils everything, or nothing, tries nothing.
    assert min(bad, unread, good) > 5


@pytest.mark.deep
def test_ten_thousand(instagram: MetaMessaging) -> None:
    """So with ten thousand of them."""
    assert sum(outcomes(instagram, [*SAMPLES, several()], 10_000)) == 10_000


def test_siblings_all_survive(instagram: MetaMessaging) -> None:
    """However many messages of a delivery are broken, exactly these are unread, and the others keep their order."""
    siblings_survive(instagram, enveloped, message)
