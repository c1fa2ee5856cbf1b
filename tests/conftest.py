"""What every test stands on: a real mongod, an empty store of this house, and a way to ask."""

import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, parse, specified_rules
from hypothesis import HealthCheck, settings
from pymongo import AsyncMongoClient
from strawberry.schema.schema import validate_document

from adapters import windows
from adapters.lines import NO_LINES, Lines
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId
from adapters.veil import Veil
from gateway.app import GATE_RECORDS
from gateway.execution import Known, Plans
from gateway.limits import RateLimit
from gateway.mongod import Mongod
from gateway.telling import told_of_execution
from resolvers.agents import AGENTS, agent_document
from resolvers.kit.acts import Acts
from resolvers.kit.context import Context, GraphLimits
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.delivered import Delivered
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role, Viewer
from resolvers.schema import SLICES
from tests import toy
from tests.makers import Makers
from tests.net import NET, pytest_runtest_makereport, pytest_warning_recorded
from tests.planted import AGENT_NAME

__all__ = ["pytest_runtest_makereport", "pytest_warning_recorded"]

# Sampled with a fixed seed every day; in full by `make deep`.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}
settings.register_profile("everyday", max_examples=20, derandomize=True, **_COMMON)
settings.register_profile("deep", max_examples=500, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))

# A shell that runs the tests in the background has them ignore Ctrl-C, and so whatever they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@dataclass
class Commands:
    """Counts and keeps the commands that reach the database on behalf of the test."""

    seen: list[tuple[str, Document]] = field(default_factory=list)
    is_on: bool = False
    each: list[Callable[[], None]] = field(default_factory=list)
    """Called at every command, in the task that sends it."""

    def command_started(self, name: str, command: Document) -> None:
        """Called by the store before a command leaves."""
        for told in list(self.each):
            told()
        # The change stream that keeps held records fresh beats all the time, whoever asks.
        if self.is_on and name not in {"getMore", "killCursors", "endSessions", "hello"}:
            self.seen.append((name, command))

    @contextmanager
    def counted(self) -> Iterator[list[tuple[str, Document]]]:
        """The commands that are sent inside."""
        self.seen, self.is_on = [], True
        try:
            yield self.seen
        finally:
            self.is_on = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the file that takes longest first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.path.name != "test_demo.py")


@pytest.fixture(scope="session")
async def mongod(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mongod]:
    """One database server for the whole run."""
    async with Mongod(tmp_path_factory.mktemp("mongod") / "data") as server:
        yield server


