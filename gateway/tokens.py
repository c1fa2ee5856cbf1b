"""Is this token good, and what does it claim?

A token's own header says with which algorithm it is signed, and must not be believed: HS256 is verified with the
secret and nothing else, the asymmetric ones with the key set and nothing else (RFC 8725, section 3.1).
"""

from collections.abc import Mapping
from typing import Any, Final

import jwt

from gateway.key_sets import KeySet
from gateway.settings import BadSettings, Settings
from resolvers.kit.viewer import Role

_SYMMETRIC: Final = "HS256"
# What servers and proxies commonly allow for one header line.
_LONGEST_TOKEN: Final = 8 * 1024
# The end of the year 9999, behind which no calendar of ours goes.
_LAST_MOMENT: Final = 253_402_300_799

# The first that fits counts, so the special stand before the general.
_WRONG: Final[tuple[tuple[type[Exception], str], ...]] = (
    (jwt.ExpiredSignatureError, "The token has expired. Sign in again and send the new one."),
    (jwt.ImmatureSignatureError, "The token is not valid yet. Check the clock of the machine that signed it."),
    (
        jwt.InvalidIssuerError,
        "The token was issued by someone whom this gateway does not trust. Sign in where it asks.",
    ),
    (jwt.InvalidAudienceError, "The token was made for another service. Ask for one whose audience is this gateway."),
    (jwt.InvalidAlgorithmError, "The token is signed with an algorithm that this gateway does not take."),
    (jwt.InvalidSignatureError, "The token's signature does not fit. It was changed, or signed with another key."),
    (jwt.DecodeError, "That is not a token: three parts of base64url with dots between them are expected."),
)


class BadToken(Exception):
    """Why a token is not taken, and what to do; nothing of the token is quoted."""


class Tokens:
    """Verifies tokens by what the settings say."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._secret = settings.jwt_secret.get_secret_value() if settings.jwt_secret else None
        self._keys = KeySet(settings.jwt_jwks_url) if settings.jwt_jwks_url else None

    async def claims(self, token: str) -> Mapping[str, Any]:
        """What a good token claims, `exp` and `sub` among it; raises BadToken, or KeysUnreachable."""
        if len(token) > _LONGEST_TOKEN:
            raise BadToken(f"The token has {len(token)} characters; at most {_LONGEST_TOKEN} are read.")
        try:
            header = jwt.get_unverified_header(token)
            key, algorithms = await self._key(header)
            claims = self._decoded(token, key, algorithms)
        except jwt.MissingRequiredClaimError as error:
            raise BadToken(f"The token has no claim `{error.claim}`. Ask for one that has it.") from error
        except jwt.PyJWTError as error:
            words = next((words for kind, words in _WRONG if isinstance(error, kind)), "The token is not a valid one.")
            raise BadToken(words) from error
        if int(claims["exp"]) > _LAST_MOMENT:
            raise BadToken("The token's `exp` lies behind the year 9999. Ask for one that counts seconds since 1970.")
        return claims

    def _decoded(self, token: str, key: str | jwt.PyJWK, algorithms: list[str]) -> Mapping[str, Any]:
        settings = self._settings
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=settings.jwt_issuer,
            audience=settings.jwt_audience,
            leeway=settings.jwt_leeway_s,
            options={
                "require": ["exp", "sub"],
                # Without a name of our own every audience is meant; PyJWT would refuse those that name one.
                "verify_aud": settings.jwt_audience is not None,
                "enforce_minimum_key_length": True,
            },
        )

    async def _key(self, header: Mapping[str, Any]) -> tuple[str | jwt.PyJWK, list[str]]:
        if header.get("alg") == _SYMMETRIC:
            if self._secret is None:
                raise BadToken("Tokens signed with a shared secret (HS256) are not taken here. " + self._taken())
            return self._secret, [_SYMMETRIC]
        if self._keys is None:
            raise BadToken("The token is signed in a way that is not taken here. " + self._taken())
        if header.get("alg") not in self._settings.jwt_algorithms:
            raise BadToken("The token is signed in a way that is not taken here. " + self._taken())
        name = header.get("kid")
        if not isinstance(name, str):
            raise BadToken("The token does not name its key. Its header needs a `kid`.")
        key = await self._keys.key(name)
        if key is None:
            raise BadToken("The token is signed with a key that the identity provider does not publish. Sign in again.")
        return key, list(self._settings.jwt_algorithms)

    def _taken(self) -> str:
        ways = [_SYMMETRIC] if self._secret is not None else []
        ways += self._settings.jwt_algorithms if self._keys is not None else ()
        return f"Send one signed with {' or '.join(ways)}." if ways else "This gateway takes API keys alone."


def signed_token(
    settings: Settings, role: Role, subject: str, *, at: float, for_s: float, more: Mapping[str, Any] | None = None
) -> str:
    """A token that this gateway takes, signed with its own `jwt_secret`: for visitors, and for trying out the others.

    `more` are further claims: `name`, `scope`, `customer_id`. Raises BadSettings where there is no secret to sign with.
    """
    if settings.jwt_secret is None:
        raise BadSettings(
            "There is no secret to sign a token with. Set GATEWAY_JWT_SECRET, for the gateway that serves too; tokens "
            "of an identity provider come from there alone."
        )
    claims = {
        "sub": subject,
        settings.jwt_role_claim: role.value,
        "iat": int(at),
        "exp": int(at + for_s),
        **({"iss": settings.jwt_issuer} if settings.jwt_issuer else {}),
        **({"aud": settings.jwt_audience} if settings.jwt_audience else {}),
        **(more or {}),
    }
    return jwt.encode(claims, settings.jwt_secret.get_secret_value(), algorithm=_SYMMETRIC)
