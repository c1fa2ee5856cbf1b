"""What did somebody order, as the shop tells it when it is asked?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adapters.channels.shopify import questions
from adapters.channels.shopify.asking import Answer, Page, Shop
from adapters.channels.shopify.reading import Reader, no_readings
from adapters.channels.shopify.words import IS_CUT, Buyer, Sale, as_id, gid
from adapters.contract.bounds import MOST_LINES
from adapters.contract.errors import BadPayload, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import HandedOver, Person, Reach, Who
from adapters.reaching import folded_email
from adapters.readings import read

# Of orders older than that Shopify shows nothing to an app without the scope `read_all_orders`.
SHOWN_FOR: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, repr=False)
class Orders:
    """The orders of one shop."""

    shop: Shop
    reader: Reader
    at_once: int
    shows_all: bool

    async def of(self, who: Who, portion: Portion) -> Found:
        """A page of the person's orders, the newest first, and how they can be reached. Raises ChannelError."""
        owner = who if who.channel == self.reader.channel else await self._known_as(who)
        asked = {"id": gid("Customer", number_in(owner)), "after": portion.after}
        first = max(1, min(portion.at_most, self.at_once))
        answer = await self.shop.ask(questions.PURCHASES, {**asked, "first": first})
        customer = answer.found("customer")
        if customer is None:
            raise NoSuchIdentity("The shop has no such customer.")
        connection = customer.get("orders") if isinstance(customer, Mapping) else None
        orders = Page.of(connection, "customer.orders", portion.after)
        return await self.found(orders, owner, answer)

    async def _known_as(self, who: Who) -> Who:
        """Under which number the shop knows whoever has that address. Raises ChannelError."""
        answer = await self.shop.ask(questions.PERSON_BY, {"query": by_address(who.value)})
        customer = with_address(answer, who.value)
        if customer is None:
            raise NoSuchIdentity("The shop has no such customer.")
        return self.reader.who(read(Buyer, customer).id)

    async def found(self, page: Page, owner: Who, answer: Answer) -> Found:
        """The orders of a page of somebody's, and how they can be reached. Raises ChannelError."""
        readings = no_readings()
        reaches: list[Reach] = []
        members = [await self.whole(one) for one in page.members]

        def order(value: Any) -> Sequence[HandedOver]:
            told = read(Sale, value)
            if not self.reader.is_sale(told):
                return ()
            made = self.reader.order(told, owner)
            reaches.extend(self.reader.contact(told))
            return (made,)

        readings.take("order", members, order)
        unique = tuple(dict.fromkeys((one.type, one.value) for one in reaches))
        known = tuple(Reach(type=kind, value=value) for kind, value in unique)
        person = (Person(who=owner, reaches=known),) if known else ()
        return Found(
            records=(*readings.records, *person),
            unread=tuple(readings.unread),
            after=page.after,
            as_of=answer.as_of,
            is_stale=answer.is_stale,
            complete_since=self.shown_since(answer.as_of),
            withheld=answer.withheld,
        )

    def shown_since(self, now: datetime) -> datetime | None:
        """From when on the shop shows orders; None where it shows all."""
        return None if self.shows_all else now.astimezone(UTC) - SHOWN_FOR

    async def whole(self, order: Any, *, is_kept: bool = True) -> Any:
        """The order with all of its lines and parcels, of which the first ones come along. Raises ChannelError."""
        number = as_id(order.get("id")) if isinstance(order, Mapping) else None
        if not isinstance(number, str) or not number.isdecimal():
            # As odd as it is, whoever reads it says so.
            return order
        lined = await self._with_lines(order, gid("Order", number), is_kept=is_kept)
        return await self._with_parcels(lined, gid("Order", number), is_kept=is_kept)

    async def _with_lines(self, order: Mapping[str, Any], key: str, *, is_kept: bool) -> Mapping[str, Any]:
        try:
            page = Page.of(order.get("lineItems"), "lineItems")
        except BadPayload:
            return order
        members = page.members
        # One of more lines than are kept is refused as a whole, and says so.
        while page.after is not None and len(members) <= MOST_LINES:
            answer = await self.shop.ask(questions.MORE_LINES, {"id": key, "after": page.after}, is_kept=is_kept)
            page = Page.of(answer.found("order", "lineItems"), "order.lineItems", page.after)
            members = [*members, *page.members]
        return {**order, "lineItems": {"nodes": members}}

    async def _with_parcels(self, order: Mapping[str, Any], key: str, *, is_kept: bool) -> Mapping[str, Any]:
        """The order with its parcels; where there may be more than can be asked for, it says so."""
        if not _may_go_on(order.get("fulfillments"), *questions.PARCELS_AT_ONCE):
            return order
        answer = await self.shop.ask(questions.MORE_PARCELS, {"id": key}, is_kept=is_kept)
        sent = answer.found("order", "fulfillments")
        if not isinstance(sent, list):
            return {**order, IS_CUT: True}
        return {**order, "fulfillments": sent, IS_CUT: _may_go_on(sent, *questions.MORE_PARCELS_AT_ONCE)}


def _may_go_on(fulfillments: Any, several: int, parcels: int) -> bool:
    """Whether a list is as long as was asked for: Shopify does not say that it has more."""
    sent = fulfillments if isinstance(fulfillments, list) else []
    tracks = [one.get("trackingInfo") for one in sent if isinstance(one, Mapping)]
    return len(sent) >= several or any(isinstance(one, list) and len(one) >= parcels for one in tracks)


def number_in(who: Who) -> str:
    """The customer's number, of whichever writing of the id. Raises NoSuchIdentity."""
    number = as_id(who.value, "Customer")
    if not isinstance(number, str) or not re.fullmatch("[0-9]{1,25}", number):
        raise NoSuchIdentity("Shopify's customer ids are decimal numbers, or end in one; this is none.")
    return number


def by_address(address: str) -> str:
    """A search for the customer with that e-mail address."""
    return f"email:{quoted(address)}"


def quoted(text: str) -> str:
    """The text as a search takes it for one phrase, whatever stands in it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def with_address(answer: Answer, address: str, name: str = "customers") -> Any:
    """The customer with exactly that address: a search finds more than was sought at times. None where nobody has it.

    Raises BadPayload.
    """
    for one in Page.of(answer.found(name), name).members:
        told = read(Buyer, one)
        if told.address is not None and folded_email(told.address.strip()) == folded_email(address.strip()):
            return one
    return None
