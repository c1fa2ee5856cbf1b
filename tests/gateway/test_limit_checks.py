"""Does the doctor see that Redis is away, and that too few files may be open?"""

import resource
import sys
from pathlib import Path

import pytest

from gateway import doctor
from gateway.findings import State
from gateway.limit_checks import counts_together, open_files
from gateway.settings import Settings, load_settings
from tests.gateway.test_spending import Start, port, redis

__all__ = ["port", "redis"]


def settings(port: int, **more: str) -> Settings:
    """Settings with a Redis on that port."""
    return load_settings(redis_url=f"redis://:sample-password@127.0.0.1:{port}", **more)


async def test_redis_looked_at(redis: Start, port: int) -> None:
    """A Redis that is away is a warning, which says what is so meanwhile and no password; one that answers is none."""
    given = load_settings(redis_url=f"redis://127.0.0.1:{port}")
    found = await counts_together(given)
    assert (found.state, "(ConnectionError); each process counts for itself" in found.words) == (State.WARNING, True)
    strict = await counts_together(settings(port, rates_without_redis="refuse"))
    assert "each process refuses what is bounded meanwhile" in strict.words
    assert "sample-password" not in strict.words
    await redis()
    assert await counts_together(given) == doctor.ok("It answers.")
    assert "not set" in (await counts_together(load_settings())).words


async def test_client_of_redis_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the client for Redis the check is broken, and says what to install."""
    for name in ("redis", "redis.asyncio"):
        monkeypatch.setitem(sys.modules, name, None)
    found = await counts_together(settings(6379))
    assert (found.state, "Install `profile-gateway[redis]`" in found.words) == (State.BROKEN, True)


@pytest.mark.parametrize(
    ("may", "state"), [(1024, State.WARNING), (5299, State.WARNING), (5300, State.OK), (-1, State.OK)]
)
def test_open_files_looked_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, may: int, state: State) -> None:
    """Fewer open files than connections, and some beside them, are a warning with the number that is needed."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (may, -1))
    found = open_files(Settings(data_folder=tmp_path))
    assert (found.state, "ulimit -n 5300" in found.words) == (state, state is State.WARNING)


def test_doctor_asks() -> None:
    """The doctor has both looked at."""
    assert {doctor.CHECKS["Redis"], doctor.CHECKS["open files"]} == {counts_together, open_files}
