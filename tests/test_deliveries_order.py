"""However deliveries come, and whoever takes them in, everyone stands in the end as in an orderly world."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from adapters.contract.deliveries import Event
from adapters.contract.records import Person, Progress, Utterance, Who
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.deliveries import lane_job, lanes
from resolvers.deliveries.waiting import DELIVERIES, EVENT_KEYS, lane_of
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.kit.shift import Shift
from tests.channels import toy
from tests.channels.toy import BEGIN, Toy
from tests.conftest import Asking, Commands
from tests.test_deliveries import Post

STATUSES = ("SENT", "DELIVERED", "READ")
_LEFT = (DELIVERIES, EVENT_KEYS, MESSAGES, CONVERSATIONS, CUSTOMERS, IDENTITIES, IDENTITY_KEYS)
# Beyond this nobody stands in the way of whoever takes in.
_MOST_STRIKES = 6


class Chatty(Toy):
    """A toy channel on which words are changed, and are told how far they came."""

    kinds: ClassVar[frozenset[str]] = frozenset({"says", "came"})

    def _event(self, one: dict[str, Any]) -> Event:
        person, name = one["person"], f"{one['person']}-{one['m']}"
        who, place = Who(self.name, self.account, person), {"channel": self.name, "account": self.account}
        at = BEGIN + timedelta(seconds=second(one["m"]))
        if one["kind"] == "came":
            came = Progress(**place, external_id=name, status=one["word"], at=at)
            return Event(key=one["key"], order_by=person, records=(came,))
        is_ours, edit = one["m"] % 2 == 1, one["edit"]
        words = Utterance(
            **place,
            external_id=name,
            talk=f"with {person}",
            who=who,
            direction="OUT" if is_ours else "IN",
            status="SENT" if is_ours else "RECEIVED",
            sent_at=at,
            updated_at=at + timedelta(seconds=edit) if edit else None,
            text=f"{one['m']} as of {edit}",
        )
        heard = Person(who=who, profile={"name": one["key"]})
        return Event(key=one["key"], order_by=person, records=(heard, words), who=who)


def second(m: int) -> int:
    """The second of a message: two share one."""
    return m // 2


def told(person: str, m: int, edit: int) -> dict[str, Any]:
    """The m-th message of a person's conversation, or a later wording of it."""
    return {"key": f"{person} {m} {edit}", "person": person, "kind": "says", "m": m, "edit": edit}


def came(person: str, m: int, word: str) -> dict[str, Any]:
    """How far it came."""
    return {"key": f"{person} {m} {word}", "person": person, "kind": "came", "m": m, "word": word}


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """What comes of three people, in any order, some of it twice, in deliveries of some each."""
    events: list[dict[str, Any]] = []
    for person in draw(st.sampled_from([["ann"], ["ann", "ben"], ["ann", "ben", "cid"]])):
        for m in range(draw(st.integers(2, 4))):
            events += [told(person, m, edit) for edit in range(draw(st.integers(1, 3)))]
            if m % 2 == 1:
                events += [came(person, m, word) for word in draw(st.sets(st.sampled_from(STATUSES)))]
    events += draw(st.lists(st.sampled_from(events), min_size=3, max_size=8))
    arrived = draw(st.permutations(events))
    size = draw(st.integers(1, 4))
    return [list(arrived[n : n + size]) for n in range(0, len(arrived), size)]


def orderly(arrived: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """What is known of each person then: the last name that came, and each message as its last word has it.

    They stand by the second in which they were written, and within it as they came.
    """
    people: dict[str, Any] = {}
    once = {one["key"]: one for some in arrived for one in some}
    first: dict[str, Mapping[str, Any]] = {}
    for some in arrived:
        for one in some:
            if one["kind"] == "says" and one["key"] not in first:
                people[one["person"]] = {"name": one["key"], "history": {}}
                first[one["key"]] = one
    turns = {m: n for n, m in enumerate(dict.fromkeys((one["person"], one["m"]) for one in first.values()))}

    def place(one: Mapping[str, Any]) -> tuple[int, int, int]:
        return second(one["m"]), turns[one["person"], one["m"]], one["edit"]

    for one in sorted(first.values(), key=place):
        ranks = [STATUSES.index(two["word"]) for two in once.values() if two["kind"] == "came" and _is_of(two, one)]
        status = STATUSES[max([0, *ranks])] if one["m"] % 2 == 1 else "RECEIVED"
        people[one["person"]]["history"][one["m"]] = (f"{one['m']} as of {one['edit']}", status)
    return {person: {**known, "history": list(known["history"].values())} for person, known in people.items()}


def _is_of(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["person"], one["m"]) == (other["person"], other["m"])


async def stored(post: Post) -> dict[str, Any]:
    """What is known of each person, in the words of `orderly`."""
    people: dict[str, Any] = {}
    for identity in await post.store.find(IDENTITIES, {}):
        own = {"customer_id": identity["customer_id"]}
        said = await post.store.find(MESSAGES, own, order=[("sent_at", 1)])
        people[identity["value"]] = {
            "name": identity["profile"]["name"],
            "history": [(one["text"], one["status"]) for one in said],
        }
    return people


class Hands:
    """Those who take the lane in: each of them may be struck down at any command, or think the lane its own."""

    def __init__(self, shift: Shift, commands: Commands) -> None:
        self._shift, self._commands = shift, commands
        self._work = shift.declared.jobs[lane_job(lane_of("toy", "main"))].work

    async def all(self, strikes: Sequence[int]) -> None:
        """Takes in everything that waits; each hand is struck down at so many commands, and two begin at once."""
        for strike in strikes:
            await asyncio.gather(self._until(strike), self._until(strike * 2))
        while await self._work(self._shift):
            pass

    async def _until(self, strike: int) -> None:
        hand = asyncio.create_task(self._work(self._shift))  # type: ignore[arg-type]
        left = strike

        def count() -> None:
            nonlocal left
            left -= asyncio.current_task() is hand
            if left == 0:
                hand.cancel()

        self._commands.each.append(count)
        await asyncio.wait({hand})
        self._commands.each.remove(count)
        # What it raises is nobody's: whoever comes next does it again.
        assert hand.cancelled() or hand.exception() is None


@pytest.fixture
def chatty(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> Post:
    """Nothing waits, what comes is read by the chatty channel, and is taken in by few at a time."""
    monkeypatch.setattr(lanes, "_AT_ONCE", 2)
    post = Post(ask)
    post.shift = replace(post.shift, lines=toy.lines("main", kind=Chatty))
    return post


@settings(
    max_examples=max(6, settings.default.max_examples // 3),
    deadline=None,
    # To look for a smaller example would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(arrived=arrivals(), strikes=st.lists(st.integers(1, 30), max_size=_MOST_STRIKES))
async def test_as_in_order(
    chatty: Post, commands: Commands, arrived: list[list[dict[str, Any]]], strikes: list[int]
) -> None:
    """Repeated, in disorder, and taken in by hands that change between any two commands: all is as it would be."""
    try:
        for some in arrived:
            await chatty.bring(*some)
        await Hands(chatty.shift, commands).all(strikes)
        assert await stored(chatty) == orderly(arrived)
        assert await chatty.store.find(DELIVERIES, {}) == []
        keys = {one["key"] for some in arrived for one in some}
        assert await chatty.store.count(EVENT_KEYS, {}) == len(keys)
    finally:
        for record in _LEFT:
            await chatty.store.delete(record, {})
