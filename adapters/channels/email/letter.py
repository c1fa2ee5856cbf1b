"""What stands in a raw mail: its headers, what was written, and which files and reports came with it?

The bounds are for mails that somebody made to be a burden: parts inside one another without end, headers without end.
"""

import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Final

from adapters.attached import name_of
from adapters.channels.email.footers import parted
from adapters.channels.email.pages import text_of_page
from adapters.channels.email.plain import legible_lines, unflowed
from adapters.channels.email.words import body_unpacked, charset_of_page, header_text, parameters, raw_text, text_of
from adapters.contract.bounds import LONGEST_TEXT
from adapters.contract.errors import BadPayload
from adapters.quiet import quiet

MOST_FILES: Final = 100
"""Files of one mail that are told of: who sends more sends a folder, and the text is worth more than its list."""

_DEEPEST: Final = 30
# Whoever parses a line asks every part around it whether it ends there.
_MOST_LOOKS: Final = 20_000_000
_MOST_PARTS: Final = 10_000
_MOST_HEADERS: Final = 10_000
_MOST_BLOCKS: Final = 1_000
_LONGEST_BODY: Final = 1_000_000
_LONGEST_NAME: Final = 200
_BEGINS: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:>?From [^\n]*\r?\n)?[!-9;-~]+[ \t]*:")
_BEFORE: Final = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:>?From [^\n]*\r?\n)?")
_HEAD: Final = re.compile(rb"(?:[^\r\n]+(?:\r\n|\n|\r))*")
_LINE: Final = re.compile(rb"[ \t]|[!-9;-~]+:")
_SPACED: Final = re.compile(rb"\A([!-9;-~]+)[ \t]+:")
_SURE: Final = re.compile(
    rb"(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|received|return-path|reply-to|references|"
    rb"in-reply-to|sender|authentication-results|dkim-signature)[ \t]*:",
    re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"\([^()]{0,200}\)")
_KIND: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_NO_WORDS: Final = frozenset({"text/calendar", "text/x-amp-html", "text/csv", "text/rtf", "text/vcard", "text/x-vcard"})
# What a watch shows of a page (Apple) says less of it.
_OF_WATCHES: Final = "text/watch-html"
_PAGES: Final = frozenset({"text/html", _OF_WATCHES})
_STATUSES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_RECEIPTS: Final = frozenset({"message/disposition-notification", "message/global-disposition-notification"})
_COMPLAINTS: Final = frozenset({"message/feedback-report"})
_OTHERS_HEADERS: Final = frozenset({"text/rfc822-headers", "message/global-headers"})
_UUENCODED: Final = frozenset({"x-uuencode", "uuencode", "uue", "x-uue"})


@quiet
@dataclass(frozen=True, slots=True)
class Headers:
    """The headers of a mail or of a part, as they came."""

    pairs: Sequence[tuple[str, str]] = field(repr=False)
    """By name in lower case, raw."""

    def all(self, name: str) -> list[str]:
        """Every one of that name, raw, the first first."""
        return [value for key, value in self.pairs if key == name]

    def raw(self, name: str) -> str:
        """The first one, with odd bytes read as text and encoded words as they stand; empty where there is none."""
        return raw_text(next((value for key, value in self.pairs if key == name), ""))

    def text(self, name: str) -> str:
        """The first one as people read it; empty where there is none."""
        return header_text(next((value for key, value in self.pairs if key == name), ""))


@quiet
@dataclass(frozen=True, slots=True)
class Attached:
    """A file of a mail."""

    name: str
    media_type: str
    inside: bytes | Message = field(repr=False)
    """Its bytes, or the mail that it is."""

    @property
    def size_bytes(self) -> int | None:
        """How many bytes it has; None of a mail, which has no size of its own."""
        return len(self.inside) if isinstance(self.inside, bytes) else None

    def body(self) -> bytes:
        """Its bytes; raises BadPayload where they cannot be written out again."""
        if isinstance(self.inside, bytes):
            return self.inside
        try:
            return self.inside.as_bytes()
        except Exception as error:  # noqa: BLE001  the library has no list of what it raises on hostile mail
            raise BadPayload(f"The mail inside cannot be written out ({type(error).__name__}).") from None


@quiet
@dataclass(slots=True)
class Letter:
    """A mail that was read."""

    headers: Headers
    texts: list[str] = field(default_factory=list)
    """What was written, part by part."""
    is_plain: bool = False
    """Whether the first of them was written as plain text."""
    files: list[Attached] = field(default_factory=list)
    others: list[Headers] = field(default_factory=list)
    """The headers of mails inside it: what was forwarded, or could not be delivered."""
    forwarded: list[str] = field(default_factory=list)
    """What was written in those."""
    statuses: list[Headers] = field(default_factory=list)
    """Of a report on deliveries: the mail's block, then one for each recipient (RFC 3464)."""
    receipt: Headers | None = None
    """Of a report that it was read (RFC 8098)."""
    complaint: Headers | None = None
    """Of a report that somebody takes it for spam (RFC 5965)."""
    is_report: bool = False
    """Whether the whole mail is a report, and not one that somebody put beside their words."""
    named: list[tuple[Attached, dict[str, str]]] = field(default_factory=list)
    """Files that hold words and may be what was written, where nothing else is; with what their type says of them."""

    @property
    def text(self) -> str | None:
        """What was written, or of a mail that only forwards others what was written there; None where nothing was."""
        whole = "\n\n".join(self.texts or self.forwarded[:1])
        if not whole:
            return None
        return whole if len(whole) <= LONGEST_TEXT else whole[: LONGEST_TEXT - 2].rstrip() + "\n…"


