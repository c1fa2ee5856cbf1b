"""How do requests show whose they are?"""

import asyncio
import base64
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from adapters.channels.rest.stated import StatedAuth
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from adapters.contract.way import Way
from adapters.quiet import quiet

# A token that ends while a request is under way would be refused.
_MARGIN_S = 30.0
# RFC 6749, 5.1: the life of a token may be left out.
_USUAL_LIFE_S = 300.0
_LONGEST_LIFE_S = 86_400.0


@quiet
class Shown(NamedTuple):
    """What a request carries to be let in."""

    headers: Mapping[str, str]
    params: Mapping[str, str]


class Access:
    """The credentials of one channel account, as its mapping wants them shown."""

    def __init__(self, stated: StatedAuth, settings: Any, way: Way, token_url: str | None) -> None:
        self._stated, self._settings, self._way, self._token_url = stated, settings, way, token_url
        self._token: str | None = None
        self._until = 0.0
        self._turn = asyncio.Lock()

    async def shown(self) -> Shown:
        """What the next request carries; asks for a token where there is none that still lives."""
        stated, settings = self._stated, self._settings
        if stated.scheme == "none":
            return Shown({}, {})
        if stated.scheme == "oauth2":
            return Shown({"Authorization": f"Bearer {await self._living_token()}"}, {})
        if stated.scheme == "basic":
            pair = f"{settings.username}:{settings.password.get_secret_value()}"
            return Shown({"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {})
        token = stated.prefix + settings.token.get_secret_value()
        if stated.scheme == "bearer":
            return Shown({"Authorization": f"Bearer {token}"}, {})
        name = stated.name or ""
        return Shown({name: token}, {}) if stated.scheme == "header" else Shown({}, {name: token})

    def forget(self, shown: Shown) -> bool:
        """Drops the token that was refused, unless it was replaced meanwhile; whether another one can be had."""
        if self._stated.scheme != "oauth2":
            return False
        if shown.headers.get("Authorization") == f"Bearer {self._token}":
            self._token = None
        return True

    async def _living_token(self) -> str:
        async with self._turn:
            if self._token is None or time.monotonic() >= self._until:
                self._token, life_s = await self._new_token()
                self._until = time.monotonic() + life_s - _MARGIN_S
            return self._token

    async def _new_token(self) -> tuple[str, float]:
        """A token by client credentials (RFC 6749, 4.4), and how long it lives."""
        form = {
            "grant_type": "client_credentials",
            "client_id": self._settings.client_id,
            "client_secret": self._settings.client_secret.get_secret_value(),
            **({"scope": self._stated.scope} if self._stated.scope else {}),
        }
        try:
            reply = await self._way.post(self._token_url or "", data=form, is_repeatable=True)
        except NoSuchIdentity as error:
            # Whose token it would be is us, and no person.
            raise ChannelRefused(
                "There is nobody at `token_url`, or no such client. Check the mapping.", is_of_account=True
            ) from error
        except ChannelRefused as error:
            # 400, too: so a client that is unknown is told (RFC 6749, 5.2).
            error.is_of_account = True
            raise
        said = reply.json()
        token = said.get("access_token") if isinstance(said, dict) else None
        if not (isinstance(token, str) and token.isascii() and token.isprintable() and token):
            raise BadPayload("The answer to the request for a token has no `access_token`.")
        life = said.get("expires_in")
        is_told = isinstance(life, int | float) and not isinstance(life, bool) and life > 0
        return token, min(float(life), _LONGEST_LIFE_S) if is_told else _USUAL_LIFE_S
