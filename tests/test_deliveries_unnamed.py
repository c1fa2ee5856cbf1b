"""What is delivered to an account that some processes do not know yet waits for one that does, and not for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.records import Document
from gateway.work import JOBS, Worker
from resolvers.deliveries import lane_job
from resolvers.deliveries.lanes import waiting_in
from resolvers.deliveries.replaying import replay
from resolvers.deliveries.unnamed import PATIENCE
from resolvers.deliveries.waiting import DELIVERIES, LANES, lane_of
from resolvers.kit.jobs import Job
from resolvers.kit.shift import Shift
from tests.channels import toy
from tests.channels.toy import event
from tests.conftest import Asking, Commands
from tests.gateway.test_work import Heard
from tests.test_deliveries import Post

# One of the accounts in the lane of "main".
NEW = next(name for n in range(1_000) if lane_of("toy", name := f"new{n}") == lane_of("toy", "main"))


@pytest.fixture
def post(ask: Asking) -> Post:
    """The process that knows both accounts, and nothing waits."""
    post = Post(ask)
    post.shift = replace(post.shift, lines=toy.lines("main", NEW))
    return post


@pytest.fixture
def older(post: Post) -> Shift:
    """A process with the settings file of before."""
    return replace(post.shift, lines=toy.lines("main"))


def lane(post: Post) -> Job:
    """The job of the lane in which both accounts' deliveries wait."""
    return post.shift.declared.jobs[lane_job(lane_of("toy", "main"))]


async def is_wanted(job: Job, shift: Shift) -> bool:
    """Whether the process begins with the job."""
    assert job.when is not None
    return await job.when(shift)


async def test_waits_for_who_knows(post: Post, older: Shift) -> None:
    """A process takes in what its own settings name, and finds nothing to do in the rest, which another takes in."""
    job = lane(post)
    await post.bring(event("ann", 1), account=NEW)
    await post.bring(event("ben", 1))
    assert not await job.work(older)
    assert await post.texts() == ["word 1"]
    assert not await is_wanted(job, older)
    assert await is_wanted(job, post.shift)
    await job.work(post.shift)
    assert (await post.texts(), await post.aside()) == (["word 1", "word 1"], [])


async def test_nothing_asked_without_lines(post: Post, older: Shift, commands: Commands) -> None:
    """Where a process knows no account of a lane it asks the database nothing."""
    await post.bring(event("ann", 1), account=NEW)
    with commands.counted() as counted:
        for n in {*range(LANES)} - {lane_of("toy", "main")}:
            assert not await is_wanted(post.shift.declared.jobs[lane_job(n)], older)
    assert counted == []


async def test_busy_process_leaves_room(post: Post, older: Shift) -> None:
    """What one process takes in all the time does not keep another one from the deliveries that it alone knows."""
    job = lane(post)
    heard = Heard()
    busy, new = (Worker(shift, [job], heard) for shift in (older, post.shift))
    await post.store.delete(JOBS, {})
    await post.bring(event("ann", 1), account=NEW)
    for n in range(3):
        await post.bring(event("ben", n))
        await busy.look(job, is_knocked=True)
    await new.look(job)
    assert len(await post.texts()) == 4


@pytest.mark.parametrize("accounts", [["main"], ["main", NEW]])
async def test_index_serves_lane(post: Post, accounts: Sequence[str]) -> None:
    """However many wait for others, a lane looks at what waits for its own accounts alone, in their order."""
    for n in range(20):
        await post.bring(event("ann", n), account="other" if n % 2 else "main")
    waiting = waiting_in(lane_of("toy", "main"), toy.lines(*accounts))
    find = {"find": DELIVERIES.name, "filter": waiting, "sort": {"sequence": 1}, "limit": 5}
    explained = await post.store.explain(find)
    seen = explained["executionStats"]
    assert (seen["nReturned"], seen["totalDocsExamined"]) == (5, 5)
    assert "SORT" not in set(stages(explained["queryPlanner"]["winningPlan"]))


def stages(plan: Document) -> list[Any]:
    """The names of a plan's stages."""
    below = [*plan.get("inputStages", ()), *([plan["inputStage"]] if "inputStage" in plan else [])]
    return [plan.get("stage"), *(name for one in below for name in stages(one))]


async def test_set_aside_after_a_day(post: Post, older: Shift) -> None:
    """What no process has named for a day is set aside with the reason; later settings that name it read it anew."""
    upkeep = post.shift.declared.jobs["intake upkeep"].work
    await post.bring(event("ann", 1), account=NEW)
    await post.bring(event("ben", 1))
    # Nobody was there to miss it: the day begins with the first who does.
    post.now += timedelta(days=3)
    await upkeep(older)
    post.now += PATIENCE - timedelta(seconds=1)
    await upkeep(older)
    assert await post.aside() == []
    post.now += timedelta(seconds=1)
    assert not await upkeep(older)
    ((reason,),) = await post.aside()
    assert reason.startswith("The settings file names no such channel account")
    assert await post.store.count(DELIVERIES, {"state": "waiting"}) == 1
    assert (await replay(post.shift, {"state": "aside"})).taken == 1


async def test_aside_while_taken_in(post: Post, older: Shift) -> None:
    """Where a process that knows the account comes at that very moment, what it told is taken in once."""
    upkeep = post.shift.declared.jobs["intake upkeep"].work
    for n in range(20):
        await post.bring(event("ann", n), account=NEW)
    await upkeep(older)
    post.now += PATIENCE
    await asyncio.gather(upkeep(older), lane(post).work(post.shift))
    await replay(post.shift, {"state": "aside"})
    assert len(await post.texts()) == 20
    assert await post.store.count(DELIVERIES, {}) == 0
