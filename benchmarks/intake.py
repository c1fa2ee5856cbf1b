"""How many deliveries a second are kept and taken in, while the gateway and its database are killed?

    python -m benchmarks.intake               a minute of at most 1,500 deliveries a second
    python -m benchmarks.intake 10 600        shorter, and fewer

The database, the gateway and the vendor are a process each, on the same two cores. After a third of the load the
gateway is killed (kill -9) and started again at once, after two thirds the database. Behind the quiet step and behind
the load, when nothing waits any more, every message is looked up: each there once, everyone's in the order
acknowledged, no status fallen back, nothing set aside. The same database in the same run writes plain single inserts
beside it, by as many at once as the vendor has connections: so the machine is in the figures. It ends with status 1
where something is not as it must be, and never hangs: whatever does not end within ten minutes counts as failed.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Final

import httpx
import orjson
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from benchmarks.bench import DATABASE, judged
from benchmarks.intake_vendor import ACCOUNT, APP_SECRET, CONNECTIONS, QUIET_PER_S, STATUSES
from gateway.mongod import Mongod
from resolvers.deliveries.waiting import event_id

MUST_PER_S, GOAL_PER_S = 500, 1_500
MOST_QUIET_MS: Final = 50.0

_ROOT: Final = Path(__file__).parent.parent
_QUIET_S, _PLAIN_S = 10.0, 10.0
_CHANNELS: Final = f"""[[channel]]
name = "whatsapp"
account = "{ACCOUNT}"
access_token = {{from_env = "SAMPLE_ACCESS_TOKEN"}}
app_secrets = [{{from_env = "SAMPLE_APP_SECRET"}}]
verify_token = {{from_env = "SAMPLE_VERIFY_TOKEN"}}
"""
# A start takes two or three seconds on an idle machine.
_START_S: Final = 120.0
# However slowly it is taken in, it is taken in; and a vendor whose deliveries are not kept would send them for ever.
_EMPTY_S: Final = 600.0
_PATIENCE_S: Final = 600.0
# Between two looks at how much waits.
_LOOK_S: Final = 5.0
_MOST_SHOWN: Final = 5
# Ninety thousand deliveries write some hundred bytes of changes to a dozen documents each.
_LOG_MB: Final = 16_000.0


class Failed(Exception):
    """Something is not as it must be."""


class Gateway:
    """The gateway as people start it, which is killed and started again."""

    def __init__(self, environment: Mapping[str, str], port: int, log: IO[bytes]) -> None:
        self._environment, self._port, self._log = environment, port, log
        self._process: Process | None = None

    async def start(self) -> None:
        """Returns when it answers."""
        words = ("-c", "from gateway.cli import main; main()", "serve", "--port", str(self._port))
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *words, env=dict(self._environment), stdout=self._log, stderr=self._log, cwd=_ROOT
        )
        deadline = time.monotonic() + _START_S
        async with httpx.AsyncClient() as client:
            while time.monotonic() < deadline:
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"http://127.0.0.1:{self._port}/readyz")).status_code == httpx.codes.OK:
                        return
                await asyncio.sleep(0.1)
        raise RuntimeError(f"The gateway does not start:\n{self.tail()}")

    async def kill(self) -> None:
        """Ends it at once, whatever it is about to do."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def tail(self) -> str:
        """The last of what it wrote."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-4_000:]


@dataclass(frozen=True, slots=True)
class Stage:
    """All that takes part."""

    server: Mongod
    database: AsyncDatabase[dict[str, Any]]
    gateway: Gateway
    port: int


@asynccontextmanager
async def _stage() -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as log:
        async with Mongod(Path(folder) / "data", cache_gb=1.0) as server:
            channels, port = Path(folder) / "channels.toml", _free_port()
            channels.write_text(_CHANNELS, "utf-8")
            ours = {name: word for name, word in os.environ.items() if not name.startswith(("GATEWAY_", "MONGODB_"))}
            settings = {
                "MONGODB_URL": server.url,
                "GATEWAY_DATABASE": DATABASE,
                "GATEWAY_DATA_FOLDER": str(Path(folder) / "gateway"),
                "GATEWAY_SECRET": secrets.token_urlsafe(32),
                "GATEWAY_JWT_SECRET": secrets.token_urlsafe(32),
                "GATEWAY_CHANNELS": str(channels),
                "GATEWAY_LOG_LEVEL": "warning",
                "SAMPLE_ACCESS_TOKEN": "a sample access token",
                "SAMPLE_APP_SECRET": APP_SECRET,
                "SAMPLE_VERIFY_TOKEN": "a sample verify token",
            }
            gateway = Gateway({**ours, **settings}, port, log)
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(server.url)
            try:
                # All of the load's changes are to be read again in the end.
                await client.admin.command({"replSetResizeOplog": 1, "size": _LOG_MB})
                await gateway.start()
                yield Stage(server, client[DATABASE], gateway, port)
            finally:
                await gateway.kill()
                await client.close()


async def main(seconds: float = 60.0, rate: float = GOAL_PER_S) -> bool:
    """Prints what a second brings, how long an acknowledgement takes, and how far taking in lags behind.

    It answers whether the goals are reached, and raises Failed where something was lost, doubled or out of its order.
    """
    print(f"intake: {seconds:.0f} s of at most {rate:.0f} deliveries a second, {CONNECTIONS} connections")
    async with _stage() as stage:
        words = (str(stage.port), str(seconds), str(rate), str(min(_QUIET_S, seconds)))
        vendor = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.intake_vendor", *words), stdin=PIPE, stdout=PIPE, limit=2**30, cwd=_ROOT
        )
        try:
            await _heard(vendor)
            quiet = await _told(vendor, "quiet", _QUIET_S)
            _say("quiet, acknowledged after", quiet)
            await _check(stage, quiet["keys"], "the quiet step")
            plain = await _plain(stage.database, min(_PLAIN_S, seconds))
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(_kill(stage, seconds))
                looking = tasks.create_task(_look(stage.database))
                loud = await _told(vendor, "load", seconds)
                looking.cancel()
        finally:
            if vendor.returncode is None:
                vendor.kill()
            await vendor.wait()
        is_reached = _judge(quiet, loud, plain)
        emptied_s = await _check(stage, quiet["keys"] | loud["keys"], "the load")
        await _tell_lag(stage.database, emptied_s)
    return is_reached


async def _check(stage: Stage, keys: Mapping[str, Sequence[str]], step: str) -> float:
    """After how many seconds nothing waited any more; raises Failed where not all is there that was acknowledged."""
    emptied_s = await _emptied(stage.database)
    wrong = await _wrong(stage.database, keys)
    if wrong:
        print(stage.gateway.tail())
        raise Failed(f"Behind {step}: {'; '.join(wrong)}.")
    print(f"  behind {step} each acknowledged delivery is there once, and in its order", flush=True)
    return emptied_s


async def _look(database: AsyncDatabase[dict[str, Any]]) -> None:
    """Tells now and then how much waits, until it is cancelled."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(_LOOK_S)
        # While the database is away nobody can say.
        with contextlib.suppress(PyMongoError):
            waiting = await database["deliveries"].count_documents({"state": "waiting"})
            print(f"  after {_since(began):.0f} s {waiting:,} deliveries waited", flush=True)


