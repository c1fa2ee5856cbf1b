"""How are fifty customers of a shop asked for at once, within what a question may cost?

A question may cost 1,000 points, and one order with its lines 79. So the newest orders of all are listed by their ids
first, and then read ten at once, one question after the other: what a question costs less than it might have cost is
given back before the next. There are five of those at most. Everybody's newest order comes first, then the second of
each; where somebody has more, `Found.after` says where to go on.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from adapters.channels.shopify import questions
from adapters.channels.shopify.asking import Answer, Page, Shop
from adapters.channels.shopify.orders import Orders, by_address, number_in, with_address
from adapters.channels.shopify.people import found_person
from adapters.channels.shopify.reading import Reader
from adapters.channels.shopify.words import Buyer, as_id, gid
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from adapters.contract.found import Found, Unread
from adapters.contract.records import Who
from adapters.readings import read

# A search gives up to five customers, of four points each, and costs one itself: 525 points.
_ADDRESSES_AT_ONCE: Final = 25
# With the customer of each: 800 points, beside which the smallest bucket holds other questions.
_ORDERS_AT_ONCE: Final = 10
_MOST_ORDERS: Final = 50
_MOST_OF_EACH: Final = 5


@dataclass(slots=True, repr=False)
class _Told:
    """What the shop told of several things, by their numbers; who is in neither part is not there."""

    values: dict[str, tuple[Any, Answer]] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    """Why nothing can be read of it."""

    def add(self, other: "_Told") -> None:
        """Takes what another answer told."""
        self.values |= other.values
        self.unread |= other.unread


@dataclass(frozen=True, slots=True, repr=False)
class _Newest:
    """The newest orders of a customer by their numbers, each with the cursor behind it."""

    orders: Sequence[tuple[str, str]]
    has_more: bool


class Many:
    """Several customers of one shop."""

    def __init__(self, shop: Shop, reader: Reader, orders: Orders) -> None:
        self._shop, self._reader, self._orders = shop, reader, orders

    async def profiles(self, people: Sequence[Who]) -> Mapping[Who, Found]:
        """Who each of them is; who is absent is no customer of the shop. Raises ChannelError."""
        known: dict[Who, Found] = {}
        own, others = self._apart(people)
        told = await self._told(questions.PEOPLE, "Customer", list(own))
        for number, whos in own.items():
            if number in told.values:
                known |= {
                    who: found_person(self._reader, told.values[number][0], who, told.values[number][1]) for who in whos
                }
        found, unread = await self._by_addresses(others)
        for who, (value, answer) in found.items():
            known[who] = found_person(self._reader, value, None, answer)
        return {**known, **unread, **_unread(own, told)}

    async def purchases(self, people: Sequence[Who]) -> Mapping[Who, Found]:
        """The newest orders of each; who is absent is no customer of the shop. Raises ChannelError."""
        own, others = self._apart(people)
        found, unread = await self._by_addresses(others)
        known = dict(unread)
        for who, (value, _) in found.items():
            own[read(Buyer, value).id].append(who)
        first = min(self._orders.at_once, _MOST_OF_EACH)
        told = await self._told(questions.NEWEST, "Customer", list(own), first=first)
        newest: dict[str, _Newest] = {}
        for number, (value, _) in told.values.items():
            try:
                newest[number] = _newest(value)
            except BadPayload as error:
                told.unread[number] = error.reason
        taken = _taken(newest)
        sales = await self._sales([one for some in taken.values() for one in some])
        for number, orders in taken.items():
            for who in own[number]:
                owner = who if who.channel == self._reader.channel else self._reader.who(number)
                listed = told.values[number][1]
                known[who] = await self._of_one(owner, newest[number], orders, sales, listed)
        return known | _unread(own, told)

    def _apart(self, people: Sequence[Who]) -> tuple[dict[str, list[Who]], list[Who]]:
        """The people by their numbers in the shop, whichever way those are written, and those with an address."""
        own: dict[str, list[Who]] = defaultdict(list)
        for who in people:
            if who.channel == self._reader.channel:
                try:
                    own[number_in(who)].append(who)
                except NoSuchIdentity:
                    # The shop cannot have given such an id: nobody is known by it.
                    continue
        return own, [who for who in people if who.channel != self._reader.channel]

    async def _by_addresses(self, people: Sequence[Who]) -> tuple[dict[Who, tuple[Any, Answer]], dict[Who, Found]]:
        """The customers with exactly those addresses, and what could not be read. Raises ChannelError."""
        found: dict[Who, tuple[Any, Answer]] = {}
        unread: dict[Who, Found] = {}
        for n in range(0, len(people), _ADDRESSES_AT_ONCE):
            some = people[n : n + _ADDRESSES_AT_ONCE]
            asked = {f"q{m}": by_address(who.value) for m, who in enumerate(some)}
            answer = await self._shop.ask(questions.people_by(len(some)), asked)
            for m, who in enumerate(some):
                try:
                    customer = with_address(answer, who.value, f"p{m}")
                except BadPayload as error:
                    unread[who] = Found(unread=(Unread(what="customer", why=error.reason),))
                    continue
                if customer is not None:
                    found[who] = (customer, answer)
        return found, unread

    async def _sales(self, numbers: Sequence[str]) -> _Told:
        sales = _Told()
        for n in range(0, len(numbers), _ORDERS_AT_ONCE):
            sales.add(await self._told(questions.ORDERS, "Order", numbers[n : n + _ORDERS_AT_ONCE]))
        return sales

    async def _told(self, question: str, kind: str, numbers: Sequence[str], **more: Any) -> _Told:
        """What the shop tells of the things with those numbers. Raises ChannelError.

        A question that is refused is halved: where Shopify does not take one id, it does not spoil the others.
        """
        if not numbers:
            return _Told()
        try:
            answer = await self._shop.ask(question, {"ids": [gid(kind, one) for one in numbers], **more})
        except ChannelRefused as error:
            if error.is_of_account:
                raise
            if len(numbers) == 1:
                return _Told(unread={numbers[0]: str(error)})
            half = len(numbers) // 2
            told = await self._told(question, kind, numbers[:half], **more)
            told.add(await self._told(question, kind, numbers[half:], **more))
            return told
        return _of_answer(answer, numbers)

    async def _of_one(self, owner: Who, newest: _Newest, taken: Sequence[str], sales: _Told, listed: Answer) -> Found:
        """What is found of one customer, of whom so many orders were read."""
        there = [sales.values[one] for one in taken if one in sales.values]
        answers = [listed, *(answer for _, answer in there)]
        whole = replace(
            listed,
            withheld=tuple(dict.fromkeys(name for one in answers for name in one.withheld)),
            as_of=min(one.as_of for one in answers),
            is_stale=any(one.is_stale for one in answers),
        )
        is_cut = newest.has_more or len(taken) < len(newest.orders)
        after = newest.orders[len(taken) - 1][1] if is_cut and taken else None
        found = await self._orders.found(Page([value for value, _ in there], after), owner, whole)
        unread = [Unread(what=f"order {one}", why=sales.unread[one]) for one in taken if one in sales.unread]
        return replace(found, unread=(*found.unread, *unread))


def _of_answer(answer: Answer, numbers: Sequence[str]) -> _Told:
    """What the answer tells of each, found by its id; what cannot be read is so of whoever was asked for there."""
    listed = answer.found("nodes")
    if not isinstance(listed, list):
        raise BadPayload("nodes is no list")
    told, wanted = _Told(), set(numbers)
    for value in listed:
        number = as_id(value.get("id")) if isinstance(value, Mapping) else None
        if isinstance(number, str) and number in wanted:
            told.values[number] = (value, answer)
    for n, number in enumerate(numbers):
        if number in told.values:
            continue
        if n in answer.failed:
            told.unread[number] = f"Shopify did not tell it ({answer.failed[n]})."
        elif n >= len(listed):
            told.unread[number] = f"nodes[{n}] is missing"
        elif listed[n] is not None:
            told.unread[number] = f"nodes[{n}] is not what was asked for"
    return told


def _newest(customer: Any) -> _Newest:
    """The newest orders of a customer; raises BadPayload."""
    connection = customer.get("orders")
    edges = connection.get("edges") if isinstance(connection, Mapping) else None
    if not isinstance(edges, list):
        raise BadPayload("orders.edges is no list")
    orders = []
    for n, edge in enumerate(edges):
        node = edge.get("node") if isinstance(edge, Mapping) else None
        number = as_id(node.get("id")) if isinstance(node, Mapping) else None
        cursor = edge.get("cursor") if isinstance(edge, Mapping) else None
        if (
            not isinstance(number, str)
            or not number.isdecimal()
            or not number.isascii()
            or not cursor
            or not isinstance(cursor, str)
        ):
            raise BadPayload(f"orders.edges[{n}] has no id or no cursor")
        orders.append((number, cursor))
    info = connection.get("pageInfo")
    return _Newest(orders, isinstance(info, Mapping) and info.get("hasNextPage") is True)


def _taken(newest: Mapping[str, _Newest]) -> dict[str, list[str]]:
    """Which orders of each are read at once: the newest of all, then the second of each, as far as it goes."""
    taken: dict[str, list[str]] = {number: [] for number in newest}
    left = max(_MOST_ORDERS, sum(1 for one in newest.values() if one.orders))
    for rank in range(_MOST_OF_EACH):
        for number, one in newest.items():
            if rank < len(one.orders) and left:
                taken[number].append(one.orders[rank][0])
                left -= 1
    return taken


def _unread(own: Mapping[str, Collection[Who]], told: _Told) -> dict[Who, Found]:
    """Of whom nothing could be read, and why."""
    unread = {number: Found(unread=(Unread(what="customer", why=why),)) for number, why in told.unread.items()}
    return {who: found for number, found in unread.items() for who in own[number]}
