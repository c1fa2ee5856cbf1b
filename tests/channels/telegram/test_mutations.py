"""Whatever is done to a delivery, it is a bad payload or one event, and nothing of it is lost without a word."""

import pytest

from adapters.channels.telegram import Telegram
from adapters.contract.deliveries import Event
from adapters.contract.soundness import unsound
from tests.channels import spoiling
from tests.channels.telegram.double import BOT, FOLDER, delivered

SAMPLES = [path.read_bytes() for path in sorted(FOLDER.glob("*.json"))]


def outcomes(telegram: Telegram, count: int) -> tuple[int, int, int]:
    """Of so many spoilt bodies: how many were no payload, were set aside, and were read or left alone."""

    def reading(body: bytes) -> list[Event]:
        events = list(telegram.events(delivered(body)))
        for event in events:
            records = (event, *event.records)
            assert [unsound(one, ("telegram", BOT)) for one in records] == [None] * len(records)
        return events

    return spoiling.outcomes(reading, SAMPLES, count)


def test_spoilt_deliveries(telegram: Telegram) -> None:
    """A spoilt delivery is no payload, or is set aside, or is read: nothing else happens."""
    bad, unread, good = outcomes(telegram, 200)
    # A mutator that spoils everything, or nothing, tries nothing.
    assert min(bad, unread, good) > 20


@pytest.mark.deep
def test_ten_thousand(telegram: Telegram) -> None:
    """So with ten thousand of them."""
    assert sum(outcomes(telegram, 10_000)) == 10_000
