"""Whatever is done to a delivery, it is a bad payload or events, and nothing of it is lost without a word."""

import json

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from tests.channels.messenger.double import FOLDER, OTHER_PAGE, echo, enveloped, item, message
from tests.channels.meta_graph import AT
from tests.channels.meta_spoilt import outcomes, siblings_survive

SAMPLES = [path.read_bytes() for path in sorted(FOLDER.glob("webhook_*.json"))]


def several() -> bytes:
    """A delivery with messages of several people to two pages."""
    whole = enveloped(*(message(f"m_{n}", person=f"{n + 1}") for n in range(3)), item(read={"watermark": AT}))
    whole["entry"] += enveloped(echo(), echo("m_2"), page=OTHER_PAGE)["entry"]
    return json.dumps(whole).encode()


def test_spoilt_deliveries(messenger: MetaMessaging) -> None:
    """A spoilt delivery is no payload, or has something unread, or is read: nothing else happens."""
    bad, unread, good = outcomes(messenger, [*SAMPLES, several()], 200)
    # A mutator that spoils everything, or nothing, tries nothing.
    assert min(bad, unread, good) > 5


@pytest.mark.deep
def test_ten_thousand(messenger: MetaMessaging) -> None:
    """So with ten thousand of them."""
    assert sum(outcomes(messenger, [*SAMPLES, several()], 10_000)) == 10_000


def test_siblings_all_survive(messenger: MetaMessaging) -> None:
    """However many messages of a delivery are broken, exactly these are unread, and the others keep their order."""
    siblings_survive(messenger, enveloped, message)
