"""Whose turn is it: do messages of one person keep their order, and wait for nobody else's?"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import structlog

from adapters.contract.sending import SendState, Sent
from adapters.lines import Lines
from adapters.mongo import Store
from adapters.records import new_id
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.outbox import OUTBOX, PAUSES, job_name
from tests.channels.whatsapp.double import NUMBER, Cloud
from tests.conftest import Asking, Commands
from tests.sending.conftest import SEND, Desk, hand_over, jobs_of
from tests.sending.test_changed_number import NEW, changed
from tests.sending.test_wrong_adapter import Desk as TwoLines
from tests.sending.test_wrong_adapter import says

ANN, BEN = "16505550001", "16505550002"
HOUR = timedelta(hours=1)


def went(cloud: Cloud) -> list[tuple[str, str]]:
    """To whom which words were handed over, in this order."""
    return [(one["to"].removeprefix("+"), one["text"]["body"]) for one in cloud.sent]


async def postponed(store: Store, text: str, until: Any) -> None:
    """Has one message wait, as after a failure that is its person's alone."""
    message = await store.first(MESSAGES, {"text": text}) or {}
    assert await store.update(OUTBOX, {"_id": message["_id"]}, {"$set": {"due_at": until}})


async def test_nothing_overtakes(desk: Desk, cloud: Cloud) -> None:
    """What was queued later goes out behind what waits for the same person; others need not wait."""
    await desk.write(ANN, "one")
    await postponed(desk.ask.store, "one", desk.ask.now + HOUR)
    await desk.write(ANN, "two")
    await desk.write(BEN, "other")
    await desk.empty()
    assert went(cloud) == [(BEN, "other")]
    (job,) = jobs_of(desk.shift())
    assert job.when is not None
    assert not await job.when(desk.shift()), "nobody looks in vain"
    await desk.empty(HOUR)
    assert went(cloud)[1:] == [(ANN, "one"), (ANN, "two")]


async def test_nothing_overtakes_by_number(desk: Desk, cloud: Cloud) -> None:
    """The same where the channel has given the person another id between the two, in whose conversation both stand."""
    await desk.send(text="one")
    await postponed(desk.ask.store, "one", desk.ask.now + HOUR)
    before = (await desk.talk())["id"]
    await changed(desk)
    second = await desk.write(NEW, "two")
    await desk.empty()
    assert went(cloud) == []
    await desk.empty(HOUR)
    assert went(cloud) == [(NEW, "one"), (NEW, "two")]
    messages = await desk.ask.store.find(MESSAGES, {"direction": "OUT"})
    assert len({(one["conversation_id"], one["came_by"]) for one in messages}) == 1
    assert second["conversation"]["id"] != before


async def test_readdressed_stands_there(desk: Desk, cloud: Cloud) -> None:
    """What waits when the number changes stands in the conversation of the present one, and asked anew is the same."""
    first = (await desk.send())["sent"]
    (old,) = await desk.ask.store.find(CONVERSATIONS, {})
    await changed(desk)
    await desk.empty()
    assert went(cloud) == [(NEW, "Good morning!")]
    (message,) = await desk.ask.store.find(MESSAGES, {"direction": "OUT"})
    there = {one["_id"]: one for one in await desk.ask.store.find(CONVERSATIONS, {})}
    new = there.pop(message["conversation_id"])
    assert (new["external_id"], new["last_message_at"]) == (NEW, message["sent_at"])
    (hello,) = await desk.ask.store.find(MESSAGES, {"external_id": "wamid.hello"})
    assert there[old["_id"]]["last_message_at"] == hello["sent_at"] < old["last_message_at"]
    given = {"key": "first", "text": "Good morning!", "conversationId": first["conversation"]["id"]}
    again = (await desk.ask(SEND, input=given)).data["sendMessage"]["sent"]
    assert (again["id"], again["status"]) == (first["id"], "SENT")


async def test_oldest_of_each(desk: Desk, cloud: Cloud, commands: Commands) -> None:
    """However much waits for one person, another one's message is among the first, found by a look at each person."""
    await desk.write(ANN, "one")
    row = await desk.ask.store.first(OUTBOX, {}) or {}
    more = [{**row, "_id": new_id(), "queued_at": row["queued_at"] + timedelta(seconds=n)} for n in range(1, 60)]
    await desk.ask.store.insert(OUTBOX, *more)
    await desk.write(BEN, "other")
    (job,) = jobs_of(desk.shift())
    with commands.counted() as sent:
        await job.work(desk.shift())
    assert sorted(went(cloud)) == [(ANN, "one"), (BEN, "other")]
    (choosing,) = [one for kind, one in sent if kind == "aggregate" and one["aggregate"] == OUTBOX.name]
    plan = await desk.ask.store.explain({key: choosing[key] for key in ("aggregate", "pipeline", "cursor")})
    assert "DISTINCT_SCAN" in str(plan)


async def test_hanging_vendor(ask: Asking) -> None:
    """While one vendor hangs, what waits for another goes out."""
    asked, vendor = asyncio.Event(), asyncio.Event()

    async def hangs() -> Sent:
        asked.set()
        await vendor.wait()
        return Sent(state=SendState.TAKEN)

    lines = TwoLines(ask, hangs)
    await lines.send()
    shift = lines.shift()
    wrong, good = jobs_of(shift)
    hanging = asyncio.create_task(wrong.work(shift))
    await asked.wait()
    while await good.work(shift):
        pass
    assert not hanging.done()
    assert await lines.statuses() == {"wrong": "QUEUED", "good": "SENT"}
    vendor.set()
    await hanging


