"""How is a shop asked: by its Admin API, within its budget of points, and with its own words for what went wrong?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import structlog

from adapters.channels.shopify.questions import ONE_OF_SEVERAL
from adapters.channels.shopify.settings import ShopifySettings
from adapters.channels.shopify.words import Numbered
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused
from adapters.contract.manners import Manners, by_status, retry_after_s
from adapters.contract.reply import Reply
from adapters.contract.way import Way
from adapters.readings import read

# An agent's next look within that time asks nobody; an answer of the last hour is better than none.
_FRESH_S, _STALE_S = 5.0, 3600.0
# Shopify's own rule: no sooner than in a second.
_LEAST_WAIT_S: Final = 1.0
_LONGEST_CODE: Final = 60
_DOMAIN: Final = ".myshopify.com"
_LONGEST_CURSOR: Final = 2_000
_LOCKED: Final = 423
# Shopify's own: so many requests came that it took them for an attack, which passes.
_TAKEN_FOR_ATTACK: Final = 430
_LARGEST: Final = 1e15
_DENIED: Final = "ACCESS_DENIED"
_NODES: Final = "nodes"
_OF_ACCOUNT: Final[Mapping[str, str]] = {
    _DENIED: "Give the app the scope that it needs (read_customers, read_orders, read_products, write_draft_orders), "
    "or have Shopify approve it for protected customer data.",
    "SHOP_INACTIVE": "The shop is closed or has not paid.",
}
_TOO_COSTLY: Final = "MAX_COST_EXCEEDED"
_PASSING: Final[Mapping[str, str]] = {
    "INTERNAL_SERVER_ERROR": "Shopify failed by itself",
    "TIMEOUT": "Shopify did not get done in time",
}

_log = structlog.get_logger("adapters.channels.shopify")


def judge(reply: Reply) -> ChannelError | None:
    """What an answer of Shopify's means; None where it is good. It throttles and refuses with status 200, too."""
    found = by_status(reply)
    if found is not None:
        return _of_status(reply, found)
    try:
        told = reply.json()
    except BadPayload:
        # Whoever reads it says so.
        return None
    errors = told.get("errors") if isinstance(told, Mapping) else None
    if not errors:
        return None
    codes = list(_codes(errors))
    if "THROTTLED" in codes:
        return _throttled(told)
    data = told.get("data")
    if isinstance(data, Mapping) and any(map(_is_something, data.values())):
        # Some of it is kept from us, which stands beside what is not. What failed is asked for again.
        code = next(_failed_parts(data, errors), None)
        return _refusal(code) if code else None
    return _refusal(codes[0] if codes else "unknown")


def _is_something(value: Any) -> bool:
    return any(one is not None for one in value) if isinstance(value, list) else value is not None


def _failed_parts(data: Mapping[str, Any], errors: Any) -> Iterator[str]:
    """What failed of the parts of a question that are missing, each by its passing code.

    Of several people who are searched for at once one spoils no others, and is told as unread.
    """
    missing = {name for name, value in data.items() if value is None and not ONE_OF_SEVERAL.fullmatch(name)}
    for one in errors if isinstance(errors, list) else ():
        path = one.get("path") if isinstance(one, Mapping) else None
        part = path[0] if isinstance(path, list) and path and isinstance(path[0], str) else None
        code = next(_codes([one]))
        if code in _PASSING and (part in missing if part else missing):
            yield code


def _of_status(reply: Reply, found: ChannelError) -> ChannelError:
    if reply.status == HTTPStatus.NOT_FOUND:
        return ChannelRefused(
            "Shopify knows no such shop, or no such version of its API (404). Check the account and `api_version`.",
            code="404",
            is_of_account=True,
        )
    if reply.status == _TAKEN_FOR_ATTACK:
        words = f"Shopify takes no more requests for now ({_TAKEN_FOR_ATTACK})."
        return ChannelBusy(words, retry_after_s=max(retry_after_s(reply) or 0.0, _LEAST_WAIT_S))
    if isinstance(found, ChannelRefused) and (found.is_of_account or reply.status == _LOCKED):
        words = f"Shopify does not take our token ({reply.status}). Renew it, or see whether the shop is open."
        return ChannelRefused(words, code=str(reply.status), is_of_account=True)
    return found


