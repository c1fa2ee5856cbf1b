"""Which keys does the identity provider publish (JWKS), and how good are those that were fetched a while ago?

They are fetched anew every five minutes, beside what is asked meanwhile. While the provider is away they stay good for
a day, and no longer: meanwhile one of them may have been taken back.
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import jwt
import structlog

from adapters.http.fetching import NotFetched, fetched

# Providers announce a new key long before they sign with it; PyJWT's own client takes the same five minutes.
_KEYS_FRESH_S: Final = 300.0
_KEYS_GOOD_S: Final = 24 * 3600.0
# A token with an unknown key, or a provider that is down, makes us ask the provider again no more often than this.
_ASK_AGAIN_S: Final = 10.0
# A sign-in may wait for it, so it must be shorter than the patience of who signs in.
_KEYS_WAIT_S: Final = 5.0

_log = structlog.get_logger("gateway.key_sets")


class KeysUnreachable(Exception):
    """The identity provider does not give its keys now, so nobody can be told good from bad."""


class KeySet:
    """The public keys of an identity provider, fetched and held."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._is_away = False

    async def key(self, name: str) -> jwt.PyJWK | None:
        """The key of that name (`kid`), or None where the set has none; raises KeysUnreachable.

        Waits for the provider only where nothing is held that is good and was looked at within the last ten minutes.
        """
        held, age_s = self._held(name), time.monotonic() - self._fetched_at
        if held is not None and age_s < _KEYS_FRESH_S:
            return held
        asking = self._ask()
        if held is not None and (self._is_away or age_s < 2 * _KEYS_FRESH_S):
            return held
        if asking is not None:
            # Others wait for the same; who leaves does not end it.
            await asyncio.shield(asking)
            held = self._held(name)
        if held is None and self._is_away:
            raise KeysUnreachable("The identity provider did not give its keys a moment ago.")
        return held

    async def fetch(self) -> int:
        """Fetches the keys anew and says how many there are; raises KeysUnreachable."""
        self._asked_at = time.monotonic()
        try:
            body = await fetched(self._url, within_s=_KEYS_WAIT_S)
            found = await asyncio.to_thread(_signing, body)
        except NotFetched as error:
            raise KeysUnreachable(f"The identity provider does not give its keys. {error}") from error
        except (jwt.PyJWTError, ValueError, AttributeError) as error:
            raise KeysUnreachable(
                f"What the identity provider gives is no set of keys ({type(error).__name__})"
            ) from error
        self._keys = found
        self._fetched_at = time.monotonic()
        return len(found)

    def _held(self, name: str) -> jwt.PyJWK | None:
        """The key of that name as it was fetched, while it is good."""
        return self._keys.get(name) if time.monotonic() - self._fetched_at < _KEYS_GOOD_S else None

    def _ask(self) -> asyncio.Task[None] | None:
        """The asking that is under way, or is begun; None where the provider was asked a moment ago."""
        if self._asking is not None and not self._asking.done():
            return self._asking
        if time.monotonic() - self._asked_at < _ASK_AGAIN_S:
            return None
        self._asking = asyncio.create_task(self._asked(), name="key set")
        return self._asking

    async def _asked(self) -> None:
        try:
            count = await self.fetch()
        except KeysUnreachable as error:
            if not self._is_away:
                _log.warning("key set is away", error=str(error), good_for_s=self._good_for_s())
            self._is_away = True
            return
        if self._is_away:
            _log.info("key set is back", keys=count)
        self._is_away = False

    def _good_for_s(self) -> int:
        return max(0, round(_KEYS_GOOD_S - (time.monotonic() - self._fetched_at))) if self._keys else 0


def _signing(body: bytes) -> Mapping[str, jwt.PyJWK]:
    """The keys with which tokens are signed, by name; raises ValueError, or PyJWTError where there is none."""
    found = jwt.PyJWKSet.from_json(body.decode())
    return {one.key_id: one for one in found.keys if one.key_id and one.public_key_use in {"sig", None}}
