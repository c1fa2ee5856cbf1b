"""What was written is found in a mail of any make, and nothing else."""

import pytest

from adapters.contract.errors import BadPayload
from adapters.contract.records import File, Utterance
from tests.channels.email.letters import events, mail, part, parts, told, words


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>One</p><p>Two<br>Three</p>", "One\n\nTwo\nThree"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("Fish &amp; chips &lt;3 &#128031;", "Fish & chips <3 🐟"),
        ("a &lt;script&gt;b", "a <script>b"),
        ("<script>alert(1)</script>x", "x"),
        ("<SCRIPT\n>alert('</p>')</SCRIPT\n>x", "x"),
        ("<style>p{}</style><head><title>t</title></head>x", "x"),
        ("<scr<script>y</script>ipt>z", "yipt>z"),
        ("<!-- no --><![CDATA[no]]><?php no ?>x", "x"),
        ("<a href='javascript:alert(1)' onclick='b()'>Click</a>", "Click"),
        ("<img src='http://spy.example/1.gif' alt='x'>Hi", "Hi"),
        ("x<script>never ends", "x"),
        ("x<!-- never ends", "x"),
        ("<html><head><meta charset=utf-8><title>t</title><body><p>No end of a head</p>", "No end of a head"),
        ("<p>Hello</p><svg width=1><p>My order is late</p>", "Hello\n\nMy order is late"),
        ("<title>a<p>b", "a\nb"),
        ("<noscript>Seen</noscript>", "Seen"),
        ("2 < 3 <3", "2 < 3 <3"),
        ("Yes.<blockquote>Is it?<blockquote>Deep</blockquote></blockquote>Bye", "Yes.\n> Is it?\n>> Deep\nBye"),
        # What stands in quotation marks ends no tag, and a mark that never ends is none.
        ('<p>Hi</p><img alt="5 > 3" src="https://x/y.png"><p>bye</p>', "Hi\n\nbye"),
        ("<a href='x' title='Home > Shop'>Shop</a> please", "Shop please"),
        ('<a href=x?a="b>Shop</a> please', "Shop please"),
        ('<a title = "never>Shop</a> please', "Shop please"),
        ('<p title="<script>">Hello</p><p>more</p>', "Hello\n\nmore"),
        # HTML, 13.2.5.43: comments that end as they begin.
        ("<p>A</p><!--><p>order 7</p><!-- x --><p>B</p>", "A\n\norder 7\n\nB"),
        ("A<!--->B<!-- no --!>C<!-- no -->D", "ABCD"),
        # Lines that are kept.
        ("<pre>\none\r\n  two\n\n\nthree</pre>four\nfive", "one\n  two\n\nthree\nfour five"),
        ("<div style='color: red; WHITE-SPACE:pre-wrap'>1 bell<div>\n2</div>\n3</div>4\n5", "1 bell\n\n2\n\n3\n4 5"),
        ("<div style='line-break: after-white-space; x: pre'>1\n2</div>", "1 2"),
        ("<blockquote><pre>a\n b</pre></blockquote>c", "> a\n>  b\nc"),
        # Letters that are images, and no others.
        ('Thanks <img class="x" alt="\U0001f600" src="https://x/1.png">!', "Thanks \U0001f600!"),
        ("Yes <img goomoji=1f44d alt=&#x1f44d;&#x1f3fd; src=x>", "Yes \U0001f44d\U0001f3fd"),
        ("Yes <img class='wp-smiley' alt=':-)' src=x><img alt='1\ufe0f\u20e3'>", "Yes :-)1\ufe0f\u20e3"),
        (
            "No <img alt='Logo' src=x><img alt='7'><img class=emoji alt='longer than any smiley'>",
            "No",
        ),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\n\nc"),
    ],
)
def test_pages(page: str, text: str) -> None:
    """Of a page its words are read, and nothing that could be done by it."""
    assert words(mail(page, content_type="text/html; charset=utf-8")) == text


