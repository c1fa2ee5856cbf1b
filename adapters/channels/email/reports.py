"""What became of a mail of ours, as the programs of others say?

A report on a delivery that failed, a mail server's own words on one, or a receipt. It says something of a mail that was
sent from here where it names that mail's id, and makes nobody a customer.
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from adapters.channels.email.letter import Headers, Letter
from adapters.channels.email.threads import Own, answers, ids_in, own_in, tag_of
from adapters.contract.deliveries import Event
from adapters.contract.records import Progress
from adapters.quiet import quiet

NOT_OURS: Final = "a report on a mail that was not sent from here"
COMPLAINT: Final = "a complaint about a mail, as spam"
OF_DOMAIN: Final = "a report on a domain's mails"
_UNDER_WAY: Final = "a mail of ours is under way"

# No part of an IP address.
_STATUS: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
_CODE: Final = re.compile(r"\b([45]\d\d)\b")
# RFC 3463, 3: what the second number means.
_ABOUT: Final = {
    "1": "the address",
    "2": "the mailbox",
    "3": "the receiving system",
    "4": "the network or the routing",
    "5": "the protocol",
    "6": "the content",
    "7": "security or a policy",
}
_ON_DOMAIN: Final = re.compile(r"report[ -]domain:.{1,300}submitter:", re.IGNORECASE)
_REACHED: Final = {"failed": "FAILED", "delivered": "DELIVERED"}
_PASSING: Final = frozenset({"delayed", "relayed", "expanded"})
_LONGEST: Final = 200_000
# With what servers begin that have given up, of those that may name no code: no more than stands in their own texts.
_GIVEN_UP: Final = (
    "this is a permanent error",  # qmail (qmail-send.c), Exim (deliver.c)
    "a message that you sent could not be delivered to",  # Exim (deliver.c)
    "your message could not be delivered to one or more recipients",  # Postfix (bounce(5), failure_template)
    "delivery has failed to these recipients",  # Exchange
    "the following addresses had permanent fatal errors",  # Sendmail (savemail.c)
)
_STILL_TRYING: Final = (
    "has not yet been delivered",  # Exim (deliver.c)
    "this is a warning only",  # Postfix (bounce(5), delay_template)
    "this is a warning message only",  # Sendmail
    "delivery is delayed to these recipients",  # Exchange
)


@quiet
class Place(NamedTuple):
    """Whose reports they are."""

    channel: str
    account: str
    domains: Collection[str]


def report_on(letter: Letter, place: Place, at: datetime) -> list[Event]:
    """What a report says of our mail, recipient by recipient; or that it is none of ours."""
    ours = _about(letter, place.domains)
    if ours is None:
        return [left_alone(letter, NOT_OURS, at)]
    if letter.receipt is not None:
        return [_receipt(letter.receipt, ours, place, at)]
    events = {one.key: one for one in _of_recipients(letter, ours, place, at)}
    return list(events.values()) or [left_alone(letter, "a report that names no recipient", at)]


def bounce(letter: Letter, place: Place, at: datetime) -> list[Event]:
    """What a mail server says in words of its own: that our mail could not be delivered, where it names it."""
    ours = _about(letter, place.domains)
    if ours is None:
        return [left_alone(letter, NOT_OURS, at)]
    # What stands behind our id is our own mail, which may hold any number and any words.
    said = (letter.text or "")[:_LONGEST].partition(ours.id)[0]
    refused = _refused(said)
    # Who is named there was given up, whichever code the last try had.
    if refused is None and not letter.headers.all("x-failed-recipients") and not _is_given_up(said):
        return [left_alone(letter, _UNDER_WAY, at)]
    return [_progress(ours, place, "FAILED", at, "bounced", reason=_reason(refused or ""))]


def _refused(text: str) -> str | None:
    """The code by which it was refused for good; None where none stands there, as in a warning that it is late."""
    codes = [one[0] for one in _STATUS.finditer(text)] or _CODE.findall(text)[:1]
    return next((one for one in codes if one.startswith("5")), None)


def tells_of_delivery(letter: Letter) -> bool:
    """Whether a server says in its usual words how it fared with somebody's mail."""
    words = _plain((letter.text or "")[:_LONGEST])
    return any(one in words for one in (*_GIVEN_UP, *_STILL_TRYING))


