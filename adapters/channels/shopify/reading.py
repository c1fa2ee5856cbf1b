"""What do Shopify's words mean in ours?"""

import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, DecimalException
from typing import Any, Final

from adapters.channels.shopify.words import Address, Buyer, Choices, Draft, Fulfillment, Goods, Price, Sale, Ware
from adapters.contract.errors import BadPayload
from adapters.contract.records import Amount, Item, Listing, Order, Parcel, Person, Reach, Removal, Say, Who
from adapters.currencies import DIGITS
from adapters.making import EXACT
from adapters.reaching import as_email, as_phone
from adapters.readings import Readings

OURS: Final = "profile_gateway_key"
"""The name under which an order or draft of ours carries the word by which we know it."""
DRAFT_OF_OURS: Final = "profile-gateway"
"""The tag of a draft of ours."""
COMPLETED: Final = "completed"
_PREFIX: Final = "draft-"

# As much as the house keeps of custom data.
_LONGEST_NAME, _LONGEST_VALUE, _MOST_DATA = 100, 2_000, 50
_NOTES: Final = frozenset({"note", "shopify_test"})
"""Names by which is noted on an order what is no attribute of it."""
_CHOICES: Final = {
    "subscribed": "GRANTED",
    **dict.fromkeys(("unsubscribed", "redacted", "not_subscribed", "invalid"), "WITHDRAWN"),
}
# Of customers who never chose Shopify says `not_subscribed`, too, mostly without a moment.
_ENDED: Final = frozenset({"unsubscribed", "redacted"})
_NAME_MARKS: Final = "'\u2019.,-"
_TAG: Final = re.compile(r"\S{1,50}")
_MARKUP: Final = re.compile(r"<[^<>]{0,10000}>")
_PAID: Final = frozenset({"paid", "partially_refunded"})
# The payment will not come: it was called off before it was taken.
_VOID: Final = "voided"
_GONE_FULFILLMENTS: Final = frozenset({"cancelled", "canceled", "error", "failure"})
_SENT_WORDS: Final = {"success": "fulfilled"}
_SENT: Final = "fulfilled"


def named(kind: str, value: Any) -> str:
    """The kind and the shop's id, where the value has one that is short and plain; of people the kind alone."""
    found = value.get("id") if isinstance(value, Mapping) and kind != "customer" else None
    tail = str(found).rpartition("/")[2] if isinstance(found, int | str) else ""
    return f"{kind} {tail}" if re.fullmatch(r"[0-9]{1,25}", tail) else f"{kind} without an id"


def no_readings() -> Readings:
    """What is to come of a list of the vendor's; nothing yet."""
    return Readings(named)


