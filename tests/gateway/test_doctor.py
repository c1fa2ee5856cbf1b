"""Does the doctor find what is wrong, and say how it is mended?"""

import gc
import os
import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.mongo import Store
from adapters.records import new_id
from adapters.serverfacts import ServerFacts, server_facts
from gateway import cli, doctor, schema_file
from gateway.database import database, unfit
from gateway.findings import State
from gateway.mongod import Mongod
from gateway.settings import Settings
from gateway.work import JOBS
from resolvers.privacy.receipts import ERASURES
from resolvers.schema import graph
from tests.channels.toy import event
from tests.conftest import Asking
from tests.test_deliveries import Post

LONG = "x" * 32


def settings(folder: Path, **given: Any) -> Settings:
    """Settings on a data folder of the test's own."""
    return Settings(data_folder=folder, **given)


async def test_healthy_set_up_passes(tmp_path: Path) -> None:
    """On a set-up without fault nothing is broken, and each check says what it saw."""
    found = dict(await doctor.examine(lambda: settings(tmp_path / "data", port=0)))
    assert list(found) == [*doctor.FIRST_CHECKS, "settings", *doctor.CHECKS]
    assert {name for name, finding in found.items() if finding.state is State.BROKEN} == set()
    assert found["own database"].words.startswith("MongoDB 6.0.5 can start: an empty one did, in ")


def test_broken_set_up_exits_with_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logs_as_before: None) -> None:
    """The command exits with 1 when something is broken, and names it."""
    del logs_as_before
    (tmp_path / "file").touch()
    monkeypatch.setenv("GATEWAY_DATA_FOLDER", str(tmp_path / "file" / "data"))
    result = CliRunner().invoke(cli.app, ["doctor"])
    assert result.exit_code == 1
    assert "GATEWAY_DATA_FOLDER" in result.stdout


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("GATEWAY_PAGE_SIZE", "x", "valid integer"),
        ("MONGODB_URL", "postgres://me:secret@db", "must begin with mongodb"),
    ],
)
def test_bad_setting_is_a_row(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str, logs_as_before: None
) -> None:
    """A setting that cannot be read is a broken row among the others, not the end of the table."""
    del logs_as_before
    monkeypatch.setenv(name, value)
    result = CliRunner().invoke(cli.app, ["doctor"])
    (row,) = [line for line in result.stdout.splitlines() if line.startswith("broken")]
    shown = " ".join(result.stdout.split())
    assert (result.exit_code, name in row, words in shown) == (1, True, True)
    assert "ok Python" in shown
    assert "me:secret" not in shown


def test_unwritable_folder_found(tmp_path: Path) -> None:
    """A data folder that cannot be made is broken, and the setting named."""
    (tmp_path / "file").touch()
    found = doctor.data_folder(settings(tmp_path / "file" / "data"))
    assert (found.state, "GATEWAY_DATA_FOLDER" in found.words) == (State.BROKEN, True)


@pytest.mark.parametrize("mode", [0o755, 0o740, 0o704])
def test_open_folder_found(tmp_path: Path, mode: int) -> None:
    """A data folder that others can read, of the same group or not, is a warning."""
    tmp_path.chmod(mode)
    found = doctor.data_folder(settings(tmp_path))
    assert (found.state, f"chmod 700 {tmp_path}" in found.words) == (State.WARNING, True)


def test_old_python_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python older than 3.11 is broken."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 9))
    assert doctor.python_version().state is State.BROKEN


def test_slip_of_pen_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that no setting has is named."""
    monkeypatch.setenv("GATEWAY_PROT", "1")
    found = doctor.variables()
    assert (found.state, "GATEWAY_PROT" in found.words, "SETTINGS.md" in found.words) == (State.WARNING, True, True)


def test_clock_before_installation_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A clock that stands before the program's own files is broken."""
    installed = Path(doctor.__file__).stat().st_mtime
    for now, state in ((installed - 3600, State.BROKEN), (installed, State.OK)):
        monkeypatch.setattr(time, "time", lambda now=now: now)
        assert doctor.clock(settings(tmp_path)).state is state


