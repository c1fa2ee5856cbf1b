"""Is an answer sent smaller than it is? By gzip, where the client takes it and the answer is long.

A length that depends on what an answer holds can tell of it (BREACH): whoever makes a victim ask again and again for a
page that repeats their guesses beside a secret, and sees how long each is on the wire, learns the secret. Here nobody
can make another's browser ask, because no cookie signs anyone in; and tokens and links that open something are handed
out by mutations alone, whose answers are never compressed (gateway/endpoint.py). Who may write what stands in
somebody's answers, as customers do by their messages, and listens on the wire, too, sees lengths that are blurred by
up to a hundred bytes. Events are sent one by one, and plain.
"""

import asyncio
import gzip
import io
import secrets
from functools import lru_cache
from typing import Final

from gateway.settings import Settings

GZIP: Final = "gzip"
_NAMES: Final = (GZIP, "x-gzip")
# Of 1 to 9. Further levels take three times as long, and make answers smaller by a fifth.
_LEVEL: Final = 1
# A millisecond of work; in a thread of its own it holds nobody up.
_ASIDE_BYTES: Final = 128 * 1024
_BLUR_BYTES: Final = 100


class Compressing:
    """Compresses as the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._least = settings.compress_from_bytes

    async def compressed(self, body: bytes, accept_encoding: str | None) -> bytes | None:
        """The body in gzip; None where it goes as it is."""
        if not self._least or len(body) < self._least or not takes_gzip(accept_encoding):
            return None
        if len(body) < _ASIDE_BYTES:
            return _gzipped(body)
        return await asyncio.to_thread(_gzipped, body)


def _gzipped(body: bytes) -> bytes:
    held = io.BytesIO()
    # A file name has its place in the format, and no reader minds it.
    name = "a" * secrets.randbelow(_BLUR_BYTES + 1)
    with gzip.GzipFile(name, "wb", _LEVEL, held, mtime=0) as packed:
        packed.write(body)
    return held.getvalue()


@lru_cache(maxsize=128)
def takes_gzip(accept_encoding: str | None) -> bool:
    """Whether gzip is taken, and liked as well as what is not compressed (RFC 9110, section 12.5.3).

    Nothing said means that anything is; but who says nothing has not shown to know gzip.
    """
    weights = dict(_weighted(one) for one in (accept_encoding or "").split(",") if one.strip())
    others = weights.get("*", 0.0)
    gzips = max((weights[name] for name in _NAMES if name in weights), default=others)
    return gzips > 0 and gzips >= weights.get("identity", 0.0)


def _weighted(text: str) -> tuple[str, float]:
    name, *parameters = (one.strip().lower() for one in text.split(";"))
    weight = next((one[2:] for one in parameters if one.startswith("q=")), "1")
    try:
        return name, float(weight)
    except ValueError:
        return name, 0.0
