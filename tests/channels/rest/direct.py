"""A way out for tests that is as short as can be: one try, no breaker, nothing kept."""

from datetime import UTC, datetime
from typing import Any

import aiohttp

from adapters.contract.errors import BadPayload, ChannelDown, OutcomeUnknown
from adapters.contract.manners import Manners
from adapters.contract.reply import Reply
from adapters.contract.way import Standing


class DirectWay:
    """Asks once and judges the answer by the channel's manners."""

    def __init__(self, manners: Manners) -> None:
        self._manners = manners
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Ends its connections."""
        if self._session:
            await self._session.close()

    async def get(
        self, url: str, *, params: Any = None, headers: Any = None, fresh_s: float = 0, stale_s: float = 0
    ) -> Reply:
        """The good answer to a question."""
        del fresh_s, stale_s
        return await self._asked("GET", url, is_repeatable=True, params=params, headers=headers)

    async def post(
        self, url: str, *, is_repeatable: bool = False, fresh_s: float = 0, stale_s: float = 0, **parts: Any
    ) -> Reply:
        """The good answer to a request with effects."""
        del fresh_s, stale_s
        return await self._asked("POST", url, is_repeatable=is_repeatable, **parts)

    def standing(self) -> Standing:
        """Nothing is watched."""
        return Standing()

    async def _asked(self, method: str, url: str, *, is_repeatable: bool, **parts: Any) -> Reply:
        self._session = self._session or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(self._manners.try_s))
        try:
            async with self._session.request(method, url, allow_redirects=False, **parts) as answer:
                body = await answer.read()
                headers = {name.lower(): value for name, value in answer.headers.items()}
        except (TimeoutError, aiohttp.ClientError) as error:
            raise (ChannelDown if is_repeatable else OutcomeUnknown)("It did not answer.") from error
        if len(body) > self._manners.largest_body:
            raise BadPayload("The answer is too large.")
        reply = Reply(status=answer.status, headers=headers, body=body, as_of=datetime.now(UTC))
        if error := self._manners.judge(reply):
            raise error
        return reply
