"""How much may one viewer ask within a minute, counted in one process, or in Redis for all of them?"""

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway import limits
from gateway.endpoint import PREFLIGHT
from gateway.limits import RateLimit
from gateway.settings import BadSettings, load_settings
from resolvers.kit.errors import Unavailable
from resolvers.kit.viewer import Role
from tests.gateway.conftest import GRAPHQL, OpenGate, code_of, data_of
from tests.makers import Makers

ME = "{ viewer { subject } }"
PAGES = "{ customers(first: 10) { nodes { id } } }"


@pytest.mark.usefixtures("one_minute")
async def test_asked_too_often(open_gate: OpenGate) -> None:
    """Who has asked as often as one may is told so with 429, by which limit, and when to come again; others go on."""
    gate = open_gate(requests_per_minute=3)
    for _ in range(3):
        data_of(await gate.ask(ME))
    refused = await gate.ask(ME)
    (error,) = refused.json()["errors"]
    assert (refused.status_code, code_of(refused)) == (429, "LIMIT_EXCEEDED")
    assert error["extensions"] | {"code": ""} == {"code": "", "limit": "requests_per_minute", "asked": 1, "most": 3}
    assert 1 <= int(refused.headers["retry-after"]) <= 120
    data_of(await gate.ask(ME, headers={"Authorization": f"Bearer {gate.token(subject='bob')}"}))


@pytest.mark.usefixtures("one_minute")
@pytest.mark.parametrize("shown", [{"Authorization": "Bearer a.b.c"}, {"X-API-Key": "pgk_x"}], ids=["token", "key"])
async def test_guesses_count(open_gate: OpenGate, shown: dict[str, str]) -> None:
    """Whoever shows what proves nothing is counted by address, as who shows nothing; who proves something goes on."""
    gate = open_gate(requests_per_minute=30)
    found = [(await gate.ask(ME, headers=shown)).status_code for _ in range(5)]
    assert found == [401, 401, 401, 429, 429]
    assert (await gate.ask(ME)).status_code == 200


@pytest.mark.usefixtures("one_minute")
async def test_bad_questions_count(open_gate: OpenGate) -> None:
    """A question that is no good is counted like any other: to find that out takes its time, too."""
    gate = open_gate(requests_per_minute=3)
    for bad in ("{", "{ nothing }", "{ viewer {" + " role" * 400 + " } }"):
        assert (await gate.ask(bad)).status_code == 200
    assert (await gate.ask(ME)).status_code == 429


@pytest.mark.usefixtures("one_minute")
async def test_strangers_count_by_address(open_gate: OpenGate) -> None:
    """Who has not signed in is counted by address, whatever is sent, with a visitor's share."""
    gate = open_gate(requests_per_minute=20)
    asked = [await gate.client.post("/graphql", json={"query": "{"}) for _ in range(3)]
    assert [one.status_code for one in asked] == [401, 401, 429]


@pytest.mark.usefixtures("one_minute")
async def test_asked_too_much(open_gate: OpenGate) -> None:
    """What questions cost adds up; a cheaper one may still fit, and what one would cost may be asked."""
    gate = open_gate(cost_per_minute=25, question_cost=20)
    for _ in range(2):
        data_of(await gate.ask(PAGES))
    refused = await gate.ask(PAGES)
    assert refused.json()["errors"][0]["extensions"]["limit"] == "cost_per_minute"
    assert "costs 11" in refused.text
    assert (await gate.client.post(PREFLIGHT, json={"query": PAGES}, headers=gate.bearer())).status_code == 200
    data_of(await gate.ask(ME))