@pytest.fixture(autouse=True)
def excerpts(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few documents a test makes: plans read of them what their answers show, and graphql-core all."""
    monkeypatch.setattr(windows, "_FEW", 0)


@pytest.fixture(scope="session")
def house() -> Graph:
    """The graph of the house with the toy slice in it."""
    return Graph((*SLICES, toy.SLICE))


@pytest.fixture(scope="session")
def commands() -> Commands:
    """What is sent to the database."""
    return Commands()


@pytest.fixture(scope="session")
async def prepared(mongod: Mongod, house: Graph, commands: Commands) -> AsyncIterator[Store]:
    """A store with every collection and index, for the whole run."""
    store = await Store.open(mongod.url, "tests", [*house.declared.records, *GATE_RECORDS], observer=commands)
    store.veil = Veil("a sample secret for tests")
    await store.prepare()
    store.held.follow()
    yield store
    await store.close()


@pytest.fixture
async def store(prepared: Store) -> Store:
    """An empty store."""
    # Before the test: what a browser of the test before sent as it closed may have come behind its end.
    for record in await _filled(prepared):
        await prepared.delete(record, {})
    return prepared


async def _filled(store: Store) -> list[Record]:
    """The records of which there are documents. Most tests make few, and to look at all of them is one command."""
    looks = {
        record.name: [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": record.name}}}]
        for record in store.records.values()
    }
    first, *others = looks
    unions = [{"$unionWith": {"coll": name, "pipeline": looks[name]}} for name in others]
    found = await store._database[first].aggregate([*looks[first], *unions])
    names = {one["name"] async for one in found}
    return [record for record in store.records.values() if record.name in names]


@pytest.fixture
async def yielding(mongod: Mongod) -> AsyncIterator[None]:
    """Readers of the database make way for writers at every step, as they do after ten milliseconds."""
    async with AsyncMongoClient[dict[str, Any]](mongod.url) as client:
        every = "internalQueryExecYieldIterations"
        before = await client.admin.command({"getParameter": 1, every: 1})
        await client.admin.command({"setParameter": 1, every: 1})
        yield
        await client.admin.command({"setParameter": 1, every: before[every]})


@dataclass(frozen=True)
class Answer:
    """What the graph answered."""

    data: Any
    errors: list[Any]

    @property
    def codes(self) -> list[str]:
        """The codes of the errors."""
        return [(error.extensions or {}).get("code", "") for error in self.errors]


@dataclass
class Asking:
    """Asks the graph as one of the roles."""

    graph: Graph
    store: Store
    agent_id: RecordId
    commands: Commands | None = None
    now: datetime = NOW
    limits: GraphLimits = field(default_factory=GraphLimits)
    role: Role = Role.AGENT
    """Who asks, unless a question says otherwise."""
    lines: Lines = NO_LINES
    """The channel accounts that can be reached."""
    delivered: Delivered = field(default_factory=Delivered)
    """What the last answer gave away."""
    rates: RateLimit | None = None
    """Counts what may not be done too often."""
    acts: Acts | None = None
    """Writes administrative acts down."""

    def __post_init__(self) -> None:
        self._begun = self._under_way = 0
        self.plans = Plans(self.graph, compile_at=1)
        self.plain = Plans(self.graph, is_on=False)

    def context(self, role: Role = Role.AGENT, **viewer: Any) -> Context:
        """The context of one request; each is a minute later than the one before."""
        self.now += timedelta(minutes=1)
        staff = role not in {Role.PARTNER, Role.VISITOR}
        told = {"subject": role.value, "agent_id": self.agent_id if staff else None} | viewer
        return Context(
            viewer=Viewer(role=role, **told),
            store=self.store,
            declared=self.graph.declared,
            seal=CursorSeal("a sample secret for tests"),
            clock=lambda now=self.now: now,  # type: ignore[misc]
            limits=self.limits,
            lines=self.lines,
            delivered=Delivered(is_watched=True),
            rates=self.rates,
            acts=self.acts,
        )

    async def __call__(
        self, query: str, *, as_: Role | None = None, viewer: Mapping[str, Any] | None = None, **variables: Any
    ) -> Answer:
        """The answer to a query."""
        context = self.context(as_ or self.role, **(viewer or {}))
        self._begun, self._under_way = self._begun + 1, self._under_way + 1
        try:
            return await self._answered(query, context, variables)
        finally:
            self._under_way -= 1

    async def _answered(self, query: str, context: Context, variables: dict[str, Any]) -> Answer:
        begun, is_alone = self._begun, self._under_way == 1
        result = await self._planned(query, variables, context)
        if result is None:
            result = await self.graph.execute(query, variable_values=variables, context_value=context)
        elif self._compares(query):
            again = replace(context, delivered=Delivered(is_watched=True))
            plain = (await self.plain.execute(Known(parse(query)), context=again, variables=variables)).result
            # Beside others, one of them may have changed something between the two.
            if is_alone and self._begun == begun:
                assert (result.data, _told(result)) == (plain.data, _told(plain)), "a plan answers as graphql-core does"
                assert context.delivered == again.delivered, "a plan gives away what graphql-core does"
        self.delivered = context.delivered
        if result.errors:
            NET.hear_errors(told_of_execution(result.errors))
        if "mutation" in query:
            NET.hear_refusals(result.data)
        return Answer(result.data, result.errors or [])

    async def _planned(self, query: str, variables: Mapping[str, Any], context: Context) -> Any:
        """What a plan answers; None where the query does not come that far."""
        try:
            document = parse(query)
        except GraphQLError:
            return None
        if validate_document(self.graph._schema, document, tuple(specified_rules)):
            return None
        return (await self.plans.execute(Known(document), context=context, variables=variables)).result

    def _compares(self, query: str) -> bool:
        """Whether the question may be asked twice: it changes nothing, and nobody counts."""
        return "mutation" not in query and not (self.commands and self.commands.is_on)


def _told(result: Any) -> list[Any]:
    """The errors in the order of the answer, which is the order in which a plan tells them."""
    return sorted(([str(one) for one in error.path or ()], error.message) for error in result.errors or [])


@pytest.fixture
async def ask(house: Graph, store: Store, commands: Commands) -> Asking:
    """Asks the graph; an agent unless said otherwise."""
    agent = agent_document(subject="agent", name=AGENT_NAME, role=Role.AGENT, at=NOW)
    await store.insert(AGENTS, agent)
    return Asking(house, store, agent["_id"], commands)


@pytest.fixture
def make(store: Store) -> Makers:
    """Makes customers and what belongs to them."""
    return Makers(store)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return Path(__file__).parent.parent


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is bounded by the minute is counted within one: the clock by which it is counted stands still."""
    now = time.time() // 60 * 60 + 20
    monkeypatch.setattr(time, "time", lambda: now)
