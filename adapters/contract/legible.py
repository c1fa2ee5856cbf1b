"""What of a vendor's JSON, or of any text, can be kept, whichever channel it comes from?

JSON can write what no database and no page takes: halves of characters, where somebody cut a text in the middle of an
emoji, and control characters. What is left of such a text is worth more than its end, so each of them becomes U+FFFD, a
sign that something stood there: who leaves them out makes two different words one.
"""

import json
import re
from typing import Any, Final

# Halves of characters, and controls other than tab and the two that end a line.
_BAD: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Bytes without which no such character can come of them: its escape, itself, or a half that was written as it is.
# UTF-16 and UTF-32, which JSON may be written in, hold zeros.
_SUSPECT: Final = re.compile(rb"\\u(?:00[01]|007[fF]|[dD][89a-fA-F])|\xed[\xa0-\xbf]|[\x00\x7f]")


def read_json(body: bytes) -> Any:
    """The JSON, with U+FFFD for each character that cannot be kept; raises ValueError or RecursionError."""
    value = json.loads(body)
    return _mended(value) if _SUSPECT.search(body) else value


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {legible(name): _mended(one) for name, one in value.items()}
    return value


def legible(text: str) -> str:
    """The text, with U+FFFD for each character that cannot be kept."""
    if text.isprintable() or not _BAD.search(text):
        return text
    # Two halves that belong together, each written by itself, are a whole one.
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _BAD.sub("\ufffd", joined)