async def test_broken_binary_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A mongod that cannot start is broken, and the way out named."""
    (tmp_path / "mongod").write_text(
        "#!/bin/sh\necho 'error while loading shared libraries: libcurl.so.4: no' >&2\nexit 127\n"
    )
    (tmp_path / "mongod").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = await doctor.own_database(settings(tmp_path / "data"))
    assert (found.state, "libcurl4" in found.words) == (State.BROKEN, True)


async def test_serving_gateway_is_told(tmp_path: Path) -> None:
    """A gateway that serves from the data folder is named by its process, and goes on undisturbed."""
    given, before = settings(tmp_path / "data"), await doctor.database_files(settings(tmp_path / "data"))
    async with database(given) as url:
        during = await doctor.database_files(given)
        assert (await server_facts(url)).has_transactions
        (given.data_folder / "gateway.url").unlink()
        silent = await doctor.database_files(given)
        (given.data_folder / "gateway.url").write_text(url)
    after = await doctor.database_files(given)
    assert [one.state for one in (before, during, silent, after)] == ["ok", "ok", "warning", "ok"]
    assert "the first start makes it" in before.words
    assert f"(process {os.getpid()}); MongoDB 6.0.5 answers" in during.words
    assert f"kill {os.getpid()}" in silent.words
    assert "nobody serves from it now" in after.words


async def test_unclean_end_is_told(tmp_path: Path) -> None:
    """A database that was not ended in good order is a warning: the next start repairs it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mongod.lock").write_text("4711\n")
    found = await doctor.database_files(settings(tmp_path))
    assert (found.state, "The next start repairs it" in found.words) == (State.WARNING, True)


async def test_barred_file_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file of the database that this user may not use is broken, and named."""
    barred = tmp_path / "data" / "WiredTiger.wt"
    barred.parent.mkdir()
    barred.touch()
    # The superuser, who may run the tests, is barred from nothing.
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path) != barred)
    found = await doctor.database_files(settings(tmp_path))
    assert found.state is State.BROKEN
    assert str(barred) in found.words
    assert "chown" in found.words


async def test_replica_set_passes(mongod: Mongod, tmp_path: Path) -> None:
    """A replica set of a supported version does."""
    found = await doctor.your_database(settings(tmp_path, mongodb_url=mongod.url))
    assert (found.state, found.words) == (State.OK, "MongoDB 6.0.5, replicated or sharded.")


async def test_lonely_server_found(alone: str, tmp_path: Path) -> None:
    """A server without a replica set is broken: no transactions, no change streams."""
    found = await doctor.your_database(settings(tmp_path, mongodb_url=alone))
    assert (found.state, "rs.initiate()" in found.words) == (State.BROKEN, True)


@pytest.mark.parametrize("options", ["", "?replicaSet=shop", "?directConnection=true"])
async def test_uninitiated_set_found(uninitiated: str, tmp_path: Path, options: str) -> None:
    """A replica set that nobody has made yet is broken, and the command that makes it is named."""
    found = await doctor.your_database(settings(tmp_path, mongodb_url=uninitiated + options))
    assert found.state is State.BROKEN
    assert "run rs.initiate()" in found.words


async def test_wrong_set_name_found(alone: str, tmp_path: Path) -> None:
    """A server that is not of the set that the URL names is broken, and where to look is said."""
    found = await doctor.your_database(settings(tmp_path, mongodb_url=alone + "?replicaSet=shop"))
    assert (found.state, "Check `replicaSet=`" in found.words) == (State.BROKEN, True)


# PyMongo lets go of a socket that was connecting when its client is closed; Python closes it, and says so.
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mongodb://me:password@127.0.0.1:1/", "does not answer"),
        ("mongodb://me:pass:word@/", "cannot be read"),
        ("mongodb://me:password@db.example:99999/", "cannot be read"),
        ("mongodb://me:password@[::1/", "cannot be read"),
    ],
)
async def test_unreachable_server_found(tmp_path: Path, url: str, words: str) -> None:
    """A server that does not answer, or a URL that is none, is broken; the password is not shown."""
    found = await doctor.your_database(settings(tmp_path, mongodb_url=url))
    assert (found.state, words in found.words) == (State.BROKEN, True)
    assert "word@" not in found.words
    assert "me:pass" not in found.words
    gc.collect()


@pytest.mark.parametrize(
    ("version", "off_s", "state"),
    [((5, 0, 31), 0, State.BROKEN), ((5, 2, 0), 0, State.OK), ((8, 0, 4), 0, State.OK), ((8, 0, 4), 90, State.WARNING)],
)
def test_server_facts_judged(tmp_path: Path, version: tuple[int, ...], off_s: int, state: State) -> None:
    """A server before 5.2 is broken; a clock that is off by more than tokens allow is a warning."""
    clock = datetime.now(UTC) + timedelta(seconds=off_s)
    facts = ServerFacts(version=version, has_transactions=True, clock=clock)
    assert doctor._judged(facts, settings(tmp_path)).state is state
    assert (unfit(facts) is None) is (state is not State.BROKEN)


@pytest.mark.parametrize(
    ("given", "state", "words"),
    [
        ({}, State.OK, "kept in the data folder"),
        ({"mongodb_url": "mongodb://x"}, State.BROKEN, "GATEWAY_SECRET is not set"),
        ({"mongodb_url": "mongodb://x", "secret": LONG}, State.WARNING, "No token can be verified"),
        ({"mongodb_url": "mongodb://x", "secret": LONG, "jwt_secret": LONG}, State.OK, "Set"),
        ({"jwt_jwks_url": "https://id.example/keys"}, State.WARNING, "GATEWAY_JWT_ISSUER"),
    ],
)
def test_missing_secret_found(tmp_path: Path, given: dict[str, str], state: State, words: str) -> None:
    """A secret that is needed and not set is named."""
    found = doctor.secrets_set(settings(tmp_path, **given))
    assert (found.state, words in found.words) == (state, True)


async def test_dead_provider_found(tmp_path: Path) -> None:
    """A key set that cannot be fetched is broken."""
    found = await doctor.key_set(settings(tmp_path, jwt_jwks_url="http://127.0.0.1:1/keys"))
    assert (found.state, "GATEWAY_JWT_JWKS_URL" in found.words) == (State.BROKEN, True)


def test_taken_port_found(tmp_path: Path) -> None:
    """A port that someone listens on is a warning: it may be this gateway."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = doctor.port(settings(tmp_path, port=taken.getsockname()[1]))
    assert (found.state, "Address already in use" in found.words) == (State.WARNING, True)


