"""Messages of every kind: changed, taken back, from groups, from the company's phone, of the past, of unknown types."""

from typing import Any

import pytest

from adapters.channels.whatsapp.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.records import File, Person, Renaming, Talk, Utterance, Who, Withdrawal
from tests.channels.whatsapp.double import AT, NUMBER, enveloped, message

READER = Reader("whatsapp", NUMBER)
CUSTOMER = "16505551234"
BSUID = "US.13491208655302741918"


def who(value: str) -> Who:
    """That id on our number."""
    return Who("whatsapp", NUMBER, value)


def read(told: dict[str, Any], field: str = "messages") -> list[Event]:
    """The events of a delivery that tells of one change."""
    return READER.events(enveloped(told, field_=field))


def told_of(*messages: Any) -> Event:
    """The first event of a delivery with these messages."""
    return read({"messages": list(messages)})[0]


def utterance(event: Event) -> Utterance:
    """The message of an event."""
    return next(one for one in event.records if isinstance(one, Utterance))


def test_edit_replaces_text() -> None:
    """A message that its author changed is told again under its own id, with when it was changed."""
    edit = {"original_message_id": "wamid.0", "message": {"type": "text", "text": {"body": "Better"}}}
    event = told_of(message("edit", edit=edit))
    changed = utterance(event)
    assert (changed.external_id, changed.text, changed.updated_at) == ("wamid.0", "Better", event.at)
    assert event.key == "message:wamid.1"