async def _heard(vendor: Process) -> bytes:
    line = await vendor.stdout.readline() if vendor.stdout else b""
    if not line:
        raise RuntimeError("The vendor's process ended.")
    return line


async def _told(vendor: Process, word: str, seconds: float) -> dict[str, Any]:
    """What the vendor saw, who is told to begin; raises TimeoutError where it goes on for ever."""
    if vendor.stdin:
        vendor.stdin.write(f"{word}\n".encode())
    async with asyncio.timeout(seconds + _PATIENCE_S):
        return orjson.loads(await _heard(vendor))  # type: ignore[no-any-return]


async def _kill(stage: Stage, seconds: float) -> None:
    """Kills the gateway after a third, and the database after two; each is started again at once."""
    began = time.monotonic()
    await asyncio.sleep(seconds / 3)
    await stage.gateway.kill()
    await stage.gateway.start()
    print(f"  the gateway was killed after {seconds / 3:.0f} s, and ready {_since(began) - seconds / 3:.1f} s later")
    await asyncio.sleep(max(seconds * 2 / 3 - _since(began), 0))
    if stage.server.pid is None:
        raise RuntimeError("There is no database to be killed.")
    os.kill(stage.server.pid, 9)
    print(f"  the database was killed after {_since(began):.0f} s", flush=True)


