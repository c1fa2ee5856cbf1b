"""Who is meant: by number, by business-scoped id, by both, by neither."""

from typing import Any

import pytest

from adapters.channels.whatsapp.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.records import Person, Progress
from tests.channels.whatsapp.double import NUMBER, enveloped, message, status

READER = Reader("whatsapp", NUMBER)


def contact(**ids: Any) -> dict[str, Any]:
    """A contact of a change."""
    return {"profile": {"name": "Sheena Nelson"}, **ids}


def told_of(one: dict[str, Any], *contacts: dict[str, Any], part: str = "messages") -> Event:
    """The event of a message beside those contacts."""
    return READER.events(enveloped({"contacts": list(contacts), part: [one]}))[-1]


def person(event: Event) -> Person:
    """Whom an event tells of."""
    return next(one for one in event.records if isinstance(one, Person))


def ids(event: Event) -> list[str]:
    """Under which ids, the first one first."""
    told = person(event)
    return [told.who.value, *(one.value for one in told.also)]


def test_numbers_that_end_alike() -> None:
    """Two people whose numbers end alike, told of in one delivery, are two: nobody's words become the other's."""
    other = "12205551234"
    both = [contact(wa_id=other, user_id="US.2"), contact(wa_id="16505551234", user_id="US.1")]
    assert ids(told_of(message(), *both)) == ["US.1", "16505551234"]
    assert ids(told_of(message(), contact(wa_id=other, user_id="US.2"))) == ["16505551234"]
    # In one country of two notations: of another area, and one beside whom the very same number is told.
    assert ids(told_of(message(**BRAZIL), contact(wa_id="552187654321"))) == ["5511987654321"]
    very = [contact(wa_id="551187654321"), contact(wa_id="5511987654321", user_id="BR.1")]
    assert ids(told_of(message(**BRAZIL), *very)) == ["BR.1", "5511987654321"]


BARE = {"from": None, "from_user_id": "US.1"}
BRAZIL = {"from": "5511987654321"}
MEXICO = {"from": "5215512345678"}


@pytest.mark.parametrize(
    ("sender", "contacts", "wanted"),
    [
        ({}, [], ["16505551234"]),
        ({}, [contact(wa_id="16505551234")], ["16505551234"]),
        ({}, [contact(wa_id="16505551234", user_id="US.1")], ["US.1", "16505551234"]),
        (BARE, [], ["US.1"]),
        (BARE, [contact(user_id="US.1")], ["US.1"]),
        (BARE, [contact(user_id="US.1", parent_user_id="US.ENT.1")], ["US.1", "US.ENT.1"]),
        ({"from_user_id": "US.1"}, [contact(wa_id="16505551234")], ["US.1", "16505551234"]),
        ({"from": None}, [contact(user_id="US.1")], ["US.1"]),
        ({"from": ""}, [contact(user_id="US.1", wa_id="")], ["US.1"]),
        # One number, written with and without the digit after the country code.
        (BRAZIL, [contact(wa_id="551187654321")], ["551187654321"]),
        (MEXICO, [contact(wa_id="525512345678")], ["525512345678"]),
        # Somebody else, however alone in the list.
        ({}, [contact(wa_id="972987654321", user_id="IL.1")], ["16505551234"]),
        (BARE, [contact(wa_id="972987654321", user_id="IL.1")], ["US.1"]),
        # One of two.
        ({}, [contact(wa_id="972987654321"), contact(wa_id="16505551234", user_id="US.1")], ["US.1", "16505551234"]),
    ],
)
def test_ids(sender: dict[str, Any], contacts: list[dict[str, Any]], wanted: list[str]) -> None:
    """All ids of one person are told together, the business-scoped one first, and never those of another."""
    assert ids(told_of(message(**sender), *contacts)) == wanted


def test_username_without_number() -> None:
    """Who has a username and shows no number is shown by it, and reached by no phone."""
    told = person(told_of(message(**BARE), {"profile": {"name": "S", "username": "sheena"}, "user_id": "US.1"}))
    assert told.profile == {"name": "S", "username": "sheena"}
    assert told.reaches == ()


@pytest.mark.parametrize("value", ["<USER_PHONE_NUMBER>", "US.1", "123", "1" * 16, "١٢٣٤٥٦٧٨"])
def test_no_phone(value: str) -> None:
    """What is no number is an id, and no way to reach anybody."""
    told = person(told_of(message(**{"from": value})))
    assert (told.who.value, told.reaches) == (value, ())


def test_nobody_is_unread() -> None:
    """A message of nobody is set aside: of two contacts, it may be either's."""
    event = told_of(message(**{"from": None}), contact(wa_id="16505551234"), contact(wa_id="972987654321"))
    assert event.unread == "entry[0].changes[0].value.messages[0] names nobody: neither from nor from_user_id"


def test_status_joins_ids() -> None:
    """A status that names a recipient by number and id tells that these are one person's."""
    event = told_of(status(recipient_user_id="US.1"), part="statuses")
    assert ids(event) == ["US.1", "16505551234"]
    assert person(event).seen_at is None


def test_status_of_one_id() -> None:
    """One that names them by one id tells of the message alone, and of nobody that only a status knows."""
    event = told_of(status(), part="statuses")
    assert [type(one) for one in event.records] == [Progress]


def test_group_status_each_its_own() -> None:
    """In a group, each recipient's status is an event of its own."""
    group = {"recipient_type": "group", "recipient_id": "group-1"}
    first = told_of(status("read", recipient_participant_id="16505551234", **group), part="statuses")
    second = told_of(status("read", recipient_participant_user_id="US.2", **group), part="statuses")
    again = told_of(status("read", recipient_participant_id="16505551234", **group), part="statuses")
    assert first.key == again.key != second.key
    assert first.key.startswith("status:wamid.ours:read:")
    assert "16505551234" not in first.key
    assert first.who != second.who
