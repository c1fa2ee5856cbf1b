"""Do API keys open the gate, and end at once when they are revoked?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from adapters.mongo import Store
from gateway.keys import API_KEYS, BadKey, key_behind, list_keys, make_key, revoke_key
from gateway.logs import configure_logs
from gateway.mongod import Mongod
from tests.conftest import Commands
from tests.gateway.conftest import Gate, OpenGate, data_of
from tests.waiting import until

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
WHO = "{ viewer { subject role maySeePersonal agent { id } } }"


async def made(store: Store, *scopes: str, name: str = "newsletter", expires_at: datetime | None = None) -> str:
    """A new key."""
    return await make_key(store, name=name, scopes=scopes, at=NOW, expires_at=expires_at)


@pytest.mark.parametrize("header", ["X-API-Key: {}", "Authorization: ApiKey {}", "authorization: APIKEY   {} "])
async def test_key_signs_partner_in(gate: Gate, store: Store, header: str) -> None:
    """A key, in either header, makes its bearer a partner of the key's name."""
    name, _, value = header.format(await made(store)).partition(": ")
    response = await gate.ask(WHO, headers={name: value})
    who = {"subject": "newsletter", "role": "PARTNER", "maySeePersonal": False, "agent": None}
    assert data_of(response) == {"viewer": who}


async def test_scope_shows_personal(gate: Gate, store: Store) -> None:
    """A key with the scope `personal` reads personal values."""
    response = await gate.ask("{ viewer { maySeePersonal } }", headers={"X-API-Key": await made(store, "personal")})
    assert response.json()["data"]["viewer"]["maySeePersonal"] is True


async def test_only_hash_is_stored(store: Store) -> None:
    """Of the key's random part only a hash is kept."""
    key = await made(store)
    (stored,) = await store.find(API_KEYS, {})
    random = key.split("_", 2)[2]
    assert len(random) == 43
    assert random not in str(stored)


async def test_keys_differ(store: Store) -> None:
    """No two keys are alike, also of one name."""
    assert len({await made(store) for _ in range(20)}) == 20


@pytest.mark.parametrize(
    "broken",
    [
        lambda key: key[:-1],
        lambda key: key + "A",
        lambda key: key.swapcase(),
        lambda key: key.replace("pgw_", "pgx_"),
        lambda key: "pgw_" + "0" * 24 + key[28:],
        lambda key: key.rpartition("_")[0],
        lambda key: key[:29],
        lambda _: "pgw",
        lambda _: "pgw__",
        lambda _: "junk",
        lambda _: "pgw_" + "é" * 24 + "_x",
    ],
)
async def test_other_keys_refused(store: Store, broken: object) -> None:
    """Anything but the whole key is refused, and not quoted."""
    key = await made(store)
    presented = broken(key)  # type: ignore[operator]
    with pytest.raises(BadKey) as caught:
        await key_behind(store, presented, at=NOW)
    assert presented not in str(caught.value) or presented == "pgw"


async def test_refused_key_is_unauthenticated(gate: Gate) -> None:
    """A wrong key is answered with 401 and a challenge."""
    response = await gate.ask(WHO, headers={"X-API-Key": "pgw_junk"})
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer realm="profile-gateway", error="invalid_token"'
    assert "junk" not in response.text


async def test_expired_key_refused(store: Store) -> None:
    """A key ends at its date."""
    key = await made(store, expires_at=NOW + timedelta(days=1))
    assert (await key_behind(store, key, at=NOW + timedelta(hours=23))).name == "newsletter"
    with pytest.raises(BadKey, match="expired"):
        await key_behind(store, key, at=NOW + timedelta(days=1))


@pytest.fixture
async def other(store: Store, mongod: Mongod, commands: Commands) -> AsyncIterator[Store]:
    """The store of another process."""
    other = await Store.open(mongod.url, store.database, [API_KEYS], observer=commands)
    yield other
    await other.close()


async def test_revoked_key_refused_everywhere(store: Store, other: Store, commands: Commands) -> None:
    """A revoked key is refused within a second in every process, also in one that held it as good."""
    key = await made(store)
    other.held.follow()
    await until(lambda: other.held.is_fresh)

    async def is_held() -> bool:
        with commands.counted() as sent:
            known = await key_behind(other, key, at=NOW)
        return known.last_used_at is not None and not sent

    # The note of its first use makes every copy old once; behind it the key is held.
    await until(is_held)
    await revoke_key(store, key, at=NOW)
    await until(lambda: is_refused(other, key), within_s=1)


