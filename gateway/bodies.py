"""How many bytes of bodies does one process hold at once, while they arrive?

Who sends them may be anybody: each body has a bound, and so have all of them together. Where they are too much, the
largest gives way, so that nobody keeps others' short ones out by holding back the end of long ones.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


class TooLong(Exception):
    """The body is longer than it may be."""


class Crowded(Exception):
    """The bodies of all are too much now, and this one is the largest of them; its sender sends again."""


@dataclass(slots=True, eq=False)
class _Body:
    """One that arrives."""

    patience: asyncio.Timeout
    held: bytearray = field(default_factory=bytearray)
    is_dropped: bool = False


class Bodies:
    """The bodies that arrive in one process; `most_bytes` of all of them together."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._arriving: set[_Body] = set()
        self.bytes = 0
        """Held by now."""

    async def read(self, stream: AsyncIterator[bytes], *, most_bytes: int, within_s: float) -> bytes:
        """The whole body; raises TooLong, TimeoutError where it does not come in time, and Crowded."""
        patience = asyncio.timeout(within_s)
        body = _Body(patience)
        self._arriving.add(body)
        try:
            async with patience:
                async for chunk in stream:
                    self._take(body, chunk)
                    if len(body.held) > most_bytes:
                        raise TooLong
                self._require_there(body)
                return bytes(body.held)
        except TimeoutError:
            self._require_there(body)
            raise
        finally:
            self._arriving.discard(body)
            self._drop(body)

    def _take(self, body: _Body, chunk: bytes) -> None:
        self._require_there(body)
        body.held += chunk
        self.bytes += len(chunk)
        while self.bytes > self._most_bytes:
            largest = max(self._arriving, key=lambda one: len(one.held))
            largest.is_dropped = True
            self._drop(largest)
            if largest is not body and not largest.patience.expired():
                # Wakes whoever waits for the rest of it.
                largest.patience.reschedule(asyncio.get_running_loop().time())
        self._require_there(body)

    def _require_there(self, body: _Body) -> None:
        if body.is_dropped:
            raise Crowded

    def _drop(self, body: _Body) -> None:
        self.bytes -= len(body.held)
        body.held = bytearray()
