"""How do visitors of the company's own pages chat? Through this gateway itself: the channel has no vendor.

What visitors write comes in by the graph, and what agents answer is delivered by being kept; here stand the account's
terms, and how it knows a statement that the company has signed (JSON Web Tokens, RFC 7519, and their best practice,
RFC 8725).
"""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final, Self

import jwt
from pydantic import Field, SecretStr, field_validator, model_validator

from adapters.contract.addresses import PageOrigin
from adapters.contract.channel import Channel, ChannelSettings, Equipment
from adapters.contract.errors import ChannelRefused
from adapters.contract.examples import Examples
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.contract.visitors import USER, ChatTerms, NotBelieved, Signed

_LONGEST_TOKEN: Final = 8 * 1024
_LONGEST_CLAIM: Final = 500
_MOST_ACCOUNTS: Final = 10
_NO_ACCOUNTS: Final = (
    "The statement's `accounts` names none. Write each as a channel account and the person's id there, as text: "
    '{"shopify/acme": "7"}.'
)
# RFC 7518, section 3.2: a key for HS256 has at least as many bits as the hash.
_SHORTEST_SECRET: Final = 32
_LEEWAY: Final = timedelta(seconds=30)
_UNREADABLE: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
# Embeddings, overrides and isolates, which turn round what is read (UAX #9, section 2).
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# A statement is shown once, soon after the page was made; what leaks is worth nothing after that.
_LONGEST_LIFE: Final = timedelta(hours=1)
_UNSIGNED: Final = (
    "This site takes no signed statements. Have `identity_secrets` or `identity_public_keys` set for it in the "
    "settings file of channels."
)
_WRONG: Final[tuple[tuple[type[Exception], str], ...]] = (
    (jwt.InvalidAudienceError, "The statement was made for another site. Its `aud` must be this site's account."),
    (jwt.InvalidSignatureError, "The statement's signature is of none of this site's keys."),
    (jwt.DecodeError, "That is no signed statement: three parts of base64url with dots between them are expected."),
)


