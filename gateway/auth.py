"""Whose request is this: from a token or key to a Viewer.

What was found out about a token is remembered for a minute, so that a request costs no verification and no database
command for it. Keys need no memory: their record is held in the process. Whether the chat of a visitor's token goes on
is looked at each time, so that whoever ends it has ended it.
"""

import hashlib
import math
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import RecordId, new_id
from gateway.key_sets import KeysUnreachable
from gateway.keys import BadKey, key_behind
from gateway.settings import Settings
from gateway.tokens import BadToken, Tokens
from resolvers.agents import agent_of_subject
from resolvers.kit.errors import Unauthenticated, Unavailable
from resolvers.kit.ids import key_of
from resolvers.kit.viewer import STAFF, Role, Viewer
from resolvers.webchat import CHAT_FIELDS, is_open

# A role that was taken away ends with the token anyway; a minute is shorter than any token's life.
_REMEMBER_S: Final = 60.0
# About 5 MB, and more than there are people signed in at once in the largest of contact centres.
_REMEMBER_AT_MOST: Final = 10_000
_LONGEST_SUBJECT: Final = 256
# Controls and breaks of lines: a subject stands in ledgers and logs, and is what people read there.
_UNWRITTEN: Final = frozenset({"Cc", "Zl", "Zp"})

_HOW: Final = "Send `Authorization: Bearer <token>`, or `X-API-Key: <key>`."


class _Seen(NamedTuple):
    """What was found out about a token."""

    viewer: Viewer
    until: float
    """From when on it is verified again."""
    ends_at: float
    """From when on it is no longer good."""


class NotSignedIn(Unauthenticated):
    """Nobody is signed in, or what was sent is no longer good; `challenge` is the WWW-Authenticate header for it."""

    def __init__(self, message: str, *, error: str | None = None) -> None:
        super().__init__(message)
        # RFC 6750, section 3.1: who sent nothing is told no error.
        self.challenge = 'Bearer realm="profile-gateway"' + (f', error="{error}"' if error else "")


# Nobody's id, so that whatever is kept of somebody is somebody else's.
STRANGER: Final = Viewer(subject="stranger", role=Role.VISITOR, customer_id=new_id(), fields=CHAT_FIELDS)
"""Whoever has not signed in, to whom little is open (resolvers.kit.slice.Declared.open_fields)."""


def is_stranger(headers: Mapping[str, str]) -> bool:
    """Whether no proof was sent of who asks, not even a bad one."""
    return not headers.get("authorization", "").strip() and not headers.get("x-api-key", "").strip()


def nobody() -> NotSignedIn:
    """What is told to strangers."""
    return NotSignedIn(f"Nobody is signed in. {_HOW}")


