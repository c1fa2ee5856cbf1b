"""How is an order placed in the shop, and where does a customer pay?

What is ordered here is a draft order, on whose page the customer pays; only then it is an order with a number of its
own. Shopify knows no request by a key: each is made once, and what nobody can know is settled by the shop's own word
on the order, which carries our key.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from adapters.channels.shopify import questions
from adapters.channels.shopify.asking import Shop
from adapters.channels.shopify.orders import number_in
from adapters.channels.shopify.reading import DRAFT_OF_OURS, OURS, Reader, number_of_draft
from adapters.channels.shopify.words import Draft, MaybePrice, Price, Sale, Ware, as_id, gid
from adapters.contract.channel import NewOrder, PaymentAsked, PaymentRequest
from adapters.contract.errors import BadPayload, ChannelError, ChannelRefused, NoSuchIdentity, OutcomeUnknown
from adapters.contract.found import Found
from adapters.contract.records import Amount, Item, Who
from adapters.currencies import DIGITS
from adapters.readings import read

_PRICE: Final = TypeAdapter(MaybePrice)
_LONGEST_PAGE: Final = 2_000
# Each may have fifty kinds, of one point each, and a question may cost 1,000.
_PRODUCTS_AT_ONCE: Final = 15


@dataclass(frozen=True, slots=True, repr=False)
class Counter:
    """Where one shop is asked to do something for a customer."""

    shop: Shop
    reader: Reader
    completes: bool

    async def place(self, order: NewOrder) -> Found:
        """The order, as a draft or whole; asked for once. Raises ChannelError."""
        lines = await self._lines(order.items)
        draft = await self._draft(order.who, order.key, lines, order.items[0].total.currency, note=order.note)
        if not self.completes:
            return Found(records=(self.reader.draft(draft, order.who),))
        try:
            told = await self.shop.change(questions.COMPLETE, {"id": gid("DraftOrder", draft.id)}, "draftOrderComplete")
        except (OutcomeUnknown, BadPayload):
            raise
        except ChannelError:
            # No order came of it, and another try makes a draft of its own.
            with suppress(ChannelError):
                await self.shop.change(questions.DROP, {"id": gid("DraftOrder", draft.id)}, "draftOrderDelete")
            raise
        whole = told.get("draftOrder")
        sale = read(Sale, whole.get("order") if isinstance(whole, Mapping) else None)
        return Found(records=(self.reader.order(sale, order.who),))

    async def ask_money(self, request: PaymentRequest) -> PaymentAsked:
        """The page on which the customer pays: the order's own, or that of a new draft. Raises ChannelError."""
        if request.order is None:
            # What is asked for is what is paid: nothing comes on top.
            plain = {"requiresShipping": False, "taxable": False}
            line = {"title": request.words[:255], "quantity": 1, **_own_price(request.amount), **plain}
            draft = await self._draft(request.who, request.key, [line], request.amount.currency)
            return _page(draft.id, draft.page)
        if (number := number_of_draft(request.order)) is not None:
            return await self._page_of_draft(number, request.amount)
        return await self._page_of_order(request.order, request.amount)

    async def _page_of_draft(self, number: str, amount: Amount) -> PaymentAsked:
        answer = await self.shop.ask(
            questions.PAGE_OF_DRAFT, {"id": gid("DraftOrder", _decimal(number))}, is_kept=False
        )
        told = answer.found("draftOrder")
        if told is None:
            raise ChannelRefused("The shop has no such draft order any more.")
        draft = read(Draft, told)
        if draft.status == "completed":
            raise ChannelRefused("The draft order is paid, or was made an order: ask for the payment of that one.")
        _require_same(draft.total, amount)
        return _page(draft.id, draft.page)

    async def _page_of_order(self, number: str, amount: Amount) -> PaymentAsked:
        answer = await self.shop.ask(questions.PAGE_OF_ORDER, {"id": gid("Order", _decimal(number))}, is_kept=False)
        told = answer.found("order")
        if not isinstance(told, Mapping):
            raise ChannelRefused("The shop has no such order, or shows it to us no more.")
        beside = told.get("paymentCollectionDetails")
        url = beside.get("additionalPaymentCollectionUrl") if isinstance(beside, Mapping) else None
        if not url:
            raise ChannelRefused("The shop collects no payment for this order. Ask without naming an order.")
        try:
            _require_same(_PRICE.validate_python(told.get("totalOutstandingSet")), amount)
        except ValidationError:
            raise BadPayload("order.totalOutstandingSet is no amount") from None
        return _page(number, url)

    async def _draft(
        self, who: Who, key: str, lines: Sequence[Mapping[str, Any]], currency: str, *, note: str | None = None
    ) -> Draft:
        data: dict[str, Any] = {
            "purchasingEntity": {"customerId": gid("Customer", _customer(who))},
            "lineItems": lines,
            # Prices are taken for such of this currency, whichever the shop's own is.
            "presentmentCurrencyCode": currency,
            "tags": [DRAFT_OF_OURS],
            "customAttributes": [{"key": OURS, "value": key}],
            "useCustomerDefaultAddress": True,
            **({"note": note} if note else {}),
        }
        told = await self.shop.change(questions.DRAFT, {"input": data}, "draftOrderCreate")
        return read(Draft, told.get("draftOrder"))

    # Lines

    async def _lines(self, items: Sequence[Item]) -> list[dict[str, Any]]:
        """The lines as Shopify takes them: of a product of its own by the kind that is meant, else in our words."""
        wanted = {one.product for one in items if one.product and as_id(one.product) and one.product.isdecimal()}
        kinds = await self._kinds(sorted(wanted)) if wanted else {}
        return [_line(one, kinds.get(one.product or "", ())) for one in items]

    async def _kinds(self, products: Sequence[str]) -> dict[str, Sequence[tuple[str, str | None]]]:
        """Id and stock keeping unit of each product's kinds."""
        listed: list[Any] = []
        for n in range(0, len(products), _PRODUCTS_AT_ONCE):
            ids = [gid("Product", one) for one in products[n : n + _PRODUCTS_AT_ONCE]]
            some = (await self.shop.ask(questions.VARIANTS, {"ids": ids})).found("nodes")
            listed += some if isinstance(some, list) else ()
        found: dict[str, Sequence[tuple[str, str | None]]] = {}
        for value in listed:
            # A product that is there no more is null; it is ordered by its name.
            if isinstance(value, Mapping) and value:
                told = read(Ware, {"title": "-", **value})
                found[told.id] = [(one.id, one.sku) for one in told.variants]
        return found


