"""Did whoever knows the secret sign these bytes?"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

from pydantic import SecretStr


def hmac_sha256_hex(secret: SecretStr, signed: bytes) -> str:
    """The HMAC-SHA256 of the bytes in small hexadecimal digits, as Meta signs."""
    return hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).hexdigest()


def hmac_sha256_base64(secret: SecretStr, signed: bytes) -> str:
    """The HMAC-SHA256 of the bytes in base64, as Zendesk, Shopify and LINE sign."""
    digest = hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def is_signed_by_any(
    secrets: Iterable[SecretStr],
    signed: bytes,
    signature: str,
    *,
    sign: Callable[[SecretStr, bytes], str] = hmac_sha256_hex,
) -> bool:
    """Whether one of the secrets signed it: two are valid while a secret is changed.

    All of them are tried and each is compared in constant time, so that the time taken tells neither how much of a
    signature was right nor which secret it was. An empty secret signs nothing.
    """
    given = signature.encode()
    found = False
    for secret in secrets:
        matches = hmac.compare_digest(sign(secret, signed).encode(), given)
        found |= matches and bool(secret.get_secret_value())
    return found
