"""Whatever a mail says of its letters, or does not say, people read what was written."""

import base64
import quopri

import pytest

from adapters.contract.records import File, Person, Talk
from tests.channels.email.letters import mail, only, part, parts, told, words

UMLAUTS = "Größe: 50 €"


@pytest.mark.parametrize(
    ("charset", "raw"),
    [
        ("utf-8", UMLAUTS.encode()),
        ("iso-8859-15", UMLAUTS.encode("iso-8859-15")),
        ("windows-1252", UMLAUTS.encode("cp1252")),
        # Said to be something that it is not.
        ("iso-8859-1", UMLAUTS.encode()),
        ("us-ascii", UMLAUTS.encode()),
        ("us-ascii", UMLAUTS.encode("cp1252")),
        ("utf-8", UMLAUTS.encode("cp1252")),
        # Unknown ones, and those that Python has for other things.
        ("x-unknown", UMLAUTS.encode()),
        ("unicode_escape", UMLAUTS.encode()),
        ("zip", UMLAUTS.encode()),
        ("idna", UMLAUTS.encode()),
        ("../../etc", UMLAUTS.encode("cp1252")),
        # With two bytes a letter, with a mark and without.
        ("utf-16", UMLAUTS.encode("utf-16")),
        ("utf-16", UMLAUTS.encode("utf-16-le")),
        ("utf-16", UMLAUTS.encode("utf-16-be")),
        ("utf-7", UMLAUTS.encode("utf-7")),
        ("unicode-1-1-utf-7", UMLAUTS.encode("utf-7")),
    ],
)
def test_charsets(charset: str, raw: bytes) -> None:
    """A text is read by its charset where that fits, and else by what it seems to be."""
    packed = base64.encodebytes(raw)
    content = f"text/plain; charset={charset}"
    assert words(mail(packed, content_type=content, content_transfer_encoding="base64")) == UMLAUTS


@pytest.mark.parametrize(
    ("charset", "text"),
    [("gb2312", "你好镕基"), ("shift_jis", "髙島屋①"), ("ks_c_5601-1987", "안녕하세요"), ("koi8-r", "Привет")],
)
def test_other_alphabets(charset: str, text: str) -> None:
    """Charsets are read with the letters that mail programs put beyond them."""
    codec = {"gb2312": "gb18030", "shift_jis": "cp932", "ks_c_5601-1987": "cp949"}.get(charset, charset)
    assert words(mail(text.encode(codec), content_type=f'text/plain; charset="{charset}"')) == text


