"""Deliveries that stand in no sample, and come all the same."""

from typing import Any

import pytest

from adapters.channels.whatsapp.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.records import Progress, Utterance, Withdrawal
from tests.channels.whatsapp.double import AT, NUMBER, enveloped, message, status

READER = Reader("whatsapp", NUMBER)


def read(told: dict[str, Any], **more: str) -> list[Event]:
    """The events of a delivery that tells of one change."""
    return READER.events(enveloped(told, **more))


def spoken(event: Event) -> tuple[str, str | None]:
    """Which way a message went, and what it says."""
    (found,) = (one for one in event.records if isinstance(one, Utterance))
    return found.direction, found.text


@pytest.mark.parametrize("is_nested", [True, False])
def test_standby(is_nested: bool) -> None:
    """What is said while Meta's own agent leads the conversation is heard as all else, whichever way it went."""
    echo = message(id="wamid.2", **{"from": "15550783881", "to": "16505551234"}, text={"body": "An agent here"})
    told: dict[str, Any] = {
        "messages": [message()],
        "message_echoes": [echo],
        "statuses": [status("read", id="wamid.2")],
    }
    came, reached, out = read({"standby": told} if is_nested else told, field_="standby")
    assert (spoken(came), spoken(out)) == (("IN", "Hello"), ("OUT", "An agent here"))
    assert isinstance(reached.records[-1], Progress)
    assert came.key == read({"messages": [message()]})[0].key


@pytest.mark.parametrize("kind", ["payment", "call"])
@pytest.mark.parametrize("reached", ["failed", "captured", "RINGING"])
def test_other_things_went(kind: str, reached: str) -> None:
    """How a payment or a call went says nothing of how far the message came that asked for it."""
    (event,) = read({"statuses": [status(reached, type=kind)]})
    assert (event.records, event.left_alone) == ((), f"how a {kind} went")


def test_deleted_by_customer() -> None:
    """What the customer deleted is taken back."""
    (event,) = read({"statuses": [status("deleted", id="wamid.1")]})
    (gone,) = event.records
    assert isinstance(gone, Withdrawal)
    assert gone.external_id == "wamid.1"


@pytest.mark.parametrize("reached", ["warning", "accepted", "pending"])
def test_no_progress(reached: str) -> None:
    """What a status says beside how far a message came is counted and dropped."""
    (event,) = read({"statuses": [status(reached)]})
    assert event.left_alone
    assert not event.unread


def test_unknown_field_with_messages() -> None:
    """Messages in a field that nobody knew when this was written are set aside, and not dropped."""
    (event,) = read({"messages": [message()]}, field_="messages_of_tomorrow")
    assert "a field that is not known" in (event.unread or "")


@pytest.mark.parametrize(
    ("kind", "body", "text"),
    [
        ("button", {"payload": "yes"}, "yes"),
        ("button", {}, "[button]"),
        ("location", {"latitude": "1.5", "longitude": "2"}, "[location: 1.5, 2]"),
        ("order", {"product_items": [{"quantity": "2"}]}, "[cart: 2 x a product]"),
        ("request_welcome", None, "[request_welcome]"),
        ("interactive", {"type": "product", "product": {"id": "1"}}, "[interactive: product]"),
    ],
)
def test_words(kind: str, body: Any, text: str) -> None:
    """Of a message that lacks a part of what it says the rest is told."""
    more = {kind: body} if body is not None else {}
    (event,) = read({"messages": [message(kind, **more)]})
    assert spoken(event) == ("IN", text)


def test_moment_of_status() -> None:
    """A status in numbers, without price and conversation, is one."""
    (event,) = read({"statuses": [{"id": "wamid.1", "status": "read", "timestamp": int(AT), "recipient_id": "1"}]})
    assert isinstance(event.records[-1], Progress)