def _refusal(code: str) -> ChannelError:
    if (words := _PASSING.get(code)) is not None:
        return ChannelDown(f"{words} ({code}).")
    if (advice := _OF_ACCOUNT.get(code)) is not None:
        return ChannelRefused(f"Shopify does not let us do that ({code}). {advice}", code=code, is_of_account=True)
    if code == _TOO_COSTLY:
        return ChannelRefused(f"The question costs too much ({code}). Make `orders_at_once` smaller.", code=code)
    return ChannelRefused(f"Shopify refused the request ({code}).", code=code)


def _codes(errors: Any) -> Iterator[str]:
    """Shopify's own words for what went wrong; `unknown` for what is none."""
    for one in errors if isinstance(errors, list) else [errors]:
        beside = one.get("extensions") if isinstance(one, Mapping) else None
        code = beside.get("code") if isinstance(beside, Mapping) else None
        is_word = isinstance(code, str) and code.isascii() and code.replace("_", "").isalnum()
        yield str(code)[:_LONGEST_CODE] if is_word else "unknown"


def _throttled(told: Mapping[str, Any]) -> ChannelError:
    """When the bucket of points holds enough for the question again."""
    cost = _inside(told, "extensions", "cost")
    standing = _inside(cost, "throttleStatus")
    asked, left = _number(cost, "requestedQueryCost"), _number(standing, "currentlyAvailable")
    rate, most = _number(standing, "restoreRate"), _number(standing, "maximumAvailable")
    if asked is not None and most is not None and asked > most:
        return _refusal(_TOO_COSTLY)
    wait_s = (asked - left) / rate if asked is not None and left is not None and rate else 0.0
    words = "Shopify takes no more questions for now (THROTTLED): the shop's points are used up."
    return ChannelBusy(words, retry_after_s=max(wait_s, _LEAST_WAIT_S))


def _inside(value: Any, *names: str) -> Mapping[str, Any]:
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _number(of: Mapping[str, Any], name: str) -> float | None:
    value = of.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    # Whole numbers of JSON have no end.
    return float(value) if abs(value) < _LARGEST else None


MANNERS: Final = Manners(judge=judge, at_once=4)
"""How Shopify wants to be called: four of the dearest questions of one person's orders fit into the smallest bucket."""


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What a shop answered to a question or a change."""

    data: Mapping[str, Any]
    withheld: tuple[str, ...]
    """The fields that Shopify keeps from us, in words for people."""
    as_of: datetime
    is_stale: bool
    failed: Mapping[int, str]
    """The places of the list `nodes` of which Shopify says that something went wrong, and its word for that."""

    def found(self, *names: str) -> Any:
        """What stands under the names, one inside the other; None where there is nothing. Raises BadPayload."""
        value: Any = self.data
        for n, name in enumerate(names):
            if value is None:
                return None
            if not isinstance(value, Mapping):
                raise BadPayload(f"{'.'.join(names[:n]) or 'data'} is no object")
            if name not in value:
                raise BadPayload(f"{'.'.join(names[: n + 1])} is missing")
            value = value[name]
        return value


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One page of a connection."""

    members: list[Any]
    after: str | None

    @classmethod
    def of(cls, connection: Any, place: str, before: str | None = None) -> "Page":
        """The page; raises BadPayload where it is none."""
        members = connection.get("nodes") if isinstance(connection, Mapping) else None
        if not isinstance(members, list):
            raise BadPayload(f"{place}.nodes is no list")
        info = _inside(connection, "pageInfo")
        cursor = info.get("endCursor") if info.get("hasNextPage") is True else None
        # A cursor that leads to itself would be followed for ever.
        is_good = isinstance(cursor, str) and 0 < len(cursor) <= _LONGEST_CURSOR and cursor != before
        return cls(members, cursor if is_good else None)


def domain_of(account: str) -> str:
    """Under which name Shopify knows the shop; its account may be written so, too."""
    return account if account.endswith(_DOMAIN) else f"{account}{_DOMAIN}"


