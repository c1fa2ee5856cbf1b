"""Which text do the bytes of a mail stand for, whatever they say of themselves?

Nothing here raises: what cannot be read becomes U+FFFD, for most of a text is worth more than none of it.
"""

import binascii
import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from adapters.contract.legible import legible

_LONGEST_HEADER: Final = 20_000
"""Characters of one header that are read: RFC 5322 takes 998 in a line, and a thread's references fill several."""

# As mail programs call what Python calls otherwise, or what is a part of something larger (WHATWG Encoding, 4.2).
_CALLED: Final[Mapping[str, str]] = {
    "ascii": "us-ascii",
    "big5": "big5hkscs",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "windows-874": "cp874",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
}
# Of one byte a letter, so that nearly everything can be read as them, also what is UTF-8.
_TAKE_ANYTHING: Final = frozenset({"us-ascii", "cp1252", "cp1254"})
# Those of Python's own that are no charset of a mail: they unpack, or read what is written as an escape.
_NO_CHARSETS: Final = frozenset(
    {"unicode-escape", "unicode_escape", "raw-unicode-escape", "raw_unicode_escape", "idna", "punycode", "undefined"}
)
_JAPANESE: Final = frozenset({"iso2022_jp", "iso2022_jp_1", "iso2022_jp_2", "iso2022_jp_3", "iso2022_jp_ext"})
_SWITCH: Final = re.compile(rb"(\x1b(?:\$[@B]|\$\([@BD]|\([BJI]))")
_TWO_BYTES: Final = frozenset({b"\x1b$@", b"\x1b$B", b"\x1b$(@", b"\x1b$(B"})
_HALF_WIDTH: Final = b"\x1b(I"
_LETTERS: Final = range(0x21, 0x7F)
_NARROW: Final = range(0x21, 0x60)
_ROWS: Final = (*range(0x81, 0xA0), *range(0xE0, 0xF0))
_CELLS: Final = (*range(0x40, 0x7F), *range(0x80, 0xFD))
# HTML, 4.2.5.4: where a page says it; those of two bytes a letter cannot say so.
_OF_PAGE: Final = re.compile(
    rb"<meta\s[^>]{0,500}?charset\s{0,5}=\s{0,5}[\"']?\s{0,5}(?!utf-?(?:16|32))([\w.:-]{1,60})", re.IGNORECASE
)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,60}")

_ENCODED: Final = re.compile(r"=\?([^?\s]{1,80})\?([bBqQ])\?([^?]{0,8000})\?=")
_NO_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
# Base64 has no blanks within its lines; of words each has one behind it.
_NO_CODE: Final = re.compile(rb"[^A-Za-z0-9+/=\s]|[ \t](?=\S)")
_WORD: Final = 12
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1f]")
_Q: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_PARAMETER: Final = re.compile(r';\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.){0,4000}"?|[^;]{0,4000})')
_PART_OF: Final = re.compile(r"(.+?)\*(\d{1,3})(\*)?")


def text_of(body: bytes, charset: str | None) -> str:
    """The text, read as what it says it is where that fits, and else as what it seems to be."""
    return legible(_decoded(body, _codec(charset)))


def charset_of_page(page: bytes) -> str | None:
    """The charset that a page names, of which the mail names none; None also where it is UTF-8 nevertheless."""
    found = _OF_PAGE.search(page[:10_000])
    if found is None:
        return None
    try:
        page.decode("utf-8")
    except UnicodeDecodeError:
        return found[1].decode("ascii", "replace")
    return found[1].decode("ascii", "replace") if page.isascii() else None


def _codec(charset: str | None) -> str | None:
    """The name by which Python reads it; None where it is unknown."""
    name = (charset or "").strip(" \"'").lower().partition("*")[0]
    if not _NAME.fullmatch(name):
        return None
    name = _CALLED.get(name, name)
    try:
        found = codecs.lookup(name)
        # Others turn bytes into bytes, and raise LookupError here.
        b" ".decode(found.name, "ignore")
    except (LookupError, ValueError):
        return None
    return None if found.name in _NO_CHARSETS else _CALLED.get(found.name, found.name)


