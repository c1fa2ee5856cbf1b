"""How many WebSocket connections does one process hold, and how many questions on them, of an address and of a caller?

An address counts for who has not said yet who asks, and for visitors: anybody may be as many of those as they like. A
company's agents sit behind one address, and are counted by who they are. So is an address, and no agent, shut out for a
moment from which frames came without end: to connect anew costs more than to be told no.
"""

import time
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from gateway.limits import whose
from gateway.meters import hold_socket
from gateway.settings import Settings, environment_name
from gateway.socket_frames import Allowance
from resolvers.kit.networks import network_of
from resolvers.kit.viewer import Role, Viewer

SHUT_OUT_S: Final = 10
_MOST_SHUT_OUT: Final = 10_000
SHUT_OUT: Final = (
    f"From your address came frames without end a moment ago. Connect again in {SHUT_OUT_S} seconds, and send fewer."
)


class Full(Exception):
    """No more are taken; says of what, how many there are, and what to do."""


class SocketPlaces:
    """What one process holds."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._count = 0
        self._by_address: Counter[str] = Counter()
        self._by_caller: Counter[str] = Counter()
        self._questions: Counter[str] = Counter()
        self._shut_out: OrderedDict[str, float] = OrderedDict()

    def is_shut_out(self, address: str | None) -> bool:
        """Whether frames came from there without end a moment ago."""
        network = network_of(address) if address else None
        return network is not None and self._shut_out.get(network, 0.0) > time.monotonic()

    @contextmanager
    def taken(self, address: str | None, allowance: Allowance | None = None) -> Iterator["SocketPlace"]:
        """The place of a connection for as long as it lasts; raises Full. `allowance`: of its frames."""
        most, most_of_address = self._settings.sockets, self._settings.sockets_per_address
        network = network_of(address) if address else None
        if self._count >= most:
            raise _full("This process holds", most, "sockets")
        if network is not None and self._by_address[network] >= most_of_address:
            raise _full("Your address holds", most_of_address, "sockets_per_address")
        place = SocketPlace(self, network, allowance)
        self._count += 1
        hold_socket(1)
        try:
            yield place
        finally:
            hold_socket(-1)
            self._count -= 1
            if place.network is not None and allowance is not None and allowance.is_used_up:
                self._shut_out[place.network] = time.monotonic() + SHUT_OUT_S
                self._shut_out.move_to_end(place.network)
                if len(self._shut_out) > _MOST_SHUT_OUT:
                    self._shut_out.popitem(last=False)
            place.left()

    def count_address(self, network: str, change: int) -> None:
        """One connection more from there, or one less."""
        _change(self._by_address, network, change)

    def count_caller(self, caller: str, change: int) -> None:
        """One connection more of the caller, or one less; raises Full."""
        most = self._settings.sockets_per_caller
        if change > 0 and self._by_caller[caller] >= most:
            raise _full("You hold", most, "sockets_per_caller")
        _change(self._by_caller, caller, change)

    def count_question(self, caller: str, change: int) -> None:
        """One question more of the caller is under way, or one less; raises Full."""
        most = self._settings.questions_per_caller
        if change > 0 and self._questions[caller] >= most:
            knob = environment_name("questions_per_caller")
            raise Full(f"{most} of your questions are under way, the most ({knob}). Complete one first.")
        _change(self._questions, caller, change)


class SocketPlace:
    """The place of one connection."""

    def __init__(self, places: SocketPlaces, network: str | None, allowance: Allowance | None) -> None:
        self._places = places
        self._allowance = allowance
        self.network = network
        """By which it is counted; None where it is nobody's, or an agent's."""
        self._caller: str | None = None
        if network is not None:
            places.count_address(network, 1)

    def signed_in(self, viewer: Viewer) -> None:
        """Counts the connection as the viewer's, of whom more frames are taken; raises Full."""
        self._places.count_caller(whose(viewer), 1)
        self._caller = whose(viewer)
        if viewer.role is not Role.VISITOR:
            self._leave_address()
        if self._allowance is not None:
            self._allowance.proven()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Counts a question for as long as it is under way; raises Full."""
        caller = self._caller or ""
        self._places.count_question(caller, 1)
        try:
            yield
        finally:
            self._places.count_question(caller, -1)

    def left(self) -> None:
        """Counts the connection no more."""
        self._leave_address()
        if self._caller is not None:
            self._places.count_caller(self._caller, -1)

    def _leave_address(self) -> None:
        network, self.network = self.network, None
        if network is not None:
            self._places.count_address(network, -1)


def _change(counter: Counter[str], key: str, change: int) -> None:
    """Counts, and keeps no name of those who have none."""
    counter[key] += change
    if not counter[key]:
        del counter[key]


def _full(who: str, most: int, knob: str) -> Full:
    return Full(f"{who} {most} connections, the most ({environment_name(knob)}). Try again later.")