class WebChatSettings(ChannelSettings):
    """The terms of one site; the channel account is the site's name."""

    allowed_origins: tuple[PageOrigin, ...] = Field(
        description="The pages that may show the widget, as browsers name them: scheme, host and port, without a path.",
        examples=["https://www.example.com"],
    )
    identity_secrets: tuple[SecretStr, ...] = Field(
        (),
        max_length=2,
        description="The secret of 32 characters or more with which the company's backend signs who a visitor is "
        "(HS256); during its rotation the new and the old one.",
    )
    identity_public_keys: tuple[str, ...] = Field(
        (),
        max_length=2,
        description="Instead: its public RSA key in PEM (RS256); during its rotation the new and the old one.",
    )
    greeting: str | None = Field(
        None, min_length=1, max_length=1_000, description="What the widget says before anybody wrote."
    )
    shows_agents: bool = Field(True, description="Whether visitors are told by name who serves them.")
    token_minutes: int = Field(
        30, ge=1, le=24 * 60, description="How long a visitor's token is good; the widget asks for another by itself."
    )
    resume_days: int = Field(
        30, ge=1, le=365, description="For how many days after the last visit a browser finds its chat again."
    )
    starts_per_minute: int = Field(
        20,
        ge=1,
        description="Chats that one address of the internet may begin within a minute, in each process, and resume as "
        "often; behind one stand whole offices.",
    )
    starts_per_minute_of_site: int = Field(
        600, ge=1, description="Chats that everybody together may begin: beyond it somebody plays with the site."
    )
    messages_per_minute: int = Field(
        30, ge=1, description="Messages that one visitor may write within a minute, in each process."
    )
    longest_text: int = Field(4_000, ge=1, le=20_000, description="Characters of a visitor's message.")
    most_files: int = Field(5, ge=0, le=20, description="Files that one message may name.")

    @field_validator("allowed_origins")
    @classmethod
    def _names_some(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if not given:
            raise ValueError("it names no site. Write the one whose pages show the widget")
        return given

    @field_validator("identity_secrets")
    @classmethod
    def _are_long(cls, given: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(one.get_secret_value().encode()) < _SHORTEST_SECRET for one in given):
            raise ValueError(f"a secret has fewer than {_SHORTEST_SECRET} characters. Make a longer one, by chance")
        return given

    @field_validator("identity_public_keys")
    @classmethod
    def _are_public(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        for one in given:
            try:
                key = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).prepare_key(one)
            except (jwt.InvalidKeyError, ValueError) as error:
                raise ValueError(
                    "one is no RSA key. Write it as -----BEGIN PUBLIC KEY----- and what follows"
                ) from error
            if hasattr(key, "private_numbers"):
                raise ValueError("one is a private key, which stays with whoever signs. Write the public one")
        return given

    @model_validator(mode="after")
    def _sign_one_way(self) -> Self:
        if self.identity_secrets and self.identity_public_keys:
            raise ValueError("Name either `identity_secrets` or `identity_public_keys`, not both.")
        return self


class WebChat(Channel):
    """A site on which visitors chat; the channel account is the site's name."""

    name: ClassVar[str] = "webchat"
    Settings: ClassVar[type[WebChatSettings]] = WebChatSettings
    has_vendor: ClassVar[bool] = False
    # Nothing leaves the house, so that nothing can go out twice.
    is_repeatable: ClassVar[bool] = True

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self._settings: WebChatSettings = settings

    # Answering

    def talk_with(self, who: Who) -> str:
        """The visitor's own id: each has one conversation with a site."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Raises ChannelRefused for what is no text, or goes to no browser; no window closes."""
        if outgoing.template is not None:
            raise ChannelRefused("Web chat knows no templates. Send a text.", code="no_templates")
        if outgoing.who.value.startswith(USER):
            raise ChannelRefused(
                "That is how the company calls the person, and no browser of theirs. Answer in one of their chats.",
                code="no_browser",
            )
        if outgoing.text is None or not outgoing.text.strip():
            raise ChannelRefused("A message without words is none. Send a text.", code="no_text")

    async def send(self, outgoing: Outgoing) -> Sent:
        """Takes it: the message is kept here already, where the visitor reads it."""
        self.require_allowed(outgoing)
        return Sent(state=SendState.TAKEN)

    # Visitors

    @property
    def origins(self) -> frozenset[str]:
        """The pages that may show the widget."""
        return frozenset(self._settings.allowed_origins)

    @property
    def terms(self) -> ChatTerms:
        """The terms of the settings."""
        names = ChatTerms.__dataclass_fields__
        return ChatTerms(**{name: getattr(self._settings, name) for name in names})

    def signed(self, token: str, now: datetime) -> Signed:
        """Whom the company's statement proves, by any of the account's keys; raises NotBelieved."""
        if len(token) > _LONGEST_TOKEN:
            raise NotBelieved(f"The statement has {len(token)} characters; at most {_LONGEST_TOKEN} are read.")
        claims = self._claims(token)
        expires_at = _moment(claims, "exp")
        # Nothing is added to what was told, which may be the last moment that there is.
        if now - _LEEWAY >= expires_at:
            raise NotBelieved("The statement has expired. Load the page anew.")
        if expires_at > now + _LONGEST_LIFE + _LEEWAY:
            raise NotBelieved("The statement is good for more than an hour. Sign it for some minutes.")
        if any(_moment(claims, one) > now + _LEEWAY for one in ("nbf", "iat") if one in claims):
            raise NotBelieved("The statement is not good yet. Set the clock of the machine that signs.")
        return Signed(
            statement=_text(claims, "jti") or hashlib.sha256(token.rpartition(".")[0].encode()).hexdigest(),
            user=_needed(claims, "sub"),
            expires_at=expires_at,
            name=_text(claims, "name"),
            email=_text(claims, "email"),
            is_email_verified=claims.get("email_verified") is True,
            accounts=_accounts(claims),
        )

    def _claims(self, token: str) -> Mapping[str, Any]:
        keys, algorithm = self._keys()
        wrong: Exception | None = None
        for key in keys:
            try:
                return jwt.decode(token, key, algorithms=[algorithm], audience=self.account, options=_OPTIONS)
            except jwt.InvalidSignatureError as error:
                wrong = error
            except (jwt.PyJWTError, ValueError) as error:
                raise NotBelieved(_words(error)) from error
        raise NotBelieved(_words(wrong) if wrong else _UNSIGNED) from wrong

    def _keys(self) -> tuple[Sequence[str], str]:
        """The keys, and the one way in which they are used: a statement does not choose how it is looked at."""
        settings = self._settings
        if settings.identity_secrets:
            return [one.get_secret_value() for one in settings.identity_secrets], "HS256"
        return settings.identity_public_keys, "RS256"


# The moments are compared with the house's own clock.
_OPTIONS: Final[Any] = {
    "require": ["exp", "sub", "aud"],
    "strict_aud": True,
    "enforce_minimum_key_length": True,
    **dict.fromkeys(("verify_exp", "verify_nbf", "verify_iat"), False),
}


def _words(error: Exception) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"The statement has no `{error.claim}`. Sign `sub`, `exp` and `aud`."
    told = "The statement is not signed in the way that this site takes."
    return next((words for kind, words in _WRONG if isinstance(error, kind)), told)


def _moment(claims: Mapping[str, Any], name: str) -> datetime:
    try:
        return datetime.fromtimestamp(float(claims[name]), UTC)
    except (TypeError, ValueError, OverflowError, OSError) as error:
        raise NotBelieved(f"The statement's `{name}` is no moment. Write it in seconds since 1970.") from error


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > _LONGEST_CLAIM:
        raise NotBelieved(f"The statement's `{name}` is no text of at most {_LONGEST_CLAIM} characters.")
    _require_plain(name, value)
    return value


def _require_plain(name: str, text: str) -> None:
    if any(one in _TURNING or unicodedata.category(one) in _UNREADABLE for one in text):
        raise NotBelieved(f"The statement's `{name}` holds a control or half a character. Write it as one plain line.")


def _accounts(claims: Mapping[str, Any]) -> tuple[Who, ...]:
    """The person's accounts elsewhere, which stand as `{"shopify/acme": "7"}`."""
    told = claims.get("accounts") or {}
    if not isinstance(told, Mapping) or len(told) > _MOST_ACCOUNTS:
        raise NotBelieved(f"The statement's `accounts` is no object of at most {_MOST_ACCOUNTS} channel accounts.")
    found = []
    for place, value in told.items():
        channel, slash, account = place.partition("/")
        is_text = isinstance(value, str) and 0 < len(value.strip()) <= _LONGEST_CLAIM
        if not slash or not channel or not account or len(place) > _LONGEST_CLAIM or not is_text:
            raise NotBelieved(_NO_ACCOUNTS)
        _require_plain("accounts", place + value)
        found.append(Who(channel, account, value.strip()))
    return tuple(found)


def _needed(claims: Mapping[str, Any], name: str) -> str:
    text = (_text(claims, name) or "").strip()
    if not text:
        raise NotBelieved(f"The statement's `{name}` is empty. Write the person's id there.")
    return text


CHANNEL = WebChat
EXAMPLES = Examples(
    settings={
        "allowed_origins": ["https://www.shop.example"],
        "identity_secrets": ["a made-up secret for the samples of web chat"],
        "greeting": "How can we help?",
    },
    account="main",
    person="v_sample",
)
