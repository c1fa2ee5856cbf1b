"""Is a change of a customer's told once and in its order to whoever may know of it, also to who was away?"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any

import pytest
from graphql import parse, subscribe

from adapters.feed import Feed
from adapters.mongo import Store
from adapters.records import RecordId
from resolvers.customers import CUSTOMERS
from resolvers.kit.errors import TellableError, Unavailable
from resolvers.kit.ids import key_of
from resolvers.kit.viewer import Role
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.waiting import until

CHANGED = """subscription ($id: ID!, $resumeAt: String) { customerChanged(id: $id, resumeAt: $resumeAt) {
  kind how id at resumeAt customer { id displayName } } }"""
ADD_NOTE = """mutation ($id: ID!, $text: String!) { addNote(input: { customerId: $id, text: $text }) {
  ... on AddNotePayload { note { id } } } }"""
MERGE = """mutation ($id: ID!, $other: ID!) { mergeCustomers(input: { survivorId: $id, otherIds: [$other] }) {
  __typename ... on Refusal { message } } }"""


class Following:
    """A subscription under way."""

    def __init__(self, events: AsyncGenerator[Any, None]) -> None:
        self._events = events

    async def result(self) -> Any:
        """The next answer, as it is."""
        return await asyncio.wait_for(anext(self._events), 20)

    async def next(self) -> Any:
        """The next change."""
        result = await self.result()
        assert not result.errors, result.errors
        return result.data["customerChanged"]

    async def told(self, count: int) -> list[tuple[str, str]]:
        """Of so many changes, of what kind and how."""
        return [(one["kind"], one["how"]) for one in [await self.next() for _ in range(count)]]


Follow = Callable[..., AbstractAsyncContextManager[Following]]


@pytest.fixture
def follow(ask: Asking) -> Follow:
    """Follows a customer."""

    @asynccontextmanager
    async def following(
        one: Made, *, resume_at: str | None = None, role: Role = Role.AGENT
    ) -> AsyncIterator[Following]:
        made = subscribe(
            ask.graph._schema,
            parse(CHANGED),
            context_value=ask.context(role),
            variable_values={"id": one.id, "resumeAt": resume_at},
        )
        found: Any = await made if hasattr(made, "__await__") else made
        assert hasattr(found, "aclose"), found
        # Until somebody waits for the first change nobody follows yet.
        before = ask.store.feed.followers
        first = asyncio.ensure_future(anext(found))
        await until(lambda: ask.store.feed.followers > before)

        async def events() -> AsyncGenerator[Any, None]:
            yield await first
            async for result in found:
                yield result

        begun = events()
        try:
            yield Following(begun)
        finally:
            first.cancel()
            await asyncio.wait([first])
            await begun.aclose()
            await found.aclose()

    return following


async def noted(ask: Asking, one: Made, *texts: str) -> None:
    """Adds notes."""
    for text in texts:
        assert (await ask(ADD_NOTE, id=one.id, text=text)).data["addNote"]["note"]


async def heard(following: Following, wanted: set[tuple[str, str]]) -> list[Any]:
    """The changes until all of these have come."""
    found: list[Any] = []
    while not wanted <= {(one["kind"], one["how"]) for one in found}:
        found.append(await following.next())
    return found


async def test_told_as_it_happens(ask: Asking, make: Makers, follow: Follow) -> None:
    """What is added and changed is told with its kind and id, and with the customer as it is then; others' is not."""
    ann, bob = await make.customer("Ann"), await make.customer("Bob")
    async with follow(ann) as following:
        await noted(ask, bob, "not Ann's")
        await noted(ask, ann, "hers")
        (note,) = [one for one in await heard(following, {("NOTE", "ADDED")}) if one["kind"] == "NOTE"]
        assert note["customer"] == {"id": ann.id, "displayName": "Ann Larkin"} or note["customer"]["id"] == ann.id
        assert key_of(note["id"], "Note") is not None
        await make.store.update(CUSTOMERS, {"_id": ann.key}, {"$set": {"attributes.firstName": "Anna"}})
        changed = await heard(following, {("CUSTOMER", "CHANGED")})
        assert changed[-1]["id"] == ann.id


