"""What a whole run says, and to whom: each response with its headers, each log line; and how a value is found in it.

A value that was encoded is found, too: what looks like base64, hexadecimal or a quoted URL is read as such.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any
from urllib.parse import unquote_plus

import httpx

from adapters.windows import Position
from resolvers.kit.cursors import CursorSeal, Positions
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from tests.gateway.conftest import SEAL, Gate
from tests.rights.viewers import Kind
from tests.rights.world import World

_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){6,}")
# What is told about an answer, beside what was asked for: nobody's values stand in it, whoever asks.
_ABOUT = re.compile(r"message|inputPath|path|extensions|locations|code|token|cursor|\w*[cC]ursor|id|\w+Ids?|__typename")


@dataclass(frozen=True, slots=True)
class Heard:
    """One response."""

    kind: Kind | None
    """Who was answered; None where nobody was signed in."""
    asked: str
    body: str
    headers: str
    json: Any = None

    def about(self) -> Iterator[str]:
        """What is told about the answer: messages, paths, ids, cursors, and the response's headers."""
        yield self.headers
        yield from _about(self.json) if self.json is not None else [self.body]


@dataclass
class Listening:
    """A gate, and everything that it said."""

    gate: Gate
    world: World
    logs: StringIO
    heard: list[Heard] = field(default_factory=list)

    async def ask(self, kind: Kind | None, text: str, variables: Mapping[str, Any] | None = None) -> Heard:
        """The response to a question."""
        body = {"query": text, "variables": variables}
        return await self.send(kind, text, "POST", "/graphql", json=body)

    async def send(self, kind: Kind | None, asked: str, method: str, path: str, **more: Any) -> Heard:
        """The response to any request."""
        headers = self.headers_of(kind) | more.pop("headers", {})
        response = await self.gate.client.request(method, path, headers=headers, **more)
        self.heard.append(_heard(kind, asked, response))
        return self.heard[-1]

    def headers_of(self, kind: Kind | None) -> dict[str, str]:
        """What signs such a viewer in."""
        if kind is None:
            return {}
        claims: dict[str, Any] = {"name": "Anna"} if kind.role in STAFF else {}
        if kind.scopes:
            claims["scope"] = " ".join(kind.scopes)
        if kind.role is Role.VISITOR:
            of = self.world.b if kind.is_stranger else self.world.a
            claims["customer_id"] = global_id("Customer", of.key)
        return self.gate.bearer(kind.role, subject=f"who-{kind.role.value}", **claims)


def _heard(kind: Kind | None, asked: str, response: httpx.Response) -> Heard:
    is_json = "json" in response.headers.get("content-type", "")
    headers = "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    return Heard(kind, asked, response.text, headers, response.json() if is_json else None)


def _about(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            # By another name a field is still the same: `NotFound_message`.
            yield from _about(one, name if _ABOUT.fullmatch(name) else key.rpartition("_")[2] or key)
    elif isinstance(value, list):
        for one in value:
            yield from _about(one, name)
    elif isinstance(value, str) and _ABOUT.fullmatch(name):
        yield value


def found(pattern: re.Pattern[str], text: str) -> list[str]:
    """What of the pattern stands in the text, plainly or encoded."""
    return [one for reading in _readings(text) for one in pattern.findall(reading)]


def _readings(text: str) -> Iterator[str]:
    yield text
    yield unquote_plus(text)
    for one in _ENCODED.findall(text):
        plain = one.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            yield base64.b64decode(plain + "=" * (-len(plain) % 4)).decode("latin-1")
        except binascii.Error:
            continue
    for one in _HEX.findall(text):
        yield bytes.fromhex(one).decode("latin-1")


class Unsealed(CursorSeal):
    """A seal that remembers what it closed: what stands in a cursor, for whoever could open it."""

    def __init__(self) -> None:
        super().__init__(SEAL)
        self.closed: list[tuple[str, str]] = []

    def close(self, list_name: str, positions: Positions) -> str:
        """The cursor, as always."""
        self.closed.append((list_name, ", ".join(map(_written, positions.values()))))
        return super().close(list_name, positions)


def _written(place: Position) -> str:
    return f"{place.order} {place.kind} {place.id}"