def _since(began: float) -> float:
    return time.monotonic() - began


async def _plain(database: AsyncDatabase[dict[str, Any]], seconds: float) -> float:
    """How many single inserts a second as many at once write, each as lasting as a delivery."""
    collection = database.client["plain"].get_collection("plain", write_concern=WriteConcern("majority", j=True))
    ends, body, count = time.perf_counter() + seconds, b"x" * 600, 0

    async def one() -> None:
        nonlocal count
        while time.perf_counter() < ends:
            await collection.insert_one({"body": body, "n": count})
            count += 1

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    await database.client.drop_database("plain")
    return count / seconds


async def _emptied(database: AsyncDatabase[dict[str, Any]]) -> float:
    """After how many seconds nothing waits any more."""
    began = time.monotonic()
    while await database["deliveries"].find_one({"state": "waiting"}, {"_id": 1}):
        if _since(began) > _EMPTY_S:
            left = await database["deliveries"].count_documents({"state": "waiting"})
            raise Failed(f"{left} deliveries still wait after {_EMPTY_S:.0f} s.")
        await asyncio.sleep(0.1)
    return _since(began)


async def _wrong(database: AsyncDatabase[dict[str, Any]], keys: Mapping[str, Sequence[str]]) -> list[str]:
    """What is not as it was acknowledged; nothing, if all is well."""
    wrong: list[str] = []
    if aside := await database["deliveries"].count_documents({}):
        wrong.append(f"{aside} deliveries are set aside")
    events = sum(map(len, keys.values()))
    if (told := await database["event_keys"].count_documents({})) != events:
        wrong.append(f"{told} things were taken in, and {events} were told")
    found = await database["messages"].find({}, {"external_id": 1, "status": 1, "customer_id": 1}).to_list()
    counts = Counter(one.get("external_id") for one in found)
    # Of a message that never came a status may have come: it has no id of its own.
    if doubled := [key for key, count in counts.items() if key is not None and count > 1]:
        wrong.append(f"{len(doubled)} messages are there twice")
    wanted = {key for told_ in keys.values() for key in told_ if ":" not in key}
    if missing := wanted - counts.keys():
        wrong.append(f"{len(missing)} messages are missing, as {min(missing)}")
    by_person: dict[str, list[dict[str, Any]]] = {}
    for one in found:
        if external_id := one.get("external_id"):
            by_person.setdefault(external_id.split("-")[1], []).append(one)
    places = await _places(database)
    astray = [words for told_ in keys.values() if (words := _astray(told_, places))]
    figures = (
        (len(astray), f"people's things were taken in in another order, as {'; '.join(astray[:_MOST_SHOWN])}"),
        (sum(_fallen(by_person.get(one, []), told_) for one, told_ in keys.items()), "statuses are lower than told"),
        (
            sum(len({one["customer_id"] for one in own}) > 1 for own in by_person.values()),
            "people are several customers",
        ),
    )
    return wrong + [f"{count} {what}" for count, what in figures if count]


async def _places(database: AsyncDatabase[dict[str, Any]]) -> dict[Any, tuple[int, str]]:
    """The place of each thing among all that were taken in, by its id, and the moment that it bears.

    The database's own log of changes says it, which has the order of writing, within a transaction too. How a
    collection lies on the disk says nothing: what a killed server had not saved it writes anew, several at once.
    """
    keys = {"o.applyOps.ns": f"{DATABASE}.event_keys"}
    stages: list[dict[str, Any]] = [
        {"$match": keys},
        {"$unwind": "$o.applyOps"},
        {"$match": {**keys, "o.applyOps.op": "i"}},
        {"$project": {"_id": "$o.applyOps.o._id", "at": "$o.applyOps.o.at"}},
    ]
    # As the log lies, which is in its order.
    entries = await database.client["local"]["oplog.rs"].aggregate(stages, hint={"$natural": 1})
    found = [(one["_id"], one["at"].isoformat()) async for one in entries]
    return {key: (place, at) for place, (key, at) in enumerate(found)}


