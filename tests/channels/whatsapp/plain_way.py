"""A way out that only asks, for what depends on WhatsApp alone: no bounds, no breaker, no second try."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import aiohttp

from adapters.contract.errors import OutcomeUnknown
from adapters.contract.manners import Manners
from adapters.contract.reply import Reply
from adapters.contract.way import Standing


class PlainWay:
    """Asks once, and says what the manners say."""

    def __init__(self, session: aiohttp.ClientSession, manners: Manners) -> None:
        self._session = session
        self._manners = manners

    async def get(
        self,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        fresh_s: float = 0.0,
        stale_s: float = 0.0,
    ) -> Reply:
        """The answer; nothing is kept."""
        del fresh_s, stale_s
        return await self._asked("GET", url, params=params, headers=headers)

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
        """The answer; OutcomeUnknown where none came in time."""
        del fresh_s, stale_s, is_repeatable
        try:
            return await self._asked(method, url, json=json, data=data, headers=headers)
        except TimeoutError as error:
            raise OutcomeUnknown("It did not answer in time.") from error

    def standing(self) -> Standing:
        """Nothing is watched."""
        return Standing()

    async def _asked(self, method: str, url: str, **parts: Any) -> Reply:
        timeout = aiohttp.ClientTimeout(total=self._manners.try_s)
        async with self._session.request(method, url, timeout=timeout, **parts) as answer:
            named = {name.lower(): value for name, value in answer.headers.items()}
            reply = Reply(status=answer.status, headers=named, body=await answer.read(), as_of=datetime.now(UTC))
        if error := self._manners.judge(reply):
            raise error
        return reply
