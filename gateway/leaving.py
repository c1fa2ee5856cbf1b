"""How long does a connection stay where nobody takes what is sent on it?

A server keeps what was written until it is taken, and closes a connection no sooner: whoever reads nothing would hold
both for ever.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

# A slow phone takes some of what waits every few seconds, as its network's buffers empty.
_PATIENCE_S: Final = 15.0
# What is left when a connection is closed is at most a piece of an answer, which such a phone takes so long for.
_LEAVE_S: Final = 20.0
# As much may wait before whoever writes waits, too: asyncio's own mark.
_MUCH: Final = 64 * 1024


class Patient:
    """A transport that is cut off where nothing of much that waits is taken, or not all of it behind its `close`."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._later: Callable[..., Any] = loop.call_later
        self._written = 0
        self._is_watched = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends it."""
        self._written += len(data)
        self._transport.write(data)
        if not self._is_watched and self._transport.get_write_buffer_size() > _MUCH:
            self._watch()

    def close(self) -> None:
        """Ends the connection."""
        was_open = not self._transport.is_closing()
        self._transport.close()
        if was_open and self._transport.get_write_buffer_size():
            self._later(_LEAVE_S, self._transport.abort)

    def _watch(self) -> None:
        left = self._transport.get_write_buffer_size()
        self._is_watched = left > 0
        if left:
            self._later(_PATIENCE_S, self._look, self._written - left)

    def _look(self, taken: int) -> None:
        if self._written - self._transport.get_write_buffer_size() > taken:
            self._watch()
        else:
            self._transport.abort()