def test_revoke_takes_back() -> None:
    """A message that its author deleted is taken back."""
    event = told_of(message("revoke", revoke={"original_message_id": "wamid.0"}))
    assert event.records == (
        Withdrawal(channel="whatsapp", account=NUMBER, external_id="wamid.0", at=event.at, who=event.who),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("kind", ["hologram", "request_welcome", "ephemeral"])
def test_unknown_type_is_kept(kind: str) -> None:
    """A message of a type that nobody knew is a message all the same, and says of which type."""
    assert utterance(told_of(message(kind, **{kind: {"depth": 3}}))).text == f"[{kind}]"


def test_unknown_interactive_is_kept() -> None:
    """So is an answer of a kind that nobody knew."""
    event = told_of(message("interactive", interactive={"type": "product_reply", "product_reply": {}}))
    assert utterance(event).text == "[interactive: product_reply]"


def test_form_that_is_no_json() -> None:
    """A form whose answers cannot be read says that there was one."""
    reply = {"type": "nfm_reply", "nfm_reply": {"response_json": "{", "body": "Sent"}}
    assert utterance(told_of(message("interactive", interactive=reply))).text == "[form: Sent]"


def test_group_message() -> None:
    """What somebody says in a group is a conversation of their own, apart from what they write to us alone."""
    alone, group = told_of(message()), told_of(message(group_id="group-1"))
    assert utterance(alone).talk == CUSTOMER
    assert utterance(group).talk == f"group-1/{CUSTOMER}"
    assert alone.order_by == group.order_by


def test_echo_goes_out() -> None:
    """What the company writes on its own phone goes out to the customer."""
    echo = {"from": "15550783881", "to": CUSTOMER, "id": "wamid.9", "timestamp": str(AT), "type": "text"}
    event = read({"message_echoes": [{**echo, "text": {"body": "We call you"}}]}, "smb_message_echoes")[0]
    sent = utterance(event)
    assert (sent.direction, sent.status, sent.who, sent.text) == ("OUT", "SENT", who(CUSTOMER), "We call you")
    person = next(one for one in event.records if isinstance(one, Person))
    assert (person.who, person.seen_at) == (who(CUSTOMER), None)


def test_echo_taken_back() -> None:
    """The company, too, may take its words back."""
    echo = {"to_user_id": BSUID, "id": "wamid.9", "timestamp": str(AT), "type": "revoke"}
    told = {"message_echoes": [{**echo, "revoke": {"original_message_id": "wamid.8"}}]}
    event = read(told, "smb_message_echoes")[0]
    assert isinstance(event.records[0], Withdrawal)
    assert event.who == who(BSUID)


def history(*messages: Any, **thread: Any) -> dict[str, Any]:
    """A chunk of the past with one person."""
    chunk = {"metadata": {"phase": 0, "chunk_order": 1, "progress": 55}}
    return {"history": [{**chunk, "threads": [{"id": CUSTOMER, "messages": list(messages), **thread}]}]}


def test_history_goes_both_ways() -> None:
    """The past of the company's phone is told as if it had been heard then, each message its own way."""
    theirs = message(history_context={"status": "READ"})
    ours = message(**{"from": "15550783881", "id": "wamid.2", "history_context": {"status": "READ"}})
    first, second = map(utterance, read(history(theirs, ours), "history"))
    assert (first.direction, first.status) == ("IN", "RECEIVED")
    assert (second.direction, second.status, second.who) == ("OUT", "READ", who(CUSTOMER))


def test_history_file_comes_later() -> None:
    """A file of the past is told of first without it and then with it, which are two events on one message."""
    bare = read(history(message("media_placeholder")), "history")[0]
    whole = read({"messages": [message("image", image={"id": "7", "mime_type": "image/png"})]}, "history")[0]
    assert utterance(bare).external_id == utterance(whole).external_id
    assert bare.key != whole.key
    assert isinstance(whole.records[-1], File)


def test_history_not_shared() -> None:
    """Where the company does not share its past, nothing is kept of that."""
    declined = {"history": [{"errors": [{"code": 2593109, "title": "History sharing is turned off"}]}]}
    event = read(declined, "history")[0]
    assert event.left_alone == "no history: 2593109 History sharing is turned off"


def system(**change: Any) -> Event:
    """The event of a system message."""
    body = {"type": "user_changed_number", "body": "User A changed from one to another", **change}
    return told_of(message("system", system=body))


def test_changed_number_renames() -> None:
    """Who changes their number is the same person under the new one, and reached by it."""
    event = system(wa_id="12195555358")
    renaming, person = event.records
    assert renaming == Renaming(was=who(CUSTOMER), who=who("12195555358"), at=event.at)  # type: ignore[arg-type]
    assert isinstance(person, Person)
    assert [reach.value for reach in person.reaches] == ["+12195555358"]
    # What they wrote before stands in line before it.
    assert event.order_by == CUSTOMER


def test_changed_number_changes_scoped_id() -> None:
    """With the number, the business-scoped id changes, which is told beside it."""
    event = system(wa_id="12195555358", user_id="US.2", previous_user_id="US.1")
    pairs = [(one.was.value, one.who.value) for one in event.records if isinstance(one, Renaming)]
    assert pairs == [("US.1", "US.2"), (CUSTOMER, "12195555358")]
    assert event.who == who("US.2")


@pytest.mark.parametrize("kind", ["user_changed_user_id", "user_id_update"])
@pytest.mark.parametrize("former", [{"previous_user_id": "US.1"}, {}])
def test_changed_scoped_id_alone(kind: str, former: dict[str, str]) -> None:
    """A business-scoped id may change without a number being told; the former one stands in one of two places."""
    sender = {} if former else {"from_user_id": "US.1"}
    body = {"type": kind, "user_id": "US.2", **former}
    event = told_of({"id": "wamid.1", "timestamp": str(AT), "type": "system", "system": body, **sender})
    assert event.records[0] == Renaming(was=who("US.1"), who=who("US.2"), at=event.at)  # type: ignore[arg-type]


def test_changed_without_former_id() -> None:
    """A change that does not say what changed is set aside."""
    assert "names no former id" in (system(wa_id=CUSTOMER).unread or "")


def test_new_encryption_keys() -> None:
    """That somebody has a new device is none of our business."""
    assert system(type="customer_identity_changed").left_alone == "somebody has new encryption keys"


def test_talk_spans_its_message() -> None:
    """Each message tells of its conversation, from and to its own moment."""
    event = told_of(message())
    talk = next(one for one in event.records if isinstance(one, Talk))
    assert talk.started_at == talk.last_message_at == event.at
