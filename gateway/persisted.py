"""Which questions may a client name by their hash alone, since it has sent their text before?

Apollo's automatic persisted queries, as its clients and urql ask for them. In this process and in bounded memory: a
client that meets another process, or comes back after long, is told that the hash is not known, and sends the text.
"""

import sys
from collections import OrderedDict
from typing import Final

# Some 3,000 panels of a company's apps, or 60 of the longest questions that are read.
MOST_BYTES: Final = 4 * 1024 * 1024


class Persisted:
    """Texts by their SHA-256 hash; the longest unasked goes first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._texts: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._texts)

    def get(self, sha256: str) -> str | None:
        """The text of that hash, if it is known."""
        text = self._texts.get(sha256)
        if text is not None:
            self._texts.move_to_end(sha256)
        return text

    def keep(self, sha256: str, text: str) -> None:
        """Keeps a text whose hash was checked and which was found valid."""
        if sha256 in self._texts:
            return
        self._texts[sha256] = text
        self._bytes += _size(sha256, text)
        while self._bytes > self._most:
            self._bytes -= _size(*self._texts.popitem(last=False))


def _size(sha256: str, text: str) -> int:
    return sys.getsizeof(sha256) + sys.getsizeof(text)
