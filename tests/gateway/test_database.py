"""Is a server that cannot hold the house refused before anything is promised or written?"""

import asyncio
import os
import sys

import pytest
from pymongo import AsyncMongoClient

from adapters.serverfacts import NotInitiated
from gateway import database
from gateway.settings import Settings
from tests.gateway.conftest import SEAL

SCRIPT = "from gateway.cli import main; main()"


async def ran(url: str, *words: str) -> tuple[int | None, str, str]:
    """Exit status, output and notes of a command on that database."""
    environment = {**os.environ, "MONGODB_URL": url, "GATEWAY_SECRET": SEAL, "GATEWAY_JWT_SECRET": SEAL}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, *words, env=environment, stdout=pipe, stderr=pipe
    )
    try:
        out, notes = await asyncio.wait_for(process.communicate(), 60)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, out.decode(), notes.decode()


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("keys", "list")], ids=" ".join)
async def test_lonely_server_refused(alone: str, words: tuple[str, ...]) -> None:
    """On a server without a replica set no command starts: it says what to do, and nothing was written."""
    status, out, notes = await ran(alone, *words)
    assert (status, out) == (1, "")
    assert "run rs.initiate()" in notes
    assert "questions http" not in notes
    assert "Traceback" not in notes
    async with AsyncMongoClient(alone) as client:
        assert "profile_gateway" not in await client.list_database_names()


async def test_uninitiated_set_refused(uninitiated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replica set that nobody has made is waited for, then refused with how it is made."""
    monkeypatch.setattr(database, "_PATIENCE_MS", 500)
    with pytest.raises(NotInitiated, match=r"run rs\.initiate\(\)"):
        async with database.opened_store(uninitiated, Settings(), []):
            pass


@pytest.mark.deep
async def test_uninitiated_set_told(uninitiated: str) -> None:
    """On a replica set that nobody has made, a command says how it is made."""
    status, _, notes = await ran(uninitiated, "keys", "list")
    assert (status, "run rs.initiate()" in notes, "Traceback" in notes) == (1, True, False)