class Auth:
    """Finds out who asks."""

    def __init__(self, store: Store, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._tokens = Tokens(settings)
        self._role_claim = settings.jwt_role_claim
        self._clock = clock
        self._leeway_s = settings.jwt_leeway_s
        self._seen: OrderedDict[bytes, _Seen] = OrderedDict()

    async def viewer_of(self, headers: Mapping[str, str]) -> Viewer:
        """The viewer whom the headers prove; raises NotSignedIn, or Unavailable while nobody can be proven."""
        try:
            return await self._viewer_of(headers)
        except StoreError as error:
            raise Unavailable("Who asks cannot be verified right now. Try again in a few seconds.") from error

    async def _viewer_of(self, headers: Mapping[str, str]) -> Viewer:
        scheme, _, credential = headers.get("authorization", "").strip().partition(" ")
        key = headers.get("x-api-key", "").strip()
        if scheme and key:
            raise NotSignedIn(
                "Both `Authorization` and `X-API-Key` were sent. Send one of them.", error="invalid_request"
            )
        match scheme.lower():
            case "bearer":
                return await self._while_chatting(await self._of_token(credential.strip()))
            case "apikey":
                return await self._of_key(credential.strip())
            case "":
                if key:
                    return await self._of_key(key)
                raise nobody()
            case _:
                raise NotSignedIn(f"That way of signing in is not known here. {_HOW}", error="invalid_request")

    async def _of_key(self, presented: str) -> Viewer:
        try:
            key = await key_behind(self._store, presented, at=self._now())
        except BadKey as error:
            raise NotSignedIn(str(error), error="invalid_token") from error
        return Viewer(subject=key.name, role=Role.PARTNER, scopes=key.scopes, fields=key.fields, key_handle=key.handle)

    async def _while_chatting(self, viewer: Viewer) -> Viewer:
        """The viewer; raises NotSignedIn where the chat is over in which a token was given."""
        if viewer.chat_id is not None and not await is_open(self._store, viewer.chat_id, self._now()):
            raise NotSignedIn("This chat is over. Begin one with `startChat`.", error="invalid_token")
        return viewer

    async def _of_token(self, token: str) -> Viewer:
        digest = _digest(token)
        seen = self._seen.get(digest)
        now = self._clock()
        if seen is not None and now < seen.until:
            return seen.viewer
        self._seen.pop(digest, None)
        try:
            claims = await self._tokens.claims(token)
            viewer = await self._viewer(claims)
        except BadToken as error:
            raise NotSignedIn(str(error), error="invalid_token") from error
        except KeysUnreachable as error:
            raise Unavailable("Tokens cannot be verified right now. Try again in a few seconds.") from error
        ends_at = int(claims["exp"])
        self._remember(digest, _Seen(viewer, min(now + _REMEMBER_S, ends_at), ends_at + self._leeway_s))
        return viewer

    def ends_in_s(self, headers: Mapping[str, str]) -> float:
        """How long what the headers prove is good at most: for ever, where it has no end of its own.

        Of a token that `viewer_of` took; whatever else ends it earlier is seen when that is asked again.
        """
        seen = self._seen.get(_digest(headers.get("authorization", "").strip().partition(" ")[2].strip()))
        return math.inf if seen is None else max(0.0, seen.ends_at - self._clock())

    def _remember(self, digest: bytes, seen: _Seen) -> None:
        self._seen[digest] = seen
        if len(self._seen) > _REMEMBER_AT_MOST:
            self._seen.popitem(last=False)

    async def _viewer(self, claims: Mapping[str, Any]) -> Viewer:
        subject = _subject(claims)
        role = _role(claims, self._role_claim)
        if role in STAFF:
            name = claims.get("name")
            name = _kept(name, "name") if isinstance(name, str) and name.strip() else subject
            agent = await agent_of_subject(self._store, subject, name=name, role=role, at=self._now())
            return Viewer(subject=subject, role=role, agent_id=agent)
        if role is Role.VISITOR:
            chat = _chat(claims)
            # A browser that came back is whoever chatted there, and not yet the customer whom that one proved to be.
            is_bounded = chat is not None and claims.get("is_proven") is not True
            fields = CHAT_FIELDS if is_bounded else frozenset[str]()
            return Viewer(subject=subject, role=role, customer_id=_customer(claims), chat_id=chat, fields=fields)
        return Viewer(subject=subject, role=role, scopes=_scopes(claims), fields=_fields(claims))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def require_sound(claims: Mapping[str, Any], role: Role) -> None:
    """Raises BadToken where the gate would refuse these claims for that role."""
    _subject(claims)
    if role is Role.VISITOR:
        _customer(claims)
    _fields(claims)


def _subject(claims: Mapping[str, Any]) -> str:
    subject = _kept(str(claims["sub"]), "sub").strip()
    if any(unicodedata.category(one) in _UNWRITTEN for one in subject):
        raise BadToken("The token's `sub` holds a control character or a line break. Write it as one plain line.")
    if not subject or len(subject) > _LONGEST_SUBJECT:
        raise BadToken(f"The token's `sub` must have 1 to {_LONGEST_SUBJECT} characters.")
    return subject


def _kept(text: str, claim: str) -> str:
    """The text as it is; raises BadToken for half a character (a lone surrogate of JSON), which no database keeps."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadToken(f"The token's `{claim}` holds half a character (a lone surrogate). Write it whole.") from error
    return text


def _role(claims: Mapping[str, Any], claim: str) -> Role:
    try:
        return Role(str(claims.get(claim)))
    except ValueError as error:
        roles = ", ".join(f"`{role.value}`" for role in Role)
        raise BadToken(
            f"The token's claim `{claim}` is missing or names no role. It must be one of {roles}."
        ) from error


def _customer(claims: Mapping[str, Any]) -> RecordId:
    given = claims.get("customer_id")
    customer = key_of(given, "Customer") if isinstance(given, str) else None
    if customer is None:
        raise BadToken(
            "A visitor's token needs the claim `customer_id`: the `id` of a Customer, as this gateway gave it."
        )
    return customer


def _chat(claims: Mapping[str, Any]) -> RecordId | None:
    """The web chat in which a visitor is; raises BadToken for what is none."""
    given = claims.get("chat")
    chat = key_of(given, "Chat") if isinstance(given, str) else None
    if given is not None and chat is None:
        raise BadToken("The token's `chat` is no web chat of this gateway. Begin one with `startChat`.")
    return chat


def _scopes(claims: Mapping[str, Any]) -> frozenset[str]:
    """RFC 8693, section 4.2: `scope` is one string with spaces between; some providers send a list."""
    given = claims.get("scope", ())
    words = given.split() if isinstance(given, str) else given if isinstance(given, list) else ()
    return frozenset(word for word in words if isinstance(word, str))


def _fields(claims: Mapping[str, Any]) -> frozenset[str]:
    """The only fields that a partner's token may ask for, written as its scopes are; raises BadToken.

    A limit that is not understood must not be none.
    """
    if "fields" not in claims:
        return frozenset()
    given = claims["fields"]
    words = given.split() if isinstance(given, str) else given
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise BadToken(
            "The token's `fields` must name fields as `Type.field`, with blanks between. Leave it out for all."
        )
    return frozenset(words)