@pytest.mark.parametrize(
    "broken",
    [
        "<",
        "<a",
        "<!--",
        "<script>",
        "</",
        "<a href='",
        "&#",
        "<blockquote>",
        "<![",
        "<a b=<",
        '<a b="',
        "<a b='\"",
        "<img alt=",
        "<pre>\n",
        "<!-->",
        "<a =",
        "<img " + "a" * 99,
    ],
)
def test_broken_pages_end(broken: str) -> None:
    """However broken a page is, it is read in one go."""
    found = words(mail("x" + broken * (100_000 // len(broken)), content_type="text/html"))
    assert found is not None
    assert found.startswith("x")


def test_plain_before_page() -> None:
    """Of several ways to say one thing the plain one is read, wherever it stands, and the page where that is empty."""
    plain, page = part("text/plain", "Plain"), part("text/html", "<b>Page</b>")
    assert words(parts(page, plain, kind="multipart/alternative")) == "Plain"
    assert words(parts(part("text/plain", " \n"), page, kind="multipart/alternative")) == "Page"


def test_watches() -> None:
    """What a watch would show is a page, and read where there is no other."""
    watch, page = part("text/watch-html", "<b>Short</b>"), part("text/html", "<b>Page</b>")
    assert words(parts(watch, page, kind="multipart/alternative")) == "Page"
    assert words(parts(watch, kind="multipart/alternative")) == "Short"
    assert words(parts(watch, part("text/plain", "Plain"), kind="multipart/alternative")) == "Plain"


def test_parts_in_order() -> None:
    """What stands in several parts is one text, and files are no part of it."""
    raw = parts(
        part("text/plain", "Before"),
        part("image/png", "png", 'Content-Disposition: inline; filename="a.png"'),
        part("text/plain", "notes", 'Content-Disposition: inline; filename="notes.txt"'),
        part("text/csv", "a;b"),
        part("text/plain", "After"),
    )
    assert words(raw) == "Before\n\nAfter"
    files = [one for one in told(raw).records if isinstance(one, File)]
    assert [(one.name, one.media_type) for one in files] == [
        ("a.png", "image/png"),
        ("notes.txt", "text/plain"),
        ("attachment-3", "text/csv"),
    ]
    assert len({one.external_id for one in files}) == 3


def test_flowed() -> None:
    """Lines that were broken by the program are one, and others stay."""
    body = "A long \nline.\n \n> Quoted \n> words.\n>> Deeper\n-- \nAnn\n >stuffed"
    assert words(mail(body, content_type="text/plain; format=flowed")) == (
        "A long line.\n\n> Quoted words.\n>> Deeper\n--\nAnn\n>stuffed"
    )
    assert words(mail("Gr \nöße", content_type="text/plain; format=flowed; delsp=yes; charset=utf-8")) == "Größe"


def test_quotes_are_short() -> None:
    """What is quoted is kept as far as it says what is answered."""
    found = words(mail("Yes.\n" + "> old\n" * 500)) or ""
    assert found.startswith("Yes.\n> old\n")
    assert found.endswith("> …")
    assert found.count("> old") == 40


def test_long_texts_are_cut() -> None:
    """A text has an end, and says that it goes on."""
    found = words(mail("word " * 60_000)) or ""
    assert len(found) <= 100_000
    assert found.endswith("…")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # Said to be of several parts, and is of one.
        (mail("Hello", content_type="multipart/mixed"), "Hello"),
        (mail("Hello", content_type='multipart/mixed; boundary="x"'), "Hello"),
        (mail("--x\n\nHello", content_type='multipart/mixed; boundary="x"'), "Hello"),
        (b">From ann@example.com Mon Nov 23\n" + mail("Hello"), "Hello"),
        (mail("Hello", content_type="text"), "Hello"),
        (mail("Hello", content_type=";;;"), "Hello"),
        (mail("Hello", content_type="text/x-odd"), "Hello"),
        (mail("", content_type="text/plain"), None),
        (mail("a\x00b\x1b[31mc"), "a\ufffdb\ufffd[31mc"),
        (mail("a\rb\r\nc"), "a\nb\nc"),
    ],
    ids=range(10),
)
def test_odd_makes(raw: bytes, text: str | None) -> None:
    """A mail that is not made as it says has its words all the same."""
    assert words(raw) == text


def reason(raw: bytes) -> str | None:
    """Why a mail is not read; None where it is."""
    try:
        assert events(raw)
    except BadPayload as error:
        return error.reason
    return None


@pytest.mark.parametrize("depth", [20, 200, 3_000])
def test_depth_is_bounded(depth: int) -> None:
    """Parts inside one another are read down to a bound; a mail that goes on is set aside, and costs nothing."""
    raw = b"From: ann@example.com\nMessage-ID: <deep@example.com>\n"
    for n in range(depth):
        raw += b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n)
    why = reason(raw + b"\nDeep\n")
    assert why is None if depth == 20 else why is None or "parts" in why or "taken apart" in why


def test_parts_without_end() -> None:
    """A mail of parts without end is set aside."""
    assert reason(parts(*[part("text/plain", "x")] * 20_000)) == "The mail has more parts than are read."


@pytest.mark.parametrize("kind", ["message/rfc822", "message/external-body", "multipart/digest"])
def test_mails_in_mails(kind: str) -> None:
    """The same with mails inside mails."""
    raw = b"From: ann@example.com\nMessage-ID: <deep@example.com>\n" + (b"Content-Type: %s\n\n" % kind.encode()) * 500
    why = reason(raw + b"\nDeep\n")
    assert why is None or "taken apart" in why


def test_forwarded() -> None:
    """A mail that only forwards another says what that one says, which is a file of it, too."""
    inner = mail("Where is it?", subject="Old", message_id="<old@example.com>")
    found = told(mail(inner, content_type="message/rfc822", subject="Fwd: Old"))
    (text,) = [one.text for one in found.records if isinstance(one, Utterance)]
    (file,) = [one for one in found.records if isinstance(one, File)]
    assert (text, file.name, file.media_type, file.size_bytes) == ("Where is it?", "Old.eml", "message/rfc822", None)
    own = parts(part("text/plain", "See below."), part("message/rfc822", inner))
    assert words(own) == "See below."


def test_many_files() -> None:
    """Of a mail with files without end the first are told."""
    raw = parts(*(part("image/png", "x", f"Content-Disposition: attachment; filename={n}.png") for n in range(300)))
    assert sum(isinstance(one, File) for one in told(raw).records) == 100


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n", b"no header", b"<html></html>", b"{", b'{"a": 1}', b"[]", b"\xff\xfe\x00", b"a=b&c=d"]
)
def test_no_mails(raw: bytes) -> None:
    """What is no mail is a bad payload."""
    with pytest.raises(BadPayload):
        events(raw)
