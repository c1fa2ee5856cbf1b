"""Which knobs does the gateway have, how do they stand by default, and why so?

Every knob is an environment variable: `GATEWAY_` and the field's name in capitals, MONGODB_URL alone without the
prefix. A secret may stand in a file instead: `GATEWAY_SECRET_FILE` names one, and so for each secret knob.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import phonenumbers
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from gateway.knobs import Ages, Networks, Origins, Words
from gateway.limit_settings import PREFIX, LimitSettings

KEPT_IN_A_FILE: Final = "_FILE"

# RFC 7518, section 3.2: an HS256 key has at least the 256 bits of its hash.
SHORTEST_SECRET_BYTES: Final = 32
# What PyJWT verifies with a public key. `none` and HS* are not here: with a public key set they would let anyone sign.
ASYMMETRIC: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)


class BadSettings(Exception):
    """A knob holds what it cannot hold; the message says which, and what it takes."""


def _data_folder() -> Path:
    # The XDG base directory specification: an unset or relative path means the default.
    home = Path(os.environ.get("XDG_DATA_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".local" / "share") / "profile-gateway"


class Settings(LimitSettings):
    """The knobs. Secrets show in no repr."""

    model_config = SettingsConfigDict(populate_by_name=True, extra="ignore")

    mongodb_url: SecretStr | None = Field(
        default=None,
        validation_alias="MONGODB_URL",
        description="The MongoDB replica set or sharded cluster to work on. Without it the gateway runs a database of "
        "its own in the data folder. Secret, because it may hold a password.",
    )
    database: str = Field(
        default="profile_gateway",
        pattern=r"^[A-Za-z0-9_-]{1,63}$",
        description="The database's name: 63 letters, digits, `_` and `-` at most, which is MongoDB's own bound.",
    )
    data_folder: Path = Field(
        default_factory=_data_folder,
        description="Where the gateway's own database and the secrets that it made for itself stand. By default "
        "`profile-gateway` in XDG_DATA_HOME, else in `~/.local/share`.",
    )
    mongod_cache_gb: float = Field(
        default=0.25,
        ge=0.25,
        description="Memory for the cache of the gateway's own database. MongoDB takes no less; it is enough for a "
        "laptop's data, and half of the machine, MongoDB's own default, is not the gateway's to take.",
    )
    host: str = Field(
        default="127.0.0.1",
        description="The address to listen on: this machine alone, until you decide otherwise.",
    )
    port: int = Field(default=8000, ge=0, le=65535, description="The port to listen on; 0 takes any free one.")
    trusted_proxies: Networks = Field(
        default=("127.0.0.1", "::1"),
        description="The proxies in front of the gateway, as addresses or networks with a comma between them: what "
        "they say in `X-Forwarded-For` is the caller's address, by which visitors are bounded. From nobody else is it "
        "taken, since anybody can send it. A proxy that is not named is one caller, and with it all whom it brings.",
    )
    origins: Origins = Field(
        default=(),
        description="The sites whose pages may ask from a browser, as `https://panel.example.com` with a comma between "
        "them: agents' panels and dashboards that do not stand behind the gateway's own name (CORS, and WebSockets by "
        "`Origin`). The sites on which visitors chat are allowed by their channel.",
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Processes that answer. One fills one core; more than there are cores gains nothing.",
    )
    secret: SecretStr | None = Field(
        default=None,
        description="Seals cursors, and hides by what accounts erased people were known: so all processes must share "
        "it, and under another one channels may bring back who was erased before. 32 bytes or more. Needed with "
        "MONGODB_URL; beside the gateway's own database one is made once and kept in the data folder.",
    )
    jwt_secret: SecretStr | None = Field(
        default=None,
        description="Verifies tokens signed with HS256: 32 bytes or more, as RFC 7518 demands. Beside the gateway's "
        "own database, and without a key set, one is made once and kept in the data folder.",
    )
    jwt_jwks_url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="The key set (JWKS) of the identity provider whose tokens are taken.",
    )
    jwt_algorithms: Words = Field(
        default=("RS256", "ES256"),
        description="Algorithms taken from the key set, a comma between them. The two that providers use; never "
        "`none` or HS*, with which a public key would do to forge a token.",
    )
    jwt_issuer: str | None = Field(
        default=None, description="What a token's `iss` must be. Set it whenever the key set is not yours alone."
    )
    jwt_audience: str | None = Field(
        default=None, description="What a token's `aud` must hold, so that tokens made for other services are refused."
    )
    jwt_leeway_s: float = Field(
        default=30.0, ge=0, le=300, description="How far the clocks of issuer and gateway may differ, in seconds."
    )
    jwt_role_claim: str = Field(default="role", min_length=1, description="The claim that holds the viewer's role.")
    default_region: str | None = Field(
        default=None,
        description="The country (ISO 3166, `CO`) by which phone numbers without a country code are read; without it "
        "they are refused, since guessing would join strangers.",
    )
    retention: Ages = Field(
        default_factory=dict,
        description="How long records of a kind are kept, as `messages=730d,tickets=5y` (days, weeks, years of 365 "
        "days); then they are removed with their files, hourly. `accesses` is the ledger of who read whose data, by "
        "the moment of reading. Of what is not named nothing ends by itself.",
    )
    channels: Path | None = Field(
        default=None,
        description="The file (TOML) that switches channels on: an entry for each of the company's accounts, with "
        "what its adapter needs. `profile-gateway channels` shows what is found and what is on. Without it nothing "
        "outside is asked.",
    )
    trusted_documents: Path | None = Field(
        default=None,
        description="A manifest of documents, or a folder of manifests (`*.json`), as relay-compiler, GraphQL Code "
        "Generator and Apollo write them; files that change are read anew within seconds. Visitors, and widgets before "
        "sign-in, then run these documents, and those that `profile-gateway documents add` keeps, and no others. Set "
        "it where the public comes in; without any they run whatever their role permits, as in the demo.",
    )
    persisted_queries: bool = Field(
        default=True,
        description="Whether whoever has signed in, visitors apart, may name by its hash a question whose text was "
        "sent before (Apollo's automatic persisted queries). Each process remembers its own, 4 MiB of them; one that "
        "does not know a hash is sent the text again.",
    )
    compress_from_bytes: int = Field(
        default=14_600,
        ge=0,
        description="Answers from this size on are compressed for clients that take gzip; 0: none. What is shorter "
        "arrives in the first ten packets of a connection (RFC 6928), compressed or not. Events and the answers to "
        "mutations never are.",
    )
    plans: bool = Field(
        default=True,
        description="Whether questions that come again are compiled. Answers are the same without; they take longer.",
    )
    show_plans: bool = Field(
        default=False,
        description="Whether answers tell in `extensions.execution` that a plan gave them, or why none did. The log "
        "always does.",
    )
    access_ledger: Literal["strict", "buffered", "off"] = Field(
        default="buffered",
        description="When it is written who read whose personal data (`accesses`). `strict`: before an answer leaves, "
        "or there is none. `buffered`: in groups, within a second; a process that is killed loses that second, one "
        "that ends loses nothing. `off`: never.",
    )
    metrics_token: SecretStr | None = Field(
        default=None,
        description="With this bearer token Prometheus reads `/metrics`; without it there is none. What is counted "
        "names nobody, but tells how a company fares.",
    )
    spans: bool = Field(
        default=False,
        description="Whether spans of requests and database commands go by OpenTelemetry (`profile-gateway[otel]`) "
        "to where its own variables `OTEL_EXPORTER_OTLP_*` say. They hold no documents, no variables and nobody.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines to log; `info` has one per request."
    )
    playground: bool | None = Field(
        default=None,
        description="Whether `/` shows the playground, which needs a token to ask anything. Left out: in the "
        "development profile alone.",
    )

    @property
    def has_playground(self) -> bool:
        """Whether `/` shows the playground."""
        return self.profile == "development" if self.playground is None else self.playground

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code wins over the environment, and that over files that the environment names."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _SecretFiles(settings_cls)

    @field_validator("jwt_algorithms")
    @classmethod
    def _only_asymmetric(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        if wrong := sorted(set(given) - ASYMMETRIC):
            raise ValueError(
                f"{', '.join(wrong)} cannot be verified with a public key. Choose from {sorted(ASYMMETRIC)}"
            )
        if not given:
            raise ValueError("it names no algorithm. Leave it out for RS256 and ES256")
        return given

    @field_validator("secret", "jwt_secret", "metrics_token")
    @classmethod
    def _long_enough(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and (size := len(given.get_secret_value().encode())) < SHORTEST_SECRET_BYTES:
            raise ValueError(
                f"it has {size} bytes; at least {SHORTEST_SECRET_BYTES} are needed. "
                "Make one with `openssl rand -base64 32`"
            )
        return given

    @field_validator("mongodb_url")
    @classmethod
    def _is_mongodb(cls, given: SecretStr | None) -> SecretStr | None:
        if given is not None and not given.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("it must begin with mongodb:// or mongodb+srv://")
        return given

    @field_validator("default_region")
    @classmethod
    def _is_region(cls, given: str | None) -> str | None:
        if given is not None and given not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"{given[:16]!r} is no country code of ISO 3166. Write it in capitals, like `CO`")
        return given


class _SecretFiles(PydanticBaseSettingsSource):
    """Reads a secret knob from the file that `<its name>_FILE` names."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What the file of one knob holds; raises BadSettings where it cannot be read."""
        name = environment_name(field_name) + KEPT_IN_A_FILE
        path = os.environ.get(name)
        if not path or not is_secret(field):
            return None, field_name, False
        if os.environ.get(environment_name(field_name)):
            raise BadSettings(f"Both {environment_name(field_name)} and {name} are set. Unset one of them.")
        try:
            return Path(path).read_text("utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise BadSettings(f"{name} names {path!r}, which cannot be read. Check the path and its rights.") from error

    def __call__(self) -> dict[str, Any]:
        values = {name: self.get_field_value(one, name)[0] for name, one in self.settings_cls.model_fields.items()}
        return {name: value for name, value in values.items() if value}


def load_settings(**given: Any) -> Settings:
    """The settings from the environment, what is given here (and is not None) before it; raises BadSettings."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise BadSettings("\n".join(_in_words(error))) from error


def environment_name(field: str) -> str:
    """The environment variable of a knob."""
    alias = Settings.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else PREFIX + field.upper()


def is_secret(field: FieldInfo) -> bool:
    """Whether the knob's value must never be shown."""
    return "SecretStr" in str(field.annotation)


def unknown_names() -> list[str]:
    """Environment variables that look like knobs and are none: most often a slip of the pen."""
    known = {environment_name(name) for name in Settings.model_fields}
    known |= {environment_name(name) + KEPT_IN_A_FILE for name, one in Settings.model_fields.items() if is_secret(one)}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def _in_words(error: ValidationError) -> Iterator[str]:
    """Of each mistake the value, unless it is a secret, what is wrong with it, and what the knob is for."""
    for one in error.errors(include_url=False, include_context=False):
        where = str(one["loc"][0]) if one["loc"] else ""
        words = one["msg"].removeprefix("Value error, ")
        found = next(((name, known) for name, known in Settings.model_fields.items() if where in _names(name)), None)
        if found is None:
            yield f"{words}."
            continue
        name, field = found
        value = "" if is_secret(field) else f" is {str(one['input'])[:64]!r}"
        if words[1:2].islower():
            words = words[:1].lower() + words[1:]
        yield f"{environment_name(name)}{value}: {words}. {field.description}"


def _names(field: str) -> tuple[str, str]:
    """By which names pydantic tells of a knob."""
    return field, environment_name(field)