def read_letter(raw: bytes) -> Letter:
    """The mail; raises BadPayload where it is none."""
    if not _BEGINS.match(raw):
        raise BadPayload("The mail does not begin with a header (RFC 5322, 2.2).")
    if raw.count(b"\n--") > _MOST_PARTS or raw.count(b"\n") * raw.lower().count(b"boundary") > _MOST_LOOKS:
        raise BadPayload("The mail has more parts than are read.")
    try:
        message = message_from_bytes(_mended(_BEFORE.sub(b"", raw, count=1)))
    except (Exception, RecursionError) as error:  # noqa: BLE001  the parser has no list of what it raises on hostile mail
        raise BadPayload(f"The mail cannot be taken apart ({type(error).__name__}).") from None
    found = Letter(_headers_of(message))
    found.is_report = message.get_content_type() == "multipart/report" or message.get_content_maintype() == "message"
    _walk(message, found, 0)
    if not found.texts and not found.forwarded:
        _take_named(found)
    if found.text is None and not found.files and _is_deep(message):
        raise BadPayload(f"The mail has nothing but parts inside parts, more than {_DEEPEST} deep.")
    return found


def _take_named(found: Letter) -> None:
    """Has the first file that holds words be what was written."""
    for file, said in found.named:
        if text := _words(file.body()[:_LONGEST_BODY], file.media_type, said):
            found.texts.append(text)
            found.files = [one for one in found.files if one is not file]
            return


def _is_deep(message: Message) -> bool:
    depth, part = 0, message
    while part.is_multipart() and depth < _DEEPEST:
        depth, part = depth + 1, part.get_payload(0)  # type: ignore[assignment]
    return depth == _DEEPEST


def _mended(raw: bytes) -> bytes:
    """The mail with each line of its head in a header: as the library reads it, all behind an odd line is the body."""
    head = _HEAD.match(raw)
    lines = head[0].splitlines(keepends=True) if head else []
    if len(lines) > _MOST_HEADERS or all(_LINE.match(one) for one in lines):
        return raw
    # Behind the last one that is surely a header stands a body to which the blank line is missing.
    sure = max((n for n, one in enumerate(lines) if _SURE.match(one)), default=-1)
    mended = [_SPACED.sub(rb"\1:", one) if n <= sure else one for n, one in enumerate(lines)]
    mended = [one if n > sure or _LINE.match(one) else b" " + one for n, one in enumerate(mended)]
    return b"".join(mended) + raw[sum(map(len, lines)) :]


def _headers_of(message: Message) -> Headers:
    pairs = []
    for name, value in message.raw_items():
        pairs.append((str(name).lower(), str(value)))
        if len(pairs) == _MOST_HEADERS:
            break
    return Headers(pairs)


def _walk(part: Message, found: Letter, depth: int) -> None:
    kind = part.get_content_type()
    # Of a part without others the library would read the text itself, by whatever charset it names.
    parts = [one for one in part.get_payload() if isinstance(one, Message)] if part.is_multipart() else []
    if depth >= _DEEPEST:
        return
    if kind in _STATUSES:
        found.statuses += _blocks(part, parts[:_MOST_BLOCKS])
    elif kind in _RECEIPTS:
        blocks = _blocks(part, parts)
        found.receipt = next(iter(blocks), None)
    elif kind in _COMPLAINTS:
        found.complaint = next(iter(_blocks(part, parts)), None)
    elif kind.startswith("message/") and parts:
        _forwarded(parts[0], found, depth)
    elif kind == "multipart/alternative" and parts:
        _one_of(parts, found, depth)
    elif parts:
        for one in parts:
            _walk(one, found, depth + 1)
    else:
        _leaf(part, kind, found)


def _blocks(part: Message, parts: Sequence[Message]) -> list[Headers]:
    """The blocks of a report, each of them headers."""
    if _way_of(part) == "base64" and not any(one.keys() for one in parts):
        # Which must not be (RFC 3464, 2.1), so that the library took the code for blocks.
        packed = "\n".join(str(one.get_payload()) for one in parts) if parts else part.get_payload()
        part.set_payload(packed)
        parts = ()
    if parts:
        # Of a report on a receipt the library makes a mail, whose body is its text.
        blocks = [_headers_of(one) for one in parts]
        return [one for one in blocks if one.pairs] or [
            _block(text_of(_bytes_of(one)[:_LONGEST_BODY], None)) for one in parts
        ]
    blocks = [_block(one) for one in re.split(r"\r?\n[ \t]*\r?\n", text_of(_bytes_of(part)[:_LONGEST_BODY], None))]
    return [one for one in blocks if one.pairs]