@pytest.mark.parametrize("text", ["Hello there, the bell is broken.", "Größe: 50 €, bitte!", "Is it here\nor there"])
def test_packed_in_name_only(text: str) -> None:
    """Plain words that are said to be base64 are read as they stand."""
    assert words(mail(text, content_type="text/plain; charset=utf-8", content_transfer_encoding="base64")) == text


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("ISO-2022-JP", b"\x1b$B$3$s\x2d\x6a\x7c\x62\x1b(B Ltd\nOK", "こん㈱髙 Ltd\nOK"),
        ("iso-2022-jp", b"\x1b$B$3$s\x1b(I12\x1b(B!", "こんｱｲ!"),
        ("iso-2022-jp", b"\x1b$B$3\x2d\x6a\nOK", "こ㈱\nOK"),
        ("iso-2022-jp", b"\x1b$B$3\xff\x21$\x1b(B!", "こ?!"),
        ("iso-2022-jp", "こん".encode(), "こん"),
        ("iso-2022-kr", b"\x1b$)C\x0e0!\x0f \xff", "가 \ufffd"),
        ("big5", "嘅喺咗".encode("big5hkscs"), "嘅喺咗"),
    ],
    ids=range(7),
)
def test_beyond_charsets(charset: str, raw: bytes, text: str) -> None:
    """Letters that programs put beyond a charset are read, and of one that is broken the rest."""
    assert words(mail(raw, content_type=f"text/plain; charset={charset}")) == text


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (b'<meta charset="windows-1251"><p>' + "Привет".encode("cp1251"), "Привет"),
        (b'<META http-equiv=x content="text/html; charset=koi8-r"><p>' + "Привет".encode("koi8-r"), "Привет"),
        (b"<meta charset=iso-2022-jp><p>\x1b$B$3$s\x1b(B", "こん"),
        # Whoever sent it on wrote it anew.
        ('<meta charset="windows-1251"><p>Привет'.encode(), "Привет"),
        ("<meta charset=utf-16><p>Größe".encode(), "Größe"),
        (b"<meta charset=odd><p>Gr\xf6\xdfe", "Größe"),
    ],
    ids=range(6),
)
def test_charsets_of_pages(page: bytes, text: str) -> None:
    """Where the mail names no charset, a page is read by the one that it names itself."""
    assert words(mail(page, content_type="text/html")) == text


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        ("=?utf-8?B?R3LDtsOfZQ==?=", "Größe"),
        ("=?ISO-8859-1?Q?Gr=F6=DFe?= of it", "Größe of it"),
        # Between two of them a blank is none; a letter may be cut in two, which is not allowed.
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?B?w?= =?utf-8?B?7Y=?=", "ö"),
        ("=?utf-8?q?Gr=C3?=\n =?utf-8?q?=B6=C3=9Fe?=", "Größe"),
        # Broken ones.
        ("=?utf-8?B?R3LDtsOfZQ?=", "Größe"),
        ("=?utf-8?B?!!!?= x", "x"),
        ("=?utf-8?Q?no end", "=?utf-8?Q?no end"),
        ("=?x-odd?Q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("=?utf-8*de?Q?Gr=C3=B6=C3=9Fe?=", "Größe"),
        ("=?utf-8?Q?a=00b?=", "a\ufffdb"),
        ("a=?utf-8?Q?b?=c", "abc"),
        # Letters that must not stand there.
        ("Größe", "Größe"),
        ("Gr\udcf6\udcdfe", "Größe"),
    ],
)
def test_headers(subject: str, read: str) -> None:
    """A header is read with its encoded words, also with broken ones, and with bytes that it must not hold."""
    assert only(Talk, told(mail(subject=subject))).subject == read


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('filename="plan.pdf"', "plan.pdf"),
        ("filename=plan b.pdf", "plan b.pdf"),
        ("filename*=utf-8''Gr%C3%B6%C3%9Fe.pdf", "Größe.pdf"),
        ("filename*=iso-8859-1'de'Gr%F6%DFe.pdf", "Größe.pdf"),
        ("filename*0*=utf-8''Gr%C3; filename*1*=%B6%C3%9Fe; filename*2=.pdf", "Größe.pdf"),
        ('filename*1="b.pdf"; filename*0="a"', "ab.pdf"),
        ('filename="=?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?="', "Größe.pdf"),
        ("filename*=x-odd''%E4.pdf", "ä.pdf"),
        ("filename*=broken%ZZ", "broken%ZZ"),
        ('filename="../../etc/passwd"', "passwd"),
        ('filename="C:\\\\Users\\\\ann\\\\plan.pdf"', "plan.pdf"),
        ('filename=".."', "attachment"),
        (f"filename={'x' * 300}.pdf", f"{'x' * 180}.pdf"),
        ("filename*99999999999999999999=a", "attachment-1"),
    ],
)
def test_file_names(disposition: str, name: str) -> None:
    """A file has the name that it was given, in whichever way that is written, and no path."""
    raw = parts(
        part("text/plain", "See there."),
        part("application/pdf", "%PDF", f"Content-Disposition: attachment; {disposition}"),
    )
    file = only(File, told(raw))
    assert (file.name, file.media_type, file.size_bytes, file.of) == (name, "application/pdf", 4, "first@example.com")


@pytest.mark.parametrize(
    ("way", "body"),
    [
        ("base64", base64.b64encode(UMLAUTS.encode())),
        ("BASE64", base64.b64encode(UMLAUTS.encode()).rstrip(b"=")),
        (
            "base64",
            b" ".join([base64.b64encode(UMLAUTS.encode())[:5], b"\x00!", base64.b64encode(UMLAUTS.encode())[5:]]),
        ),
        ("quoted-printable", quopri.encodestring(UMLAUTS.encode())),
        ("quoted-printable", quopri.encodestring(UMLAUTS.encode()) + b"=\n"),
        ("8bit", UMLAUTS.encode()),
        ("x-odd", UMLAUTS.encode()),
        ("x-uuencode", b"begin 644 x\n/1W+#ML.?93H@-3`@XH*L\n`\nend\n"),
    ],
    ids=range(8),
)
def test_transfer_encodings(way: str, body: bytes) -> None:
    """A body is unpacked as far as that goes."""
    assert words(mail(body, content_type="text/plain; charset=utf-8", content_transfer_encoding=way)) == UMLAUTS


