"""How is a subscription held: how many at once, how is it seen that it still may be, and what ends it?

Nothing is kept for a reader who is slow: an event is asked for once the one before it was taken.
"""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Final, TypeVar

import structlog

from gateway import telling
from gateway.auth import NotSignedIn
from gateway.cancelling import ended
from gateway.meters import hold_subscription
from gateway.questions import Answer, Fate, NotAsked
from gateway.seldom import Seldom
from gateway.settings import Settings, environment_name
from resolvers.kit.errors import LimitExceeded, TellableError, Unavailable
from resolvers.kit.networks import network_of
from resolvers.kit.viewer import Role, Viewer

_log = structlog.get_logger("gateway.subscriptions")

Held = Answer | None
"""An answer; or None, where nothing happened for a while."""

T = TypeVar("T")

_TOLD_EVERY_S: Final = 60.0
_MOMENT_S: Final = 0.01
_CHANGED: Final = "What you may see has changed since you subscribed. Subscribe again."


class Cut(Exception):
    """The process ends: whoever followed may go on with another one."""


class Subscriptions:
    """The subscriptions that one process holds."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.subscriptions
        # Anybody may become a visitor, and shall not take every place that agents need.
        self._most_of_visitors = max(1, settings.subscriptions * 9 // 10)
        self._most_of_caller = settings.subscriptions_per_caller
        self._beat_s = settings.keep_alive_s
        self._most_of_address = settings.subscriptions_per_address
        self._by_caller: Counter[str] = Counter()
        self._by_address: Counter[str] = Counter()
        self._by_visitors = 0
        self._refused = Seldom(_TOLD_EVERY_S)
        self._is_over = asyncio.Event()

    def __len__(self) -> int:
        """How many are held."""
        return self._by_caller.total()

    def close(self) -> None:
        """Ends them all, and takes no more."""
        self._is_over.set()

    async def ended(self) -> None:
        """Returns when they are ended."""
        await self._is_over.wait()

    def next_look_s(self, ends_in_s: float) -> float:
        """How long may pass until it is seen again whether somebody still may follow, whose proof ends in that time."""
        # What ends now is over a moment later.
        return min(self._beat_s, ends_in_s + _MOMENT_S)

    async def held(
        self,
        viewer: Viewer,
        answers: AsyncGenerator[Answer, None],
        prove: Callable[[], Awaitable[None]],
        *,
        ends_in_s: Callable[[], float] = lambda: math.inf,
        address: str | None = None,
    ) -> AsyncGenerator[Held, None]:
        """The answers as they come, and None after each silent while; raises Cut where the process ends before them.

        `prove` is awaited after each silent while, and raises where the viewer may no longer follow; that is told, and
        nothing more. Where it raises that nobody can tell now, it is asked again behind the next silent while.
        `ends_in_s`: when that will be so at the latest. `address`: the caller's, as far as it is known.
        """
        async with aclosing(answers):
            try:
                with self._place(viewer, address):
                    async with aclosing(self._beating(answers, ends_in_s)) as beating:
                        async for one in beating:
                            if one is None:
                                # While nobody can tell, nothing is told either: the next silent while asks again.
                                with suppress(Unavailable):
                                    await prove()
                            yield one
            except TellableError as error:
                yield _told(error)
            except NotAsked as reason:
                yield reason.answer
            except Cut:
                raise
            except Exception as error:  # noqa: BLE001  the stream's outermost room: told by reference and logged whole
                yield Answer(Fate.UNFORESEEN, {"errors": [telling.told_of(error)]})

    async def _beating(
        self, answers: AsyncGenerator[Answer, None], ends_in_s: Callable[[], float]
    ) -> AsyncGenerator[Held, None]:
        over = asyncio.ensure_future(self._is_over.wait())
        coming: asyncio.Task[Held] | None = None
        try:
            while not over.done():
                coming = coming or asyncio.create_task(_next(answers))
                wait_s = self.next_look_s(ends_in_s())
                await asyncio.wait({coming, over}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    answer = coming.result()
                    if answer is None:
                        return
                    coming = None
                    yield answer
                elif not over.done():
                    yield None
            raise Cut
        finally:
            # What is coming closes what it reads from, and whoever ends this one waits for that.
            await ended(one for one in (coming, over) if one is not None)

    @contextmanager
    def _place(self, viewer: Viewer, address: str | None) -> Iterator[None]:
        who, is_visitor = viewer.counted_as, viewer.role is Role.VISITOR
        # Anybody may be as many visitors as they like. A company's agents sit behind one address, and are known.
        network = network_of(address) if is_visitor else None
        if self._by_caller[who] >= self._most_of_caller:
            raise _too_many("You follow", self._most_of_caller, "subscriptions_per_caller")
        if network is not None and self._by_address[network] >= self._most_of_address:
            self._warn("no more subscriptions are taken from an address", self._most_of_address)
            raise _too_many("Those behind your address follow", self._most_of_address, "subscriptions_per_address")
        if len(self) >= self._most or (is_visitor and self._by_visitors >= self._most_of_visitors):
            self._warn("no more subscriptions are taken", self._most)
            raise _too_many("This process holds", self._most_of_visitors if is_visitor else self._most, "subscriptions")
        with _one_more(self._by_caller, who), _one_more(self._by_address, network):
            self._by_visitors += is_visitor
            hold_subscription(1)
            try:
                yield
            finally:
                hold_subscription(-1)
                self._by_visitors -= is_visitor

    def _warn(self, event: str, most: int) -> None:
        """Logs what was refused: at once, and while it goes on once a minute, with how many there were."""
        if refused := self._refused.count():
            _log.warning(event, most=most, refused=refused)


@contextmanager
def _one_more(counter: Counter[T], whose: T | None) -> Iterator[None]:
    """Counts one as long as the block lasts, and keeps no name of those who have none."""
    if whose is None:
        yield
        return
    counter[whose] += 1
    try:
        yield
    finally:
        counter[whose] -= 1
        if not counter[whose]:
            del counter[whose]


def require_same(before: Viewer, now: Viewer) -> None:
    """Raises NotSignedIn where somebody's rights are no longer those with which a subscription began."""
    if before != now:
        raise NotSignedIn(_CHANGED)


async def _next(answers: AsyncGenerator[Answer, None]) -> Held:
    return await anext(answers, None)


def _too_many(who: str, most: int, knob: str) -> LimitExceeded:
    return LimitExceeded(
        f"{who} {most} subscriptions already, which is the most. End one that is not needed, ask for several things "
        f"in one, or try again later. ({environment_name(knob)} sets the bound.)"
    )


def _told(error: TellableError) -> Answer:
    return Answer(Fate.ANSWERED, {"errors": [telling.told(error.message, error.code)]})
