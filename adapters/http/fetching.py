"""How is a document fetched that the company's own settings name, such as an identity provider's keys?

Not by a channel's way out (`session.py`): no budget, no fuse, and it may stand inside the company's network. Bounded in
time and size as a whole, so that whoever answers a byte at a time holds up nobody.
"""

import asyncio
from typing import Final

import aiohttp

from adapters.contract.errors import BadPayload
from adapters.http.wire import Trace, body_of, named

_MOST_BYTES: Final = 1024 * 1024
_OK: Final = 200
_ELSEWHERE: Final = range(300, 400)


class NotFetched(Exception):
    """There is no document; the message says why, without a full stop, and quotes nothing of it."""


async def fetched(url: str, *, within_s: float) -> bytes:
    """The document at the address, 1 MiB at most; raises NotFetched. Proxies are those of the environment."""
    try:
        async with (
            asyncio.timeout(within_s),
            aiohttp.ClientSession(
                trust_env=True,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
                headers={"User-Agent": "profile-gateway", "Accept": "application/json"},
            ) as session,
            # Elsewhere may be in the clear, or somebody else's.
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status in _ELSEWHERE:
                raise NotFetched(f"It leads elsewhere (status {answer.status}). Name the address where it leads")
            if answer.status != _OK:
                raise NotFetched(f"It answers with status {answer.status}")
            return await body_of(answer, _MOST_BYTES)
    except TimeoutError:
        raise NotFetched(f"It has not answered whole within {within_s:g} s") from None
    except BadPayload as error:
        raise NotFetched(str(error).rstrip(".")) from None
    except (aiohttp.ClientError, OSError, ValueError) as error:
        # The library's words quote the address, in which a secret may stand.
        raise NotFetched(str(named(error, Trace())).rstrip(".")) from None