class Shop:
    """One shop, as it is called."""

    def __init__(self, account: str, settings: ShopifySettings, way: Way) -> None:
        base = (settings.base_url or f"https://{domain_of(account)}").rstrip("/")
        self._url = f"{base}/admin/api/{settings.api_version}/graphql.json"
        self._settings, self._account, self._way = settings, account, way
        self._told_version = settings.api_version

    async def ask(self, question: str, variables: Mapping[str, Any], *, is_kept: bool = True) -> Answer:
        """The good answer to a question. Raises ChannelError."""
        fresh_s, stale_s = (_FRESH_S, _STALE_S) if is_kept else (0.0, 0.0)
        reply = await self._way.post(
            self._url,
            json={"query": question, "variables": dict(variables)},
            headers=self._headers(),
            is_repeatable=True,
            fresh_s=fresh_s,
            stale_s=stale_s,
        )
        return self._answer(reply)

    async def change(self, change: str, variables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """What Shopify answers to a change of that name, which is sent once. Raises ChannelError.

        Shopify knows a change by no key: asked for twice, it is made twice.
        """
        body = {"query": change, "variables": dict(variables)}
        answer = self._answer(await self._way.post(self._url, json=body, headers=self._headers()))
        told = answer.found(name)
        if not isinstance(told, Mapping):
            raise BadPayload(f"{name} is no object")
        if wrong := told.get("userErrors"):
            raise ChannelRefused(f"Shopify did not do it: it does not take {_fields(wrong)}.", code="USER_ERRORS")
        return told

    def _headers(self) -> dict[str, str]:
        return {"X-Shopify-Access-Token": self._settings.access_token.get_secret_value()}

    def _answer(self, reply: Reply) -> Answer:
        self._mind_version(reply)
        told = reply.json()
        data = told.get("data") if isinstance(told, Mapping) else None
        if not isinstance(data, Mapping):
            raise BadPayload("data is no object")
        return Answer(
            data, tuple(_withheld(told.get("errors"))), reply.as_of, reply.is_stale, _failed(told.get("errors"))
        )

    def _mind_version(self, reply: Reply) -> None:
        """Tells operators, once, where Shopify answered as another version than was asked for."""
        given = reply.headers.get("x-shopify-api-version", "").strip()
        if given and given != self._told_version and given.isascii() and len(given) <= _LONGEST_CODE:
            self._told_version = given
            if given != self._settings.api_version:
                place = {"channel": "shopify", "account": self._account}
                asked = self._settings.api_version
                _log.warning("another API version answers; set `api_version`", asked=asked, answered=given, **place)


def _withheld(errors: Any) -> Iterator[str]:
    """The names of the fields that are null because Shopify keeps them from us."""
    seen = set()
    for one in errors if isinstance(errors, list) else ():
        code = next(_codes([one]))
        path = one.get("path") if isinstance(one, Mapping) else None
        name = next((step for step in reversed(path) if isinstance(step, str)), "") if isinstance(path, list) else ""
        if (
            code == _DENIED
            and name != _NODES
            and name.isascii()
            and name.isalnum()
            and len(name) <= _LONGEST_CODE
            and name not in seen
        ):
            seen.add(name)
            yield "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in name)


def _failed(errors: Any) -> dict[int, str]:
    """Of which places of `nodes` there are errors, with the code of each."""
    found = {}
    for one in errors if isinstance(errors, list) else ():
        path = one.get("path") if isinstance(one, Mapping) else None
        if isinstance(path, list) and path[:1] == [_NODES] and len(path) > 1 and isinstance(path[1], int):
            found[path[1]] = next(_codes([one]))
    return found


def _fields(errors: Any) -> str:
    """Which parts of a change Shopify does not take; its own words may quote what was sent."""
    told: dict[str, None] = {}
    for one in errors if isinstance(errors, list) else ():
        path = one.get("field") if isinstance(one, Mapping) else None
        steps = [step for step in path if isinstance(step, str)] if isinstance(path, list) else []
        plain = ".".join(steps)
        if plain and plain.replace(".", "").replace("_", "").isalnum() and len(plain) <= _LONGEST_CODE:
            told[plain] = None
    return " and ".join(f"`{one}`" for one in list(told)[:3]) or "the request as a whole"


def number_of(value: Any) -> str:
    """The number of the thing; raises BadPayload."""
    return read(Numbered, value).id