@pytest.mark.parametrize(("text", "state"), [(None, State.WARNING), ("type Query", State.WARNING), ("", State.OK)])
def test_stale_schema_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, state: State) -> None:
    """In a checkout, a committed schema that is missing or stale is a warning."""
    (tmp_path / "pyproject.toml").touch()
    file = tmp_path / "schema.graphql"
    if text is not None:
        file.write_text(text or schema_file.sdl_of(graph()))
    monkeypatch.setattr(doctor, "CHECKOUT", tmp_path)
    monkeypatch.setattr(doctor, "COMMITTED", file)
    assert doctor.contract().state is state


async def test_retention_examined(tmp_path: Path) -> None:
    """A kind that cannot be kept for a limited time is told, and what can."""
    year = timedelta(days=365)
    good = dict(await doctor.examine(lambda: settings(tmp_path / "data", port=0, retention={"notes": year})))
    assert good["retention"] == doctor.ok("Kept for a limited time: notes for 365 days.")
    found = doctor.retention(settings(tmp_path, retention={"nodes": year}))
    assert found.state is State.BROKEN
    assert "'nodes' cannot be kept for a limited time. What can:" in found.words


async def test_jobs_told(mongod: Mongod, store: Store) -> None:
    """When jobs were done last is told, and a job that fails is a warning with the reference of the log."""
    given = settings(Path(), mongodb_url=mongod.url, database="tests")
    at = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
    await store.upsert(JOBS, [(JOBS.id_of({"name": "retention"}), {"$set": {"name": "retention", "ended_at": at}})])
    found = await doctor.background_jobs(given)
    assert found == doctor.ok("No erasure was ever asked for; retention ended 2026-11-26 10:30 UTC.")
    await store.insert(ERASURES, {"_id": new_id(), "state": "RUNNING"})
    assert "An erasure waits for its end" in (await doctor.background_jobs(given)).words
    failed = {"name": "erasures", "failures": 3, "reference": "ddd1d79f90c3"}
    await store.upsert(JOBS, [(JOBS.id_of({"name": "erasures"}), {"$set": failed})])
    found = await doctor.background_jobs(given)
    assert found.state is State.WARNING
    assert "Erasures failed 3 times in a row, last under ddd1d79f90c3" in found.words


async def test_unnamed_deliveries_told(mongod: Mongod, ask: Asking) -> None:
    """How many deliveries wait for accounts that the settings file does not name is a warning, account by account."""
    given = settings(Path(), mongodb_url=mongod.url, database="tests")
    assert (await doctor.deliveries_unnamed(given)).state is State.OK
    post = Post(ask)
    for account in ("new", "new", "other"):
        await post.bring(event("ann", 1), account=account)
    found = await doctor.deliveries_unnamed(given)
    assert found.state is State.WARNING
    assert "not switched on here: 2 for toy/new, 1 for toy/other. A gateway whose" in found.words


async def test_served_database_is_looked_at(tmp_path: Path) -> None:
    """Where the gateway serves from another database than the settings' own, as the demo does, that one is told of."""
    folder, at = tmp_path / "demo", datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
    async with database(settings(folder, database="demo")) as url:
        store = await Store.open(url, "demo", [JOBS])
        await store.upsert(JOBS, [(JOBS.id_of({"name": "erasures"}), {"$set": {"name": "erasures", "ended_at": at}})])
        await store.close()
        found = await doctor.background_jobs(settings(folder))
        named = await doctor.background_jobs(settings(folder, database="profile_gateway"))
    assert "Erasures ended 2026-11-26 10:30 UTC" in found.words
    assert "No erasure was ever asked for" in named.words
