"""What of a delivery is the mail itself, and is the delivery one of ours?

A mail comes as the body of a webhook, raw or as a field of JSON or of a form, as text or in base64; or it was fetched
from the mailbox. A webhook is signed by whoever handed the mail over: HMAC-SHA256, in small hexadecimal digits, over
`timestamp + "." + body`, in `X-Email-Signature` as `sha256=...`, with the timestamp in seconds in `X-Email-Timestamp`.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from typing import Any, Final
from urllib.parse import parse_qsl

from pydantic import SecretStr

from adapters.channels.email.moments import read_moment
from adapters.contract.deliveries import COLLECTED, Delivery, NotProven
from adapters.contract.errors import BadPayload
from adapters.quiet import quiet
from adapters.signatures import is_signed_by_any

SIGNATURE: Final = "x-email-signature"
TIMESTAMP: Final = "x-email-timestamp"
MAILBOX: Final = "x-mailbox"
"""In a delivery that was fetched: from which mailbox, its mails' era and number there."""
IS_SENT: Final = "x-mailbox-of-sent"
CAME_AT: Final = "x-mailbox-date"
IS_CUT: Final = "x-mailbox-cut"
"""Whether only the beginning of the mail was fetched."""
IS_WITHHELD: Final = "x-mailbox-withheld"
"""Whether there is a mail of which the server gave out nothing."""

_FIELDS: Final = ("email", "raw", "message", "body-mime", "rawemail", "content", "mime")
"""As services call the field with the raw mail, in lower case."""
_MOST_FIELDS: Final = 200
_HEADER: Final = re.compile(rb"\s*(?:>?From [^\n]*\r?\n)?[!-9;-~]+[ \t]*:")
_PACKED: Final = re.compile(r"[A-Za-z0-9+/_\s-]+={0,2}\s*")
_DIGITS: Final = re.compile(r"[0-9]{1,12}")


@quiet
@dataclass(frozen=True, slots=True)
class Opened:
    """The raw mail of a delivery."""

    raw: bytes = field(repr=False)
    came_at: datetime
    is_sent: bool
    """Whether it lies where the mailbox keeps what was sent: it is the company's own, whoever else could write it."""
    is_cut: bool = False
    """Whether it is only the beginning."""


def prove(delivery: Delivery, secrets: Sequence[SecretStr], tolerance_s: float) -> None:
    """Returns where one of the secrets signed timestamp and body, lately; raises NotProven else."""
    said = delivery.headers.get(TIMESTAMP, "").strip()
    signature = delivery.headers.get(SIGNATURE, "").strip()
    if not said or not signature:
        raise NotProven("The delivery carries no signature. Only what is signed with the webhook's secret is taken.")
    if not _DIGITS.fullmatch(said):
        raise NotProven("The signature's timestamp is none: whole seconds since 1970, in digits.")
    if not is_signed_by_any(secrets, signed_part(said, delivery.body), signature.removeprefix("sha256=")):
        raise NotProven("The signature is of none of our secrets. Compare them with those of whoever hands mails over.")
    if abs(delivery.received_at.timestamp() - int(said)) > tolerance_s:
        raise NotProven(f"The delivery was signed more than {tolerance_s:g} s ago or ahead. It may be a repeated one.")


def signed_part(timestamp: str, body: bytes) -> bytes:
    """The bytes that are signed."""
    return timestamp.encode() + b"." + body


def opened(delivery: Delivery) -> Opened:
    """The mail; raises BadPayload where there is none."""
    if delivery.method == COLLECTED:
        headers = delivery.headers
        if IS_WITHHELD in headers:
            raise BadPayload("the server does not give out the mail that it has there: look for it in the mailbox")
        came_at = read_moment(headers.get(CAME_AT, "")) or delivery.received_at
        return Opened(delivery.body, min(came_at, delivery.received_at), IS_SENT in headers, IS_CUT in headers)
    return Opened(_mail_in(delivery), delivery.received_at, is_sent=False)


def _mail_in(delivery: Delivery) -> bytes:
    kind = delivery.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return _one_of(_form(delivery))
    if kind == "application/x-www-form-urlencoded":
        return _one_of(_fields(delivery.body))
    if kind == "application/json" or (kind != "message/rfc822" and delivery.body.lstrip()[:1] == b"{"):
        told = delivery.json()
        if not isinstance(told, Mapping):
            raise BadPayload("the payload is no object with a mail in it")
        return _one_of(told.items())
    return delivery.body


def _one_of(fields: Iterable[tuple[Any, Any]]) -> bytes:
    """The field in which a mail stands."""
    by_name: dict[str, Any] = {}
    for name, value in fields:
        by_name.setdefault(str(name).lower(), value)
    for name in _FIELDS:
        value = by_name.get(name)
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogateescape")
        if isinstance(value, bytes) and value.strip():
            return _unpacked(value)
    raise BadPayload(f"no field holds a mail as text or in base64: one of {', '.join(_FIELDS[:3])}")


def _unpacked(value: bytes) -> bytes:
    """The mail as it is; or out of base64, in which no colon stands."""
    if _HEADER.match(value) or not _PACKED.fullmatch(value.decode("latin-1")):
        return value
    try:
        plain = b"".join(value.translate(bytes.maketrans(b"-_", b"+/")).split()).rstrip(b"=")
        return base64.b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadPayload("the field with the mail is neither a mail nor base64") from error


def _fields(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="surrogateescape", max_num_fields=_MOST_FIELDS
        )
    except ValueError as error:
        raise BadPayload(f"The body of {len(body)} bytes is no form.") from error


def _form(delivery: Delivery) -> list[tuple[str, bytes]]:
    """The fields of a form in parts, which is written as a mail is (RFC 7578)."""
    said = delivery.headers.get("content-type", "").encode("latin-1", "replace").replace(b"\n", b" ")
    try:
        whole: Message = message_from_bytes(b"Content-Type: " + said.replace(b"\r", b" ") + b"\r\n\r\n" + delivery.body)
        fields = [one for one in whole.get_payload() if isinstance(one, Message)] if whole.is_multipart() else []
        named = [(part.get_param("name", header="content-disposition"), part) for part in fields[:_MOST_FIELDS]]
        return [(str(name), _body(part)) for name, part in named if name]
    except (Exception, RecursionError) as error:  # noqa: BLE001  the parser has no list of what it raises on hostile forms
        raise BadPayload(f"The body of {len(delivery.body)} bytes is no form ({type(error).__name__}).") from None


def _body(part: Any) -> bytes:
    """The bytes of a field; a mail that is said to be one was parsed already, and is written out again."""
    if part.is_multipart():
        return b"".join(one.as_bytes() for one in part.get_payload())
    # What is not said to be packed, the library gives as it is.
    del part["content-transfer-encoding"]
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""
