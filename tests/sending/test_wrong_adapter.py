"""An adapter whose sending is wrong sends each message once, and keeps no other channel's waiting."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, ClassVar, cast

import pytest

from adapters.contract.channel import Channel, ChannelSettings, Equipment
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelError, ChannelRefused, OutcomeUnknown
from adapters.contract.records import Utterance, Who
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.contract.way import Way
from adapters.lines import Lines, Misfit
from resolvers.conversations import MESSAGES
from resolvers.ingest.batch import take
from resolvers.kit.shift import Shift
from resolvers.outbox import OUTBOX, handing_over
from tests.conftest import Asking
from tests.sending.conftest import SEND, hand_over, jobs_of

TALKS = """query Talks($channel: String!) { customerByIdentity(channel: $channel, account: "main", value: "1") {
  customer { conversations { nodes { id } } } } }"""


class Good(Channel):
    """Takes every message."""

    name = "good"
    Settings = ChannelSettings
    is_repeatable: ClassVar[bool] = True
    settings: Any
    """What becomes of a message."""

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self.sent: list[str] = []

    def talk_with(self, who: Who) -> str | None:
        """One conversation with each."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Everything is."""

    async def send(self, outgoing: Outgoing) -> Sent:
        """What the settings say."""
        self.sent.append(outgoing.key)
        found: Sent = await self.settings()
        return found


class Wrong(Good):
    """Takes every message, and says something else than the contract."""

    name = "wrong"


def says(sent: Any) -> Callable[[], Awaitable[Any]]:
    """A vendor of which this is told, or raised."""

    async def send() -> Any:
        if isinstance(sent, Exception):
            raise sent
        return sent

    return send


class Desk:
    """Two lines on which somebody has just written, of which one is wrong."""

    def __init__(self, ask: Asking, wrong: Callable[[], Awaitable[Any]]) -> None:
        self.ask = ask
        equipment = Equipment(way=cast("Way", None))
        taken = says(Sent(state=SendState.TAKEN, external_id="m-1"))
        self.wrong, self.good = Wrong("main", wrong, equipment), Good("main", taken, equipment)
        self.lines = ask.lines = Lines([self.wrong, self.good])

    async def send(self) -> None:
        """Queues a message on each line, the wrong one's first."""
        for channel in ("wrong", "good"):
            who = Who(channel, "main", "1")
            heard = Utterance(
                channel=channel,
                account="main",
                external_id="hello",
                talk="1",
                who=who,
                direction="IN",
                sent_at=self.ask.now,
                text="Hello",
            )
            await take(self.ask.store, [heard], at=self.ask.now, by="test")
            found = (await self.ask(TALKS, channel=channel)).data["customerByIdentity"]["customer"]
            (talk,) = found["conversations"]["nodes"]
            given = {"key": channel, "conversationId": talk["id"], "text": "Good morning!"}
            assert not (await self.ask(SEND, input=given)).errors

    async def empty(self, *hours: float) -> None:
        """Hands over whatever is due, now and at each of these hours later."""
        for later in (0.0, *hours):
            await hand_over(self.shift(later))

    def shift(self, hours: float = 0.0) -> Shift:
        """A hand in the jobs, at the moment of the last question or so many hours later."""
        now = self.ask.now + timedelta(hours=hours)
        return Shift(store=self.ask.store, declared=self.ask.graph.declared, clock=lambda: now, lines=self.ask.lines)

    async def statuses(self) -> dict[str, str]:
        """How far the message of each line came."""
        found = await self.ask.store.find(MESSAGES, {"direction": "OUT"})
        return {one["channel"]: one["status"] for one in found}


WRONG: dict[str, tuple[Any, str]] = {
    "int id": (Sent(state=SendState.TAKEN, external_id=5), "UNKNOWN"),  # type: ignore[arg-type]
    "half an id": (Sent(state=SendState.TAKEN, external_id="\ud800"), "UNKNOWN"),
    "empty id": (Sent(state=SendState.TAKEN, external_id=" "), "SENT"),
    "state as text": (Sent(state="UNKNOWN"), "UNKNOWN"),  # type: ignore[arg-type]
    "nothing": (None, "UNKNOWN"),
    "unread": (BadPayload("The answer is no JSON."), "UNKNOWN"),
    "mistake": (ZeroDivisionError(), "UNKNOWN"),
    "no kind": (ChannelError("No."), "FAILED"),
    "half a word": (ChannelRefused("\ud800"), "FAILED"),
}


@pytest.mark.parametrize(("sent", "status"), WRONG.values(), ids=WRONG)
async def test_sent_once(ask: Asking, sent: Any, status: str) -> None:
    """What is said wrongly of a message is no reason to send it again, nor to let others' messages wait."""
    desk = Desk(ask, says(sent))
    await desk.send()
    await desk.empty(1, 2)
    assert await desk.statuses() == {"wrong": status, "good": "SENT"}
    assert (len(desk.wrong.sent), len(desk.good.sent)) == (1, 1)
    assert await ask.store.count(OUTBOX, {}) == 0


async def test_pause_as_text(ask: Asking) -> None:
    """A pause that is no number is none that is known: the message waits as for any vendor, and others' go out."""
    desk = Desk(ask, says(ChannelBusy("Later.", retry_after_s="7")))  # type: ignore[arg-type]
    await desk.send()
    await desk.empty()
    assert await desk.statuses() == {"wrong": "QUEUED", "good": "SENT"}


async def test_repeats_end(ask: Asking) -> None:
    """What may have gone out is handed over again a few times where the vendor tells two apart, and then never."""
    desk = Desk(ask, says(OutcomeUnknown("It did not answer.")))
    await desk.send()
    await desk.empty(*range(1, 12))
    assert await desk.statuses() == {"wrong": "UNKNOWN", "good": "SENT"}
    assert len(desk.wrong.sent) == 6


async def test_idle_is_quiet(ask: Asking) -> None:
    """Where no message waits the outbox has nothing to do, so that the log says nothing of it."""
    desk = Desk(ask, says(Sent(state=SendState.TAKEN)))
    wants = [one.when for one in jobs_of(desk.shift()) if one.when is not None]
    assert [await when(desk.shift()) for when in wants] == [False, False]
    await desk.send()
    assert [await when(desk.shift()) for when in wants] == [True, True]


async def test_hanging_is_cut_off(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who keeps no deadline is cut off, and nobody else's messages wait for it."""
    monkeypatch.setattr(handing_over, "_HANDING_OVER_S", 0.01)
    monkeypatch.setattr(handing_over, "_GRACE_S", 0.01)
    desk = Desk(ask, asyncio.Event().wait)
    await desk.send()
    await desk.empty()
    assert (await desk.statuses())["good"] == "SENT"
    assert await ask.store.count(OUTBOX, {"channel": "wrong", "state": "WAITING"}) == 1


@pytest.mark.parametrize("longest", [0, "4096"])
def test_wrong_bound(longest: object) -> None:
    """A channel whose longest text is none is told when the gateway opens."""
    wrong = type("Bound", (Good,), {"longest_text": longest})
    with pytest.raises(Misfit, match="`longest_text` of the channel good/main is neither"):
        Lines([wrong("main", None, Equipment(way=cast("Way", None)))])


def test_wrong_claim() -> None:
    """A channel that does not say whether headers prove its deliveries is told when the gateway opens."""
    wrong = type("Claim", (Good,), {"is_proven_by_headers": "yes"})
    with pytest.raises(Misfit, match="`is_proven_by_headers` of the channel good/main is neither"):
        Lines([wrong("main", None, Equipment(way=cast("Way", None)))])
