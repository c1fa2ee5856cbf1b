"""Which secrets does the gateway make for itself, and where does it keep them?

Beside a database of its own: in the data folder, in files that only its user reads, made once, so that cursors and
tokens of yesterday still open. Beside a database of yours it makes none, since every process has to know the same.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from gateway.limit_settings import PREFIX
from gateway.settings import SHORTEST_SECRET_BYTES, BadSettings, Settings

SEAL_FILE: Final = "secret"
JWT_FILE: Final = "jwt_secret"


def with_secrets(settings: Settings) -> Settings:
    """The settings with every secret that serving needs; raises BadSettings where one is missing and must be given."""
    if settings.mongodb_url is not None:
        if settings.secret is None:
            raise BadSettings(
                f"MONGODB_URL is set and {PREFIX}SECRET is not. Every process of this gateway must seal cursors with "
                f"the same secret: make one with `openssl rand -base64 32` and give it to all of them as "
                f"{PREFIX}SECRET, or in a file that {PREFIX}SECRET_FILE names."
            )
        return settings
    if settings.secret is None:
        settings = settings.model_copy(update={"secret": kept_secret(settings.data_folder / SEAL_FILE)})
    return with_jwt_secret(settings)


def with_jwt_secret(settings: Settings) -> Settings:
    """The settings with the secret that signs and verifies tokens, where the gateway keeps one."""
    if settings.mongodb_url or settings.jwt_jwks_url or settings.jwt_secret:
        return settings
    return settings.model_copy(update={"jwt_secret": kept_secret(settings.data_folder / JWT_FILE)})


def kept_secret(file: Path) -> SecretStr:
    """The secret in the file, made at the first call; two processes that make it at once get the same."""
    try:
        if not file.exists():
            _make(file)
        secret = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"The secret in {file} cannot be read or made. Give this user the right to write there."
        ) from error
    if len(secret) < SHORTEST_SECRET_BYTES:
        raise BadSettings(
            f"The secret in {file} is cut short. Remove the file: a new one is made, and old cursors end."
        )
    return SecretStr(secret)


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(secrets.token_urlsafe(SHORTEST_SECRET_BYTES))
    try:
        # A link appears whole or not at all, and loses to one that is there: nobody reads half a secret.
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
