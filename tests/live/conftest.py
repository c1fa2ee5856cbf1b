"""A vendor, lines to it, and a graph that asks them live."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from adapters.http.session import Outside
from adapters.lines import Lines
from gateway.answering import Answering
from gateway.limit_settings import LimitSettings
from gateway.questions import Question
from resolvers.kit.viewer import Role
from resolvers.live.asking import Asking
from resolvers.live.memory import Freshness
from resolvers.live.question import LiveQuestion
from tests.conftest import Asking as Stored
from tests.live.vendor import AcmeSettings, Vendor, lines_to, standing


@dataclass
class Answered:
    """What came back, and how long it took."""

    body: dict[str, Any]
    took_s: float

    @property
    def data(self) -> Any:
        """The data; there are no errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def sources(self) -> dict[str, dict[str, Any]]:
        """The sources beside the data, by account."""
        return {one["account"] or one["name"]: one for one in self.body["extensions"]["sources"]}


class Panel:
    """Asks as the gate does, with lines."""

    def __init__(self, stored: Stored, lines: Lines, *, live_s: float, freshness: Freshness) -> None:
        self.stored, self.lines, self.live_s = stored, lines, live_s
        self.asking = Asking(stored.store, lines, clock=lambda: stored.now, behind_s=5, freshness=freshness)
        self._answering = Answering(stored.graph, LimitSettings())

    async def __call__(self, query: str, *, as_: Role = Role.AGENT, viewer: Any = None, **variables: Any) -> Answered:
        """The answer to a query."""
        live = LiveQuestion(self.asking, self.stored.graph.declared, live_s=self.live_s)
        context = replace(self.stored.context(as_, **(viewer or {})), lines=self.lines, live=live)
        question = Question(text=query, variables=variables)
        began = time.monotonic()
        answer = await self._answering.answer(self._answering.preparing.prepare(question), context)
        return Answered(answer.body, time.monotonic() - began)

    async def settled(self) -> None:
        """Returns when nothing is asked behind answers any more."""
        await asyncio.wait_for(self.asking.settle(), 10)


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    """A vendor on this machine that answers well until it is told otherwise."""
    async with standing() as one:
        yield one


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    """The ways out."""
    async with Outside() as one:
        yield one


@pytest.fixture
async def panel(ask: Stored, vendor: Vendor, outside: Outside) -> AsyncIterator[Callable[..., Panel]]:
    """Makes a graph with a line for each account that is named; `main` offers tickets where none is."""
    made: list[Panel] = []

    def make(*, live_s: float = 5.0, freshness: Freshness | None = None, **accounts: AcmeSettings) -> Panel:
        lines = lines_to(outside, vendor, **(accounts or {"main": AcmeSettings()}))
        made.append(Panel(ask, lines, live_s=live_s, freshness=freshness or Freshness()))
        return made[-1]

    yield make
    for one in made:
        await one.asking.close()
