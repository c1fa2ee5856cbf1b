"""How is Zendesk asked: signed in, page by page, and with its own words for what went wrong?"""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Literal, Self, TypeGuard
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field

from adapters.channels.zendesk.settings import ZendeskSettings
from adapters.contract.addresses import origin_of
from adapters.contract.channel import LARGEST_FILE
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelError, ChannelRefused
from adapters.contract.manners import Manners, by_status, retry_after_s
from adapters.contract.reply import Reply
from adapters.contract.way import Way
from adapters.quiet import quiet
from adapters.readings import read

# A client's or an agent's next look within that time asks nobody; an answer of the last hour is better than none.
_FRESH_S, _STALE_S = 5.0, 3600.0
# A token is renewed so long before its end, for requests take their time and clocks differ.
_BEFORE_ITS_END = timedelta(seconds=60)
_LONGEST_CODE = 60
_BY_NUMBER = "page:"
_CURSOR = re.compile(r"[!-~]{1,2000}")


class SignInRefused(ChannelRefused):
    """Zendesk does not take our token, or no longer: a new one may help."""


def judge(reply: Reply) -> ChannelError | None:
    """What an answer of Zendesk's means; None where it is good."""
    found = by_status(reply)
    if found is None:
        return None
    wait_s = retry_after_s(reply)
    # Two changes of one ticket at once (409), and a desk that is busy with itself (503 with Retry-After): nothing
    # was done, and a later try may go through.
    if reply.status == HTTPStatus.CONFLICT or (reply.status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None):
        of_one = reply.status == HTTPStatus.CONFLICT
        return ChannelBusy(f"Zendesk cannot do that now ({reply.status}).", retry_after_s=wait_s, is_of_person=of_one)
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ChannelBusy("Zendesk takes no more requests for now (429).", retry_after_s=wait_s or _reset_s(reply))
    return _refusal(reply) if isinstance(found, ChannelRefused) else found


def _refusal(reply: Reply) -> ChannelRefused:
    code = _code(reply)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return SignInRefused("Zendesk does not take our credentials (401). Renew them.", code=code, is_of_account=True)
    if reply.status == HTTPStatus.FORBIDDEN:
        return ChannelRefused(
            f"Zendesk does not let us do that (403, {code}). Give the OAuth client the scope, and its owner the role.",
            code=code,
            is_of_account=True,
        )
    return ChannelRefused(f"Zendesk refused the request ({reply.status}, {code}).", code=code)


def _reset_s(reply: Reply) -> float | None:
    said = reply.headers.get("ratelimit-reset", "").strip()
    return float(said) if said.isdecimal() and len(said) < _LONGEST_CODE else None


def _code(reply: Reply) -> str:
    """Zendesk's own word for it, as `RecordInvalid`; the status where it gave none."""
    try:
        said = reply.json()
    except BadPayload:
        return str(reply.status)
    code = said.get("error") if isinstance(said, Mapping) else None
    # Old endpoints answer {"error": {"title": ..., "message": ...}}.
    code = code.get("title") if isinstance(code, Mapping) else code
    is_word = isinstance(code, str) and code.replace("_", "").isalnum() and len(code) <= _LONGEST_CODE
    return str(code) if is_word else str(reply.status)


MANNERS = Manners(judge=judge)
"""How Zendesk wants to be called."""


@quiet
class _Token(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    # What can stand in a header.
    access_token: str = Field(pattern=r"\A[!-~]+\z", max_length=8_192)
    expires_in: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class _Held:
    header: str
    until: datetime | None

    def is_good(self) -> bool:
        """Whether it is still taken, as far as we know."""
        return self.until is None or datetime.now(UTC) < self.until


class SignIn:
    """The header by which Zendesk knows us; a fetched token is kept until shortly before its end."""

    def __init__(self, settings: ZendeskSettings, way: Way, base: str) -> None:
        self._settings = settings
        self._way = way
        self._base = base
        self._held = _given(settings)
        self._fetching: asyncio.Task[_Held] | None = None

    @property
    def can_renew(self) -> bool:
        """Whether a new token can be had."""
        return self._settings.client_id is not None

    def forget(self, header: str) -> None:
        """That header is not taken any more; one that has replaced it meanwhile stays."""
        if self._held is not None and self._held.header == header:
            self._held = None

    async def header(self) -> str:
        """The value of `Authorization`; whoever asks while a token is being fetched gets that one."""
        if self._held is not None and self._held.is_good():
            return self._held.header
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetched())
        # Whoever gives up waiting leaves the fetch to the others.
        return (await asyncio.shield(self._fetching)).header

    async def _fetched(self) -> _Held:
        try:
            reply = await self._asked_for_one()
        except ChannelRefused as error:
            # 400, too: so a client that is unknown is told (RFC 6749, 5.2).
            error.is_of_account = True
            raise
        told = read(_Token, reply.json())
        until = None if told.expires_in is None else _ends(told.expires_in)
        self._held = _Held(f"Bearer {told.access_token}", until)
        return self._held

    async def _asked_for_one(self) -> Reply:
        secret = self._settings.client_secret
        return await self._way.post(
            f"{self._base}/oauth/tokens",
            json={
                "grant_type": "client_credentials",
                "client_id": self._settings.client_id,
                "client_secret": secret.get_secret_value() if secret else None,
                "scope": self._settings.scope,
            },
            # A token more harms nobody.
            is_repeatable=True,
        )


def _ends(expires_in: float) -> datetime:
    seconds = min(max(expires_in, 0.0), timedelta(days=365).total_seconds())
    return datetime.now(UTC) + timedelta(seconds=seconds) - _BEFORE_ITS_END


