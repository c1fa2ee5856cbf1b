"""How does a client hold a place in a list without seeing what is in it?

A cursor is encrypted and authenticated with AES-SIV (RFC 5297), which needs no nonce: the same place gives the
same cursor. It is bound to its list, so that a cursor of one customer's tickets opens nothing else.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from adapters.records import STORED_ZONE, parse_id
from adapters.windows import Position
from resolvers.kit.errors import BadUserInput

STORED = "stored"
"""The source that the gateway's own database is."""

# In the zone of stored moments: of two moments in one zone none is asked for it.
_EPOCH = datetime(1970, 1, 1, tzinfo=STORED_ZONE)
_MILLISECOND = timedelta(milliseconds=1)
_URL_SAFE = bytes.maketrans(b"+/", b"-_")

Positions = Mapping[str, Position]
"""A place in a list that several sources feed: how far each was read."""


class CursorSeal:
    """Makes and opens cursors with a key derived from the gateway's secret; the same in every process."""

    def __init__(self, secret: str) -> None:
        self._cipher = AESSIV(hashlib.sha512(b"cursor\x1f" + secret.encode()).digest())

    def close(self, list_name: str, positions: Positions) -> str:
        """The cursor of a place in the list."""
        places = sorted(positions.items()) if len(positions) > 1 else positions.items()
        return self.sealed(list_name, orjson.dumps([(source, *_packed(place)) for source, place in places]))

    def sealed(self, list_name: str, plain: bytes) -> str:
        """The cursor that holds this of the list."""
        sealed = self._cipher.encrypt(plain, [list_name.encode()])
        return binascii.b2a_base64(sealed, newline=False).translate(_URL_SAFE, b"=").decode()

    def opened(self, list_name: str, cursor: str) -> bytes | None:
        """What a cursor of this list holds; None for anything else."""
        try:
            sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            return self._cipher.decrypt(sealed, [list_name.encode()])
        except (binascii.Error, InvalidTag, ValueError):
            return None

    def open(self, list_name: str, cursor: str, argument: str) -> Positions:
        """The place that a cursor of this list holds; raises BadUserInput for anything else."""
        plain = self.opened(list_name, cursor)
        if plain is None:
            raise BadUserInput(
                f"`{argument}` is not a cursor of this list. Send a `cursor`, `startCursor` or `endCursor` that the "
                "same field of the same object answered, in the same order, unchanged; or leave it out to begin anew."
            )
        return {source: _unpacked(*rest) for source, *rest in orjson.loads(plain)}


def _packed(place: Position) -> tuple[str, Any, str, str]:
    order, kind, key = place
    if isinstance(order, datetime):
        # MongoDB keeps milliseconds.
        return "t", (order - _EPOCH) // _MILLISECOND, kind, key.binary.hex()
    if isinstance(order, Decimal):
        return "d", str(order), kind, key.binary.hex()
    return "", order, kind, key.binary.hex()


def _unpacked(tag: str, order: Any, kind: str, key: str) -> Position:
    found = parse_id(key)
    if found is None:
        raise ValueError("The cursor holds no id.")
    if tag == "t":
        order = datetime.fromtimestamp(order / 1000, UTC)
    elif tag == "d":
        order = Decimal(order)
    return Position(order, kind, found)