@pytest.mark.usefixtures("one_minute")
async def test_visitors_have_a_tenth(open_gate: OpenGate, make: Makers) -> None:
    """Anybody may be a visitor, and has a tenth of what staff has."""
    gate, ann = open_gate(requests_per_minute=20), await make.customer()
    visitor = {"Authorization": f"Bearer {gate.token(Role.VISITOR, 'visitor:1', customer_id=ann.id)}"}
    codes = [(await gate.ask("{ __typename }", headers=visitor)).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


async def test_never_affordable(open_gate: OpenGate, make: Makers) -> None:
    """What costs more than a whole minute's budget is told that no waiting helps, and what does."""
    gate, ann = open_gate(cost_per_minute=50, question_cost=50), await make.customer()
    headers = gate.bearer(Role.VISITOR, subject="visitor:1", customer_id=ann.id) | {"Accept": GRAPHQL}
    refused = await gate.ask("{ viewer { customer { conversations(first: 9) { nodes { id } } } } }", headers=headers)
    assert (refused.status_code, code_of(refused)) == (400, "LIMIT_EXCEEDED")
    assert "retry-after" not in refused.headers
    assert "can never be answered. Ask for shorter pages" in refused.text
    assert refused.json()["errors"][0]["extensions"]["limit"] == "cost_per_minute"


async def test_no_bound(open_gate: OpenGate) -> None:
    """Zero sets no bound."""
    gate = open_gate(requests_per_minute=0, cost_per_minute=0)
    for _ in range(5):
        data_of(await gate.ask(PAGES))


@pytest.mark.parametrize(
    "wrong", [{"cost_per_minute": 100}, {"redis_url": "http://x"}, {"rates_without_redis": "guess"}], ids=str
)
def test_wrong_settings(wrong: dict[str, Any]) -> None:
    """A budget that one question may overdraw, and what is no Redis, are said at the start."""
    with pytest.raises(BadSettings, match=next(iter(wrong)).upper()):
        load_settings(**wrong)


# In Redis


Start = Callable[[], Awaitable[asyncio.subprocess.Process]]


@pytest.fixture
def port() -> int:
    """A port on which nothing listens yet."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture
async def redis(port: int) -> AsyncIterator[Start]:
    """Starts a Redis on that port."""
    if shutil.which("redis-server") is None:
        pytest.skip("There is no redis-server here.")
    started: list[asyncio.subprocess.Process] = []

    async def start() -> asyncio.subprocess.Process:
        arguments = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        out = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec("redis-server", *arguments, stdout=out)
        started.append(process)
        assert process.stdout is not None
        while b"Ready to accept" not in await process.stdout.readline():
            pass
        return process

    yield start
    for one in started:
        if one.returncode is None:
            one.kill()
            await one.wait()


@pytest.fixture
async def rates(port: int) -> AsyncIterator[Callable[..., RateLimit]]:
    """Makes a process's counts in that Redis."""
    made: list[RateLimit] = []

    def make(secret: str = "", **more: Any) -> RateLimit:
        made.append(RateLimit(load_settings(redis_url=f"redis://{secret}127.0.0.1:{port}", **more)))
        return made[-1]

    yield make
    for one in made:
        await one.close()


Rates = Callable[..., RateLimit]


@pytest.mark.usefixtures("one_minute")
async def test_processes_count_together(redis: Start, rates: Rates) -> None:
    """What one process has counted the other knows."""
    await redis()
    one, other = rates(), rates()
    taken = [await each.take("requests", "anna", 3) for each in (one, other, one, other)]
    assert taken[:3] == [None] * 3
    assert 1 <= (taken[3] or 0) <= 120
    assert await other.take("requests", "bob", 3) is None


@pytest.mark.usefixtures("one_minute")
async def test_counted_here_meanwhile(redis: Start, rates: Rates) -> None:
    """While Redis is away each process counts for itself, if the settings say so, and goes back to it."""
    process, one = await redis(), rates()
    assert [await one.take("requests", "anna", 2) for _ in range(2)] == [None, None]
    process.kill()
    await process.wait()
    away = [await one.take("requests", "anna", 2) for _ in range(3)]
    assert away[:2] == [None, None]
    assert away[2] is not None
    await redis()
    one._away_until = 0.0
    assert await one.take("requests", "anna", 2) is None


async def test_refused_meanwhile(open_gate: OpenGate, port: int, rates: Rates) -> None:
    """While Redis is away nothing that is bounded is answered, if the settings say so."""
    gate = open_gate(redis_url=f"redis://127.0.0.1:{port}", rates_without_redis="refuse")
    refused = await gate.ask(ME, headers=gate.bearer() | {"Accept": GRAPHQL})
    assert (refused.status_code, code_of(refused)) == (503, "UNAVAILABLE")
    with pytest.raises(Unavailable):
        await rates(rates_without_redis="refuse").take("requests", "anna", 2)


async def test_log_tells_no_password(rates: Rates, port: int, caplog: pytest.LogCaptureFixture) -> None:
    """The log says that Redis is away, and not where it is nor by which password."""
    assert await rates(":sample-password@").take("requests", "anna", 2) is None
    assert "redis is away" in caplog.text
    assert "sample-password" not in caplog.text
    assert str(port) not in caplog.text


async def test_goes_and_comes_back(redis: Start, rates: Rates, monkeypatch: pytest.MonkeyPatch) -> None:
    """When Redis goes that is told once, however many ask, and once that it is back, after how long."""
    monkeypatch.setattr(limits, "_LEFT_ALONE_S", 0.1)
    one = rates()
    with capture_logs() as lines:
        for _ in range(3):
            await asyncio.gather(*(one.take("requests", "anna", 1_000) for _ in range(5)))
            await asyncio.sleep(0.15)
        assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["redis is away"]
        await redis()
        await asyncio.gather(*(one.take("requests", "anna", 1_000) for _ in range(5)))
    away, back = [line for line in lines if line["log_level"] == "warning"]
    assert (away["event"], back["event"]) == ("redis is away", "redis is back")
    assert back["away_s"] >= 0.4
