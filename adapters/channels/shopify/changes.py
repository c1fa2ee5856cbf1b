"""Who and what has changed in the shop, whatever its deliveries missed?

Shopify ends a subscription that fails for four hours, and says nothing. So customers, orders and our own drafts are
asked for by when they were changed. Of each kind the place is a moment and, while more than a page has changed since
then, the cursor behind a page.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any, Final

from adapters.channels.shopify import questions
from adapters.channels.shopify.asking import Page, Shop
from adapters.channels.shopify.orders import Orders
from adapters.channels.shopify.reading import COMPLETED, DRAFT_OF_OURS, Reader, draft_id, no_readings
from adapters.channels.shopify.words import Buyer, Choices, Draft, Sale
from adapters.contract.errors import BadPayload
from adapters.contract.found import Found
from adapters.contract.records import HandedOver, Person
from adapters.quiet import quiet
from adapters.readings import read

# What was changed is found some seconds later, as Shopify's search learns of it.
_OVERLAP: Final = timedelta(minutes=2)
_MOST_ORDERS: Final = 10
# No shop is older.
_FIRST_YEAR: Final = 1970
_LONGEST: Final = 20_000
_NONE_OF_OURS: Final = "The cursor is none of this channel. Begin without one."


@quiet
@dataclass(frozen=True, slots=True)
class _Place:
    """How far the changes of one kind were read."""

    since: str | None = None
    after: str | None = None

    @property
    def search(self) -> str | None:
        """What is asked for."""
        return f"updated_at:>='{self.since}'" if self.since else None

    def behind(self, page: Page) -> "_Place":
        """The place behind the page."""
        if page.after is not None:
            return _Place(self.since, page.after)
        moments = [at for one in page.members if (at := _changed_at(one)) is not None]
        newest = max(moments, default=None)
        since = _written(newest - _OVERLAP) if newest is not None else None
        return _Place(since, None) if since is not None and since > (self.since or "") else self


@dataclass(frozen=True, slots=True)
class _Cursor:
    """How far the changes of all kinds were read."""

    people: _Place = _Place()
    orders: _Place = _Place()
    drafts: _Place = _Place()

    def word(self) -> str:
        """The cursor as the house keeps it."""
        return json.dumps([[one.since, one.after] for one in (self.people, self.orders, self.drafts)])


def _cursor(word: str | None) -> _Cursor:
    """The cursor that `_Cursor.word` gave; raises BadPayload for any other word."""
    if word is None:
        return _Cursor()
    try:
        people, orders, drafts = (_place(*one) for one in json.loads(word[:_LONGEST]))
    except (TypeError, ValueError, RecursionError) as error:
        raise BadPayload(_NONE_OF_OURS) from error
    return _Cursor(people, orders, drafts)


def _place(since: Any, after: Any) -> _Place:
    if not (since is None or isinstance(since, str)) or not (after is None or isinstance(after, str)):
        raise ValueError(_NONE_OF_OURS)
    return _Place(_written(datetime.fromisoformat(since)) if since else None, after)


def _written(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _changed_at(value: Any) -> datetime | None:
    """When it was changed; None where nobody can read that, which whoever reads all of it tells."""
    said = value.get("updatedAt") if isinstance(value, Mapping) else None
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    # Whoever steps from the first or last year leaves the calendar.
    return at if _FIRST_YEAR < at.year < MAXYEAR else None


class Changes:
    """The changes of one shop."""

    def __init__(self, shop: Shop, reader: Reader, orders: Orders) -> None:
        self._shop, self._reader, self._orders = shop, reader, orders

    async def portion(self, word: str | None) -> Found:
        """Some customers, orders and drafts behind the cursor, the earliest changed first. Raises ChannelError."""
        asked = _cursor(word)
        drafts = f"tag:{DRAFT_OF_OURS}"
        answer = await self._shop.ask(
            questions.CHANGES,
            {
                "people": asked.people.search,
                "afterPerson": asked.people.after,
                "orders": asked.orders.search,
                "afterOrder": asked.orders.after,
                "first": min(self._orders.at_once * 2, _MOST_ORDERS),
                "drafts": f"{drafts} AND {asked.drafts.search}" if asked.drafts.search else drafts,
                "afterDraft": asked.drafts.after,
            },
            is_kept=False,
        )
        people = Page.of(answer.found("customers"), "customers", asked.people.after)
        orders = Page.of(answer.found("orders"), "orders", asked.orders.after)
        ours = Page.of(answer.found("draftOrders"), "draftOrders", asked.drafts.after)
        readings = no_readings()
        readings.take("customer", people.members, self._person)
        readings.take("order", [await self._orders.whole(one, is_kept=False) for one in orders.members], self._order)
        readings.take("draft", ours.members, self._draft)
        behind = _Cursor(asked.people.behind(people), asked.orders.behind(orders), asked.drafts.behind(ours))
        return Found(
            records=tuple(readings.records),
            unread=tuple(readings.unread),
            after=None if behind == asked else behind.word(),
            as_of=answer.as_of,
            complete_since=self._orders.shown_since(answer.as_of),
            withheld=answer.withheld,
        )

    def _person(self, value: Any) -> Sequence[HandedOver]:
        return self._reader.person(read(Buyer, value)), *self._reader.says(read(Choices, value))

    def _order(self, value: Any) -> Sequence[HandedOver]:
        told = read(Sale, value)
        if not self._reader.is_sale(told):
            return ()
        if told.customer is None:
            # Sold over the counter to nobody who was named.
            told.require_nobody()
            return ()
        who = self._reader.who(told.customer.id)
        contact = tuple(self._reader.contact(told))
        person = (Person(who=who, reaches=contact),) if contact else ()
        return (*person, self._reader.order(told, who))

    def _draft(self, value: Any) -> Sequence[HandedOver]:
        """Of a draft of ours that was paid nothing is left: the order stands for it."""
        if not isinstance(value, Mapping):
            raise BadPayload("the payload is no object")
        told = read(Draft, {"lineItems": [], **value})
        if told.status != COMPLETED or told.updated_at is None:
            return ()
        return (self._reader.gone(draft_id(told.id), told.updated_at),)
