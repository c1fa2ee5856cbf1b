"""What does a whole mapping come to, once everything in it is checked?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from adapters.channels.rest.expressions import Expression
from adapters.channels.rest.fields import Usual, expression_of, path_of
from adapters.channels.rest.hooks import Hook
from adapters.channels.rest.judging import Judge, judge_of
from adapters.channels.rest.paging import Paging, paging_of
from adapters.channels.rest.paths import JsonPath
from adapters.channels.rest.proving import check_signature
from adapters.channels.rest.requests import AFTER, LINE, Request, request_of, unrepeated
from adapters.channels.rest.sections import BY_CAPABILITY, RECORDS, Section, section_of
from adapters.channels.rest.stated import (
    StatedAsk,
    StatedAuth,
    StatedFind,
    StatedMany,
    StatedMapping,
    StatedOrder,
    StatedPayment,
    StatedRecords,
    StatedSend,
    StatedWebhook,
)
from adapters.contract.addresses import address_fault, origin_of
from adapters.quiet import quiet
from adapters.targets import Field, Kind

# As header fields are written (RFC 9110, 5.1).
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Many:
    """How several people are asked for at once."""

    request: Request
    at_most: int
    each: JsonPath
    whose: JsonPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One `[[ask]]`, checked."""

    stated: StatedAsk
    request: Request
    paging: Paging | None
    sections: Sequence[Section]
    many: Many | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """One `[[find]]`, checked."""

    stated: StatedFind
    request: Request
    id: JsonPath


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """`[send]`, checked."""

    request: Request
    id: JsonPath | None
    is_repeatable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordering:
    """`[order]`, checked."""

    request: Request
    id: JsonPath | None
    sections: Sequence[Section]
    is_repeatable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Paying:
    """`[payment]`, checked."""

    request: Request
    id: JsonPath
    url: JsonPath
    expires_at: Expression | None
    is_repeatable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A whole mapping, checked."""

    stated: StatedMapping
    token_url: str | None
    judge: Judge
    asks: Mapping[tuple[str, str], Ask]
    """By capability, and by what people are asked for."""
    finds: Mapping[str, Find]
    hook: Hook | None
    send: Send | None
    order: Ordering | None
    payment: Paying | None

    @property
    def needed(self) -> Sequence[str]:
        """The settings without which its requests cannot show whose they are."""
        return _NEEDED[self.stated.auth.scheme]


_NEEDED: Mapping[str, Sequence[str]] = {
    "none": (),
    "bearer": ("token",),
    "header": ("token",),
    "query": ("token",),
    "basic": ("username", "password"),
    "oauth2": ("client_id", "client_secret"),
}


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the account's own entry says in place of its mapping."""

    base_url: str | None = None
    token_url: str | None = None