def _decoded(body: bytes, codec: str | None) -> str:
    if body.startswith((b"\xff\xfe", b"\xfe\xff")) and len(body) % 2 == 0:
        codec = "utf-16"
    elif codec in {"utf-16", "ucs-2"} and not body.startswith((b"\xff\xfe", b"\xfe\xff")):
        # RFC 2781, 4.3 says big; those who leave the mark out mostly write little.
        codec = "utf-16-le" if body[1:200:2].count(0) >= body[0:200:2].count(0) else "utf-16-be"
    if codec is None or codec in _TAKE_ANYTHING or codec == "utf-8":
        return _guessed(body, codec)
    try:
        return body.decode(codec)
    except (UnicodeError, ValueError):
        pass
    if codec.startswith("iso2022") and b"\x1b" in body:
        # Of seven bits a letter, so that it would be UTF-8, too.
        return "".join(_japanese(body)) if codec in _JAPANESE else body.decode(codec, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode(codec, "replace")


def _japanese(body: bytes) -> Iterator[str]:
    """ISO-2022-JP with the signs and the narrow kana that mail programs put beyond it, as in their Shift JIS."""
    mode = b""
    for piece in _SWITCH.split(body):
        if _SWITCH.fullmatch(piece):
            mode = piece
        elif mode in _TWO_BYTES:
            # Whoever forgets to switch back begins a new line all the same.
            letters, end, rest = piece.partition(b"\n")
            yield b"".join(_shifted(letters)).decode("cp932", "replace") + (end + rest).decode("cp932", "replace")
        elif mode == _HALF_WIDTH:
            yield bytes(one | 0x80 if one in _NARROW else one for one in piece).decode("cp932", "replace")
        else:
            yield (mode + piece).decode("iso2022_jp_ext", "replace")


def _shifted(letters: bytes) -> Iterator[bytes]:
    """Letters of two bytes as Shift JIS writes them: two rows of 94 in one of 188."""
    for first, second in zip(letters[::2], letters[1::2], strict=False):
        if first not in _LETTERS or second not in _LETTERS:
            yield b"?"
            continue
        row, is_lower = divmod(first - _LETTERS.start, 2)
        yield bytes((_ROWS[row], _CELLS[is_lower * len(_LETTERS) + second - _LETTERS.start]))


def _guessed(body: bytes, codec: str | None) -> str:
    """As UTF-8, which nothing else is by chance; where it is none, as what is most often written without saying so."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if codec == "utf-8" and _is_mostly_utf8(body):
        return body.decode("utf-8", "replace")
    return body.decode("cp1254" if codec == "cp1254" else "cp1252", "replace")


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether more of what is no ASCII is UTF-8 than is not."""
    text = body.decode("utf-8", "replace")
    return sum(one > "\x7f" and one != "\ufffd" for one in text) > text.count("\ufffd")


def unpacked(coded: bytes) -> bytes:
    """What stands in base64, without what does not belong there, and whether its end is there or not."""
    plain = _NO_BASE64.sub(b"", coded.partition(b"=")[0] if coded.rstrip().endswith(b"=") else coded)
    plain = plain[: len(plain) - 1] if len(plain) % 4 == 1 else plain
    try:
        return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return b""


def body_unpacked(coded: bytes) -> bytes:
    """The same of a whole body, and the body as it is where it is said to be base64 and is plain words."""
    plain = unpacked(coded)
    if len(_NO_CODE.findall(coded)) * _WORD <= len(coded):
        return plain
    try:
        is_text = _NO_TEXT.search(plain.decode("utf-8")) is None
    except UnicodeDecodeError:
        is_text = False
    return plain if is_text else coded


# Headers


def header_text(raw: str) -> str:
    """A header as people read it: unfolded, with its encoded words, and with bytes that it must not hold (RFC 2047)."""
    text = raw_text(raw)
    if "=?" in text:
        text = "".join(_with_words(text))
    return " ".join(legible(text).split())


def raw_text(raw: str) -> str:
    """A header with bytes that it must not hold, as whatever they seem to be."""
    cut = raw[:_LONGEST_HEADER]
    return legible(cut if cut.isascii() else _guessed(cut.encode("utf-8", "surrogateescape"), None))


def _with_words(text: str) -> Iterator[str]:
    """The pieces of a header; blanks between two encoded words are none, and a letter may be cut in two by them."""
    position, codec = 0, ""
    held: list[tuple[str, str]] = []
    for found in _ENCODED.finditer(text):
        between, charset = text[position : found.start()], found[1].lower()
        if held and (between.strip() or charset != codec):
            yield text_of(_joined_words(held), codec)
            held = []
        if between.strip() or position == 0:
            yield between
        held.append((found[2].lower(), found[3]))
        codec, position = charset, found.end()
    yield text_of(_joined_words(held), codec)
    yield text[position:]


def _joined_words(words: Sequence[tuple[str, str]]) -> bytes:
    """The bytes of words that belong together; of base64 that goes on in the next one, too, which is not allowed."""
    whole, coded = b"", ""
    for way, said in words:
        if way == "b":
            coded += said
        if coded and (way != "b" or said.endswith("=")):
            whole, coded = whole + unpacked(coded.encode("utf-8", "surrogatepass")), ""
        if way == "q":
            whole += _Q.sub(_byte, said.encode("utf-8", "surrogatepass").replace(b"_", b" "))
    return whole + unpacked(coded.encode("utf-8", "surrogatepass"))


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),))


def parameters(raw: str) -> dict[str, str]:
    """The parameters of a header as `Content-Type`, by name in lower case, in whichever way they are written.

    In parts and with a charset as RFC 2231 says, or as encoded words, which nobody may write there and many do.
    """
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for found in _PARAMETER.finditer(raw_text(raw)):
        name, value = found[1].lower(), _unquoted(found[2].strip())
        if (part := _PART_OF.fullmatch(name)) is not None:
            coded = value.encode("utf-8", "surrogatepass")
            parts.setdefault(part[1], {}).setdefault(int(part[2]), (coded, part[3] is not None))
        elif name.endswith("*"):
            parts.setdefault(name[:-1], {}).setdefault(0, (value.encode("utf-8", "surrogatepass"), True))
        else:
            plain.setdefault(name, header_text(value))
    return plain | {name: _joined(some) for name, some in parts.items()}


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return re.sub(r"\\(.)", r"\1", value.strip('"'))


def _joined(parts: Mapping[int, tuple[bytes, bool]]) -> str:
    """RFC 2231, 3 and 4: the pieces in their order, of which the first may name the charset of all."""
    charset, whole = None, b""
    for n in sorted(parts):
        piece, is_coded = parts[n]
        if is_coded:
            if whole == b"" and piece.count(b"'") > 1:
                named, _, piece = piece.split(b"'", 2)
                charset = named.decode("latin-1")
            piece = _PERCENT.sub(_byte, piece)
        whole += piece
    return " ".join(text_of(whole, charset).split())