def _is_given_up(said: str) -> bool:
    """Whether a server says in its usual words that it tries no more."""
    words = _plain(said)
    return any(one in words for one in _GIVEN_UP) and not any(one in words for one in _STILL_TRYING)


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def is_on_domain(letter: Letter) -> bool:
    """Whether a program reports what became of all mails that name the domain (RFC 7489, 7.2.1.1; RFC 8460, 5.3)."""
    subject = letter.headers.text("subject")
    return bool(letter.headers.all("tls-report-domain")) or _ON_DOMAIN.match(subject) is not None


def left_alone(letter: Letter, why: str, at: datetime) -> Event:
    """That the mail is none of the house's business."""
    named = next(iter(ids_in(letter.headers, "message-id")), None)
    key = named if named is not None else hashlib.sha256((letter.text or "").encode("utf-8", "replace")).hexdigest()
    return Event(key=f"left alone:{key[:500]}", order_by=key[:500], at=at, left_alone=why)


def _about(letter: Letter, domains: Collection[str]) -> Own | None:
    """Which mail of ours is meant: the one that came back with it, else the one that it names anywhere."""
    for inner in letter.others:
        for name in ("message-id", "x-original-message-id"):
            if (ours := own_in(inner.raw(name), domains)) is not None:
                return ours
    blocks = [*letter.statuses, *([letter.receipt] if letter.receipt else [])]
    for block in blocks:
        for name in ("original-message-id", "original-envelope-id", "x-original-message-id"):
            if (ours := own_in(block.raw(name), domains)) is not None:
                return ours
    return answers(letter.headers, domains) or own_in((letter.text or "")[:_LONGEST], domains)


def _of_recipients(letter: Letter, ours: Own, place: Place, at: datetime) -> Iterator[Event]:
    for block in letter.statuses:
        action = block.text("action").lower().split(" ")[0]
        if not action:
            continue
        told = block.text("final-recipient") or block.text("original-recipient")
        recipient = tag_of(told.rpartition(";")[2].strip())
        if (status := _REACHED.get(action)) is not None:
            reason = _reason(block.text("status")) if status == "FAILED" else None
            yield _progress(ours, place, status, at, recipient, reason=reason)
        else:
            why = _UNDER_WAY if action in _PASSING else "a report of an unknown kind"
            yield Event(key=f"report:{ours.id}:{action[:40]}:{recipient}", order_by=ours.id, at=at, left_alone=why)


def _receipt(receipt: Headers, ours: Own, place: Place, at: datetime) -> Event:
    said = receipt.text("disposition").lower()
    if "displayed" in said:
        return _progress(ours, place, "READ", at, "receipt")
    return Event(key=f"report:{ours.id}:receipt", order_by=ours.id, at=at, left_alone="a receipt of an unread mail")


def _progress(ours: Own, place: Place, status: str, at: datetime, of: str, *, reason: str | None = None) -> Event:
    record = Progress(
        channel=place.channel,
        account=place.account,
        external_id=ours.id,
        status=status,
        at=at,
        reason=reason,
        key=ours.key,
    )
    return Event(key=f"report:{ours.id}:{status}:{of}", order_by=ours.id, at=at, records=(record,))


def _reason(status: str) -> str:
    """The code and what it is about; the servers' own words hold addresses."""
    if (found := _STATUS.search(status)) is not None:
        about = _ABOUT.get(found[2])
        return f"{found[0]}: it was refused{f' because of {about}' if about else ''}"
    if (code := _CODE.search(status)) is not None:
        return f"{code[1]}: it was refused"
    return "a mail server could not deliver it"
