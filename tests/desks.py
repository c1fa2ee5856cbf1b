"""A sample channel whose way out stands as a test says, for tests that ask nobody."""

from typing import Any, ClassVar, cast

from adapters.contract.channel import Channel, ChannelSettings, Equipment, Found, Portion
from adapters.contract.errors import ChannelDown
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, Sent, WindowClosed
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


LATE = "Sorry for the delay!"
"""Words that come too late for the sample mouth."""


class Mouth(Desk):
    """A sample desk on which something can be said."""

    is_repeatable: ClassVar[bool] = False

    def talk_with(self, who: Who) -> str | None:
        """One conversation with everybody."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Closed for one text."""
        if outgoing.text == LATE:
            told = "The window for free words has closed. Send a template."
            raise WindowClosed(told, allowed=("template",), closed_at=outgoing.now)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Nobody tries."""
        raise ChannelDown(f"Nobody on {outgoing.who.channel} is asked in these tests.")


def mouth(account: str = "main", channel: str = "desk", **standing: Any) -> Channel:
    """The same, of a desk on which something can be said."""
    way = cast("Way", Stood(Standing(**standing)))
    return renamed(Mouth, channel)(account, ChannelSettings(), Equipment(way=way))


def desk(account: str = "main", channel: str = "desk", **standing: Any) -> Channel:
    """A desk on a channel whose way out stands so."""
    way = cast("Way", Stood(Standing(**standing)))
    return renamed(Desk, channel)(account, ChannelSettings(), Equipment(way=way))
