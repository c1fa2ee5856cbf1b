"""Deliveries of Zendesk: each is records, or unread, or left alone, with a reason."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.zendesk.reading import Reader
from adapters.channels.zendesk.telling import Telling
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Case, File, Person, Remark, Removal, Talk, Utterance, Who, Withdrawal
from tests.channels.zendesk.double import TICKET_DETAIL, USER_DETAIL, delivery, told

SAMPLES = sorted((Path(__file__).parents[1] / "payloads" / "zendesk").glob("*.json"))
AGENT, CUSTOMER = "8447388090495", "8447388090494"
WHO = Who("zendesk", "acme", CUSTOMER)

UNREAD = {"event_ticket_created_bare", "trigger_custom_body", "error_429", "event_user_merged"}


def telling(**more: Any) -> Telling:
    """Reads deliveries of the account `acme`."""
    return Telling(Reader(channel="zendesk", account="acme", agents={AGENT: "anna"}, region="DK", **more))


def one(kind: str, detail: dict[str, Any], event: dict[str, Any] | None = None, **more: Any) -> Event:
    """The event that such a delivery tells."""
    (found,) = telling(**more).events(delivery(told(kind, detail, event)))
    return found


def said(body: str = "We look into it.", **more: Any) -> dict[str, Any]:
    """The event of a comment by an agent."""
    author = {"id": AGENT, "is_staff": True, "name": "Anna Agent"}
    return {"comment": {"id": 9876543210, "body": body, "is_public": True, "author": author} | more}


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_sample_is_told(path: Path) -> None:
    """A delivery becomes an event: records, or a reason; never both, never neither."""
    event, *beside = telling().events(delivery(path.read_bytes()))
    assert [bool(event.records), bool(event.unread), bool(event.left_alone)].count(True) == 1
    assert bool(event.unread) == (path.stem in UNREAD)
    assert len(beside) == (path.stem == "event_user_merged")


def test_ticket_is_case() -> None:
    """A ticket's state is a case and its conversation, with the colleague whom the settings name."""
    event = one("ticket.status_changed", TICKET_DETAIL)
    case, talk = event.records
    assert isinstance(case, Case)
    assert isinstance(talk, Talk)
    assert (case.external_id, case.number, case.status, case.agent, case.who) == (
        "5158",
        "5158",
        "ON_HOLD",
        "anna",
        WHO,
    )
    assert (talk.external_id, talk.status, talk.last_message_at) == ("5158", "OPEN", case.created_at)
    assert (event.who, event.order_by, event.key) == (WHO, CUSTOMER, "2b24ef10-19d4-4740-93cf-8f98ec4776c0")


@pytest.mark.parametrize(
    ("theirs", "ours", "talk"),
    [
        ("NEW", "NEW", "OPEN"),
        ("Open", "OPEN", "OPEN"),
        ("pending", "PENDING", "OPEN"),
        ("hold", "ON_HOLD", "OPEN"),
        ("SOLVED", "SOLVED", "RESOLVED"),
        ("closed", "CLOSED", "RESOLVED"),
    ],
)
def test_status_in_our_words(theirs: str, ours: str, talk: str) -> None:
    """Statuses of REST and of webhooks are the same ones in other letters."""
    records = one("ticket.created", TICKET_DETAIL | {"status": theirs}).records
    assert [record.status for record in records if isinstance(record, Case | Talk)] == [ours, talk]


def test_comment_is_message() -> None:
    """A public comment of the staff went out, with the agent's name; one of the customer came in, without."""
    *_, out = one("ticket.comment_added", TICKET_DETAIL, said()).records
    *_, came = one("ticket.comment_added", TICKET_DETAIL, said(author={"id": CUSTOMER, "is_staff": False})).records
    assert isinstance(out, Utterance)
    assert isinstance(came, Utterance)
    assert (out.external_id, out.talk, out.direction, out.status) == ("9876543210", "5158", "OUT", "SENT")
    assert (came.direction, came.status, came.author_name, out.author_name) == ("IN", "RECEIVED", None, "Anna Agent")


@pytest.mark.parametrize(
    ("author", "direction"),
    [({"id": -1}, "OUT"), ({"id": "77"}, "OUT"), ({"id": "77", "is_staff": False}, "IN"), ({"id": CUSTOMER}, "IN")],
)
def test_whose_words(author: dict[str, Any], direction: str) -> None:
    """Words are a customer's where Zendesk says so, or where the requester wrote them; its system is no customer."""
    *_, message = one("ticket.comment_added", TICKET_DETAIL, said(author=author)).records
    assert isinstance(message, Utterance)
    assert message.direction == direction


@pytest.mark.parametrize(
    ("author", "is_by_other", "name"),
    [
        ({"id": CUSTOMER, "is_staff": False, "name": "Ann"}, False, None),
        ({"id": "77", "is_staff": False, "name": "Cora Copied"}, True, "Cora Copied"),
        ({"id": AGENT, "is_staff": False, "name": "Anna Agent"}, False, "Anna Agent"),
    ],
    ids=["requester", "in copy", "colleague"],
)
def test_others_words(author: dict[str, Any], is_by_other: bool, name: str | None) -> None:
    """Whoever else comments on somebody's ticket is named, and it is no word of that one's; a colleague's went out."""
    *_, message = one("ticket.comment_added", TICKET_DETAIL, said(author=author)).records
    assert isinstance(message, Utterance)
    assert (message.is_by_other, message.author_name) == (is_by_other, name)
    assert (message.direction == "OUT") == (author["id"] == AGENT)


