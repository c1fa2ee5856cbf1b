"""Which answers are kept, and how old is one?"""

from collections import OrderedDict
from dataclasses import dataclass

from adapters.contract.reply import Reply

_AROUND_ONE = 512
"""Bytes that an entry takes beside its body and headers, roughly."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer, and when it came."""

    reply: Reply
    at: float
    for_s: float
    size: int


class Shelf:
    """Answers by fingerprint, bounded in number and bytes: the one unused for longest goes first.

    It keeps no time of its own: whoever asks says how late it is.
    """

    def __init__(self, *, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self.size_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: bytes, *, up_to_s: float, now: float) -> Reply | None:
        """The answer under the key, if it is at most that old."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        age_s = now - kept.at
        if age_s > kept.for_s:
            self.drop(key)
            return None
        if age_s > up_to_s:
            return None
        self._kept.move_to_end(key)
        return kept.reply

    def keep(self, key: bytes, reply: Reply, *, for_s: float, now: float) -> None:
        """Keeps the answer for so long at most; one larger than a quarter of the shelf is not kept."""
        self.drop(key)
        size = _AROUND_ONE + len(reply.body) + sum(len(name) + len(value) for name, value in reply.headers.items())
        if for_s <= 0 or size > self._most_bytes / 4:
            return
        self._kept[key] = Kept(reply, now, for_s, size)
        self.size_bytes += size
        while len(self._kept) > self._most or self.size_bytes > self._most_bytes:
            self.drop(next(iter(self._kept)))

    def drop(self, key: bytes) -> None:
        """Forgets the answer under the key."""
        kept = self._kept.pop(key, None)
        if kept is not None:
            self.size_bytes -= kept.size

    def drop_old(self, now: float) -> None:
        """Forgets what nobody may be given any more: kept answers hold personal values."""
        for key in [key for key, kept in self._kept.items() if now - kept.at > kept.for_s]:
            self.drop(key)
