"""Is a mail read whose make is broken, as mail programs show it, and is nothing of it lost without a word?"""

import pytest

from adapters.channels.email.letter import read_letter
from adapters.channels.email.people import mailboxes
from adapters.contract.errors import BadPayload

_FROM = b"From: Ann Lee <ann@example.com>\r\nMessage-ID: <1@example.com>\r\n"


@pytest.mark.parametrize(
    ("head", "subject"),
    [
        (b"Subject : hi\r\n" + _FROM, "hi"),
        (b"Received: from a\r\nby b; c\r\nSubject: hi\r\n" + _FROM, "hi"),
        (b"Subject: a long\r\nsubject broken\r\n" + _FROM, "a long subject broken"),
        (b"Subject: hi\n" + _FROM.replace(b"\r\n", b"\n"), "hi"),
    ],
)
@pytest.mark.parametrize(("kind", "body"), [(b"text/plain", b"Hello"), (b"text/html", b"<p>Hello")])
def test_odd_line_in_head(head: bytes, subject: str, kind: bytes, body: bytes) -> None:
    """An odd line in a head hides none of the headers below it."""
    found = read_letter(head + b"Content-Type: " + kind + b"\r\n\r\n" + body)
    assert [one.address for one in mailboxes(found.headers, "from")] == ["ann@example.com"]
    assert (found.text, found.headers.text("subject")) == ("Hello", subject)


def test_blank_line_missing() -> None:
    """A body that begins without the blank line before it is a body."""
    found = read_letter(_FROM + b"Hello there,\r\nmy order: is late\r\n\r\nAnn")
    assert found.text == "Hello there,\nmy order: is late\n\nAnn"


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("ann@example.com (Ann Lee (Berlin))", "Ann Lee (Berlin)", "ann@example.com"),
        ("Ann Lee (Shop (Berlin)) <ann@example.com>", "Ann Lee", "ann@example.com"),
        ("ann @ example.com", None, "ann@example.com"),
        ("Ann Lee <ann@example.com", "Ann Lee", "ann@example.com"),
        ("bank@example.com <ann@example.net", "bank@example.com", "ann@example.net"),
    ],
)
def test_odd_senders(written: str, name: str | None, address: str) -> None:
    """Whoever writes an address in an old way, or forgets a bracket, is still that address."""
    (found,) = mailboxes(read_letter(f"From: {written}\r\n\r\nx".encode()).headers, "from")
    assert (found.name, found.address) == (name, address)


@pytest.mark.parametrize("written", ["a@example.com b@example.com", "(" * 10_000, "(a" * 10_000, "a@" * 10_000])
def test_no_sender(written: str) -> None:
    """What is no one address is none."""
    assert mailboxes(read_letter(f"From: {written}\r\n\r\nx".encode()).headers, "from") == []


@pytest.mark.parametrize(
    "head",
    [
        'Content-Type: text/plain; name="body.txt"',
        "Content-Type: text/html; name=mail.html",
        'Content-Type: text/plain\r\nContent-Disposition: inline; filename="message.txt"',
    ],
)
def test_only_words_have_a_name(head: str) -> None:
    """What has a file's name and is all that was written is the text."""
    found = read_letter(_FROM + f"{head}\r\n\r\nHello".encode())
    assert (found.text, found.files) == ("Hello", [])
    attached = read_letter(
        _FROM + b'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="a.txt"\r\n\r\nHello'
    )
    assert (attached.text, [one.name for one in attached.files]) == (None, ["a.txt"])


def test_names_turn_nothing_round() -> None:
    """A file's name shows its end where it is: no letters in it turn those behind them round."""
    head = b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''inv%E2%80%AEfdp.exe\r\n"
    assert [one.name for one in read_letter(_FROM + head + b"\r\nx").files] == ["invfdp.exe"]


def test_packing_with_a_comment() -> None:
    """Comments stand wherever they like, in the word that says how a body is packed, too."""
    assert read_letter(_FROM + b"Content-Transfer-Encoding: base64 (as ever)\r\n\r\nSGVsbG8=").text == "Hello"


def test_too_deep_is_told() -> None:
    """Where nothing could be read because it stands too deep, that is said."""
    inside, kind = b"hello", b"text/plain"
    for n in range(60):
        name = b"b%d" % n
        inside = b"--" + name + b"\r\nContent-Type: " + kind + b"\r\n\r\n" + inside + b"\r\n--" + name + b"--\r\n"
        kind = b"multipart/mixed; boundary=" + name
    with pytest.raises(BadPayload, match="inside parts"):
        read_letter(_FROM + b"Content-Type: " + kind + b"\r\n\r\n" + inside)


def test_sender_below_many_headers() -> None:
    """Whoever sent it stands below thousands of headers, too."""
    found = read_letter(b"X-A: b\r\n" * 5_000 + _FROM + b"\r\nHello")
    assert [one.address for one in mailboxes(found.headers, "from")] == ["ann@example.com"]