def test_note_is_no_message() -> None:
    """A note among colleagues is never a message, and a note of the customer only where the settings ask for it."""
    private = said("Tread softly", is_public=False)
    left_out = one("ticket.comment_added", TICKET_DETAIL, private).records
    assert [type(record) for record in left_out] == [Case, Talk]
    *_, note = one("ticket.comment_added", TICKET_DETAIL, private, takes_notes=True).records
    assert isinstance(note, Remark)
    assert (note.text, note.author) == ("Tread softly", "anna")


@pytest.mark.parametrize("kind", ["ticket.comment_redacted", "ticket.comment_made_private"])
def test_comment_is_withdrawn(kind: str) -> None:
    """What was redacted, or became a note, is taken back."""
    (withdrawal,) = one(kind, TICKET_DETAIL, {"comment": {"id": "9876543210"}}).records
    assert isinstance(withdrawal, Withdrawal)
    assert withdrawal.external_id == "9876543210"


@pytest.mark.parametrize("kind", ["ticket.soft_deleted", "ticket.permanently_deleted", "ticket.marked_as_spam"])
def test_ticket_is_removed(kind: str) -> None:
    """A ticket that is gone takes its conversation with it; what else the detail lacks does not matter."""
    removals = one(kind, {"id": "5158"}).records
    assert [(r.kind, r.external_id) for r in removals if isinstance(r, Removal)] == [
        ("ticket", "5158"),
        ("conversation", "5158"),
    ]


def test_file_of_message() -> None:
    """A file that was linked to a public comment is the message's; one of a note is left alone."""
    attachment = {"id": "12", "filename": "bill.pdf", "content_type": "application/pdf", "is_public": True}
    event = {"attachment": attachment, "comment": {"id": "98"}}
    (file,) = one("ticket.attachment_linked_to_comment", TICKET_DETAIL, event).records
    assert isinstance(file, File)
    assert (file.of, file.of_kind, file.name, file.size_bytes, file.who) == ("98", "message", "bill.pdf", None, WHO)
    event["attachment"] = attachment | {"is_public": False}
    assert one("ticket.attachment_linked_to_comment", TICKET_DETAIL, event).left_alone


def test_user_is_person() -> None:
    """A user event is a person, with what the event itself says."""
    (person,) = one("user.name_changed", USER_DETAIL, {"current": "Ann Lee", "previous": "Ann"}).records
    assert isinstance(person, Person)
    assert person.who == Who("zendesk", "acme", "6596848315901")
    assert person.profile == {"name": "Ann Lee"}
    assert [(reach.type, reach.value) for reach in person.reaches] == [("EMAIL", "ann@example.com")]
    assert person.custom_data == {}


def test_identity_is_reach() -> None:
    """A new address or number of a user is one more way to reach the person."""
    identity = {"id": "7", "type": "phone_number", "value": "33 12 34 56", "primary": False}
    (person,) = one("user.identity_created", USER_DETAIL, {"identity": identity}).records
    assert isinstance(person, Person)
    assert {reach.type: reach.value for reach in person.reaches} == {"PHONE": "+4533123456", "EMAIL": "ann@example.com"}


@pytest.mark.parametrize("email", ["ann@example.com", None])
def test_merged_users_are_left_to_people(email: str | None) -> None:
    """Which of two users that became one stays is not guessed: people are told, and find it by either of the two."""
    body = told("user.merged", USER_DETAIL | {"email": email}, {"user": {"id": "22"}})
    both = telling().events(delivery(body))
    assert [(one.records, one.unread) for one in both] == [((), both[0].unread)] * 2
    assert "does not say which of them stays" in str(both[0].unread)
    assert {one.who.value for one in both if one.who} == {"22", "6596848315901"}
    assert len({one.key for one in both}) == 2


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        ("user.created", USER_DETAIL | {"role": "agent"}),
        ("user.active_changed", USER_DETAIL),
        ("user.deleted", USER_DETAIL),
        ("ticket.priority_changed", TICKET_DETAIL),
        ("organization.created", {"id": "1"}),
        ("article.published", {"id": "1"}),
    ],
)
def test_left_alone_with_reason(kind: str, detail: dict[str, Any]) -> None:
    """What is known and of no concern is left alone, and says why."""
    event = one(kind, detail, {"current": False})
    assert event.left_alone
    assert not event.records


@pytest.mark.parametrize(
    ("kind", "detail", "event", "place"),
    [
        ("ticket.created", {**TICKET_DETAIL, "requester_id": None}, {}, "requester_id"),
        ("ticket.created", {**TICKET_DETAIL, "status": "quantum"}, {}, "status"),
        ("ticket.created", {**TICKET_DETAIL, "created_at": "xyzzy"}, {}, "created_at"),
        ("ticket.comment_added", TICKET_DETAIL, {}, "the payload"),
        ("ticket.teleported", TICKET_DETAIL, {}, "ticket.teleported"),
    ],
)
def test_unread_names_place(kind: str, detail: dict[str, Any], event: dict[str, Any], place: str) -> None:
    """What cannot be read is unread: the reason names the place and no value."""
    why = one(kind, detail, event).unread
    assert why
    assert place in why
    assert "xyzzy" not in why


def test_documented_slash_is_read() -> None:
    """Some types stand in the documentation with a slash instead of a colon."""
    body = told("user.created", USER_DETAIL) | {"type": "zen:event-type/user.created"}
    (event,) = telling().events(delivery(body))
    assert isinstance(event.records[0], Person)


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff", b'{"type": "zen:event-type:ticket.created"}'])
def test_junk_is_bad_payload(body: bytes) -> None:
    """What is no object, or an event without its parts, raises BadPayload."""
    with pytest.raises(BadPayload):
        telling().events(delivery(body))


def test_same_ids_twice() -> None:
    """A delivery that is read twice gives the same event."""
    body = json.dumps(told("ticket.comment_added", TICKET_DETAIL, said()))
    assert telling().events(delivery(body.encode())) == telling().events(delivery(body.encode()))
