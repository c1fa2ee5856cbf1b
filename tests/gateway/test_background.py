"""What is done in the background is shown, and what was set aside is read anew, by commands."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adapters.mongo import Store
from adapters.records import Document
from gateway import cli
from gateway.mongod import Mongod
from gateway.work import JOBS
from resolvers.conversations import MESSAGES
from resolvers.deliveries.waiting import DELIVERIES
from resolvers.outbox import PAUSES, job_name
from tests.channels import toy
from tests.channels.toy import Toy, body_of, deliver, event
from tests.conftest import Asking
from tests.crowd import queued
from tests.gateway.conftest import OpenGate
from tests.makers import BEGIN, Makers
from tests.test_deliveries import Post

Run = Callable[..., Awaitable[Any]]


@pytest.fixture
def run(mongod: Mongod, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, logs_as_before: None) -> Run:
    """Runs commands on the run's database, with a file that switches the toy channel on."""
    del logs_as_before
    home = tmp_path / "site" / "toy_channel-1.0.dist-info"
    home.mkdir(parents=True)
    (home / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-channel\nVersion: 1.0\n", "utf-8")
    (home / "entry_points.txt").write_text("[profile_gateway.channels]\ntoy = tests.channels.toy:Toy\n", "utf-8")
    monkeypatch.syspath_prepend(str(home.parent))
    file = tmp_path / "channels.toml"
    file.write_text('[[channel]]\nname = "toy"\naccount = "main"\nsecret = {from_env = "TOY_SECRET"}\n', "utf-8")
    more = {"DATABASE": "tests", "DATA_FOLDER": str(tmp_path / "data"), "SECRET": "x" * 32, "CHANNELS": str(file)}
    for name, value in more.items():
        monkeypatch.setenv(f"GATEWAY_{name}", value)
    monkeypatch.setenv("MONGODB_URL", mongod.url)
    monkeypatch.setenv("TOY_SECRET", toy.SECRET)

    async def do(*words: str) -> Any:
        return await asyncio.to_thread(CliRunner().invoke, cli.app, list(words))

    return do


async def set_two_aside(ask: Asking) -> None:
    """Two deliveries stand aside, of one of which a part was taken in."""
    post = Post(ask)
    await post.bring(event("ann", 1), event("ann", 2, "waves"))
    await post.bring(body=b"no JSON")
    await post.take_in()


async def test_replayed(run: Run, ask: Asking, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """What today's code reads is taken in, each thing once; the rest stays aside and is told by reason."""
    await set_two_aside(ask)
    monkeypatch.setattr(Toy, "kinds", frozenset({"says", "waves"}))
    told = await run("replay")
    assert told.stderr == ""
    assert told.stdout.splitlines() == [
        "1 deliveries taken in, 1 set aside again: 1 events new, 1 known before, 0 left alone.",
        "1 for: The body of 7 bytes is no JSON.",
    ]
    assert await store.count(DELIVERIES, {}) == 1
    assert await store.count(MESSAGES, {}) == 2


async def test_dry_run(run: Run, ask: Asking, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dry run tells the same and writes nothing."""
    await set_two_aside(ask)
    monkeypatch.setattr(Toy, "kinds", frozenset({"says", "waves"}))
    told = (await run("replay", "--dry-run")).stdout
    assert told.startswith("1 deliveries would be taken in, 1 would be set aside again: 1 events would be new, 1 known")
    assert await store.count(DELIVERIES, {"state": "aside"}) == 2
    assert await store.count(MESSAGES, {}) == 1


@pytest.mark.parametrize("words", [("--channel", "other"), ("--account", "other"), ("--since", "2030-01-01")])
async def test_replayed_in_part(run: Run, ask: Asking, words: tuple[str, str]) -> None:
    """Only what was asked for is read anew."""
    await set_two_aside(ask)
    assert (await run("replay", *words)).stdout.startswith("0 deliveries taken in, 0 set aside again")


async def test_messages_shown(run: Run, make: Makers) -> None:
    """What waits to go out is told by the channel account, with why it took none; its jobs stand among the others."""
    of = await make.customer("Ann", "Lee")
    place: Document = {"channel": "whatsapp", "account": "main"}
    for n in range(2):
        await queued(make, of, value=f"+4915112345{n:03}")
    pause = {**place, "until": BEGIN, "times": 3, "why": "It refused the request (190)."}
    await make.store.insert(PAUSES, {**pause, "_id": PAUSES.id_of(place)})
    job = {"name": job_name("whatsapp", "main")}
    await make.store.insert(JOBS, {**job, "_id": JOBS.id_of(job)})
    told = await run("jobs")
    assert f"2 messages wait to go out on whatsapp/main, the first since {BEGIN:%Y-%m-%d}" in told.stderr
    assert "Last it took none: It refused the request (190)." in told.stderr
    assert f"{job['name']}\tnever" in told.stdout


async def test_jobs_shown(run: Run, ask: Asking, open_gate: OpenGate) -> None:
    """Every job is listed with its state, and below it what waits and stands aside."""
    await set_two_aside(ask)
    gate = open_gate(lines=toy.lines())
    await deliver(gate.client, body_of(event("ben", 1)))
    told = await run("jobs")
    rows = dict(line.split("\t", 1) for line in told.stdout.splitlines())
    assert rows["job"] == "last end\tfailures\treference\trunning"
    assert set(rows) == {"job", *gate.house.graph.declared.jobs}
    assert rows["intake 0"] == "never\t0\t\t"
    assert "1 deliveries wait, the first since 20" in told.stderr
    assert "2 are set aside. `profile-gateway replay` reads them anew." in told.stderr
    assert "0 pasts wait to be fetched." in told.stderr
