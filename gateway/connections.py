"""How many connections does a process hold, and which gives way where one more comes?

The one that has been idle longest: on which no whole request waits for its answer. So connections that ask nothing, or
never to the end, shut nobody out, however many they are and from wherever they come. By address nothing could be told
apart behind a proxy, from which all of them come.
"""

from typing import Any, ClassVar, Final

import structlog

from gateway.bounded import Bounded
from gateway.meters import count_limit
from gateway.seldom import Seldom
from gateway.upgrades import Upgrades

RETRY_S: Final = 5
"""When whoever found no place may try again: an answer takes no longer, but for few."""
# So many who found no place are listened to until they have read why; each takes a file descriptor meanwhile.
_MOST_LEAVING: Final = 100

_refused, _closed = Seldom(), Seldom()
_log = structlog.get_logger("gateway.connections")


class Connections(Bounded, Upgrades):
    """One connection of those that a process holds."""

    _idle: ClassVar[dict[Any, None]] = {}
    _leaving: ClassVar[set[Any]] = set()

    def finds_place(self) -> bool:
        """Whether this one, which was just made, may stay; where there are too many another one gives way."""
        most = self.settings.connections
        if len(self.connections) > most:
            longest = next(iter(self._idle), None)
            if longest is None:
                count_limit("connections")
                if count := _refused.count():
                    _log.warning("connections are refused", most=most, count=count)
                # It is held no longer than it takes to say so.
                self.connections.discard(self)
                return False
            count_limit("idle_connections")
            if count := _closed.count():
                _log.warning("idle connections give way", most=most, count=count)
            longest.give_way()
        self._idle[self] = None
        return True

    def give_way(self) -> None:
        """Ends it at once, whatever of an answer before is still unread."""
        del self._idle[self]
        self.connections.discard(self)
        self.transport.abort()

    def may_read_why(self) -> bool:
        """Whether one that found no place is listened to until it has read that: not where many do."""
        if len(self._leaving) >= _MOST_LEAVING:
            return False
        self._leaving.add(self)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._idle.pop(self, None)
        self._leaving.discard(self)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """It is a WebSocket's from here on: held for as long as that lasts, and never idle."""
        self._idle.pop(self, None)
        super().handle_websocket_upgrade()

    def on_message_complete(self) -> None:
        """A request is whole: somebody waits for its answer, if it was not answered before that."""
        super().on_message_complete()
        if not self._is_answered():
            self._idle.pop(self, None)

    def on_response_complete(self) -> None:
        """An answer is sent; the next one is begun, where more was asked ahead of it."""
        if not self.pipeline and not self.transport.is_closing():
            self._idle[self] = None
        super().on_response_complete()

    def _is_answered(self) -> bool:
        cycle: Any = self.cycle  # None before the first request, whatever its type says
        return cycle is None or cycle.response_complete
