"""How does one channel account get its answers: kept ones, ones under way, or new ones?"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeVar

import orjson
from yarl import URL

from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
    OutcomeUnknown,
)
from adapters.contract.manners import Manners
from adapters.contract.reply import Reply
from adapters.contract.way import Standing, Step
from adapters.deadline import ends_at, left_s
from adapters.http.flights import Flights, Patience
from adapters.http.kept import Shelf
from adapters.http.observing import Call, CallObserver
from adapters.http.requests import Request, address, encoded
from adapters.http.strangers import LARGEST_BODY, Strangers
from adapters.http.tries import Tally, Tries
from adapters.http.wire import Wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all ways out of a process share."""

    wire: Wire
    strangers: Strangers
    shelf: Shelf
    observer: CallObserver
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class _Age:
    """How old an answer may be."""

    fresh_s: float
    stale_s: float

    @property
    def longest_s(self) -> float:
        """How long the answer is kept at most."""
        return max(self.fresh_s, self.stale_s)


class AccountWay:
    """The way out of one channel account. Implements `adapters.contract.way.Way`."""

    def __init__(self, channel: str, account: str, manners: Manners, base: URL | None, house: House) -> None:
        self.channel = channel
        self.account = account
        self.manners = manners
        self.base = base
        self._house = house
        self._tries = Tries(house.wire, manners, house.clock)
        self._place = f"{channel}/{account}"
        self._flights = Flights(self._place)

    def __repr__(self) -> str:
        return f"<AccountWay {self._place}>"

    def standing(self) -> Standing:
        """How the channel account has answered lately."""
        return self._tries.standing()

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        fresh_s: float = 0.0,
        stale_s: float = 0.0,
    ) -> Reply:
        """The good answer to a question without effects; the same question under way is asked once.

        One kept that is at most `fresh_s` old is given at once; where the vendor does not answer, is throttled or
        sends junk, one of up to `stale_s` is given with `is_stale`. Raises ChannelError.
        """
        request = Request(method="GET", url=address(url, self.base, params), headers=headers or {})
        return await self._answer(request, _Age(fresh_s, stale_s))

    async def post(  # noqa: PLR0913  a request has as many parts
        self,
        url: str,
        *,
        method: Literal["POST", "PUT", "PATCH"] = "POST",
        json: Any = None,
        data: Mapping[str, str] | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        is_repeatable: bool = False,
        fresh_s: float = 0.0,
        stale_s: float = 0.0,
    ) -> Reply:
        """The good answer to a request with effects, which is sent once; again only where it is repeatable.

        Raises ChannelError: OutcomeUnknown where it may have arrived (also where the vendor answered with a failure
        of its own, or with what cannot be read); ChannelDown where it certainly did not, or where it is repeatable.
        Only a repeatable one can be kept: such a one is a question.
        """
        age = _Age(fresh_s, stale_s)
        if age.longest_s > 0 and not is_repeatable:
            raise ValueError("A request with effects cannot be answered from what is kept. Say is_repeatable=True.")
        body, said = encoded(json, data)
        request = Request(
            method=method,
            url=address(url, self.base),
            headers=said | dict(headers or {}),
            body=body,
            is_repeatable=is_repeatable,
        )
        return await (self._answer(request, age) if age.longest_s > 0 else self._alone(request))

    async def fetch_public(
        self, url: str, *, headers: Mapping[str, str] | None = None, largest_body: int | None = None
    ) -> Reply:
        """The good answer of a public https address that came from outside, in the account's delivery or answer.

        Three redirects are followed at most, each checked like the first; headers go to the first host only. Raises
        ChannelError: ChannelRefused where the address may not be called.
        """
        most = LARGEST_BODY if largest_body is None else largest_body
        return await self._house.strangers.fetch((self.channel, self.account), url, headers=headers, largest_body=most)

    async def converse(self, method: str, talk: Callable[[Step], Awaitable[T]]) -> T:
        """What a talk by another protocol than HTTP gives, within the same bounds; raises ChannelError."""
        patience, tally = Patience(ends_at()), Tally()
        return await self._in_time(
            self._told(method, self._tries.converse(talk, patience, tally), patience, tally), patience, tally
        )

    async def close(self) -> None:
        """Stops what is under way; whoever waits for it is told ChannelDown."""
        await self._flights.close()

    async def _answer(self, request: Request, age: _Age) -> Reply:
        key = request.fingerprint(self._place)
        kept = self._found(key, request, up_to_s=age.fresh_s)
        if kept is not None:
            return kept
        try:
            reply = await self._shared(request, key)
            self._keep(key, reply, age)
        except (ChannelDown, ChannelBusy, BadPayload):
            kept = self._found(key, request, up_to_s=age.stale_s, is_stale=True)
            if kept is None:
                raise
            return kept
        except (ChannelRefused, NoSuchIdentity):
            # What it no longer tells us is not ours to show.
            self._house.shelf.drop(key)
            raise
        return reply

    def _found(self, key: bytes, request: Request, *, up_to_s: float, is_stale: bool = False) -> Reply | None:
        if up_to_s <= 0:
            return None
        reply = self._house.shelf.find(key, up_to_s=up_to_s, now=time.monotonic())
        if reply is None:
            return None
        self._tell(request.method, "GOOD", 0.0, Tally(status=reply.status), from_cache=True, is_stale=is_stale)
        return replace(reply, is_stale=True) if is_stale else reply

    def _keep(self, key: bytes, reply: Reply, age: _Age) -> None:
        if age.longest_s <= 0:
            return
        if not _can_be_read(reply):
            raise BadPayload(f"{self._place}: An answer of {len(reply.body)} bytes says it is JSON, and is not.")
        self._house.shelf.keep(key, reply, for_s=age.longest_s, now=time.monotonic())

    async def _shared(self, request: Request, key: bytes) -> Reply:
        """A question that is asked once for all who ask it at the same time."""
        if left_s() == 0.0:
            self._tell(request.method, ChannelDown.kind, 0.0, Tally())
            raise ChannelDown(f"{self._place}: The time for it was up before it was asked.")
        return await self._flights.join(key, lambda patience: self._call(request, patience, Tally()))

    async def _alone(self, request: Request) -> Reply:
        """A request that is never shared with another caller."""
        patience, tally = Patience(ends_at()), Tally()
        call = self._call(request, patience, tally)
        return await self._in_time(call, patience, tally, is_repeatable=request.is_repeatable)

    async def _in_time(self, call: Awaitable[T], patience: Patience, tally: Tally, *, is_repeatable: bool = False) -> T:
        """What comes of the call before its caller's time is up."""
        try:
            async with asyncio.timeout(patience.left_s()) as bound:
                patience.watch(bound)
                return await call
        except TimeoutError:
            pass
        if tally.may_have_arrived and not is_repeatable:
            raise OutcomeUnknown(
                f"{self._place}: A request with effects may have arrived: it was not answered in time."
            )
        raise ChannelDown(f"{self._place}: It did not answer in the time that the request had left.")

    async def _call(self, request: Request, patience: Patience, tally: Tally) -> Reply:
        """The good answer; the observer is told of it in any case."""
        answer = self._tries.good_answer(request, patience, tally)
        return await self._told(request.method, answer, patience, tally, is_repeatable=request.is_repeatable)

    async def _told(
        self, method: str, answer: Awaitable[T], patience: Patience, tally: Tally, *, is_repeatable: bool = False
    ) -> T:
        """What comes of it; the observer is told of it in any case."""
        began = time.monotonic()
        outcome = "CANCELLED"
        try:
            found = await answer
            outcome = "GOOD"
        except ChannelError as error:
            outcome = error.kind
            if not str(error).startswith(self._place):
                error.args = (f"{self._place}: {error}",)
            raise
        except asyncio.CancelledError:
            if patience.has_run_out:
                is_unknown = tally.may_have_arrived and not is_repeatable
                outcome = OutcomeUnknown.kind if is_unknown else ChannelDown.kind
            raise
        finally:
            self._tell(method, outcome, time.monotonic() - began, tally)
        return found

    def _tell(
        self,
        method: str,
        outcome: str,
        took_s: float,
        tally: Tally,
        *,
        from_cache: bool = False,
        is_stale: bool = False,
    ) -> None:
        self._house.observer.called(
            Call(
                channel=self.channel,
                account=self.account,
                method=method,
                outcome=outcome,
                status=tally.status,
                took_s=took_s,
                tries=tally.tries,
                from_cache=from_cache,
                is_stale=is_stale,
            )
        )


def _can_be_read(reply: Reply) -> bool:
    """Whether it is what it says it is: junk must not be kept, and not stand before what is."""
    if "json" not in reply.headers.get("content-type", ""):
        return True
    try:
        orjson.loads(reply.body)
    except orjson.JSONDecodeError:
        # It takes no halves of characters, of which the rest can be read.
        return _can_be_mended(reply)
    return True


def _can_be_mended(reply: Reply) -> bool:
    try:
        reply.json()
    except BadPayload:
        return False
    return True
