"""How many frames may come on a WebSocket, and how many pieces may a message have?

The server below reads pings, pongs and pieces of messages by itself, as many as there are and before anything else: who
sends them without end would have the whole process to themselves, and has not even said who it is. So each connection
has an allowance of frames, that grows with the time; whoever has used it up is closed out. Before the handshake is
answered nothing may come at all, and none waits for its answer for long.
"""

import asyncio
import time
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from gateway.bounded import Bounded
from gateway.handshakes import Handshake

ALLOWANCE: Final = "gateway.frames"
"""Under what a connection's allowance stands in its scope's state."""
CLOSED_WITH: Final = "gateway.closed_with"
"""Under what stands there who answers by which code it was closed from here; None where it was not."""

_UNPROVEN: Final = 50
"""Frames of who has not said who asks: that is said in one, and a browser sends a few beside it."""
_AHEAD_S: Final = 20
"""So many seconds' frames may come at once, as where a page begins to follow all that it shows."""
_MOST_PIECES: Final = 500
# As many bytes are read before anybody counts: some forty frames of the smallest kind.
_SLICE: Final = 256
# How long whoever is closed out may take to read why. What they still send is not read.
_LEAVE_S: Final = 0.5
_GOING_AWAY, _POLICY, _TOO_BIG = 1001, 1008, 1009  # RFC 6455, section 7.4.1
GOING_AWAY: Final = "The gateway ends here. Connect again."
"""What is said to who is connected where the process ends."""


class Allowance:
    """How many more frames may come on one connection."""

    def __init__(self, per_s: int) -> None:
        self._per_s = per_s
        self._most = min(_UNPROVEN, per_s * _AHEAD_S)
        self._left = float(self._most)
        self._at = time.monotonic()
        self.is_used_up = False
        """Whether more came than may."""

    def proven(self) -> None:
        """It is known from here on who sends them."""
        self._most = self._per_s * _AHEAD_S
        self._left = float(self._most)

    def has_one(self) -> bool:
        """Takes one; False where none is left."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            self.is_used_up = True
            return False
        self._left -= 1
        return True


class SocketFrames(Bounded, WebSocketsSansIOProtocol):
    """One WebSocket, whose frames are bounded."""

    def __init__(self, *more: Any, **named: Any) -> None:
        super().__init__(*more, **named)
        self._allowance = Allowance(self.settings.socket_frames_per_s)
        self._is_refused = False
        self._timer: asyncio.TimerHandle | None = None
        self.conn: Handshake = Handshake(
            extensions=self.conn.available_extensions, max_size=self.config.ws_max_size, logger=self.logger
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection whose handshake is to be answered."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.settings.head_read_s, self._unless_answered)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """Who says no more hears no more."""
        self.transport.close()

    def data_received(self, data: bytes) -> None:
        """What came, a little at a time: what stands behind too many frames is not even looked at."""
        if not self.handshake_initiated and not self._is_refused:
            self._head_received(data)
            return
        if not self.handshake_complete:
            # RFC 6455, section 4.1: a client waits for the answer before it sends anything more.
            self.transport.abort()
            return
        for at in range(0, len(data), _SLICE):
            if self._is_refused or self.transport.is_closing():
                return
            super().data_received(data[at : at + _SLICE])

    def shutdown(self) -> None:
        """The process ends: says so, whatever the connection is waiting for."""
        if self.handshake_complete and not self.close_sent and not self.transport.is_closing():
            self._close(_GOING_AWAY, GOING_AWAY)
        super().shutdown()

    def _head_received(self, head: bytes) -> None:
        """The head, whole: it is handed on so (gateway/heads.py)."""
        super().data_received(head)
        if not self.handshake_initiated:
            self._is_refused = self.handshake_complete = self.close_sent = True
            self.transport.write(self.conn.refused_head())
            self._leave()

    def _unless_answered(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def handle_connect(self, event: Request) -> None:
        """Somebody would like a WebSocket."""
        super().handle_connect(event)
        if hasattr(self, "scope"):
            self.scope["state"] |= {ALLOWANCE: self._allowance, CLOSED_WITH: self._closed_with}

    def handle_text(self, event: Frame) -> None:
        """A message's beginning, or all of it."""
        if self._takes_one():
            super().handle_text(event)

    def handle_bytes(self, event: Frame) -> None:
        """The same, of what is no text."""
        if self._takes_one():
            super().handle_bytes(event)

    def handle_cont(self, event: Frame) -> None:
        """A message's next piece."""
        if not self._takes_one():
            return
        if len(self.frames) >= _MOST_PIECES:
            self._refuse(_TOO_BIG, f"A message has at most {_MOST_PIECES} pieces.")
            return
        super().handle_cont(event)

    def handle_ping(self) -> None:
        """A question whether anybody is there."""
        if self._takes_one():
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        """An answer to ours, or to nothing."""
        if self._takes_one():
            super().handle_pong(event)

    def _takes_one(self) -> bool:
        if self._is_refused or self.transport.is_closing():
            return False
        if not self._allowance.has_one():
            self._refuse(_POLICY, "Too many frames. Send fewer, or several things in one.")
            return False
        return True

    def _refuse(self, code: int, reason: str) -> None:
        self._is_refused = True
        if not self._close(code, reason):
            # Before anybody has taken the connection no frame can be sent.
            self.transport.abort()
            return
        self._leave()

    def _leave(self) -> None:
        # Closed at once, with something unread, the system would take the reason back.
        self.transport.pause_reading()
        if self.close_timer is not None:
            self.close_timer.cancel()
        self.close_timer = self.loop.call_later(_LEAVE_S, self.transport.abort)

    def _close(self, code: int, reason: str) -> bool:
        """Whether there is a closing frame: ours, where none was sent before."""
        self.conn.fail(code, reason)
        if self.conn.close_sent is not None and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
            self.close_sent = True
            self.transport.write(b"".join(self.conn.data_to_send()))
        return self.conn.close_sent is not None

    def _closed_with(self) -> int | None:
        sent = self.conn.close_sent
        return None if sent is None or self.conn.close_rcvd_then_sent else int(sent.code)
