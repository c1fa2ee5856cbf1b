"""Who are we to the mail servers, by a password or by a token of the provider's (OAuth 2.0)?

Google's and Microsoft's servers take no passwords of people any more.
"""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

from pydantic import SecretStr

from adapters.channels.email.settings import EmailSettings
from adapters.contract.errors import BadPayload, ChannelRefused
from adapters.contract.reply import Reply
from adapters.contract.way import Way
from adapters.mail.posting import SignIn
from adapters.payload import Shape, shaped

T = TypeVar("T")

# Tokens last an hour mostly; one is renewed so long before its end, for a look into a mailbox takes its time.
_FRESH_S: Final = 3_000.0
_BEFORE_ITS_END: Final = timedelta(minutes=2)
_WORD: Final = re.compile(r"[!-~]{1,20000}")


class _Token(Shape):
    access_token: str
    expires_in: float | None = None


async def signed_in(way: Way, settings: EmailSettings, work: Callable[[SignIn | None], Awaitable[T]]) -> T:
    """What the work gives whom the servers know; a token that is not taken is renewed, once. Raises ChannelError."""
    if settings.token_url is None:
        password = settings.password
        user = settings.user or settings.address
        return await work(SignIn(user=user, secret=password) if password is not None else None)
    sign_in, is_new = await _by_token(way, settings, settings.token_url, fresh_s=_FRESH_S)
    try:
        return await work(sign_in)
    except ChannelRefused as error:
        # Nothing was handed over before it knew us.
        if is_new or error.code not in SignIn.refusals:
            raise
    return await work((await _by_token(way, settings, settings.token_url, fresh_s=0.0))[0])


async def _by_token(way: Way, settings: EmailSettings, url: str, *, fresh_s: float) -> tuple[SignIn, bool]:
    """Who we are by a token, and whether that was given out just now."""
    reply = await _asked(way, settings, url, fresh_s)
    now, token = datetime.now(UTC), shaped(_Token, reply.json(), "the token")
    if token.expires_in is not None and reply.as_of + timedelta(seconds=token.expires_in) - _BEFORE_ITS_END < now:
        reply = await _asked(way, settings, url, 0.0)
        token = shaped(_Token, reply.json(), "the token")
    if not _WORD.fullmatch(token.access_token):
        raise BadPayload("the token.access_token is none")
    sign_in = SignIn(user=settings.user or settings.address, secret=SecretStr(token.access_token), is_token=True)
    return sign_in, now - reply.as_of < _BEFORE_ITS_END


async def _asked(way: Way, settings: EmailSettings, url: str, fresh_s: float) -> Reply:
    kind = "refresh_token" if settings.refresh_token is not None else "client_credentials"
    told = {"grant_type": kind, "client_id": settings.client_id or "", "scope": settings.scope or ""}
    for name, secret in (("client_secret", settings.client_secret), ("refresh_token", settings.refresh_token)):
        if secret is not None:
            told[name] = secret.get_secret_value()
    try:
        return await way.post(
            url, data={name: one for name, one in told.items() if one}, is_repeatable=True, fresh_s=fresh_s
        )
    except ChannelRefused as error:
        raise ChannelRefused(
            "The provider gives us no token. Compare `token_url`, the client and its secret, or sign in anew there.",
            code=error.code,
            is_of_account=True,
        ) from None
