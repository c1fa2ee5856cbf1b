"""A sample channel whose way out stands as a test says, for tests that ask nobody."""

from typing import Any, cast

from adapters.contract.channel import Channel, ChannelSettings, Equipment, Found, Portion
from adapters.contract.records import Who
from adapters.contract.way import Standing, Way
from adapters.discovery import renamed


class Stood:
    """A way out that has been gone, or not."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def standing(self) -> Standing:
        """As it was set."""
        return self._standing


class Desk(Channel):
    """A sample desk that knows people and their tickets."""

    name = "desk"
    Settings = ChannelSettings

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """Of nobody any."""
        del who, portion
        return Found()


def desk(account: str = "main", channel: str = "desk", **standing: Any) -> Channel:
    """A desk on a channel whose way out stands so."""
    way = cast("Way", Stood(Standing(**standing)))
    return renamed(Desk, channel)(account, ChannelSettings(), Equipment(way=way))