@dataclass(frozen=True, slots=True, repr=False)
class Reader:
    """Reads the words of one shop."""

    channel: str
    account: str
    region: str | None = None
    currency: str | None = None
    """The shop's own, for prices beside which none is named."""
    takes_tests: bool = False
    """Whether orders that were placed for a trial are orders here."""

    def who(self, customer: str) -> Who:
        """The shop's customer of that number."""
        return Who(self.channel, self.account, customer)

    # People

    def person(self, told: Buyer, who: Who | None = None, reaches: Iterable[Reach] = ()) -> Person:
        """The customer as a person, with further ways to reach them.

        Asked for by another writing of their id, they are of that one, and have the usual one besides.
        """
        usual = self.who(told.id)
        kept, rest = self._reaches(told, reaches)
        tags = dict.fromkeys(told.tags)
        plain = tuple(one for one in tags if _TAG.fullmatch(one))
        others = [one for one in tags if one not in plain]
        noted = {"shopify_note": told.note, "shopify_tags": ", ".join(others) or None, **rest}
        named = " ".join(part for part in (told.first_name, told.last_name) if part)
        profile = {"name": named or None, "locale": told.locale}
        attributes = {"firstName": told.first_name, "lastName": told.last_name}
        return Person(
            who=who or usual,
            # Shops and jesters call themselves `3M` and worse: that stands in the profile.
            attributes={name: value for name, value in attributes.items() if value and _is_name(value)},
            reaches=kept,
            tags=plain,
            custom_data={name: value[:_LONGEST_VALUE] for name, value in noted.items() if value},
            profile={name: value for name, value in profile.items() if value},
            created_at=told.created_at,
            also=(usual,) if who is not None and who != usual else (),
        )

    def _reaches(self, told: Buyer, further: Iterable[Reach]) -> tuple[tuple[Reach, ...], dict[str, str]]:
        # Shopify calls an address verified that an app or colleague typed in; who has signed in has shown it.
        is_verified = told.has_verified is True and told.state == "enabled"
        found: dict[tuple[str, str], Reach] = {}
        own = [
            self.reach("EMAIL", told.address, is_primary=True, is_verified=is_verified),
            self.reach("PHONE", told.number, is_primary=True, near=told.home),
            _postal(told.home) if told.home else None,
            self.reach("PHONE", told.home.phone, near=told.home) if told.home else None,
        ]
        for one in (*own, *further):
            if one is not None:
                found.setdefault((one.type, one.value.casefold()), one)
        rest = {"shopify_email": told.address, "shopify_phone": told.number}
        types = {kind for kind, _ in found}
        left = {name: text for name, text in rest.items() if text and name[8:].upper() not in types}
        return tuple(found.values()), left

    def says(self, told: Choices, told_at: datetime | None = None, who: Who | None = None) -> Iterable[Say]:
        """What the customer chose about being written to; nothing where no choice was made.

        Who has unsubscribed, nobody knows when, had done so when it was told, or, where it was asked for, when they
        were last changed: asked again, that is the same word. All else needs its moment.
        """
        told_at = told_at or told.changed_at
        for purpose, choice in (("e-mail marketing", told.email), ("sms marketing", told.sms)):
            status = _CHOICES.get(choice.state or "") if choice else None
            at = (choice.at or (told_at if choice.state in _ENDED else None)) if choice else None
            if at is not None and status is not None:
                # Who changed it, the customer or a colleague, Shopify does not say.
                yield Say(who=who or self.who(told.id), purpose=purpose, status=status, at=at, means="IMPORT")

    def reach(self, kind: str, text: str | None, *, near: Address | None = None, **more: Any) -> Reach | None:
        """The number or address as a way to reach somebody; None where it can be none.

        A number without country code is one of the country of its address, if that names one.
        """
        country = (near.country_code or near.country) if near else None
        region = country.strip().upper() if country else self.region
        value = text and (as_email(text.strip()) if kind == "EMAIL" else as_phone(text, region))
        return Reach(type=kind, value=value, **more) if value else None

    # Orders

    def contact(self, told: Sale) -> list[Reach]:
        """How whoever ordered can be reached, as they wrote: unproven, and for this order."""
        billed = told.billed_to
        home = told.customer.home if told.customer else None
        near = billed if billed and (billed.country_code or billed.country) else home
        phones = (told.phone, billed.phone if billed else None)
        found = [self.reach("EMAIL", told.address), *(self.reach("PHONE", one, near=near) for one in phones)]
        return list(dict.fromkeys(one for one in found if one is not None))

    def is_sale(self, told: Sale) -> bool:
        """Whether it is an order here: one for a trial, for which no money moved, only where the settings say so."""
        return self.takes_tests or not told.is_test

    def order(self, told: Sale, who: Who) -> Order:
        """The order; raises BadPayload where its money cannot be read, or not all of its parcels were told."""
        if told.is_cut:
            # What deliveries have told of it stands.
            raise BadPayload("fulfillments are more than can be asked for at once; have `orders/updated` delivered")
        status = _status(told)
        placed_at = told.placed_at or told.created_at
        if placed_at is None:
            raise BadPayload("processed_at is missing, and created_at")
        is_open = status not in {"CANCELLED", "REFUNDED"}
        total = (told.left if is_open else None) or told.total
        return Order(
            external_id=told.id,
            who=who,
            placed_at=placed_at,
            items=self._items(told, of_what_is_left=is_open),
            number=told.name,
            status=status,
            total=self._amount(total, told) if total else None,
            parcels=tuple(_parcels(told.fulfillments)),
            updated_at=told.updated_at,
            key=next((one.value for one in told.data if one.name == OURS and one.value), None),
            custom_data=_noted(told),
        )

    def draft(self, told: Draft, who: Who) -> Order:
        """The draft as an order that is not paid, under an id that no order has."""
        order = self.order(told, who)
        return Order(
            external_id=draft_id(told.id),
            who=who,
            placed_at=told.created_at or order.placed_at,
            items=order.items,
            number=order.number,
            total=order.total,
            updated_at=order.updated_at,
            custom_data=order.custom_data,
        )

    def gone(self, external_id: str, at: Any) -> Removal:
        """An order or draft that is there no more."""
        return Removal(channel=self.channel, account=self.account, kind="order", external_id=external_id, at=at)

    def _amount(self, price: Price, told: Sale) -> Amount:
        currency = price.currency or told.currency or self.currency
        if currency is None:
            raise BadPayload("currency is missing")
        return Amount(price.amount, currency.upper())

    def _items(self, told: Sale, *, of_what_is_left: bool) -> tuple[Item, ...]:
        items = []
        for n, one in enumerate(told.lines):
            count = one.left if of_what_is_left and one.left is not None else one.quantity
            # Nothing sold is no line: it was taken out, or came back.
            if count:
                items.append(self._item(one, count, told, n))
        return tuple(items)

    def _item(self, one: Goods, count: int, told: Sale, n: int) -> Item:
        place = f"line_items[{n}]"
        if one.price is None:
            raise BadPayload(f"{place}.price is missing")
        unit = self._amount(one.price, told)
        title = one.title or one.name
        if title is None:
            raise BadPayload(f"{place}.title is missing")
        try:
            total = one.discounted_total.amount if one.discounted_total else _total(one, count, unit)
        except DecimalException as error:
            raise BadPayload(f"{place}.price has more digits than are kept exactly") from error
        return Item(
            line=one.id or str(n + 1),
            title=title,
            quantity=count,
            total=Amount(total, unit.currency),
            unit_price=unit,
            sku=one.sku,
            product=one.product.id if one.product else one.product_id,
        )

    # Products

    def listing(self, told: Ware) -> Listing:
        """The product."""
        first = told.variants[0] if told.variants else None
        prices = [one for one in (told.prices.price if told.prices else None, first.price if first else None) if one]
        priced = next(((one, one.currency or self.currency) for one in prices), None)
        picture = told.picture or (told.pictures[0] if told.pictures else None)
        return Listing(
            channel=self.channel,
            account=self.account,
            external_id=told.id,
            name=told.title,
            sku=first.sku if first else None,
            category=told.kind,
            description=told.text or _plain(told.html),
            price=Amount(priced[0].amount, priced[1].upper()) if priced and priced[1] else None,
            image_url=picture.address if picture else None,
        )