def _block(text: str) -> Headers:
    lines = re.sub(r"\r?\n[ \t]+", " ", text).splitlines()
    pairs = [line.partition(":") for line in lines[:_MOST_BLOCKS] if ":" in line]
    return Headers([(name.strip().lower(), value.strip()) for name, _, value in pairs])


def _forwarded(inner: Message, found: Letter, depth: int) -> None:
    """A mail inside: a file by its subject, and its words where nobody wrote any of their own."""
    own = Letter(_headers_of(inner))
    _walk(inner, own, depth + 1)
    found.others += [own.headers, *own.others]
    found.forwarded += own.texts or own.forwarded
    name = own.headers.text("subject") or "forwarded message"
    _add(found, Attached(name_of(f"{name[: _LONGEST_NAME - 4]}.eml", "attachment"), "message/rfc822", inner))


def _one_of(parts: Sequence[Message], found: Letter, depth: int) -> None:
    """Of several ways to say one thing the plain one, else the first that says anything (RFC 2046, 5.1.4)."""
    ways = []
    for one in sorted(parts, key=lambda one: one.get_content_type() == _OF_WATCHES):
        way = Letter(found.headers)
        _walk(one, way, depth + 1)
        ways.append(way)
    saying = [one for one in ways if one.texts]
    best = next((one for one in saying if one.is_plain), next(iter(saying), None))
    for way in ways:
        for file in way.files:
            _add(found, file)
        found.others += way.others
        found.forwarded += way.forwarded
        found.statuses += way.statuses
        found.named += way.named
    if best is not None:
        found.is_plain |= best.is_plain and not found.texts
        found.texts += best.texts


def _leaf(part: Message, kind: str, found: Letter) -> None:
    headers = _headers_of(part)
    content, disposition = headers.raw("content-type"), headers.raw("content-disposition")
    said = parameters(content)
    name = parameters(disposition).get("filename") or said.get("name")
    body, footer = _unpacked(part)
    if kind in _OTHERS_HEADERS:
        found.others.append(_block(text_of(body[:_LONGEST_BODY], said.get("charset"))))
        return
    is_words = kind.startswith(("text/", "multipart/")) and kind not in _NO_WORDS
    if is_words and not name and not disposition.strip().lower().startswith("attachment"):
        text = _words(body[:_LONGEST_BODY], kind, said)
        if footer:
            text = legible_lines(f"{text}\n{text_of(footer[:_LONGEST_BODY], None)}")
        found.is_plain |= kind not in _PAGES and bool(text) and not found.texts
        found.texts += [text] if text else []
        return
    if name or body.strip():
        named = name_of(name or f"attachment-{len(found.files) + 1}", "attachment")
        file = Attached(named, kind if _KIND.fullmatch(kind) else "application/octet-stream", body)
        _add(found, file)
        if is_words and not disposition.strip().lower().startswith("attachment"):
            found.named.append((file, said))


def _words(body: bytes, kind: str, said: dict[str, str]) -> str:
    charset = said.get("charset") or (charset_of_page(body) if kind in _PAGES else None)
    text = text_of(body, charset)
    if kind in _PAGES:
        return legible_lines(text_of_page(text))
    if said.get("format", "").lower() == "flowed":
        text = unflowed(text, joins_words=said.get("delsp", "").lower() == "yes")
    return legible_lines(text)


def _add(found: Letter, file: Attached) -> None:
    if len(found.files) < MOST_FILES:
        found.files.append(file)


def _bytes_of(part: Message) -> bytes:
    """The bytes of a part, unpacked as far as that goes."""
    return _unpacked(part)[0]


def _unpacked(part: Message) -> tuple[bytes, bytes]:
    """The same, and what stands in plain words behind packed ones."""
    way = _way_of(part)
    # What is not said to be packed, the library gives as it is.
    del part[_ENCODING]
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return b"", b""
    if way == "base64":
        coded, footer = parted(raw)
        return body_unpacked(coded), footer
    if way == "quoted-printable":
        return binascii.a2b_qp(raw), b""
    return b"".join(_of_uu(raw)) if way in _UUENCODED else raw, b""


def _way_of(part: Message) -> str:
    """How the part says that it is packed."""
    way = next((str(value) for name, value in part.raw_items() if str(name).lower() == _ENCODING), "")
    return _COMMENT.sub("", way).partition(";")[0].strip().lower()


_ENCODING: Final = "content-transfer-encoding"


def _of_uu(raw: bytes) -> Iterator[bytes]:
    """What stands between `begin` and `end`, as far as each line can be read."""
    lines = iter(raw.splitlines())
    if not any(line.startswith(b"begin ") for line in lines):
        return
    for line in lines:
        if line.strip() in {b"end", b"`", b""}:
            return
        try:
            yield binascii.a2b_uu(line)
        except binascii.Error:
            continue