async def test_pair_limit(desk: Desk, cloud: Cloud) -> None:
    """Who may get no more messages for now waits alone."""
    cloud.fails(131056, to=f"+{ANN}")
    await desk.write(ANN, "one")
    await desk.write(BEN, "two")
    await desk.empty()
    assert await desk.fares() == {"one": "QUEUED", "two": "SENT"}
    await desk.write(BEN, "three")
    await desk.empty()
    assert (await desk.fares())["three"] == "SENT"
    assert await desk.ask.store.count(PAUSES, {}) == 0


@pytest.mark.parametrize(("code", "http"), [(190, 401), (10, 403), (130429, 429), (131031, 400)])
async def test_trouble_of_the_account(desk: Desk, cloud: Cloud, code: int, http: int) -> None:
    """Where the account takes nothing all wait, also what is queued later, and go out in order once it is well."""
    cloud.headers = {"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 0}]}'}
    cloud.fails(code, http=http)
    await desk.write(ANN, "one")
    await desk.empty()
    await desk.ask.store.update_all(PAUSES, {}, {"$set": {"until": desk.ask.now + HOUR}})
    cloud.error = None
    await desk.write(ANN, "two")
    await desk.write(BEN, "three")
    (job,) = jobs_of(desk.shift())
    assert job.when is not None
    assert (await job.when(desk.shift()), await job.work(desk.shift())) == (False, False)
    assert len(cloud.sent) == 1
    await desk.empty(2 * HOUR)
    assert sorted(went(cloud)[1:]) == [(ANN, "one"), (ANN, "two"), (BEN, "three")]
    assert set((await desk.fares()).values()) == {"SENT"}
    assert await desk.ask.store.count(PAUSES, {}) == 0


async def test_dead_for_a_day(desk: Desk, cloud: Cloud) -> None:
    """What an account does not take for a day has failed, with what people have to mend."""
    cloud.fails(190, http=401)
    await desk.write(ANN, "one")
    with structlog.testing.capture_logs() as logged:
        await desk.empty()
    (told,) = [one for one in logged if one["event"] == "channel account takes no messages"]
    assert (told["log_level"], "Make a new access token" in told["why"]) == ("warning", True)
    await desk.empty(25 * HOUR)
    (message,) = await desk.ask.store.find(MESSAGES, {"direction": "OUT"})
    assert message["status"] == "FAILED"
    assert "within 24 hours" in message["failure_reason"]
    assert "Make a new access token" in message["failure_reason"]


async def test_trouble_of_one(desk: Desk, cloud: Cloud) -> None:
    """What is refused while others' is taken is this message's own trouble, and keeps nobody waiting."""
    cloud.fails(10, http=403, to=f"+{ANN}")
    await desk.write(ANN, "one")
    await desk.write(BEN, "two")
    await desk.empty()
    await desk.empty(HOUR)
    assert await desk.fares() == {"one": "QUEUED", "two": "SENT"}
    assert await desk.ask.store.count(PAUSES, {}) == 0


async def test_throttled_in_part(desk: Desk, cloud: Cloud) -> None:
    """Who takes some and then no more is not left alone longer each time, as one who takes nothing is."""
    cloud.fails(130429, to=f"+{ANN}")
    await desk.write(ANN, "one")
    for n, (number, times) in enumerate([(BEN, 1), (BEN, 1), (None, 2)]):
        if number:
            await desk.write(number, f"other {n}")
        await desk.empty(n * HOUR)
        assert [one["times"] for one in await desk.ask.store.find(PAUSES, {})] == [times]


async def test_unknown_account(desk: Desk, cloud: Cloud, ask: Asking) -> None:
    """A process whose settings do not name the account leaves its messages to another one, and says that they wait."""
    await desk.write(ANN, "one")
    before = await ask.store.find(OUTBOX, {})
    mine, ask.lines = ask.lines, TwoLines(ask, says(None)).lines
    assert [one.name for one in jobs_of(desk.shift())] == [job_name("wrong", "main"), job_name("good", "main")]
    with structlog.testing.capture_logs() as logged:
        await desk.empty(HOUR)
    assert await ask.store.find(OUTBOX, {}) == before
    told = [one for one in logged if one["event"] == "messages wait for an unknown channel account"]
    assert [(one["account"], one["count"]) for one in told] == [(NUMBER, 1)]
    ask.lines = mine
    await hand_over(desk.shift(HOUR))
    assert went(cloud) == [(ANN, "one")]


async def test_unknown_for_a_day(desk: Desk, ask: Asking) -> None:
    """What nobody knew for a day has failed; what was under way when the account was taken away is unknown."""
    await desk.write(ANN, "one")
    await desk.write(BEN, "two")
    message = await ask.store.first(MESSAGES, {"text": "two"}) or {}
    await ask.store.update(OUTBOX, {"_id": message["_id"]}, {"$set": {"state": "HANDED_OVER"}})
    ask.lines = Lines([])
    await desk.empty(25 * HOUR)
    assert await desk.fares() == {"one": "FAILED", "two": "UNKNOWN"}
    assert await ask.store.count(OUTBOX, {}) == 0
