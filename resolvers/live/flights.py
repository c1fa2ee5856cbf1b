"""How is a channel asked, so that nobody asks the same at the same time, and whoever asked need not wait for it?"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from adapters.contract.channel import Capability, KnowsMany
from adapters.contract.errors import BadPayload, ChannelDown, ChannelError, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import Who
from adapters.contract.soundness import required
from adapters.contract.way import Breaker
from adapters.deadline import within
from adapters.lines import Line
from resolvers.live.targets import Target

_log = structlog.get_logger("resolvers.live")

_GRACE_S: Final = 0.5
_PORTION: Final = Portion()
_ASKING: Final[Mapping[Capability, Callable[[Any, Who], Awaitable[Found]]]] = {
    Capability.PROFILE: lambda channel, who: channel.person(who),
    Capability.HISTORY: lambda channel, who: channel.past(who, _PORTION),
    Capability.TICKETS: lambda channel, who: channel.tickets(who, _PORTION),
    Capability.PURCHASES: lambda channel, who: channel.purchases(who, _PORTION),
    Capability.INTERESTS: lambda channel, who: channel.interests(who, _PORTION),
}
LIVE: Final = frozenset(_ASKING)
"""The capabilities by which channels are asked at the moment of a question."""


@dataclass(slots=True, eq=False, repr=False)
class Flight:
    """One call to a channel account under way, for one person or for several."""

    line: Line
    capability: Capability
    targets: Sequence[Target]
    began: float = field(default_factory=time.monotonic)
    landed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when what it brought is taken in, or there is nothing to take in."""
    is_late: bool = False
    """Whether nobody waits for it any more: it is taken in as soon as it comes."""
    found: Mapping[Target, Found] = field(default_factory=dict)
    error: ChannelError | None = None
    latency_ms: int = 0
    was_resting: bool = False

    async def fly(self, patience_s: float) -> None:
        """Asks; what came of it stands in the flight then."""
        self.was_resting = self.line.channel.way.standing().breaker is Breaker.OPEN
        try:
            # The way out ends by itself in time, and counts it as a failure; a channel without one is cut off after.
            async with asyncio.timeout(patience_s + _GRACE_S):
                with within(patience_s):
                    self.found = await self._ask()
        except TimeoutError as error:
            self.error = ChannelDown(f"It did not answer within {patience_s:g} s.")
            self.error.__cause__ = error
        except ChannelError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001  a mistake of one adapter must not take the other sources along
            unforeseen(error, self.line.place, self.capability)
            self.error = BadPayload(f"The adapter failed by {type(error).__name__}.")
            self.error.__cause__ = error
        self.latency_ms = round((time.monotonic() - self.began) * 1000)

    async def _ask(self) -> Mapping[Target, Found]:
        channel: Any = self.line.channel
        if len(self.targets) == 1:
            [target] = self.targets
            return {target: required(await _ASKING[self.capability](channel, target.who))}
        found = await channel.of_many(self.capability, [one.who for one in self.targets])
        return {one: required(found.get(one.who, Found())) for one in self.targets}

    @property
    def knows_nobody(self) -> bool:
        """Whether the channel answered that it knows nobody by that id, which is an answer."""
        return isinstance(self.error, NoSuchIdentity)


def unforeseen(error: Exception, place: tuple[str, str], capability: Capability) -> None:
    """Tells operators of a mistake of which the answer can only say that a source could not be read."""
    channel, account = place
    _log.error(
        "unforeseen",
        reference=secrets.token_hex(6),
        channel=channel,
        account=account,
        doing=f"asking for {capability}",
        exc_info=error,
    )


def flights_for(line: Line, capability: Capability, targets: Sequence[Target]) -> list[Flight]:
    """The calls by which these questions are asked: few, where the channel answers for several people at once."""
    channel = line.channel
    at_once = 1
    if isinstance(channel, KnowsMany) and capability in channel.many_for:
        at_once = channel.many_at_once
    return [Flight(line, capability, targets[n : n + at_once]) for n in range(0, len(targets), at_once)]