def _astray(told: Sequence[str], places: Mapping[Any, tuple[int, str]]) -> str | None:
    """What was told of a person and taken in in another order than it was acknowledged, and when; None if nothing."""
    words = (f"status:{key}" if ":" in key else f"message:{key}" for key in told)
    # What is missing is told elsewhere.
    taken = [
        (key, places.get(event_id("whatsapp", ACCOUNT, word), (-1, ""))) for key, word in zip(told, words, strict=True)
    ]
    for (before, first), (behind, second) in pairwise(taken):
        if second < first:
            return f"{before} as number {first[0]} ({first[1]}), and {behind}, told later, as {second[0]} ({second[1]})"
    return None


def _fallen(own: Sequence[Mapping[str, Any]], told: Sequence[str]) -> int:
    """How many of our messages stand lower than the highest word that was told of them."""
    highest: dict[str, int] = {}
    for key in told:
        message, _, word = key.partition(":")
        if word:
            highest[message] = max(highest.get(message, 0), STATUSES.index(word))
    stands = {one["external_id"]: one["status"] for one in own}
    # A word on a message that was never told of stands nowhere yet.
    return sum(stands[key] != STATUSES[rank].upper() for key, rank in highest.items() if key in stands)


def _judge(quiet: Mapping[str, Any], loud: Mapping[str, Any], plain: float) -> bool:
    """Whether both goals are reached."""
    _say("loaded, acknowledged after", loud)
    count = sum(map(len, loud["keys"].values()))
    per_s = count / loud["lasted_s"]
    p99 = _quantile(quiet["took_ms"], 99)
    again, failed = loud["again"], loud["failed"]
    print(f"  {count:,} deliveries, {again:,} of them twice; {failed:,} attempts failed and were made again")
    print(
        f"  {judged(per_s >= MUST_PER_S)}: {per_s:.0f} deliveries a second were kept (at least {MUST_PER_S}, goal "
        f"{GOAL_PER_S}), {per_s / plain:.2f} times the {plain:.0f} plain inserts of as many at once"
    )
    print(
        f"  {judged(p99 < MOST_QUIET_MS)}: at {QUIET_PER_S} a second 99 of 100 were acknowledged within {p99:.1f} ms "
        f"(below {MOST_QUIET_MS:.0f})"
    )
    return per_s >= MUST_PER_S and p99 < MOST_QUIET_MS


def _say(what: str, seen: Mapping[str, Any]) -> None:
    took = seen["took_ms"]
    print(f"  {what} {_quantile(took, 50):.1f} ms (p50) and {_quantile(took, 99):.1f} ms (p99)", flush=True)


def _quantile(figures: Sequence[float], percent: int) -> float:
    return statistics.quantiles(figures, n=100)[percent - 1]


async def _tell_lag(database: AsyncDatabase[dict[str, Any]], emptied_s: float) -> None:
    """How fast they were taken in, by the moments that their keys bear."""
    second = {"$dateTrunc": {"date": "$at", "unit": "second"}}
    stages: list[dict[str, Any]] = [{"$group": {"_id": second, "count": {"$sum": 1}}}, {"$sort": {"_id": 1}}]
    # Those of the load alone: in the quiet phase no more came than were taken in.
    found = [one async for one in await database["event_keys"].aggregate(stages)]
    busy = [one["count"] for one in found if one["count"] > 2 * QUIET_PER_S]
    if busy:
        print(
            f"  {statistics.median(busy):.0f} a second were taken in (the median of {len(busy)} seconds with more "
            f"than {2 * QUIET_PER_S})"
        )
    print(f"  {emptied_s:.1f} s behind the last delivery nothing waited any more")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    sys.exit(not asyncio.run(main(*map(float, sys.argv[1:]))))