class Planning:
    """One mapping while it is checked; what is wrong goes to the problems."""

    def __init__(self, stated: StatedMapping, entry: Entry, usual: Usual, where: str) -> None:
        self._stated, self._entry, self._usual, self._where = stated, entry, usual, where
        self._base_url = (entry.base_url or stated.base_url).rstrip("/")
        self._problems = usual.problems
        self._secret = stated.auth.name if stated.auth.scheme == "query" else None

    def plan(self) -> Plan:
        """The plan; it is good where no problem was found."""
        stated = self._stated
        _check_url(self._base_url, f"{self._where}: base_url", self._problems)
        finds = {one.by: self._find(n, one) for n, one in enumerate(stated.find, 1)}
        return Plan(
            stated=stated,
            token_url=self._token_url(stated.auth),
            judge=judge_of(stated.errors, f"{self._where}: [errors]", self._problems),
            finds={by: one for by, one in finds.items() if one},
            asks=self._asks(),
            hook=self._hook(stated.webhook) if stated.webhook else None,
            send=self._send(stated.send) if stated.send else None,
            order=self._order(stated.order) if stated.order else None,
            payment=self._payment(stated.payment) if stated.payment else None,
        )

    def _token_url(self, auth: StatedAuth) -> str | None:
        where = f"{self._where}: [auth]"
        if auth.scheme in {"header", "query"} and not auth.name:
            self._problems.append(f"{where}, name: is needed: how the {auth.scheme} is called that carries the token.")
        if auth.scheme == "header" and auth.name and not _HEADER.fullmatch(auth.name):
            self._problems.append(f"{where}, name: {auth.name!r} is no name of a header. Write it as 'X-Api-Key'.")
        if auth.scheme != "oauth2":
            return None
        if not auth.token_url:
            self._problems.append(f"{where}, token_url: is needed: where a token is given for the client's secret.")
            return None
        if self._entry.token_url:
            return self._entry.token_url
        url = urljoin(self._base_url + "/", auth.token_url)
        if _check_url(url, f"{where}, token_url", self._problems):
            self._check_token_host(auth, url, f"{where}, token_url")
        return url

    def _check_token_host(self, auth: StatedAuth, url: str, where: str) -> None:
        """Where accounts have hosts of their own, the secret of one must not go to the mapping's."""
        if origin_of(url) == origin_of(self._base_url):
            return
        host = urlsplit(url).netloc
        if auth.token_host is None:
            self._problems.append(
                f"{where}: the client's secret would go to {host!r}, and base_url is {self._base_url!r}. Write it "
                f"without the host, as {urlsplit(url).path or '/token'!r}; or, where tokens of every account are given "
                f"there, say so beside it, as token_host = {host!r}; or name `token_url` in the entry."
            )
        elif auth.token_host.lower() != host.lower():
            self._problems.append(f"{where}: it is on {host!r}, and token_host names {auth.token_host!r}. Name one.")

    def _find(self, n: int, stated: StatedFind) -> Find | None:
        where = f"{self._where}: [[find]] {n} ({stated.by})"
        request = request_of(stated, [stated.by, "account"], self._base_url, where, self._problems)
        path = path_of(stated.id, f"{where}, id", self._problems)
        return Find(stated=stated, request=request, id=path) if path else None

    def _asks(self) -> Mapping[tuple[str, str], Ask]:
        asks: dict[tuple[str, str], Ask] = {}
        for n, one in enumerate(self._stated.ask, 1):
            where = f"{self._where}: [[ask]] {n} ({one.capability})"
            if (one.capability, one.by) in asks:
                self._problems.append(f"{where}: an [[ask]] before it says the same by {one.by!r}. Leave one of them.")
            asks[one.capability, one.by] = self._ask(one, where)
        return asks

    def _ask(self, stated: StatedAsk, where: str) -> Ask:
        known = [stated.by, "account", *(("size", *AFTER) if stated.paging else ())]
        request = request_of(stated, known, self._base_url, where, self._problems)
        paging = None
        if stated.paging:
            paging = paging_of(
                stated.paging, stated, where, self._problems, base_url=self._base_url, secret=self._secret
            )
        sections = self._sections(stated.records, BY_CAPABILITY[stated.capability], where)
        for one in sections:
            if one.kind == "orders" and stated.by != "who" and "who" not in one.fields:
                self._problems.append(
                    f"{where}, fields.who: is needed: an order stands on its person's channel account, and "
                    f"{stated.by} is none. Name the path of the person's own id."
                )
        many = self._many(stated.many, stated.by, f"{where}, many") if stated.many else None
        return Ask(stated=stated, request=request, paging=paging, sections=sections, many=many)

    def _many(self, stated: StatedMany, by: str, where: str) -> Many | None:
        request = request_of(stated, [by, "account"], self._base_url, where, self._problems)
        each = path_of(stated.each, f"{where}, each", self._problems)
        whose = path_of(stated.whose, f"{where}, whose", self._problems)
        return Many(request=request, at_most=stated.at_most, each=each, whose=whose) if each and whose else None

    def _sections(self, stated: Sequence[StatedRecords], allowed: Sequence[str], where: str) -> Sequence[Section]:
        currency = self._stated.source.currency
        found = (
            section_of(one, allowed, f"{where}, records {n}", self._usual, currency=currency)
            for n, one in enumerate(stated, 1)
        )
        return [one for one in found if one]

    def _hook(self, stated: StatedWebhook) -> Hook | None:
        where = f"{self._where}: [webhook]"
        check_signature(stated.signature, f"{where}, signature", self._problems)
        events = path_of(stated.events, f"{where}, events", self._problems)
        kind = path_of(stated.type, f"{where}, type", self._problems)
        key = self._expression(stated.key, "key", Field(), where)
        order_by = self._expression(stated.order_by, "order_by", Field(), where)
        at = self._expression(stated.at, "at", Field(Kind.MOMENT), where) if stated.at is not None else None
        sections: dict[str, Sequence[Section]] = {}
        for n, one in enumerate(stated.event, 1):
            read = self._sections(one.records, list(RECORDS), f"{where}, event {n}")
            self._check_whose(read, f"{where}, event {n}")
            for name in one.types:
                if name in sections:
                    self._problems.append(f"{where}, event {n}, types: {name!r} stands in another event, too.")
                sections[name] = read
        if not (events and kind and key and order_by):
            return None
        return Hook(stated=stated, events=events, type=kind, key=key, order_by=order_by, at=at, sections=sections)

    def _check_whose(self, sections: Sequence[Section], where: str) -> None:
        """Nobody was asked for in a delivery, so each record says whose it is."""
        for one in sections:
            if "who" in RECORDS[one.kind].fields and "who" not in one.fields:
                self._problems.append(f"{where} ({one.kind}), fields.who: is needed: a delivery answers no question.")

    def _expression(self, said: Any, name: str, field: Field, where: str) -> Expression | None:
        return expression_of(said, name, field, f"{where}, {name}", self._usual)

    def _send(self, stated: StatedSend) -> Send:
        where = f"{self._where}: [send]"
        known = ["who", "account", "text", "key", "conversation"]
        request = request_of(stated, known, self._base_url, where, self._problems)
        path = path_of(stated.id, f"{where}, id", self._problems) if stated.id else None
        self._check_key(stated, where)
        return Send(request=request, id=path, is_repeatable=stated.repeatable)

    def _order(self, stated: StatedOrder) -> Ordering:
        where = f"{self._where}: [order]"
        known = ["who", "account", "key", "note", "currency", "total", *sorted(LINE)]
        request = request_of(stated, known, self._base_url, where, self._problems)
        self._problems += [
            f"{where}: {{{name}}} is each line's, and stands in a list of one element of the `body`, which is repeated."
            for name in unrepeated(stated)
        ]
        if (stated.id is None) == (not stated.records) or len(stated.records) > 1:
            self._problems.append(f"{where}: say either `id`, or one [[order.records]] that reads the whole order.")
        self._check_key(stated, where)
        path = path_of(stated.id, f"{where}, id", self._problems) if stated.id else None
        sections = self._sections(stated.records, ["orders"], where)
        return Ordering(request=request, id=path, sections=sections, is_repeatable=stated.repeatable)

    def _payment(self, stated: StatedPayment) -> Paying | None:
        where = f"{self._where}: [payment]"
        known = ["who", "account", "key", "amount", "amount_minor", "currency", "words", "order"]
        request = request_of(stated, known, self._base_url, where, self._problems)
        self._check_key(stated, where)
        named = path_of(stated.id, f"{where}, id", self._problems)
        url = path_of(stated.url, f"{where}, url", self._problems)
        said = stated.expires_at
        ends = None if said is None else self._expression(said, "expires_at", Field(Kind.MOMENT), where)
        if named is None or url is None:
            return None
        return Paying(request=request, id=named, url=url, expires_at=ends, is_repeatable=stated.repeatable)

    def _check_key(self, stated: StatedSend | StatedOrder | StatedPayment, where: str) -> None:
        if stated.repeatable and "{key}" not in f"{stated.params}{stated.headers}{stated.body}":
            self._problems.append(f"{where}, repeatable: the vendor is not told the {{key}}. Write it into a header.")


def _check_url(url: str, where: str, problems: list[str]) -> bool:
    """Whether requests can go there; what is wrong goes to the problems."""
    if not (fault := address_fault(url)):
        return True
    # Before the @ stands what must not be read.
    shown = "" if "@" in url else f"{url!r} is none that requests can go to: "
    problems.append(f"{where}: {shown}{fault}.")
    return False
