"""What is one request to a vendor, and which two are the same question?"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import orjson
from yarl import URL

from adapters.contract.errors import BadPayload, ChannelRefused

# Fingerprints are worth nothing outside this process, so that no credential can be guessed from one.
_SALT = secrets.token_bytes(32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, ready to be sent any number of times."""

    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = True
    """Whether sending it twice does no more than sending it once."""

    def fingerprint(self, place: str) -> bytes:
        """The same for the same question of the same channel account, with the same credentials; tells none of it."""
        digest = hashlib.blake2b(key=_SALT, digest_size=32)
        headers = sorted((name.lower(), value) for name, value in self.headers.items())
        # With its length before each part, and the number of headers, no two questions run together.
        for part in (
            place,
            self.method,
            str(self.url),
            str(len(headers)),
            *(word for pair in headers for word in pair),
        ):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
        digest.update(self.body or b"")
        return digest.digest()


def address(url: str, base: URL | None, params: Mapping[str, str] | None = None) -> URL:
    """The whole address. One that leads away from the base is BadPayload: credentials go to the channel's host only."""
    try:
        whole = URL(url) if base is None else base.join(URL(url))
        whole = whole.update_query(params) if params else whole
    except (ValueError, TypeError):
        whole = URL()
    if whole.scheme not in {"http", "https"} or not whole.host:
        raise ChannelRefused(
            "The address of a request is no http or https address. Check the channel's settings.", is_of_account=True
        )
    if base is not None and whole.origin() != base.origin():
        raise BadPayload("An address leads away from the channel's own host. It is not called.")
    return whole


def encoded(json: Any, data: Mapping[str, str] | bytes | None) -> tuple[bytes | None, dict[str, str]]:
    """The body's bytes, and the header that says what they are."""
    if json is not None:
        return orjson.dumps(json), {"Content-Type": "application/json"}
    if isinstance(data, Mapping):
        return urlencode(data).encode(), {"Content-Type": "application/x-www-form-urlencoded"}
    return data, {}