async def test_each_once_to_many(ask: Asking, make: Makers, follow: Follow, store: Store) -> None:
    """However many follow, the database is asked once, and each is told each change once and in its order."""
    ann = await make.customer()
    async with follow(ann) as one, follow(ann) as other:
        assert store.feed.followers == 2
        await noted(ask, ann, *"abc")
        for following in (one, other):
            notes = []
            while len(notes) < 3:
                change = await following.next()
                notes += [change["id"]] if change["kind"] == "NOTE" else []
            assert len(set(notes)) == 3
            shown = [await ask("query ($id: ID!) { node(id: $id) { ... on Note { text } } }", id=key) for key in notes]
            assert [found.data["node"]["text"] for found in shown] == ["a", "b", "c"]
    assert store.feed.is_idle


async def test_goes_on_from_a_place(ask: Asking, make: Makers, follow: Follow) -> None:
    """Whoever was away is told what has changed since, and then what comes: nothing is lost, and nothing twice."""
    ann = await make.customer()
    async with follow(ann) as following:
        await noted(ask, ann, "seen")
        place = (await heard(following, {("NOTE", "ADDED")}))[-1]["resumeAt"]
    await noted(ask, ann, "away 1", "away 2")
    async with follow(ann, resume_at=place) as following:
        await noted(ask, ann, "back")
        texts: list[str] = []
        while len(texts) < 3:
            change = await following.next()
            if change["kind"] == "NOTE":
                found = await ask("query ($id: ID!) { node(id: $id) { ... on Note { text } } }", id=change["id"])
                texts.append(found.data["node"]["text"])
    assert texts == ["away 1", "away 2", "back"]


async def test_follows_merges(ask: Asking, make: Makers, follow: Follow) -> None:
    """Who follows somebody who goes into another follows the survivor, and what both had before comes along."""
    ann, other = await make.customer(), await make.customer("Anna")
    async with follow(other) as following:
        assert (await ask(MERGE, as_=Role.SUPERVISOR, id=ann.id, other=other.id)).data["mergeCustomers"][
            "__typename"
        ] != "Conflict"
        await heard(following, {("CUSTOMER", "CHANGED")})
        await noted(ask, ann, "of both")
        changes = await heard(following, {("NOTE", "ADDED")})
        assert changes[-1]["customer"]["id"] == ann.id


async def test_merges_hide_nothing(ask: Asking, make: Makers, follow: Follow) -> None:
    """What the survivor was given before somebody who follows the other read of the merge is told all the same."""
    ann, other = await make.customer(), await make.customer("Anna")
    async with follow(other) as following:
        await noted(ask, other, "first")
        await heard(following, {("NOTE", "ADDED")})
        await ask(MERGE, as_=Role.SUPERVISOR, id=ann.id, other=other.id)
        await noted(ask, ann, "at once")
        async with follow(ann) as quick:
            # The stream has passed the note by when the merge is read.
            await noted(ask, ann, "and another")
            await heard(quick, {("NOTE", "ADDED")})
        (note,) = [one for one in await heard(following, {("NOTE", "ADDED")}) if one["kind"] == "NOTE"]
        await noted(ask, ann, "later")
        later = [one for one in await heard(following, {("NOTE", "ADDED")}) if one["kind"] == "NOTE"]
        assert note["id"] not in {one["id"] for one in later}


async def test_erased_while_away(make: Makers, ask: Asking, follow: Follow, store: Store) -> None:
    """Whoever comes back to a customer who was erased is told that, and nothing more; and nothing behind it."""
    ann = await make.customer()
    async with follow(ann) as following:
        await noted(ask, ann, "before")
        place = (await following.next())["resumeAt"]
    await store.delete(CUSTOMERS, {"_id": ann.key})
    async with follow(ann, resume_at=place) as following:
        gone = (await heard(following, {("CUSTOMER", "REMOVED")}))[-1]
        with pytest.raises(StopAsyncIteration):
            await following.result()
    events: Any = await subscribed(ask, id=ann.id, resumeAt=gone["resumeAt"])
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(events), 20)


