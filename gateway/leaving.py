"""How long does a connection stay that is closed, where nobody takes what is still to be sent on it?

A transport that is closed first sends what was written. Who reads nothing would so hold it, and all of that, for ever.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

# As long as a reader may take for a piece of an answer.
_PATIENCE_S: Final = 10.0


class Leaving:
    """A transport, which is cut off some seconds behind its `close` where not all was taken until then."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._later: Callable[..., Any] = loop.call_later
        self.write = transport.write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def close(self) -> None:
        """Ends the connection."""
        was_open = not self._transport.is_closing()
        self._transport.close()
        if was_open and self._transport.get_write_buffer_size():
            self._later(_PATIENCE_S, self._transport.abort)
