"""What happens to a customer while somebody looks, and what has happened since they looked last?

Each change is told once and in its order, with a place to go on from; what has changed is read when it is told, by the
rights that the viewer has then.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from adapters.feed import Change, Feed, FeedBehind, FeedBusy, FeedLost, Follower, Since
from adapters.records import Document, RecordId
from resolvers.aliases import ids_of, speaking
from resolvers.customers import CUSTOMERS, Customer, customer_by_id
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, description_of, graph_enum, graph_type, told
from resolvers.kit.errors import BadUserInput, ResumeExpired, Unavailable
from resolvers.kit.ids import global_id, require_key
from resolvers.kit.keepings import Keeping
from resolvers.kit.slice import Declared, OpenEnum, Slice
from resolvers.kit.viewer import STAFF

SLICE = Slice("following")

_NAME = "customerChanged"


def _kinds(declared: Declared) -> dict[str, str]:
    return {kind: description_of(one.cls) for kind, one in _by_kind(declared).items()}


def _by_kind(declared: Declared) -> dict[str, Keeping]:
    """What is a customer's and has an id of its own, by kind: that of the history, where it stands there."""
    return {_kind_of(name, one): one for name, one in declared.nodes.items() if one.record.customer}


def _kind_of(name: str, one: Keeping) -> str:
    timeline = one.record.timeline
    return timeline.kind if timeline else "".join(f"_{sign}" if sign.isupper() else sign for sign in name)[1:].upper()


KIND = OpenEnum("ChangedKind", "What kind of thing of a customer's has changed.", _kinds)


@graph_enum(
    {
        "ADDED": "It is new.",
        "CHANGED": "It is another now.",
        "REMOVED": "It is there no more. Of a customer's things only the customer itself tells that.",
    }
)
class HowChanged(Enum):
    """What became of a thing of a customer's."""

    ADDED = "ADDED"
    CHANGED = "CHANGED"
    REMOVED = "REMOVED"


@graph_type
class CustomerChange:
    """A change of a customer, or of something of theirs."""

    how: HowChanged = told("What became of it.")
    # Not `id`: Relay keeps things by that alone, and would take the change for the thing.
    changed_id: strawberry.ID = told("The id of what has changed, by which `node` finds it as it is now.")
    at: datetime = told("When it was stored.")
    resume_at: str = told("Where to go on behind it: `customerChanged(resumeAt:)`.")
    kind_name: strawberry.Private[str]
    customer_key: strawberry.Private[RecordId]


@SLICE.reading(CustomerChange, reads=())
def kind(change: CustomerChange) -> Annotated[str, KIND]:
    """What kind of thing it is."""
    return change.kind_name


@SLICE.field(CustomerChange, may=STAFF)
async def customer(change: CustomerChange, info: Info) -> Customer | None:
    """The customer as they are now, or whom they went into; null where they are there no more."""
    return await customer_by_id(info.context, change.customer_key)


@SLICE.subscription(may=STAFF)
async def customer_changed(
    info: Info,
    id: Annotated[strawberry.ID, about("The customer's id; an old one, from before a merge, is good as well.")],
    resume_at: Annotated[
        str | None,
        about(
            "A `resumeAt` of this customer: begin with what has changed since. Left out: with what comes. One that is "
            "too old is answered with RESUME_EXPIRED: read the customer anew, then follow without it."
        ),
    ] = None,
) -> AsyncGenerator[CustomerChange, None]:
    """What changes of a customer, from now on or since a place, each change once and in its order.

    It ends when the customer is erased.
    """
    context = info.context
    key = require_key(id, "Customer", "id")
    place = _place(context, key, resume_at)
    found = await speaking(context.store, key)
    if found is None and place is None:
        raise BadUserInput("There is no customer of this `id`. Send an id as it was answered, unchanged.")
    following = _Following(context, key, found)
    feed, records = context.store.feed, [one.record for one in _by_kind(context.declared).values()]
    async with (
        feed.follow(following.owners, records) as follower,
        aclosing(following.told(feed, follower, place)) as changes,
    ):
        async for change in changes:
            yield change


def _place(context: Context, key: RecordId, given: str | None) -> Since | None:
    """From where in the feed it goes on; raises BadUserInput where it is none of this customer's."""
    if given is None:
        return None
    plain = context.seal.opened(_list_of(key), given)
    if plain is None:
        raise BadUserInput(
            "`resumeAt` is none of this customer's. Send one that `customerChanged` answered for this very `id`, "
            "unchanged; or leave it out to begin with what comes."
        )
    limits = context.limits
    whose = context.viewer.counted_as
    return Since(plain.decode(), whose, most=limits.resuming, most_of_one=limits.resuming_per_caller)


def _list_of(key: RecordId) -> str:
    return f"{_NAME} {key}"


class _Following:
    """Somebody who follows a customer, through merges."""

    def __init__(self, context: Context, key: RecordId, found: Document | None) -> None:
        self._context, self._key = context, key
        self._types = {
            one.record.name: (kind, one)
            for kind, one in _by_kind(context.declared).items()
            if context.viewer.role in one.may
        }
        self.owners, self._is_there = self._owners(found), found is not None

    def _owners(self, found: Document | None) -> frozenset[RecordId]:
        return frozenset({self._key, *(ids_of(found) if found else ())})

    async def told(self, feed: Feed, follower: Follower, place: Since | None) -> AsyncGenerator[CustomerChange, None]:
        """What changes; raises ResumeExpired, and Unavailable where it comes too fast for whoever reads."""
        try:
            # Who is there no more changes no more: what was missed is told, and nothing comes.
            told = feed.changes(follower, place) if place is None or self._is_there else feed.missed(follower, place)
            async with aclosing(told) as changes:
                async for change in changes:
                    is_there = change.record != CUSTOMERS.name or await self._look(follower)
                    if (one := self._change(change)) is not None:
                        yield one
                    if not is_there:
                        return
        except FeedBusy as error:
            raise Unavailable(
                "So many catch up here at this moment that no more can. Follow again in a few seconds, with the same "
                "`resumeAt`: nothing was lost."
            ) from error
        except FeedLost as error:
            raise ResumeExpired(
                "The database does not remember any more what has changed since then. Read the customer anew, then "
                "follow without `resumeAt`."
            ) from error
        except FeedBehind as error:
            raise Unavailable(
                "More has changed than you have taken. Follow again, with the last `resumeAt` that you have."
            ) from error

    async def _look(self, follower: Follower) -> bool:
        """Whether the customer is there; whom they went into, or who went into them, is followed from now on."""
        found = await speaking(self._context.store, self._key)
        follower.follow(self._owners(found))
        return found is not None

    def _change(self, change: Change) -> CustomerChange | None:
        """The change, where the viewer may know of such things."""
        found = self._types.get(change.record)
        if found is None:
            return None
        kind, one = found
        how = {"insert": HowChanged.ADDED, "delete": HowChanged.REMOVED}.get(change.kind, HowChanged.CHANGED)
        return CustomerChange(
            how=how,
            changed_id=global_id(one.cls.__strawberry_definition__.name, change.key),
            at=change.at,
            resume_at=self._context.seal.sealed(_list_of(self._key), change.place.encode()),
            kind_name=kind,
            customer_key=change.owner,
        )
