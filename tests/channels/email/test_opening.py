"""A mail is found in whatever a webhook hands in, and only what is signed is taken."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from adapters.channels.email.channel import Email
from adapters.channels.email.examples import sign
from adapters.channels.email.reading import Reader
from adapters.conformance.trial import NoWay, with_headers
from adapters.contract.channel import Equipment
from adapters.contract.deliveries import Delivery, NotProven
from adapters.contract.errors import BadPayload
from adapters.contract.records import Utterance
from tests.channels.email.letters import NOW, delivered, mail, only, settings

RAW = mail("Grüße", content_type="text/plain; charset=utf-8")
TEXT = RAW.decode()
PACKED = base64.b64encode(RAW).decode()
JSON, FORM, PARTS = (
    "application/json; charset=utf-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x-y",
)


def parted(name: str, value: bytes, *more: bytes) -> bytes:
    """A form in parts with one field."""
    head = [b'--x-y\r\nContent-Disposition: form-data; name="%s"' % name.encode(), *more]
    return (
        b'--x-y\r\nContent-Disposition: form-data; name="to"\r\n\r\nx\r\n'
        + b"\r\n".join(head)
        + b"\r\n\r\n"
        + value
        + b"\r\n--x-y--\r\n"
    )


def read(delivery: Delivery) -> str | None:
    """What was written."""
    (event,) = Reader("email", "support", settings()).events(delivery)
    return only(Utterance, event).text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("message/rfc822", RAW),
        ("", RAW),
        ("text/plain", b"\xef\xbb\xbf\r\n" + RAW),
        ("application/octet-stream", b"From ann@example.com Mon Nov 23 10:00:00 2026\n" + RAW),
        (JSON, json.dumps({"to": "x", "raw": TEXT}).encode()),
        (JSON, json.dumps({"Email": PACKED}).encode()),
        (JSON, json.dumps({"RawEmail": base64.urlsafe_b64encode(RAW).decode().rstrip("=")}).encode()),
        ("", json.dumps({"content": base64.encodebytes(RAW).decode()}).encode()),
        (FORM, urlencode({"sender": "x", "body-mime": TEXT}).encode()),
        (FORM, urlencode({"email": PACKED}).encode()),
        (PARTS, parted("email", RAW)),
        (PARTS, parted("email", RAW, b"Content-Type: message/rfc822")),
        (PARTS, parted("raw", PACKED.encode())),
    ],
    ids=range(13),
)
def test_ways_in(kind: str, body: bytes) -> None:
    """The mail is the body, or a field of JSON or of a form, as text or in base64."""
    assert read(delivered(body, content_type=kind)) == "Grüße"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (JSON, b"[]"), (JSON, b"null"), (JSON, b"{"), (JSON, b"{}"), (JSON, b'{"raw": 7}'), (JSON, b'{"raw": ""}'),
        (JSON, b'{"raw": "a"}'), (JSON, b'{"raw": {"a": 1}}'), (JSON, b'{"raw": "\\ud800"}'),
        (JSON, b'{"raw": "====", "email": "x"}'),
        (FORM, b""), (FORM, b"\xff=\xff"), (FORM, b"email=%ff%fe"), (FORM, b"a=b&" * 300),
        (PARTS, b""), (PARTS, b"--x-y"), (PARTS, parted("other", RAW)), ("multipart/form-data", parted("email", RAW)),
        ("multipart/form-data; boundary=\r\n\r\nx", b"x"),
    ],
    ids=range(19),
)  # fmt: skip
def test_nothing_in_it(kind: str, body: bytes) -> None:
    """Where no mail stands it is a bad payload."""
    with pytest.raises(BadPayload):
        read(delivered(body, content_type=kind))


def email(**more: object) -> Email:
    """The mailbox, which only computes."""
    return Email("support", settings(**more), Equipment(way=NoWay()))


def test_both_secrets() -> None:
    """While the secret is changed, the new and the old one are taken."""
    bare = delivered(RAW)
    for signing in (settings(), settings(webhook_secrets=["sample-former-secret"])):
        email().prove(with_headers(bare, sign(bare, signing)))


@pytest.mark.parametrize("at", ["", "0", "-1", "1e9", "99999999999999999999", "١٢٣", "now"])
def test_forged_moments(at: str) -> None:
    """A moment that is none, or another one than was signed, proves nothing."""
    bare = delivered(RAW)
    with pytest.raises(NotProven):
        email().prove(with_headers(bare, {**sign(bare, settings()), "x-email-timestamp": at}))


def test_old_moments() -> None:
    """What was signed too long ago may be a repeat of somebody's, and proves nothing."""
    bare = delivered(RAW)
    late = replace(with_headers(bare, sign(bare, settings())), received_at=NOW + timedelta(seconds=301))
    with pytest.raises(NotProven, match="300 s ago"):
        email().prove(late)


def test_no_webhook() -> None:
    """Without a secret nothing is taken, whatever it is signed with."""
    bare = delivered(RAW)
    with pytest.raises(NotProven):
        email(webhook_secrets=[]).prove(with_headers(bare, sign(bare, settings(webhook_secrets=[""]))))


def test_webhook_is_no_folder() -> None:
    """What comes by webhook was sent by nobody of ours, whatever it says of where it lay."""
    sender: dict[str, str | None] = {"from": "support@shop.example", "to": "bob@example.com"}
    forged = delivered(mail("x", **sender), x_mailbox="Sent 1 1", x_mailbox_of_sent="yes")
    assert email().delivery_key(forged) is None
    (event,) = email().events(forged)
    assert event.left_alone
    assert event.at is not None
    assert event.at < NOW
