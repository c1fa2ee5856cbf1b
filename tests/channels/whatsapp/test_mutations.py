"""Whatever is done to a delivery, it is a bad payload or events, and nothing of it is lost without a word."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from tests.channels import spoiling
from tests.channels.meta_deliveries import delivered
from tests.channels.whatsapp.double import FOLDER, enveloped, message, status

SAMPLES = [path.read_bytes() for path in sorted(FOLDER.glob("*.json"))]
LISTS = {
    "messages": ("messages", "statuses"),
    "smb_message_echoes": ("message_echoes",),
    "user_preferences": ("user_preferences",),
}


def several() -> bytes:
    """A delivery with messages and statuses of several people in several changes."""
    whole = enveloped(
        {"messages": [message(id=f"wamid.{n}") for n in range(3)], "statuses": [status(), status("read")]}
    )
    echo = message(id="wamid.echo", to="16505551235")
    whole["entry"] += enveloped({"message_echoes": [echo, echo]}, field_="smb_message_echoes")["entry"]
    return json.dumps(whole).encode()


def told(body: bytes) -> int:
    """How many messages, statuses and preferences stand in a body whose envelope can be read."""
    return sum(len(one) for one in _lists(json.loads(body)))


def _lists(whole: Any) -> Iterator[list[Any]]:
    for entry in whole["entry"]:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        for change in changes if isinstance(changes, list) else ():
            value = change.get("value") if isinstance(change, dict) else None
            field = change.get("field") if isinstance(change, dict) else None
            for name in LISTS.get(field, ()) if isinstance(field, str) and isinstance(value, dict) else ():
                if isinstance(value.get(name), list):
                    yield value[name]


def outcomes(whatsapp: WhatsApp, count: int) -> tuple[int, int, int]:
    """Of so many spoilt bodies: how many were no payload, had something unread, and were read whole."""
    return spoiling.outcomes(lambda body: whatsapp.events(delivered(body)), [*SAMPLES, several()], count, told)


def test_spoilt_deliveries(whatsapp: WhatsApp) -> None:
    """A spoilt delivery is no payload, or has something unread, or is read: nothing else happens."""
    bad, unread, good = outcomes(whatsapp, 600)
    # A mutator that spoils everything, or nothing, tries nothing.
    assert min(bad, unread, good) > 20


@pytest.mark.deep
def test_ten_thousand(whatsapp: WhatsApp) -> None:
    """So with ten thousand of them."""
    assert sum(outcomes(whatsapp, 10_000)) == 10_000


def test_siblings_all_survive(whatsapp: WhatsApp) -> None:
    """However many messages of a delivery are broken, exactly these are unread, and the others keep their order."""
    broken = (message(timestamp="-1"), message(type=7), message(text={}))
    spoiling.siblings_survive(
        lambda told: whatsapp.events(delivered(enveloped({"messages": told}))), lambda key: message(id=key), *broken
    )
