"""Whatever is done to a mail, it is a bad payload or events that can be kept, and nothing else happens."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict

import pytest

from adapters.channels.email.examples import EXAMPLES
from adapters.channels.email.reading import Reader
from adapters.channels.email.threads import own_id
from adapters.conformance.mutations import spoilt
from adapters.contract.bounds import beyond
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.soundness import unsound
from tests.channels.email.letters import FOLDER, delivered, mail, part, parts, settings

SEED = 20_261_127
OURS = own_id("k1", "first@example.com", "shop.example")
BASE64 = "Content-Transfer-Encoding: base64"
FAILED = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\n"
MAILS = [
    *(path.read_bytes() for path in sorted(FOLDER.glob("*.eml"))),
    *EXAMPLES.deliveries,
    mail("Grüße", content_type="text/plain; charset=utf-8; format=flowed; delsp=yes", in_reply_to=f"<{OURS}>"),
    parts(
        part('text/html; charset="utf-8"', "<p>One<blockquote>Two &amp; three</blockquote><script>x</script>"),
        part("application/pdf", "JVBERi0=", BASE64, "Content-Disposition: attachment; filename*=utf-8''%C3%9F.pdf"),
        part("message/rfc822", mail("Inner", message_id=f"<{OURS}>")),
        subject="=?utf-8?B?R3LDtsOfZQ==?= =?iso-8859-1?Q?Gr=F6=DFe?=",
    ),
    parts(
        part("message/delivery-status", FAILED),
        part("text/rfc822-headers", f"Message-ID: <{OURS}>\n"),
        kind="multipart/report; report-type=delivery-status",
    ),
    parts(
        part("text/plain", "Read"),
        part("message/disposition-notification", f"Original-Message-ID: <{OURS}>\nDisposition: x; displayed\n"),
        kind="multipart/report",
    ),
]  # fmt: skip
ODD = [
    b"Content-Type: multipart/mixed; boundary=",
    b"Content-Type: multipart/mixed; boundary*99999999999=x",
    b"Content-Type: message/rfc822",
    b"Content-Type: message/delivery-status",
    b"Content-Type: message/partial; number=1; total=2",
    b"Content-Type: text/plain; charset=\xff\xfe",
    b"Content-Type: text/plain; charset*=utf-8'x",
    b"Content-Transfer-Encoding: base64",
    b"Content-Transfer-Encoding: x-uuencode",
    b"Content-Disposition: attachment; filename*0*=%ff''%; filename*2=x",
    b"From: =?utf-16?B?AA==?= <a@b>, =?x?Q?",
    b"From: \xff\xfe\x00 <\x00@\xff>",
    b"Message-ID: <\xff\x00>",
    b"References: " + b"<x@y> " * 2_000,
    b"Date: Mon, 99 Foo 99999999999999999999 99:99:99 +999999999999",
    b"Subject: =?utf-8?B?" + b"/" * 999 + b"?=",
    b"Return-Path: <>",
    b"Authentication-Results: mx.shop.example; ((((",
    b"X: " + b"(" * 3_000,
    b"From: " + b'"' * 3_000,
    b"\x00: \x00",
    b"",
]
READER = Reader("email", "support", settings())


def without_line(lines: list[bytes], chance: random.Random) -> None:
    """Some line is gone."""
    del lines[chance.randrange(len(lines))]


def odd_line(lines: list[bytes], chance: random.Random) -> None:
    """An odd header stands somewhere, mostly in front."""
    lines.insert(chance.choice([0, 1, 2, chance.randrange(len(lines))]), chance.choice(ODD))


def twice(lines: list[bytes], chance: random.Random) -> None:
    """A part of it stands there once more, anywhere."""
    begins = chance.randrange(len(lines))
    lines[chance.randrange(len(lines)) : 0] = lines[begins : begins + chance.randint(1, 9)]


def anothers(lines: list[bytes], chance: random.Random) -> None:
    """Another mail stands in the middle of it."""
    lines[chance.randrange(len(lines)) : 0] = chance.choice(MAILS).split(b"\n")[: chance.randint(1, 40)]


def other_bytes(lines: list[bytes], chance: random.Random) -> None:
    """A line has other bytes."""
    n = chance.randrange(len(lines))
    lines[n] = bytes(chance.choice([one, chance.randrange(256)]) for one in lines[n][:500])


def folded(lines: list[bytes], chance: random.Random) -> None:
    """A line is a part of the one before."""
    n = chance.randrange(len(lines))
    lines[n] = chance.choice([b" ", b"\t", b"--", b"\r", b">"]) + lines[n]


CHANGES: list[Callable[[list[bytes], random.Random], None]] = [
    without_line,
    odd_line,
    twice,
    anothers,
    other_bytes,
    folded,
]


def changed(count: int) -> Iterator[bytes]:
    """So many mails that are nearly those, always the same."""
    chance = random.Random(SEED)
    for n in range(count):
        lines = MAILS[n % len(MAILS)].split(b"\n")
        for _ in range(chance.randint(1, 6)):
            chance.choice(CHANGES)(lines, chance)
            lines = lines or [b""]
        yield b"\n".join(lines)


def tried(body: bytes) -> list[Event] | None:
    """The events of a mail, sound and such as are kept; None where it is a bad payload."""
    try:
        events = list(READER.events(delivered(body)))
    except BadPayload:
        return None
    assert events
    for event in events:
        assert unsound(event) is None
        assert [bool(event.records), event.unread is not None, event.left_alone is not None].count(True) == 1
        assert event.at is not None
        for record in event.records:
            assert unsound(record, ("email", "support")) is None
            assert beyond(record) is None
        # What is kept can be stored: as UTF-8, without what no text can hold.
        kept = json.dumps([asdict(one) for one in event.records], ensure_ascii=False, default=str)
        assert "\\u0000" not in kept
        kept.encode()
        event.key.encode()
    return events


def outcomes(count: int) -> tuple[int, int]:
    """Of so many spoilt mails: how many were none, and how many were read."""
    bad = good = 0
    for bodies in (changed(count - count // 4), spoilt(MAILS, count // 4)):
        for body in bodies:
            if tried(body) is None:
                bad += 1
            else:
                good += 1
    return bad, good


def test_spoilt_mails() -> None:
    """A spoilt mail is no payload, or is read: nothing else happens."""
    bad, good = outcomes(200)
    # A mutator that spoils everything, or nothing, tries nothing.
    assert min(bad, good) > 10


@pytest.mark.deep
def test_ten_thousand() -> None:
    """So with ten thousand of them."""
    assert sum(outcomes(10_000)) == 10_000
