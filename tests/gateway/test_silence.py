"""Does the log say so where the database let a question wait until it was given up?"""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from adapters.mongo import Store
from gateway import silence
from gateway.mongod import Mongod
from gateway.seldom import Seldom
from gateway.traces import CommandCount
from tests.gateway.conftest import OpenGate, code_of
from tests.makers import Makers


@pytest.fixture
async def store(store: Store, mongod: Mongod) -> AsyncIterator[Store]:
    """The run's store, whose commands are told to requests as the gateway's own are."""
    counting = await Store.open(mongod.url, "tests", list(store.records.values()), observer=CommandCount())
    counting.veil = store.veil
    counting.held.follow()
    yield counting
    await counting.close()


@pytest.fixture(autouse=True)
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was told a moment ago."""
    monkeypatch.setattr(silence, "_seldom", Seldom())


async def test_silence_told(open_gate: OpenGate, make: Makers) -> None:
    """The code told is that of a long question; the log tells of the database, how many commands and how long."""
    await make.customer()
    gate = open_gate(execution_s=0.4)
    with capture_logs() as lines:
        assert code_of(await gate.ask("{ a: silent b: silent }")) == "LIMIT_EXCEEDED"
        assert code_of(await gate.ask("{ silent }")) == "LIMIT_EXCEEDED"
    told = [one for one in lines if one["event"] == "the database does not answer"]
    assert [(one["commands"], one["questions"], one["log_level"]) for one in told] == [(2, 1, "warning")]
    assert 0.2 <= told[0]["for_s"] <= 1.5


async def test_slow_by_itself(open_gate: OpenGate) -> None:
    """Nothing is told of the database where it has answered all that it was asked."""
    gate = open_gate(execution_s=0.2)
    with capture_logs() as lines:
        assert code_of(await gate.ask("{ viewer { subject } slow(seconds: 5) }")) == "LIMIT_EXCEEDED"
    assert [one for one in lines if one["event"] == "the database does not answer"] == []