def _line(item: Item, kinds: Sequence[tuple[str, str | None]]) -> dict[str, Any]:
    fitting = [number for number, sku in kinds if len(kinds) == 1 or (item.sku and sku == item.sku)]
    unit = item.unit_price or Amount(item.total.amount / item.quantity, item.total.currency)
    if len(fitting) == 1:
        price = {"amount": f"{unit.amount:f}", "currencyCode": unit.currency}
        return {"variantId": gid("ProductVariant", fitting[0]), "quantity": item.quantity, "priceOverride": price}
    named = {"title": item.title[:255], **({"sku": item.sku} if item.sku else {})}
    return {**named, "quantity": item.quantity, **_own_price(unit)}


def _own_price(price: Amount) -> dict[str, Any]:
    return {"originalUnitPriceWithCurrency": {"amount": f"{price.amount:f}", "currencyCode": price.currency}}


def _customer(who: Who) -> str:
    try:
        return number_in(who)
    except NoSuchIdentity as error:
        # Nothing was asked for, and nothing can be.
        raise ChannelRefused(str(error)) from error


def _decimal(number: str) -> str:
    if not number.isascii() or not number.isdecimal():
        raise ChannelRefused("Shopify's ids are decimal numbers; that of the order is none.")
    return number


def _require_same(asked: Price | None, amount: Amount) -> None:
    """Returns where the page asks for that amount: to whole coins, and in that currency."""
    coin = Decimal(1).scaleb(-DIGITS.get(amount.currency, 2))
    if asked is None or (asked.currency or amount.currency) != amount.currency:
        raise ChannelRefused(f"The shop's page of this order asks for another currency than {amount.currency}.")
    if abs(asked.amount - amount.amount) >= coin:
        raise ChannelRefused(
            "The shop's page of this order asks for another amount: what is still to be paid, with taxes. Ask for "
            "that, or ask without naming an order."
        )


def _page(number: str, url: Any) -> PaymentAsked:
    if not isinstance(url, str) or not url.startswith(("https://", "http://")) or len(url) > _LONGEST_PAGE:
        raise BadPayload("invoiceUrl is no page on the web")
    return PaymentAsked(external_id=number, url=url)
