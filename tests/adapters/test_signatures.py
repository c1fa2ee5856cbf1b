"""Did whoever knows the secret sign these bytes?"""

import pytest
from pydantic import SecretStr

from adapters.signatures import hmac_sha256_base64, hmac_sha256_hex, is_signed_by_any

# RFC 4231, test case 2.
_KEY = SecretStr("Jefe")
_DATA = b"what do ya want for nothing?"
_HEX = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
_BASE64 = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="


def test_signatures_follow_rfc() -> None:
    """HMAC-SHA256 as in RFC 4231."""
    assert hmac_sha256_hex(_KEY, _DATA) == _HEX
    assert hmac_sha256_base64(_KEY, _DATA) == _BASE64


@pytest.mark.parametrize("secrets", [(_KEY,), (_KEY, SecretStr("old")), (SecretStr("new"), _KEY)])
def test_either_secret_counts(secrets) -> None:
    """While a secret is changed, both are valid."""
    assert is_signed_by_any(secrets, _DATA, _HEX)
    assert is_signed_by_any(secrets, _DATA, _BASE64, sign=hmac_sha256_base64)


@pytest.mark.parametrize("signature", ["", _HEX[:-1], _HEX + "0", _HEX.upper(), "sha256=" + _HEX, "é", "\udc80"])
def test_forgery_is_seen(signature) -> None:
    """Anything but the signature is none, whatever its characters."""
    assert not is_signed_by_any((_KEY,), _DATA, signature)


@pytest.mark.parametrize("secrets", [(), (SecretStr(""),)])
def test_no_secret_signs_nothing(secrets) -> None:
    """Without a secret nothing is proven: not with an empty one either."""
    assert not is_signed_by_any(secrets, _DATA, hmac_sha256_hex(SecretStr(""), _DATA))
