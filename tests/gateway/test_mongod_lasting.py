"""Does a database of our own last: through deaths that lie far apart, and beside clients that were killed?"""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from pymongo import AsyncMongoClient

from gateway.mongod import Mongod, server


async def test_steady_life_forgives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deaths that lie far apart are not counted together: it is restarted every time."""
    monkeypatch.setattr(server, "STEADY_S", 0.0)
    monkeypatch.setattr(server, "QUICK_DEATHS", 2)
    events: list[str] = []
    async with Mongod(tmp_path / "database", on_event=lambda event, _: events.append(event)) as database:
        for deaths in (1, 2, 3):
            assert database.pid is not None
            os.kill(database.pid, signal.SIGKILL)
            async with asyncio.timeout(15):
                while events.count("mongod.started") <= deaths and "mongod.gave_up" not in events:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
    assert "mongod.gave_up" not in events


async def test_transaction_of_killed_given_up(mongod: Mongod) -> None:
    """What a killed import had under way is given up within ten seconds, not within MongoDB's minute."""
    async with AsyncMongoClient(mongod.url) as client:
        found = await client.admin.command("getParameter", 1, transactionLifetimeLimitSeconds=1)
    assert found["transactionLifetimeLimitSeconds"] == 10
