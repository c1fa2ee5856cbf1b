"""What may stand in a text that people write?

A text is kept without the blanks around it. It shows something, has a bounded length, and holds no character that
nobody wrote: U+0000 and halves of characters. A line (a tag, a name, a heading) also holds no line break or other
control character, and none that turns round the direction of what stands behind it on the page.
"""

import re
import unicodedata

# Embeddings, overrides and isolates of Unicode's bidirectional algorithm (UAX #9, section 2).
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Controls, formats, separators, and marks, which show on a letter alone.
_UNSEEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp", "Mn", "Me"})
# Letters and symbols by category that are drawn as nothing: the fillers of Hangul and the empty pattern of Braille.
_UNSEEN = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_BREAKS = frozenset({"Cc", "Zl", "Zp"})


# What attributes, channels and fields are called: no number, address or day can be written so.
_WORD = re.compile(r"[A-Za-z][A-Za-z_.-]{0,63}")


def quoted(text: str) -> str:
    """What was sent, for a message: a word of a schema as it is; what may be personal by its length alone."""
    return repr(text) if _WORD.fullmatch(text) else text_of(text)


def text_of(text: str) -> str:
    """What was sent, for a message, by its length alone."""
    return f"a text of {len(text)} character{'' if len(text) == 1 else 's'}"


def plain_text(text: str, what: str, longest: int) -> str:
    """The text as it is kept, of one or more lines; raises ValueError in words that do not quote it."""
    words = text.strip()
    if not words:
        raise ValueError(f"{what} is empty. Write 1 to {longest} characters.")
    if len(words) > longest:
        raise ValueError(f"{what} has {len(words)} characters, which is too long. Write 1 to {longest} characters.")
    if words.isascii() and words.isprintable():
        return words
    if "\0" in words:
        raise ValueError(f"{what} holds the character U+0000, which nobody can read. Leave it out.")
    if any("\ud800" <= one <= "\udfff" for one in words):
        raise ValueError(f"{what} holds half a character (a lone surrogate). Send it as whole UTF-8.")
    if not any(map(_is_seen, words)):
        raise ValueError(f"{what} holds nothing that can be seen. Write at least one letter, digit or sign.")
    return words


def plain_line(text: str, what: str, longest: int) -> str:
    """The text as it is kept, where it is one line; raises ValueError in words that do not quote it."""
    words = plain_text(text, what, longest)
    if words.isascii() and words.isprintable():
        return words
    for one in words:
        if one in _TURNING:
            raise ValueError(
                f"{what} holds the character U+{ord(one):04X}, which turns round what is read. Leave it out."
            )
        if unicodedata.category(one) in _BREAKS:
            raise ValueError(
                f"{what} holds the character U+{ord(one):04X}, a line break or control. Write it in one line."
            )
    return words


def visible(text: str) -> str:
    """The text without marks that nobody sees and programs copy along: writing directions, joiners, byte orders."""
    return text if text.isascii() else "".join(one for one in text if unicodedata.category(one) != "Cf")


def _is_seen(one: str) -> bool:
    return one not in _UNSEEN and unicodedata.category(one) not in _UNSEEN_KINDS


def storable(words: object, longest: int = 1_000) -> str:
    """What somebody else's code says, as it can be kept whatever it is: cut, and without halves of characters."""
    return str(words)[:longest].encode("utf-8", "replace").decode()
