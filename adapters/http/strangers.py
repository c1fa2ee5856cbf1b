"""What stands at an address that came from outside, in a delivery or an answer?"""

import asyncio
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus

from yarl import URL

from adapters.contract.errors import ChannelDown, ChannelError, ChannelRefused
from adapters.contract.manners import by_status
from adapters.contract.reply import Reply
from adapters.deadline import left_s
from adapters.http.addresses import Borders, checked
from adapters.http.observing import Call
from adapters.http.requests import Request
from adapters.http.wire import Trace, Wire

_AT_ONCE = 16
"""Requests under way at once, whoever's: what strangers point at must not take all connections."""
_MOST_REDIRECTS = 3
_LONGEST_S = 10.0
LARGEST_BODY = 8 * 1024 * 1024
_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)


class Strangers:
    """The way to addresses that came from outside: public ones only, read to a bound, asked once."""

    def __init__(self, wire: Wire, borders: Borders, tell: Callable[[Call], None]) -> None:
        self._wire = wire
        self._borders = borders
        self._tell = tell
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def fetch(
        self,
        place: tuple[str, str],
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        largest_body: int = LARGEST_BODY,
    ) -> Reply:
        """The good answer of a public https address, within the deadline and ten seconds.

        At most three redirects are followed, each checked like the first; headers go to the first host only. Raises
        ChannelError, ChannelRefused where the address may not be called.
        """
        began = time.monotonic()
        trace = Trace()
        outcome = "CANCELLED"
        try:
            reply = await self._bounded(checked(url, self._borders), headers or {}, largest_body, trace)
            outcome = "GOOD"
        except ChannelError as error:
            outcome = error.kind
            raise
        finally:
            channel, account = place
            took_s = time.monotonic() - began
            self._tell(
                Call(
                    channel=channel,
                    account=account,
                    method="GET",
                    outcome=outcome,
                    status=trace.status,
                    took_s=took_s,
                    tries=1,
                )
            )
        return reply

    async def _bounded(self, url: URL, headers: Mapping[str, str], largest_body: int, trace: Trace) -> Reply:
        left = left_s()
        if left == 0.0:
            raise ChannelDown("The time for it was up before it was asked.")
        try:
            async with asyncio.timeout(_LONGEST_S if left is None else min(left, _LONGEST_S)), self._places:
                return await self._followed(url, headers, largest_body, trace)
        except TimeoutError:
            pass
        raise ChannelDown("An address that came from outside did not answer in time.")

    async def _followed(self, url: URL, headers: Mapping[str, str], largest_body: int, trace: Trace) -> Reply:
        for _ in range(_MOST_REDIRECTS + 1):
            request = Request(method="GET", url=url, headers=headers)
            reply = await self._wire.ask(request, largest_body=largest_body, trace=trace)
            target = reply.headers.get("location")
            if reply.status not in _REDIRECTS or target is None:
                failure = by_status(reply)
                if failure is not None:
                    raise failure
                return reply
            after = checked(_joined(url, target), self._borders)
            headers = headers if after.origin() == url.origin() else {}
            url = after
        raise ChannelRefused(f"An address that came from outside was redirected more than {_MOST_REDIRECTS} times.")


def _joined(url: URL, target: str) -> URL | str:
    try:
        return url.join(URL(target))
    except ValueError:
        return ""
