"""How is something known again of which nothing may be kept? By a hash under the gateway's secret.

Of a plain hash of a phone number anybody finds the number by trying all; of this one only whoever has the secret, which
stands in no database. Under another secret nothing of before is known again.
"""

import hashlib
import hmac
from typing import Final

from adapters.failures import StoreError
from adapters.records import RecordId

_SEPARATOR = "\x1f"
_ID_BYTES = 12


class Veil:
    """Hashes words under a key that follows from the gateway's secret; the same in every process."""

    def __init__(self, secret: str | None) -> None:
        self._key = None if secret is None else hashlib.sha256(b"veil\x1f" + secret.encode()).digest()

    def __repr__(self) -> str:
        return "<Veil>"

    def id_of(self, *words: str) -> RecordId:
        """An id that the same words give under the same secret, and that shows nothing of them.

        Raises StoreError where no secret was given.
        """
        if self._key is None:
            raise StoreError("The database was opened without the gateway's secret. Set GATEWAY_SECRET.")
        return RecordId(hmac.digest(self._key, _SEPARATOR.join(words).encode(), "sha256")[:_ID_BYTES])


NO_VEIL: Final = Veil(None)
"""Of whoever was not given the secret."""
