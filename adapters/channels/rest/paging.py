"""How is an answer gone on from, within what the mapping says and on the same host only?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urljoin, urlsplit

from adapters.channels.rest.fields import path_of
from adapters.channels.rest.paths import JsonPath, text_of
from adapters.channels.rest.requests import says_gap
from adapters.channels.rest.stated import StatedPaging, StatedRequest
from adapters.contract.errors import BadPayload, ChannelRefused
from adapters.contract.reply import Reply
from adapters.values import BadValue

_LINK = re.compile(r"""<([^<>]{1,4096})>\s*((?:;[^,<]{0,256})*)""")
_NEXT = re.compile(r"""rel\s*=\s*"?[^";]*\bnext\b""", re.IGNORECASE)
_POSITION = re.compile(r"(\d{1,9})\.(\d{1,6})", re.ASCII)
_LONGEST_CURSOR = 4096
_GAPS = {"cursor": "after", "page": "page", "offset": "offset"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How one capability is paged."""

    kind: str
    size: int
    start: int
    next: JsonPath | None
    more: JsonPath | None
    base_url: str
    secret_param: str | None
    """The parameter that carries a secret, which no cursor may hold."""

    def gaps(self, after: str | None, at_most: int) -> Mapping[str, str | int]:
        """What the request of a page is filled with; raises ChannelRefused for a cursor that is none of ours."""
        size: dict[str, str | int] = {"size": min(self.size, max(1, at_most))}
        if self.kind in {"page", "offset"}:
            position, its_size = self._position(after)
            # Pages are counted in the size with which they began.
            return size | {self.kind: position} | ({"size": its_size} if its_size else {})
        return size | ({"after": after} if after is not None and self.kind == "cursor" else {})

    def _position(self, after: str | None) -> tuple[int, int | None]:
        """The page or offset, and the size with which pages are counted."""
        if after is None:
            return (self.start if self.kind == "page" else 0), None
        if not (found := _POSITION.fullmatch(after)):
            raise ChannelRefused("The cursor is none that this channel gave. Ask for the first page again.")
        return int(found[1]), min(int(found[2]), self.size) or None

    def link(self, after: str) -> tuple[str, Mapping[str, str]]:
        """The URL of a page and its parameters, on our vendor's host whatever the cursor says."""
        parts = urlsplit(after)
        if parts.scheme or parts.netloc or not self._is_below(parts.path):
            raise ChannelRefused("The cursor is none that this channel gave. Ask for the first page again.")
        base = urlsplit(self.base_url)
        return f"{base.scheme}://{base.netloc}{parts.path}", dict(parse_qsl(parts.query, keep_blank_values=True))

    def after(self, reply: Reply, answer: Any, count: int, *, was: str | None, size: int) -> str | None:
        """The cursor of the next page; None at the end. Raises BadPayload where the vendor leads elsewhere."""
        if self.more is not None and not _found(self.more, answer):
            return None
        if self.kind in {"page", "offset"}:
            if count == 0 or (self.more is None and count < size):
                return None
            position, _ = self._position(was)
            return f"{position + (1 if self.kind == 'page' else count)}.{size}"
        said = _header_link(reply) if self.kind == "link_header" else _text(self.next, answer)
        if not said:
            return None
        if len(said) > _LONGEST_CURSOR:
            raise BadPayload("The cursor of the next page is longer than 4,096 characters.")
        found = said if self.kind == "cursor" else self._own(said)
        # A vendor that gives the same page for ever would be asked for ever.
        return None if found == was else found

    def _is_below(self, path: str) -> bool:
        below = urlsplit(self.base_url).path + "/"
        return path.startswith(below) and not path.startswith("//") and not _is_walking(path)

    def _own(self, link: str) -> str:
        """A link without the host, which must be the vendor's own, and without secrets."""
        try:
            parts, base = urlsplit(urljoin(self.base_url + "/", link)), urlsplit(self.base_url)
            is_own = (parts.scheme, parts.hostname, parts.port) == (base.scheme, base.hostname, base.port)
        except ValueError as error:
            raise BadPayload("The link to the next page is no URL.") from error
        if not is_own or parts.username is not None or not self._is_below(parts.path):
            raise BadPayload("The link to the next page leads out of `base_url`, and is not followed.")
        kept = [(name, value) for name, value in parse_qsl(parts.query, True) if name != self.secret_param]
        return parts.path + (f"?{urlencode(kept)}" if kept else "")


def _is_walking(path: str) -> bool:
    """Whether some segment walks up or nowhere, also where its dots are encoded."""
    return any(unquote(segment) in {".", ".."} for segment in path.split("/"))


def _header_link(reply: Reply) -> str | None:
    """The next page's link of a Link header (RFC 8288)."""
    links = _LINK.findall(reply.headers.get("link", "")[: 2 * _LONGEST_CURSOR])
    return next((url for url, words in links if _NEXT.search(words)), None)


def _found(path: JsonPath | None, answer: Any) -> Any:
    try:
        return path.find(answer) if path else None
    except BadValue as error:
        raise BadPayload(f"The next page: {error}.") from error


def _text(path: JsonPath | None, answer: Any) -> str:
    try:
        return text_of(_found(path, answer))
    except BadValue as error:
        raise BadPayload("The cursor of the next page is no text.") from error


def paging_of(
    stated: StatedPaging, request: StatedRequest, where: str, problems: list[str], *, base_url: str, secret: str | None
) -> Paging:
    """The paging; what is wrong goes to the problems. `secret` is the parameter that carries one."""
    where = f"{where}, paging"
    is_by_path = stated.kind in {"cursor", "link"}
    if is_by_path and stated.next is None:
        problems.append(f"{where}, next: is needed: the path of the next page's {stated.kind} in the answer.")
    if not is_by_path and stated.next is not None:
        problems.append(f"{where}, next: a paging by {stated.kind} takes none. Leave it out.")
    gap = _GAPS.get(stated.kind)
    if gap and not says_gap(request, [gap]):
        problems.append(f'{where}: no parameter says which page. Write one with "{{{gap}}}" under `params` or `body`.')
    paths = {
        key: path_of(text, f"{where}, {key}", problems) if text is not None else None
        for key, text in (("next", stated.next), ("more", stated.more))
    }
    return Paging(
        kind=stated.kind,
        size=stated.size,
        start=stated.start,
        next=paths["next"],
        more=paths["more"],
        base_url=base_url,
        secret_param=secret,
    )
