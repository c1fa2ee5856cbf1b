"""Which channel accounts can this gateway reach, and what does each of them offer?"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from adapters.contract.channel import Capability, Channel, Collects, Receives


@dataclass(frozen=True, slots=True)
class Line:
    """One channel account that the settings file names, and what it offers."""

    channel: Channel
    capabilities: frozenset[Capability]
    asked_by: frozenset[str]
    """By identities of which channels people may be asked for."""
    collects: bool = False
    """Whether its deliveries are to be fetched."""

    @property
    def place(self) -> tuple[str, str]:
        """The channel's name, and our account on it."""
        return self.channel.name, self.channel.account


class Misfit(Exception):
    """A channel says of itself what cannot be; the message says what."""


def _line(channel: Channel) -> Line:
    """The channel's line: what it says of itself is asked once, so that nobody stumbles over it at a question."""
    said: Any = channel
    name, account = channel.name, channel.account
    capabilities, asked_by, at_once = said.capabilities(), said.asked_by(), getattr(said, "many_at_once", 1)
    if not all(isinstance(one, Capability) for one in capabilities):
        raise Misfit(f"`capabilities` of the channel {name}/{account} gives what is no Capability.")
    # One text alone would be taken for its letters.
    if isinstance(asked_by, str) or not all(isinstance(one, str) for one in asked_by):
        raise Misfit(f"`asked_by` of the channel {name}/{account} gives no names of channels.")
    if not isinstance(at_once, int) or at_once < 1:
        raise Misfit(f"`many_at_once` of the channel {name}/{account} is no whole number above 0.")
    longest = said.longest_text
    if longest is not None and (not isinstance(longest, int) or longest < 1):
        raise Misfit(f"`longest_text` of the channel {name}/{account} is neither None nor a whole number above 0.")
    if not isinstance(getattr(said, "is_proven_by_headers", False), bool):
        raise Misfit(f"`is_proven_by_headers` of the channel {name}/{account} is neither True nor False.")
    # Without `events` nobody could read what it fetches.
    collects = Capability.WEBHOOK in capabilities and isinstance(channel, Collects) and channel.collects()
    if not isinstance(collects, bool):
        raise Misfit(f"`collects` of the channel {name}/{account} is neither True nor False.")
    return Line(channel, frozenset(capabilities), frozenset(asked_by), collects)


class Lines:
    """Every line of a gateway, by its place; raises Misfit where a channel says of itself what cannot be."""

    def __init__(self, channels: Iterable[Channel] = ()) -> None:
        self._by_place = {line.place: line for line in map(_line, channels)}
        # Whether an object follows a protocol is a long question, and here it is asked for every delivery.
        self._receiving = {line.place: line.channel for line in self if isinstance(line.channel, Receives)}

    def __iter__(self) -> Iterator[Line]:
        return iter(self._by_place.values())

    def __len__(self) -> int:
        return len(self._by_place)

    def at(self, channel: str, account: str) -> Line | None:
        """The line of that channel account; None where the settings file names none."""
        return self._by_place.get((channel, account))

    def receiving(self, channel: str, account: str) -> Receives | None:
        """The channel account, where it is named and receives deliveries."""
        return self._receiving.get((channel, account))

    @property
    def receivers(self) -> Collection[tuple[str, str]]:
        """The places of those that receive deliveries."""
        return self._receiving.keys()

    def offering(self, capability: Capability) -> list[Line]:
        """The lines that offer it, in the order of the settings file."""
        return [line for line in self if capability in line.capabilities]


NO_LINES: Final = Lines()
"""Those of a gateway without a settings file of channels."""