def draft_id(number: str) -> str:
    """The id of a draft among orders."""
    return _PREFIX + number


def number_of_draft(external_id: str) -> str | None:
    """The draft's number; None where the id is that of an order."""
    return external_id.removeprefix(_PREFIX) if external_id.startswith(_PREFIX) else None


def _status(told: Sale) -> str:
    """How far the order is. What is called off stays called off, whatever became of the money.

    A word of Shopify's that is new says nothing that is known: then it is ordered, and not known to be paid or sent.
    """
    if told.cancelled_at is not None or told.paid == _VOID:
        return "CANCELLED"
    if told.paid == "refunded":
        return "REFUNDED"
    if told.sent == _SENT:
        return "FULFILLED"
    return "PAID" if told.paid in _PAID else "PLACED"


def _total(one: Goods, count: int, unit: Amount) -> Decimal:
    """What so many of the line come to: their price, less what is taken off them."""
    off = [part.amount.amount for part in one.discounts if part.amount]
    if not one.discounts:
        others = (one.total_discount, one.applied_discount.amount if one.applied_discount else None)
        off = [next((part.amount for part in others if part), Decimal(0))]
    taken_off = Decimal(0)
    for part in off:
        taken_off = EXACT.add(taken_off, part)
    if count != one.quantity and taken_off:
        # What came back takes its part of the discount along, in whole coins.
        coin = Decimal(1).scaleb(-DIGITS.get(unit.currency, 2))
        taken_off = (taken_off * count / one.quantity).quantize(coin)
    return EXACT.subtract(EXACT.multiply(unit.amount, Decimal(count)), taken_off)


def _noted(told: Sale) -> dict[str, str]:
    # Anybody who fills in a cart may name an attribute so.
    named = [(f"attribute {one.name}" if one.name in _NOTES else one.name or "", one.value) for one in told.data]
    said = {name[:_LONGEST_NAME]: value for name, value in named if name != OURS}
    noted = {"note": told.note, **({"shopify_test": "true"} if told.is_test else {}), **said}
    return {name: value[:_LONGEST_VALUE] for name, value in list(noted.items())[:_MOST_DATA] if value and name.strip()}


def _parcels(sent: Iterable[Fulfillment]) -> Iterable[Parcel]:
    for one in sent:
        if one.status in _GONE_FULFILLMENTS:
            continue
        word = one.display_status or one.status
        status = _SENT_WORDS.get(word, word).replace("_", " ") if word else None
        tracks = [(track.company, track.number, track.url) for track in one.tracks]
        numbers, urls = one.numbers or (one.number,), one.urls or (one.url,)
        if not tracks:
            rows = max(len(numbers), len(urls))
            filled = [(*some, *[None] * (rows - len(some))) for some in (numbers, urls)]
            tracks = [(one.company, number, url) for number, url in zip(*filled, strict=True)]
        yield from (Parcel(company=company, number=number, url=url, status=status) for company, number, url in tracks)


def _is_name(text: str) -> bool:
    """Whether it is a name as the house takes one: letters of any script, and the marks between them."""
    return any(map(str.isalpha, text)) and all(map(_is_of_name, text))


def _is_of_name(sign: str) -> bool:
    is_plain = sign.isalpha() or sign.isspace() or sign in _NAME_MARKS
    return is_plain or unicodedata.category(sign).startswith("M")


def _postal(home: Address) -> Reach | None:
    street = " ".join(part for part in (home.address1, home.address2) if part)
    # Longer than this, none of it is a part of an address.
    parts = {
        "street": street or None,
        "city": home.city,
        "region": home.province,
        "postal_code": home.zip,
        "country": home.country_code or home.country,
    }
    said = {name: value[:300] for name, value in parts.items() if value}
    if not {"street", "city"} & said.keys():
        return None
    return Reach(type="POSTAL", value=", ".join(said.values()), postal=said)


def _plain(markup: str | None) -> str | None:
    """The words of a page's markup."""
    return " ".join(html.unescape(_MARKUP.sub(" ", markup)).split()) or None if markup else None