def _given(settings: ZendeskSettings) -> _Held | None:
    """The header of credentials that need no fetching."""
    if settings.access_token is not None:
        return _Held(f"Bearer {settings.access_token.get_secret_value()}", None)
    if settings.email is not None and settings.api_token is not None:
        pair = f"{settings.email}/token:{settings.api_token.get_secret_value()}"
        return _Held(f"Basic {base64.b64encode(pair.encode()).decode()}", None)
    return None


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One page of a list."""

    members: list[Any]
    after: str | None
    reply: Reply
    whole: Mapping[str, Any]
    """The answer itself, for what came along: users beside comments."""

    @classmethod
    def of(cls, reply: Reply, name: str, before: str | None) -> Self:
        """The page under that name; raises BadPayload where there is none."""
        whole = object_of(reply)
        members = whole.get(name)
        if not isinstance(members, list):
            raise BadPayload(f"{name} is no list")
        after = _after(whole)
        # A cursor that leads to itself would be followed for ever.
        return cls(members, None if after == before else after, reply, whole)


def _after(whole: Mapping[str, Any]) -> str | None:
    """The next page's cursor. `links.next` stands on the last page, too: only `meta.has_more` tells."""
    meta = whole.get("meta")
    if isinstance(meta, Mapping):
        cursor = meta.get("after_cursor")
        return cursor if meta.get("has_more") is True and is_cursor(cursor) else None
    # A desk that pages by number, as all did before cursors.
    following = whole.get("next_page")
    asked = parse_qs(urlsplit(following).query) if _is_url(following) else {}
    number, size = asked.get("page", [""])[0], asked.get("per_page", [""])[0]
    return f"{_BY_NUMBER}{number}:{size}" if _is_count(number) and (not size or _is_count(size)) else None


def is_cursor(value: object) -> TypeGuard[str]:
    """Whether it can be a cursor of Zendesk's, fit for a URL."""
    return isinstance(value, str) and _CURSOR.fullmatch(value) is not None


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < _LONGEST_CODE


def _is_url(value: object) -> TypeGuard[str]:
    if not isinstance(value, str):
        return False
    try:
        urlsplit(value)
    except ValueError:
        return False
    return True


def paged(size: int, after: str | None) -> dict[str, str]:
    """The parameters that ask for the page behind `after`."""
    if after is not None and after.startswith(_BY_NUMBER):
        number, _, per_page = after.removeprefix(_BY_NUMBER).partition(":")
        # Pages of another size begin elsewhere: it stays the one that the desk chose.
        return {"page": number, **({"per_page": per_page} if per_page else {})}
    return {"page[size]": str(size), **({"page[after]": after} if after else {})}


def object_of(reply: Reply) -> Mapping[str, Any]:
    """The answer as an object; raises BadPayload."""
    whole = reply.json()
    if not isinstance(whole, dict):
        raise BadPayload("the payload is no object")
    return whole


class Desk:
    """One Zendesk account, as it is called."""

    def __init__(self, account: str, settings: ZendeskSettings, way: Way) -> None:
        self._base = (settings.base_url or f"https://{account}.zendesk.com").rstrip("/")
        self._way = way
        self._sign_in = SignIn(settings, way, self._base)

    async def get(self, path: str, params: Mapping[str, str] | None = None, *, is_kept: bool = True) -> Reply:
        """The good answer to a question. Raises ChannelError."""
        fresh_s, stale_s = (_FRESH_S, _STALE_S) if is_kept else (0.0, 0.0)

        async def ask(headers: Mapping[str, str]) -> Reply:
            return await self._way.get(
                self._base + path, params=params, headers=headers, fresh_s=fresh_s, stale_s=stale_s
            )

        return await self._signed_in(ask)

    async def page(self, path: str, name: str, params: Mapping[str, str], after: str | None, size: int) -> Page:
        """The page of a list behind `after`. Raises ChannelError."""
        reply = await self.get(path, {**params, **paged(size, after)})
        return Page.of(reply, name, after)

    async def change(self, path: str, body: Any, *, method: Literal["POST", "PUT"], key: str | None = None) -> Reply:
        """The good answer to a change, which is sent once.

        With a key Zendesk makes it once, too, however often it is asked for; whoever asks decides that. Raises
        ChannelError.
        """
        extra = {"Idempotency-Key": key} if key else {}

        async def ask(headers: Mapping[str, str]) -> Reply:
            return await self._way.post(self._base + path, method=method, json=body, headers={**headers, **extra})

        return await self._signed_in(ask)

    async def fetch(self, url: str) -> Reply:
        """What stands at the address of a file; our header goes to this desk alone. Raises ChannelError."""
        if not _is_url(url) or origin_of(url) != origin_of(self._base):
            return await self._way.fetch_public(url, largest_body=LARGEST_FILE)

        async def ask(headers: Mapping[str, str]) -> Reply:
            return await self._way.fetch_public(url, headers=headers, largest_body=LARGEST_FILE)

        return await self._signed_in(ask)

    async def _signed_in(self, ask: Callable[[Mapping[str, str]], Awaitable[Reply]]) -> Reply:
        header = await self._sign_in.header()
        try:
            return await ask({"Authorization": header})
        except SignInRefused:
            # Zendesk did nothing: a token may be revoked before its end, and then a new one is fetched, once.
            self._sign_in.forget(header)
            if not self._sign_in.can_renew:
                raise
        return await ask({"Authorization": await self._sign_in.header()})
