"""Bytes of files go with their records, also where whoever removed these died in between."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from adapters.records import new_id
from resolvers.attachments import ATTACHMENTS
from resolvers.privacy.removing import DOOMED_FILES
from tests.conftest import Asking
from tests.privacy.conftest import shift_of
from tests.privacy.test_exporting import _piece
from tests.taking_in import FILE, PERSON, TALK, WORD, bring

DYING = Path(__file__).parent / "dying.py"


async def test_killed_before_bytes(ask: Asking) -> None:
    """Of a message that was taken back the file's bytes go, also where that process is killed before they do."""
    file = replace(FILE, channel=WORD.channel, account=WORD.account, of=WORD.external_id, of_kind="message")
    await bring(ask.store, PERSON, TALK, WORD, file)
    key = new_id()
    await ask.store.update_all(ATTACHMENTS, {}, {"$set": {"file_id": key}})
    await ask.store.files.put(key, _piece(b"a picture"))
    process = await asyncio.create_subprocess_exec(sys.executable, str(DYING), ask.store.url, ask.store.database)
    assert await process.wait() == -9
    assert await ask.store.count(ATTACHMENTS, {}) == 0
    assert [piece async for piece in ask.store.files.chunks(key)] == [b"a picture"]
    job, shift = ask.graph.declared.jobs["bytes of removed files"], shift_of(ask)
    assert job.when is not None
    assert await job.when(shift)
    while await job.work(shift):
        pass
    assert [piece async for piece in ask.store.files.chunks(key)] == []
    assert await ask.store.count(DOOMED_FILES, {}) == 0
    assert not await job.when(shift)
