"""What may stand in a text that people write?"""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.kit.texts import plain_line, plain_text, quoted

BOTH = (plain_text, plain_line)
Check = Callable[[str, str, int], str]


@pytest.mark.parametrize("check", BOTH)
@pytest.mark.parametrize(
    "text",
    [
        "VIP",
        "Mary-Ann O'Neil",
        "李小龍",
        "مرحب",
        "क्षि",
        "👩\u200d👩\u200d👧",
        "می\u200cرود",
        "e\u0301",
        "שלום\u200f!",
    ],
)
def test_good_texts(check: Check, text: str) -> None:
    """What people of any script write is kept as it is, without the blanks around it."""
    assert check(f"  {text}\n", "`text`", 100) == text


@pytest.mark.parametrize("check", BOTH)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "`text` is empty"),
        (" \n\t", "`text` is empty"),
        ("x" * 11, "has 11 characters, .* 1 to 10"),
        ("\0", "U[+]0000"),
        ("a\0b", "U[+]0000"),
        ("\ud83d", "half a character"),
        ("a\udc00", "half a character"),
        ("\u200b", "nothing that can be seen"),
        ("\u202e", "nothing that can be seen"),
        ("\ufeff \u2060", "nothing that can be seen"),
        ("\u3164", "nothing that can be seen"),
        ("\u2800", "nothing that can be seen"),
        ("\u0301", "nothing that can be seen"),
        ("\x01\x02", "nothing that can be seen"),
    ],
)
def test_bad_texts(check: Check, text: str, words: str) -> None:
    """What nobody can read is refused in words that say what to do."""
    with pytest.raises(ValueError, match=words):
        check(text, "`text`", 10)


@pytest.mark.parametrize("text", ["a\nb", "a\u2028b", "a\tb", "a\x7fb", "a\u202eb", "a\u2066b", "\u202dvip"])
def test_lines_alone(text: str) -> None:
    """A line has no line break, no control, and nothing that turns it round; a text of several lines may."""
    assert plain_text(text, "`text`", 10) == text
    with pytest.raises(ValueError, match=r"U[+]\w{4}, "):
        plain_line(text, "`text`", 10)


@given(st.text(st.characters(), max_size=12))
def test_seen_or_refused(text: str) -> None:
    """Whatever is kept shows something, stays as it is when checked again, and can be stored."""
    for check in BOTH:
        try:
            kept = check(text, "`text`", 10)
        except ValueError:
            continue
        assert check(kept, "`text`", 10) == kept
        assert any(
            unicodedata.category(one)[0] not in "CZ" or unicodedata.category(one) in {"Co", "Cn"} for one in kept
        )
        kept.encode()


@pytest.mark.parametrize("text", ["+573001234567", "ann@example.com", "1990-02-30", "Ann Lee", "x" * 65, ""])
def test_never_quoted(text: str) -> None:
    """What may be a number, an address, a day or a whole name is told by its length alone."""
    assert quoted(text) == f"a text of {len(text)} characters"


@pytest.mark.parametrize("text", ["fax", "firstName", "attributes.firstName", "contact-points"])
def test_words_quoted(text: str) -> None:
    """What a channel, an attribute or a field may be called is quoted, so that a slip of the pen is seen."""
    assert quoted(text) == repr(text)
