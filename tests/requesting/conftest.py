"""A shop, a customer who is known there, and an agent who orders and asks for payments."""

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels.rest.channel import Rest, RestSettings
from adapters.contract.channel import Equipment
from adapters.contract.found import Portion
from adapters.contract.records import Who
from adapters.discovery import renamed
from adapters.http.session import Outside
from adapters.lines import Lines
from resolvers.ingest.batch import take
from resolvers.kit.shift import Shift
from resolvers.ordering import settle_orders
from resolvers.paying import settle_payments
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.requesting.shop import MAPPING, Shop, serving

ORDER = """mutation ($input: CreateOrderInput!) { createOrder(input: $input) {
  ... on CreateOrderPayload { request { id status channel note total { amount currency }
    lines { title sku quantity unitPrice { amount } total { amount } product { name } } order { id number } } }
  ... on ChannelFailed { mayTryAgain }
  ... on Refusal { code message inputPath } } }"""
PAY = """mutation ($input: RequestPaymentInput!) { requestPayment(input: $input) {
  ... on RequestPaymentPayload { request { id status url expiresAt description order { id } } }
  ... on ChannelFailed { mayTryAgain }
  ... on Refusal { code message inputPath } } }"""
SHOWN = """query ($id: ID!) { customer(id: $id) {
  orderRequests(first: 9) { nodes { id status order { id } } }
  paymentRequests(first: 9) { nodes { id status url description hiddenFields } }
  purchases { nodes { id number } } purchaseTotals { orders amount { amount currency } }
  history(filter: { kinds: [PURCHASE] }) { nodes { item { ... on Purchase { id } } } } } }"""
BELLS = {"title": "A bell", "sku": "B-1", "quantity": 2, "unitPrice": {"amount": "9.95", "currency": "EUR"}}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    """A shop in which nothing was ordered yet."""
    async with serving(Shop()) as served:
        yield served


@dataclass
class Counter:
    """Where an agent orders for a customer."""

    ask: Asking
    outside: Outside
    shop: Shop
    customer: Made

    def opens(self, *, repeatable: bool = False, channel: str = "shop", cls: type[Rest] = Rest) -> Rest:
        """The shop's line."""
        mapping = copy.deepcopy(MAPPING)
        mapping["order"]["repeatable"] = mapping["payment"]["repeatable"] = self.shop.knows_keys = repeatable
        settings = RestSettings(base_url=self.shop.url, mapping=mapping, token=SecretStr("sample token"))
        way = self.outside.way(channel, "main", replace(Rest.manners_for(settings), try_s=1.0, tries=1, rests_s=0.01))
        made = renamed(cls, channel)("main", settings, Equipment(way=way))
        self.ask.lines = Lines([*(one.channel for one in self.ask.lines), made])
        return made

    async def order(self, **more: Any) -> Any:
        """What an agent is answered who orders two bells."""
        given = {"key": "first", "customerId": self.customer.id, "items": [BELLS]} | more
        answer = await self.ask(ORDER, input=given)
        assert not answer.errors
        return answer.data["createOrder"]

    async def pay(self, **more: Any) -> Any:
        """What an agent is answered who asks for 19.90."""
        amount = {"amount": "19.90", "currency": "EUR"}
        given = {"key": "first", "customerId": self.customer.id, "amount": amount, "description": "Two bells"} | more
        answer = await self.ask(PAY, input=given)
        assert not answer.errors
        return answer.data["requestPayment"]

    async def shown(self) -> Any:
        """What an agent sees of it."""
        return (await self.ask(SHOWN, id=self.customer.id)).data["customer"]

    async def reads(self, channel: Rest) -> None:
        """Has the shop's own word on its orders taken in, as live reads and deliveries do."""
        found = await channel.purchases(Who("shop", "main", "p-1"), Portion())
        await take(self.ask.store, found.records, at=self.ask.now, by="shop/main")

    async def settle(self, later: timedelta = timedelta(minutes=1)) -> None:
        """Does the jobs."""
        now = self.ask.now + later
        declared = self.ask.graph.declared
        shift = Shift(store=self.ask.store, declared=declared, clock=lambda: now, lines=self.ask.lines)
        await settle_orders(shift)
        await settle_payments(shift)


@pytest.fixture
async def counter(ask: Asking, make: Makers, shop: Shop) -> AsyncIterator[Counter]:
    """A customer who is known in the shop, which has no line yet."""
    customer = await make.customer()
    await make.identity(customer, "shop", "p-1")
    async with Outside() as outside:
        yield Counter(ask, outside, shop, customer)
