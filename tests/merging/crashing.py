"""Merging in a process of its own that dies, or kills the database, at a chosen command.

It imports everything once and then forks for each order, so that a death costs a tenth of a second.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from adapters.mongo import Store
from adapters.records import Document, RecordId
from gateway import cli
from gateway.app import records_of
from resolvers.kit.context import Context
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role, Viewer
from resolvers.schema import graph

ROOT = Path(__file__).parent.parent.parent
# What a start and a connection send of themselves, and the streams in the background.
_OF_ITSELF = {"hello", "ping", "buildInfo", "listCollections", "create", "createIndexes", "getMore", "killCursors"}


@dataclass(slots=True)
class Death:
    """Kills a process at a command: before it leaves, or when it has been sent and nobody has heard of it."""

    at: int
    is_sent: bool
    victim: int
    seen: list[str] = field(default_factory=list)
    is_on: bool = False

    def command_started(self, name: str, command: Document) -> None:
        """Called by the store before a command leaves."""
        # Before the customers are read, nothing happens that could be left half done.
        self.is_on |= command.get(name) == "customers" and name not in _OF_ITSELF
        if not self.is_on or name in _OF_ITSELF or "$changeStream" in str(command.get("pipeline", ""))[:20]:
            return
        self.seen.append(name)
        if len(self.seen) == self.at:
            kill = partial(os.kill, self.victim, signal.SIGKILL)
            if self.is_sent:
                asyncio.get_running_loop().call_soon(kill)
            else:
                kill()


def serve() -> None:
    """Obeys one order a line, each in a process of its own, and says how that one ended."""
    made = graph()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _obey(made, json.loads(line))
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(json.dumps({"exit": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()


def _obey(made: Graph, order: Mapping[str, Any]) -> NoReturn:
    death = Death(order["at"], order["is_sent"], order["victim"] or os.getpid())
    told = _commanded(death, order) if order["words"] else asyncio.run(_asked(death, made, order))
    sys.stdout.write(json.dumps({"told": told, "seen": death.seen}) + "\n")
    sys.stdout.flush()
    os._exit(0)


def _commanded(death: Death, order: Mapping[str, Any]) -> Any:
    """What the command line's exit status is."""
    os.environ |= {"MONGODB_URL": order["url"], "GATEWAY_DATABASE": order["database"], "GATEWAY_SECRET": "s" * 40}
    opens = Store.open
    Store.open = lambda *given, **_: opens(*given, observer=death)  # type: ignore[method-assign, assignment]
    sys.argv = ["profile-gateway", *order["words"]]
    printed, sys.stdout = sys.stdout, sys.stderr
    try:
        cli.main()
    except SystemExit as end:
        return end.code
    finally:
        sys.stdout = printed
    return 0


async def _asked(death: Death, made: Graph, order: Mapping[str, Any]) -> Any:
    """What a mutation answers."""
    store = await Store.open(order["url"], order["database"], records_of(made), observer=death)
    context = Context(
        viewer=Viewer(role=Role.AGENT, subject="agent"),
        store=store,
        declared=made.declared,
        seal=CursorSeal("a sample secret for tests"),
        clock=_now,
    )
    result = await made.execute(order["query"], variable_values={"input": order["input"]}, context_value=context)
    return {"data": result.data, "errors": [str(one) for one in result.errors or ()]}


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


# On the other side


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended."""

    exit: int
    told: Any = None
    seen: Sequence[str] = ()
    """The commands that it sent, where it came to its end."""


@dataclass(frozen=True, slots=True)
class Mortal:
    """Does one thing to a database, again and again, each time in a process of its own."""

    process: asyncio.subprocess.Process
    order: Mapping[str, Any]

    async def run(self, at: int = 0, *, is_sent: bool = False, victim: int | None = None) -> Ending:
        """Does it, and kills at that command; at 0 nobody dies."""
        assert self.process.stdin
        assert self.process.stdout
        order = {"words": None, **self.order, "at": at, "is_sent": is_sent, "victim": victim}
        self.process.stdin.write(json.dumps(order).encode() + b"\n")
        found: dict[str, Any] = {}
        while "exit" not in found:
            found |= json.loads(await asyncio.wait_for(self.process.stdout.readline(), 90))
        return Ending(**found)


@asynccontextmanager
async def mortals() -> AsyncIterator[asyncio.subprocess.Process]:
    """The process that forks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
    )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


State = Mapping[str, Sequence[Document]]
"""Every document of a database, by collection."""


async def state_of(store: Store) -> State:
    """All that the database holds, once it holds still."""
    before: State | None = None
    while True:
        found = await asyncio.gather(*[store.find(one, {}, order=[("_id", 1)]) for one in store.records.values()])
        now = dict(zip(store.records, found, strict=True))
        if now == before:
            return {name: documents for name, documents in now.items() if documents}
        before = now


async def put_back(store: Store, state: State) -> None:
    """Has the database hold that, and nothing else."""
    await asyncio.gather(*[store.delete(record, {}) for record in store.records.values()])
    for name, documents in state.items():
        await store.insert(store.records[name], *documents)


def told_apart(state: State, before: State) -> Any:
    """The state with random ids and moments that were not there before made the same in every run."""
    known: set[Any] = set()
    _said_anew(before, known.add)
    names: dict[RecordId, str] = {}

    def name(value: Any) -> Any:
        if value in known:
            return value
        return "then" if isinstance(value, datetime) else names.setdefault(value, f"new {len(names)}")

    # Those who were there come first, and name what is new by where it stands with them.
    return {
        collection: sorted(
            (_said_anew(one, name) for one in sorted(state[collection], key=lambda one: one["_id"] not in known)),
            key=lambda one: str(one["_id"]),
        )
        for collection in sorted(state)
    }


def _said_anew(value: Any, name: Any) -> Any:
    if isinstance(value, (RecordId, datetime)):
        return name(value)
    if isinstance(value, Mapping):
        return {key: _said_anew(one, name) for key, one in value.items()}
    return [_said_anew(one, name) for one in value] if isinstance(value, list | tuple) else value


if __name__ == "__main__":
    serve()
