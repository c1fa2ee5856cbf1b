"""Mails of people, and the mailbox to which they write."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from adapters.channels.email.examples import EXAMPLES
from adapters.channels.email.reading import Reader
from adapters.channels.email.settings import EmailSettings
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.records import Utterance

FOLDER = Path(__file__).parents[1] / "payloads" / "email"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
OURS = "support@shop.example"

T = TypeVar("T")


def settings(**more: Any) -> EmailSettings:
    """Those of the mailbox."""
    return EmailSettings.model_validate({**EXAMPLES.settings, **more})


def mail(body: str | bytes = "Hello!", *, given: Sequence[str] = (), **headers: str | None) -> bytes:
    """A raw mail of Ann's: `headers` stand in the place of the usual ones, None leaves one out; `given` stand as is."""
    usual: dict[str, str | None] = {
        "from": "Ann Lee <ann@example.com>",
        "to": OURS,
        "subject": "The bell",
        "date": "Mon, 23 Nov 2026 10:00:00 +0000",
        "message_id": "<first@example.com>",
    }
    told = [f"{name.replace('_', '-').title()}: {one}" for name, one in (usual | headers).items() if one is not None]
    head = "\n".join([*given, *told]).encode("utf-8", "surrogateescape")
    return head + b"\n\n" + (body if isinstance(body, bytes) else body.encode())


def part(kind: str, body: str | bytes, *more: str) -> bytes:
    """A part of a mail."""
    head = "\n".join([f"Content-Type: {kind}", *more]).encode()
    return head + b"\n\n" + (body if isinstance(body, bytes) else body.encode())


def parts(*some: bytes, kind: str = "multipart/mixed", **headers: str | None) -> bytes:
    """A mail of several parts."""
    whole = b"".join(b"--=b\n" + one + b"\n" for one in some) + b"--=b--\n"
    return mail(whole, content_type=f'{kind}; boundary="=b"', **headers)


def delivered(body: bytes, *, at: datetime = NOW, **headers: str) -> Delivery:
    """The body as a webhook hands it in."""
    return Delivery(
        method="POST",
        query={},
        headers={name.replace("_", "-"): one for name, one in headers.items()},
        body=body,
        received_at=at,
    )


def events(raw: bytes, **more: Any) -> Sequence[Event]:
    """What a mail tells."""
    return Reader("email", "support", settings(**more)).events(delivered(raw))


def told(raw: bytes, **more: Any) -> Event:
    """The one thing that it tells."""
    (event,) = events(raw, **more)
    return event


def only(kind: type[T], event: Event) -> T:
    """The one record of that kind."""
    (found,) = [one for one in event.records if isinstance(one, kind)]
    return found


def words(raw: bytes, **more: Any) -> str | None:
    """What somebody wrote."""
    return only(Utterance, told(raw, **more)).text


def sample(name: str) -> bytes:
    """A recorded mail."""
    return (FOLDER / name).read_bytes()
