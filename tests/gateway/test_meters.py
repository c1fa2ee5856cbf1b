"""Does `/metrics` tell what is asked and how it goes, of all processes, to who may know, and of nobody?"""

import asyncio
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from adapters.http.observing import Call
from gateway import meters
from gateway.meters import count_call
from resolvers.kit.viewer import Role
from tests.gateway.conftest import GRAPHQL, Gate, OpenGate
from tests.gateway.processes import Running
from tests.makers import Makers
from tests.waiting import until

TOKEN = "a sample token for metrics, long enough"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
async def gate(open_gate: OpenGate) -> Gate:
    """A gate at which metrics are told."""
    # What was asked before is counted by then.
    await asyncio.sleep(0.1)
    return open_gate(metrics_token=SecretStr(TOKEN))


async def counted(gate: Gate) -> Mapping[str, float]:
    """What was counted, by name and labels."""
    response = await gate.client.get("/metrics", headers=HEADERS)
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = (line.rsplit(" ", 1) for line in response.text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, value in lines}


async def risen(gate: Gate, before: Mapping[str, float]) -> Mapping[str, float]:
    """By how much each has risen since."""
    after = await counted(gate)
    return {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}


async def test_questions_counted(gate: Gate, make: Makers) -> None:
    """Questions are counted by kind and status, with how long they took, how they went and what they asked for."""
    ann = await make.customer()
    before = await counted(gate)
    for _ in range(3):
        await gate.ask("query ($id: ID!) { customer(id: $id) { tickets { totalCount } } }", variables={"id": ann.id})
    await gate.ask("{ nothing }")
    await gate.ask("{ refused }", headers=gate.bearer() | {"Accept": GRAPHQL})
    found = await risen(gate, before)
    assert found['gateway_requests_total{kind="query",status="200"}'] == 3
    assert found['gateway_requests_total{kind="query",status="294"}'] == 1
    assert found['gateway_requests_total{kind="other",status="200"}'] == 1
    assert found['gateway_request_seconds_count{kind="query"}'] == 4
    assert found['gateway_errors_total{code="GRAPHQL_VALIDATION_FAILED"}'] == 1
    assert found['gateway_executions_total{way="planned"}'] == 2
    assert found["gateway_commands_count"] == 5
    assert found["gateway_batch_size_count"] >= 3


@pytest.mark.usefixtures("one_minute")
async def test_limits_counted(open_gate: OpenGate) -> None:
    """What hits a limit is counted by its name."""
    gate = open_gate(metrics_token=SecretStr(TOKEN), requests_per_minute=2, question_depth=2)
    before = await counted(gate)
    for query in ("{ customers { nodes { id } } }", "{ viewer { role } }", "{ viewer { role } }"):
        await gate.ask(query)
    found = await risen(gate, before)
    assert found['gateway_limits_hit_total{limit="requests_per_minute"}'] == 1
    assert found['gateway_limits_hit_total{limit="depth"}'] == 1
    assert found['gateway_errors_total{code="LIMIT_EXCEEDED"}'] == 2


async def test_channels_counted(gate: Gate) -> None:
    """Calls to channels are counted by outcome, and not by account: there may be thousands."""
    before = await counted(gate)
    call = Call(channel="whatsapp", account="1", method="person", outcome="GOOD", status=200, took_s=0.1, tries=1)
    count_call(call)
    found = await risen(gate, before)
    assert {name: value for name, value in found.items() if "channel" in name} == {
        'gateway_channel_calls_total{channel="whatsapp",outcome="GOOD"}': 1
    }


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": f"Bearer {TOKEN}é"}],
    ids=range(4),
)
async def test_not_for_everybody(gate: Gate, headers: dict[str, str]) -> None:
    """Who does not show the token is told nothing, whatever else they may."""
    response = await gate.client.get("/metrics", headers={name: one.encode() for name, one in headers.items()})
    assert response.status_code == 401
    assert "gateway_requests" not in response.text
    assert (await gate.client.get("/metrics", headers=gate.bearer(Role.ADMINISTRATOR))).status_code == 401


async def test_none_without_token(open_gate: OpenGate) -> None:
    """Without a token in the settings there are no metrics."""
    assert (await open_gate().client.get("/metrics", headers=HEADERS)).status_code == 404


async def test_names_are_not_labels(gate: Gate) -> None:
    """Nothing that a caller writes becomes a label: it could name somebody, and fill the memory."""
    await gate.ask("query Zqxsjwkh { zqxsjwkh: viewer { role } }")
    await gate.ask("{ zqxsjwkh }")
    await gate.client.post("/graphql/zqxsjwkh")
    assert "zqxsjwkh" not in (await gate.client.get("/metrics", headers=HEADERS)).text.lower()


def test_dead_hold_nothing(tmp_path: Path) -> None:
    """What a process held that was killed is told no more, though whoever started it has not noticed yet."""
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        counts = {pid: tmp_path / f"gauge_livesum_{pid}.db" for pid in (process.pid, os.getpid())}
        for one in counts.values():
            one.touch()
        meters._forget_dead(tmp_path)
    assert list(tmp_path.iterdir()) == [counts[os.getpid()]]


async def test_processes_together(tmp_path: Path) -> None:
    """Of several processes on one port whichever is asked tells what all of them have counted."""
    running = Running(tmp_path, "serve", GATEWAY_WORKERS="2", GATEWAY_METRICS_TOKEN=TOKEN)
    try:
        await asyncio.to_thread(running.ready)
        for _ in range(20):
            # Each on a connection of its own, as another caller's.
            async with httpx.AsyncClient(base_url=running.address, trust_env=False) as client:
                await client.post("/graphql", json={"query": "{ viewer { role } }"})

        async def are_counted() -> bool:
            async with httpx.AsyncClient(base_url=running.address, trust_env=False) as client:
                told = (await client.get("/metrics", headers=HEADERS)).text
            return re.findall(r'gateway_requests_total\{kind="other",status="401"\} (\S+)', told) == ["20.0"]

        # Each of them counts a moment later.
        await until(are_counted)
        running.end()
    finally:
        running.kill()
