"""Which channel accounts can this gateway reach, and what does each of them offer?"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from adapters.contract.channel import Capability, Channel, Receives


@dataclass(frozen=True, slots=True)
class Line:
    """One channel account that the settings file names, and what it offers."""

    channel: Channel
    capabilities: frozenset[Capability]

    @property
    def place(self) -> tuple[str, str]:
        """The channel's name, and our account on it."""
        return self.channel.name, self.channel.account


class Lines:
    """Every line of a gateway, by its place."""

    def __init__(self, channels: Iterable[Channel] = ()) -> None:
        lines = (Line(one, frozenset(one.capabilities())) for one in channels)
        self._by_place = {line.place: line for line in lines}
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

    def offering(self, capability: Capability) -> list[Line]:
        """The lines that offer it, in the order of the settings file."""
        return [line for line in self if capability in line.capabilities]


NO_LINES: Final = Lines()
"""Those of a gateway without a settings file of channels."""
