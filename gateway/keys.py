"""Which programs may ask, and with which keys?

A key reads `pgw_<id>_<random>`. The id is no secret: it names the key in lists and logs. Of the random part only a
SHA-256 is stored; it has 256 bits, so there is nothing to guess and a slow hash would protect nothing.
The record is held in every process and followed by its change stream: what is revoked is refused at once everywhere.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, new_id, parse_id
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import SCOPES

API_KEYS: Final = Record(name="api_keys", customer=None, is_held=True)

_MARK: Final = "pgw"
_RANDOM_BYTES: Final = 32
_LONGEST_NAME: Final = 100
# A key in constant use costs one write an hour, and an owner who tidies up thinks in days.
_USE_NOTED_EVERY: Final = timedelta(hours=1)


class BadKey(Exception):
    """Why a key is not taken, or not made; nothing of the key is quoted."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApiKey:
    """What is known of a key: everything but the key."""

    id: RecordId
    name: str
    scopes: frozenset[str]
    fields: frozenset[str]
    """The only fields that it may ask for; empty: all that its scopes permit."""
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """To the hour."""

    @property
    def handle(self) -> str:
        """The part of the key that may be shown."""
        return f"{_MARK}_{self.id}"

    def state(self, at: datetime) -> str:
        """`good`, `expired` or `revoked`."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= at else "good"


async def make_key(
    store: Store,
    *,
    name: str,
    scopes: Iterable[str],
    at: datetime,
    expires_at: datetime | None = None,
    fields: Iterable[str] = (),
) -> str:
    """A new key, whole; it can never be read again. Raises BadKey where a name, scope or date cannot be.

    `fields`: the only ones that it may ask for, as `known_fields` answers them (gateway/touching.py).
    """
    wanted = known_scopes(scopes)
    try:
        name = plain_line(name, "The key's name", _LONGEST_NAME)
    except ValueError as error:
        raise BadKey(f"{error} Name the key for the program that will use it.") from error
    if expires_at is not None and expires_at <= at:
        raise BadKey(f"The key would expire at {expires_at:%Y-%m-%d %H:%M}, which is past. Give a later date.")
    key, random = new_id(), secrets.token_urlsafe(_RANDOM_BYTES)
    await store.insert(
        API_KEYS,
        {
            "_id": key,
            "name": name.strip(),
            "hash": _hash(random),
            "scopes": wanted,
            "fields": sorted(fields),
            "created_at": at,
            "expires_at": expires_at,
            "revoked_at": None,
            "last_used_at": None,
        },
    )
    return f"{_MARK}_{key}_{random}"


def known_scopes(names: Iterable[str]) -> list[str]:
    """The scopes, each once and in order; raises BadKey where one is none."""
    wanted = sorted(set(names))
    if unknown := [one for one in wanted if one not in SCOPES]:
        raise BadKey(f"There is no scope {', '.join(unknown)}. Scopes are: {', '.join(SCOPES)}.")
    return wanted


def handle_of(presented: str) -> str:
    """The part of a whole key that may be shown; raises BadKey where it is none."""
    key = _split(presented)[0]
    if key is None:
        raise BadKey("That is no API key of this gateway.")
    return f"{_MARK}_{key}"


async def list_keys(store: Store) -> list[ApiKey]:
    """Every key that was ever made, the newest first."""
    return [_read(one) for one in await store.find(API_KEYS, {}, order=[("created_at", -1), ("_id", -1)])]


async def revoke_key(store: Store, handle: str, *, at: datetime) -> ApiKey:
    """Ends the key that the handle (`pgw_<id>`, or the whole key) names; revoking twice changes nothing."""
    key = _split(handle)[0]
    known = await store.first(API_KEYS, {"_id": key}) if key else None
    if known is None:
        raise BadKey("There is no such key. `profile-gateway keys list` shows the handles of all keys.")
    changed = await store.update(API_KEYS, {"_id": key, "revoked_at": None}, {"$set": {"revoked_at": at}})
    return _read(changed or known)


async def key_behind(store: Store, presented: str, *, at: datetime) -> ApiKey:
    """The key that was presented, if it is good; raises BadKey. No database command while the record is held."""
    key, random = _split(presented)
    if key is None or not random:
        raise BadKey("That is no API key of this gateway. A key reads `pgw_`, an id, `_` and 43 characters.")
    stored = (await store.held.all(API_KEYS)).get(key)
    # Compared also where there is none, so that the time taken does not tell which ids exist.
    fits = hmac.compare_digest(_hash(random), stored["hash"] if stored else _hash(""))
    if stored is None or not fits:
        raise BadKey("The API key is unknown. Check that it was copied whole.")
    found = _read(stored)
    if (state := found.state(at)) != "good":
        raise BadKey(f"The API key is {state}. Ask whoever runs this gateway for a new one.")
    await _note_use(store, found, at)
    return found


async def _note_use(store: Store, key: ApiKey, at: datetime) -> None:
    before = at - _USE_NOTED_EVERY
    if key.last_used_at is not None and key.last_used_at > before:
        return
    # Another process may have noted it meanwhile; the condition leaves its note alone.
    where = {"_id": key.id, "last_used_at": {"$not": {"$gt": before}}}
    await store.update(API_KEYS, where, {"$set": {"last_used_at": at.replace(minute=0, second=0, microsecond=0)}})


def _hash(random: str) -> str:
    return hashlib.sha256(random.encode()).hexdigest()


def _split(presented: str) -> tuple[RecordId | None, str]:
    mark, _, rest = presented.partition("_")
    key, _, random = rest.partition("_")
    return (parse_id(key) if mark == _MARK else None), random


def _read(stored: Document) -> ApiKey:
    return ApiKey(
        id=stored["_id"],
        name=stored["name"],
        scopes=frozenset(stored["scopes"]),
        # Keys from before there were any have none.
        fields=frozenset(stored.get("fields", ())),
        created_at=stored["created_at"],
        expires_at=stored["expires_at"],
        revoked_at=stored["revoked_at"],
        last_used_at=stored["last_used_at"],
    )