LONG = "Größe: wo bleibt meine Bestellung 4711? " * 3
LIST = "_____________________\nsupport mailing list\nhttps://lists.shop.example/listinfo/support"
SCANNED = "--\nThis email has been checked for viruses.\nwww.antivirus.example"


def packed(text: str, codec: str = "utf-8") -> bytes:
    """The text in base64, in lines."""
    return base64.encodebytes(text.encode(codec))


@pytest.mark.parametrize("text", ["Größe?", "Where is it?", "Größe", LONG])
@pytest.mark.parametrize("footer", [LIST, SCANNED, "____\nThis list is sponsored"])
@pytest.mark.parametrize("between", ["", "\n", "\r\n\r\n"])
def test_footers(text: str, footer: str, between: str) -> None:
    """What a list or a scanner puts behind packed words stands behind them, as they wrote it."""
    raw = packed(text) + f"{between}{footer}\n".encode()
    read = words(mail(raw, content_type="text/plain; charset=utf-8", content_transfer_encoding="base64"))
    assert read is not None
    said, gap, below = read.partition(footer[:2])
    assert (said.strip(), gap + below) == (text.strip(), footer)


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (packed("Where is it?") + b"\nHello there", "Where is it?\n\nHello there"),
        (packed("Where is it?") + b"Hello there", "Where is it?\nHello there"),
        (packed("Where is it?") + b"\nHello\n", "Where is it?\n\nHello"),
        (packed("Where is it").strip() + b"Hello there", "Where is it\nHello there"),
        # Each line with an empty one behind it, and code of which a line was damaged.
        (packed(UMLAUTS * 9).replace(b"\n", b"\n\n"), UMLAUTS * 9),
        (packed(UMLAUTS * 9).replace(b"\n", b"!\n", 1), UMLAUTS * 9),
        # No code, though a word of it could be.
        (b"Dear\n\n--\nAnn Lee", "Dear\n\n--\nAnn Lee"),
    ],
    ids=range(7),
)
def test_ends_of_code(body: bytes, read: str) -> None:
    """Code ends with its padding or the first line that is none, and short words are no code."""
    content = "text/plain; charset=utf-8"
    assert words(mail(body, content_type=content, content_transfer_encoding="base64")) == read


def test_footer_of_another_charset() -> None:
    """A footer is read by itself, also behind letters of two bytes and behind a page."""
    raw = packed(LONG, "utf-16-le") + SCANNED.encode()
    assert (
        words(mail(raw, content_type="text/plain; charset=utf-16-le", content_transfer_encoding="base64"))
        == f"{LONG.strip()}\n{SCANNED}"
    )
    page = packed("<p>Größe?</p>") + f"{LIST} <owner@shop.example>".encode()
    assert (
        words(mail(page, content_type="text/html; charset=utf-8", content_transfer_encoding="base64"))
        == f"Größe?\n{LIST} <owner@shop.example>"
    )


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('"Lee, Ann" <ann@example.com>', "Lee, Ann"),
        ("=?utf-8?Q?Ann_L=C3=A9e?= <ann@example.com>", "Ann Lée"),
        ("ann@example.com (Ann Lee)", "Ann Lee"),
        ('"=?utf-8?Q?Ann?=" <ann@example.com>', "Ann"),
        ('"Ann \\"Bell\\" Lee" <ann@example.com>', 'Ann "Bell" Lee'),
        ("=?utf-8?Q?Ann_=3Cann=40example=2Ecom=3E?=", "Ann"),
        ("'Ann' <ann@example.com>", "Ann"),
        ("ann@example.com <ann@example.com>", None),
        ("<ann@example.com>", None),
        ("A\udce9 <ann@example.com>", "Aé"),
    ],
)
def test_names(name: str, shown: str | None) -> None:
    """Who wrote is known by the address, and is called as the mail says."""
    person = only(Person, told(mail(**{"from": name})))
    assert (person.who.value, person.profile.get("name")) == ("ann@example.com", shown)