async def is_refused(store: Store, key: str) -> bool:
    """Whether the key is not taken."""
    try:
        await key_behind(store, key, at=NOW)
    except BadKey as error:
        assert "revoked" in str(error)  # noqa: PT017  it is asked again and again
        return True
    return False


async def test_handle_revokes(store: Store) -> None:
    """The part of the key that lists show is enough to revoke it; doing so twice keeps the first date."""
    handle = "_".join((await made(store)).split("_", 2)[:2])
    known = (await list_keys(store))[0].handle
    assert handle.startswith(known)
    await revoke_key(store, known, at=NOW)
    again = await revoke_key(store, known, at=NOW + timedelta(days=1))
    assert (again.revoked_at, again.state(NOW)) == (NOW, "revoked")


@pytest.mark.parametrize("handle", ["pgw_" + "0" * 24, "junk", ""])
async def test_unknown_handle_refused(store: Store, handle: str) -> None:
    """Revoking what is not there says where to look."""
    with pytest.raises(BadKey, match="keys list"):
        await revoke_key(store, handle, at=NOW)


@pytest.mark.parametrize(
    ("name", "scopes", "days", "words"),
    [
        ("", (), 1, "1 to 100 characters"),
        (" ", (), 1, "1 to 100 characters"),
        ("n" * 101, (), 1, "1 to 100 characters"),
        ("ok", ("everything",), 1, "no scope everything. Scopes are: personal"),
        ("ok", (), 0, "which is past"),
    ],
)
async def test_impossible_key_not_made(store: Store, name: str, scopes: tuple[str, ...], days: int, words: str) -> None:
    """A key that cannot be is refused in words, and nothing is stored."""
    with pytest.raises(BadKey, match=words):
        await make_key(store, name=name, scopes=scopes, at=NOW, expires_at=NOW + timedelta(days=days))
    assert await list_keys(store) == []


async def test_list_is_newest_first(store: Store) -> None:
    """The list shows the newest key first, with all but the key itself."""
    for number in range(3):
        await make_key(store, name=f"program {number}", scopes=(), at=NOW + timedelta(days=number))
    assert [one.name for one in await list_keys(store)] == ["program 2", "program 1", "program 0"]


async def test_use_is_noted_by_the_hour(store: Store, commands: Commands) -> None:
    """The last use is kept to the hour, so that a busy key costs one write an hour."""
    key = await made(store)
    await key_behind(store, key, at=NOW)
    with commands.counted() as seen:
        for minute in range(29):
            await key_behind(store, key, at=NOW + timedelta(minutes=minute))
    # The note itself makes the held copy old, so the keys may be read again; they are not written.
    assert {name for name, _ in seen} <= {"find"}
    await key_behind(store, key, at=NOW + timedelta(minutes=31))
    (known,) = await list_keys(store)
    assert known.last_used_at == NOW.replace(hour=10, minute=0)


async def test_later_use_stays_noted(store: Store, other: Store) -> None:
    """A process whose copy is old does not put an earlier use in the place of a later one."""
    key = await made(store)
    other.held._heard_at = asyncio.get_running_loop().time() + 60
    await other.held.all(API_KEYS)
    await key_behind(store, key, at=NOW + timedelta(hours=2))
    await key_behind(other, key, at=NOW + timedelta(minutes=10))
    (known,) = await list_keys(store)
    assert known.last_used_at == NOW.replace(hour=11, minute=0)


async def test_key_stays_out_of_log(open_gate: OpenGate, store: Store, logs_as_before: None) -> None:
    """No log line carries a key, good or bad."""
    del logs_as_before
    key, log = await made(store), StringIO()
    configure_logs("debug", stream=log)
    for presented in (key, key + "x"):
        await open_gate().ask(WHO, headers={"X-API-Key": presented})
    await until(lambda: log.getvalue().count("gateway.request") == 2)
    # The secret itself may hold the sign that stands before it.
    (known,) = await list_keys(store)
    secret = key.removeprefix(f"{known.handle}_")
    assert len(secret) > 20
    assert secret not in log.getvalue()