async def test_ends_with_the_customer(make: Makers, follow: Follow, store: Store) -> None:
    """When the customer is erased, that is told, and nothing more."""
    ann = await make.customer()
    async with follow(ann) as following:
        await store.delete(CUSTOMERS, {"_id": ann.key})
        last = (await heard(following, {("CUSTOMER", "REMOVED")}))[-1]
        assert last["customer"] is None
        with pytest.raises(StopAsyncIteration):
            await following.result()


@pytest.mark.parametrize(
    ("role", "code"), [(Role.PARTNER, "FORBIDDEN"), (Role.VISITOR, "FORBIDDEN")], ids=["partner", "visitor"]
)
async def test_not_for_all(ask: Asking, make: Makers, role: Role, code: str) -> None:
    """Staff follow customers; others may not."""
    ann = await make.customer()
    viewer = {"customer_id": ann.key} if role is Role.VISITOR else {}
    made: Any = subscribe(
        ask.graph._schema, parse(CHANGED), context_value=ask.context(role, **viewer), variable_values={"id": ann.id}
    )
    result = await made if hasattr(made, "__await__") else made
    assert result.errors[0].extensions["code"] == code


# What goes wrong


async def subscribed(ask: Asking, **variables: Any) -> Any:
    """The events that an agent follows."""
    made: Any = subscribe(ask.graph._schema, parse(CHANGED), context_value=ask.context(), variable_values=variables)
    return await made if hasattr(made, "__await__") else made


async def broken(ask: Asking, **variables: Any) -> Any:
    """The error with which following ends before it begins."""
    events = await subscribed(ask, **variables)
    try:
        answered = await asyncio.wait_for(anext(events), 20)
    except TellableError as error:
        return error
    finally:
        await events.aclose()
    raise AssertionError(answered)


async def test_bad_places(ask: Asking, make: Makers, follow: Follow, store: Store) -> None:
    """A place that is none, or another customer's, is refused, and so is a customer that there is not."""
    ann, bob = await make.customer(), await make.customer()
    async with follow(bob) as following:
        await noted(ask, bob, "x")
        place = (await following.next())["resumeAt"]
    for wrong in ("x", "", place, place[:-4]):
        assert (await broken(ask, id=ann.id, resumeAt=wrong)).code == "BAD_USER_INPUT"
    assert (await broken(ask, id=Made(RecordId()).id)).code == "BAD_USER_INPUT"
    assert store.feed.is_idle


async def test_forgotten_place(ask: Asking, make: Makers, store: Store) -> None:
    """A place of which the database knows no more is answered with what to do."""
    ann = await make.customer()
    # As one from another version of the database looks: this one cannot read it.
    old = ask.context().seal.sealed(f"customerChanged {ann.key}", b"8265")
    expired = await broken(ask, id=ann.id, resumeAt=old)
    assert expired.code == "RESUME_EXPIRED"
    assert "Read the customer anew" in expired.message
    assert store.feed.is_idle


async def test_slow_reader(ask: Asking, make: Makers, follow: Follow, store: Store) -> None:
    """Who takes nothing is told so in the end, with what to do; others are told everything meanwhile."""
    ask.store.feed = Feed(store._database, most_waiting=3)
    ann = await make.customer()
    async with follow(ann) as slow, follow(ann) as quick:
        place = None
        for n in range(8):
            await noted(ask, ann, str(n))
            place = (await heard(quick, {("NOTE", "ADDED")}))[-1]["resumeAt"]
        taken = 0
        with suppress(Unavailable):
            while True:
                await slow.result()
                taken += 1
        assert 0 < taken <= 4
    assert place is not None
    assert store.feed.is_idle
