"""Where does the base64 of a body end, behind which a list or a virus scanner put plain words of its own?"""

import re
from typing import Final

from adapters.channels.email.words import unpacked

_ONE: Final = rb"\s*+(?:[A-Za-z0-9+/]++[ \t]*+\r?\n)*+"
_WHOLE: Final = re.compile(_ONE + rb"[A-Za-z0-9+/]*+={0,2}\s*+")
# Words may stand right behind the signs at the end, where no line ended there.
_BEGINNING: Final = re.compile(_ONE + rb"(?:[A-Za-z0-9+/]++={1,2})?")
_CODE: Final = re.compile(rb"[A-Za-z0-9+/]++={0,2}")
# An empty line, one that parts, or one of several words: what has only odd signs is code that was damaged.
_BEGINS_FOOTER: Final = re.compile(rb"\s*\n|[ \t]*[-_=*]{2}|[^\n]*[ \t]\S")
# Hardly anybody's word is as long; lines of code have 76 letters (RFC 2045, 6.8), and sometimes 60.
_NO_WORD: Final = 40
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f]")


def parted(coded: bytes) -> tuple[bytes, bytes]:
    """The base64 of a body and the words behind it; where that cannot be told, all of it and no words."""
    if _WHOLE.fullmatch(coded) or (found := _BEGINNING.match(coded)) is None:
        return coded, b""
    code, footer = found[0], coded[found.end() :]
    is_ended = code.endswith(b"=") or _BEGINS_FOOTER.match(footer) is not None
    return (code, footer) if is_ended and _is_code(code) and not _goes_on(footer) else (coded, b"")


def _is_code(code: bytes) -> bool:
    """Whether it is base64, and no word that happens to have its letters alone."""
    plain = b"".join(code.split())
    if not plain or len(plain) % 4 == 1:
        return False
    if len(plain) >= _NO_WORD or plain.endswith(b"="):
        return True
    try:
        return _NO_TEXT.search(unpacked(plain).decode("utf-8")) is None
    except UnicodeDecodeError:
        return False


def _goes_on(footer: bytes) -> bool:
    """Whether code stands behind it, too, as where one line was damaged, or where each has an empty one behind it."""
    lines = [one.strip() for one in footer.split(b"\n") if one.strip()]
    if not lines or any(len(one) >= _NO_WORD and _CODE.fullmatch(one) for one in lines):
        return True
    return len(lines) == 1 and lines[0].endswith(b"=") and _CODE.fullmatch(lines[0]) is not None
