"""What do Shopify's own words look like: customers, orders, drafts and products?

The Admin API writes them in camel case, with lists in connections and ids as `gid://shopify/Order/1`; deliveries and
the old REST API in snake case, with ids as numbers and money as bare amounts. Both are read here into the same shapes,
so that one order is the same whichever way it came. Only what is read is named.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Final

from pydantic import AliasChoices, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.contract.errors import BadPayload
from adapters.quiet import quiet

_GID: Final = re.compile(r"gid://shopify/([A-Za-z]{1,40})/([0-9]{1,25})(?:\?.*)?")
_LARGEST_ID: Final = 10**25
_LONGEST_LIST: Final = 10_000
IS_CUT: Final = "hasMoreParcels"
"""A word of ours: that an order which was asked for may have more parcels than were told."""


def as_id(value: object, kind: str | None = None) -> object:
    """The number at the end of a gid, which is the id that REST and deliveries write, as a text.

    A gid that names another kind than the one that is meant stays as it is, which is no id.
    """
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < _LARGEST_ID:
        return str(value)
    if isinstance(value, str) and (found := _GID.fullmatch(value.strip())):
        return found[2] if kind in (None, found[1]) else value
    return value


def gid(kind: str, number: str) -> str:
    """The id by which the Admin API names the thing of that kind."""
    return f"gid://shopify/{kind}/{number}"


def _as_maybe_id(value: object) -> object:
    return None if value in (None, "", 0) and value is not False else as_id(value)


def _as_text(value: object) -> object:
    """An empty text says nothing; numbers stand where texts belong at times."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value or None if isinstance(value, str) else value


def _as_word(value: object) -> object:
    """GraphQL writes `PARTIALLY_PAID`, REST `partially_paid`."""
    return value.strip().casefold() or None if isinstance(value, str) else value


def _as_list(value: object) -> object:
    """The members of a connection, or of a plain list."""
    if isinstance(value, Mapping):
        if "nodes" in value:
            return value["nodes"]
        edges = value.get("edges")
        if isinstance(edges, list):
            return [one.get("node") if isinstance(one, Mapping) else one for one in edges]
    return () if value is None else value


def _as_tags(value: object) -> object:
    """REST writes `a, b`."""
    if isinstance(value, str):
        return [one for part in value.split(",") if (one := part.strip())]
    return () if value is None else value


def _as_data(value: object) -> object:
    """Without such as nobody can read: an app notes what it likes, and one odd note spoils no order."""
    listed = _as_list(value)
    return [one for one in listed if _is_datum(one)] if isinstance(listed, list | tuple) else listed


def _is_datum(value: object) -> bool:
    parts = [value.get(name) for name in ("name", "key", "value")] if isinstance(value, Mapping) else [()]
    return all(isinstance(_as_text(one), str | None) for one in parts)


def _as_amount(value: object) -> object:
    """The amount of shop's money: of a bag with two currencies the shop's, of a bare one itself."""
    if isinstance(value, Mapping):
        inner = value.get("shopMoney", value.get("shop_money", value))
        if isinstance(inner, Mapping):
            code = inner.get("currencyCode", inner.get("currency_code"))
            return {"amount": inner.get("amount"), "currency": code}
        return value
    return {"amount": value, "currency": None} if isinstance(value, str | int | float) else value


def _named(*names: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(*names))


def _listed(*names: str) -> Any:
    return Field(default=(), validation_alias=AliasChoices(*names), max_length=_LONGEST_LIST)


_Number = Annotated[str, Field(pattern=r"\A[0-9]{1,25}\z")]
Id = Annotated[_Number, BeforeValidator(as_id)]
CustomerId = Annotated[_Number, BeforeValidator(partial(as_id, kind="Customer"))]
MaybeId = Annotated[Id | None, BeforeValidator(_as_maybe_id)]
MaybeText = Annotated[str | None, BeforeValidator(_as_text)]
MaybeWord = Annotated[str | None, BeforeValidator(_as_word)]
Exact = Annotated[Decimal, Field(max_digits=34)]


@quiet
class _Words(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: Any) -> Any:
        """What is null says nothing: another field may say the same."""
        if not isinstance(value, Mapping):
            return value
        return {name: one for name, one in value.items() if one is not None}


class Numbered(_Words):
    """Anything of which only the id is read."""

    id: Id


class Someone(_Words):
    """A customer of whom only the id is read."""

    id: CustomerId


class Price(_Words):
    """An amount, with its currency where it is named beside."""

    amount: Exact
    currency: str | None = Field(None, pattern=r"\A[A-Za-z]{3}\z")


MaybePrice = Annotated[Price | None, BeforeValidator(_as_amount)]


class Address(_Words):
    """A postal address, and the phone number that was given with it."""

    address1: MaybeText = None
    address2: MaybeText = None
    city: MaybeText = None
    zip: MaybeText = None
    province: MaybeText = None
    country: MaybeText = None
    country_code: MaybeText = _named("countryCodeV2", "country_code")
    phone: MaybeText = None


class Mailbox(_Words):
    """A customer's e-mail address."""

    address: MaybeText = _named("emailAddress")


class Line(_Words):
    """A customer's phone number."""

    number: MaybeText = _named("phoneNumber")


class Choice(_Words):
    """Whether somebody wants to be written to."""

    state: MaybeWord = _named("marketingState", "state")
    at: AwareDatetime | None = _named("marketingUpdatedAt", "consent_updated_at")


class Choices(_Words):
    """What somebody chose, each by its own word; the Admin API says it of the address and of the number."""

    id: CustomerId = Field(validation_alias=AliasChoices("customer_id", "id"))
    email: Choice | None = _named("defaultEmailAddress", "email_marketing_consent")
    sms: Choice | None = _named("defaultPhoneNumber", "sms_marketing_consent")
    changed_at: AwareDatetime | None = _named("updatedAt")
    """When anything of the customer was last changed, as the Admin API says it."""


class Buyer(_Words):
    """A customer of the shop."""

    id: CustomerId
    first_name: MaybeText = _named("firstName", "first_name")
    last_name: MaybeText = _named("lastName", "last_name")
    email: MaybeText = None
    phone: MaybeText = None
    mailbox: Mailbox | None = _named("defaultEmailAddress")
    line: Line | None = _named("defaultPhoneNumber")
    has_verified: bool | None = _named("verifiedEmail", "verified_email")
    state: MaybeWord = None
    note: MaybeText = None
    locale: MaybeText = None
    tags: Annotated[tuple[str, ...], BeforeValidator(_as_tags)] = ()
    home: Address | None = _named("defaultAddress", "default_address")
    created_at: AwareDatetime | None = _named("createdAt", "created_at")

    @property
    def address(self) -> str | None:
        """Where mail reaches them."""
        return (self.mailbox.address if self.mailbox else None) or self.email

    @property
    def number(self) -> str | None:
        """Under which number they are called."""
        return (self.line.number if self.line else None) or self.phone

    @property
    def is_withheld(self) -> bool:
        """Whether Shopify keeps everything from us: nobody is a customer without name, address and number."""
        return not any((self.first_name, self.last_name, self.address, self.number))


class Datum(_Words):
    """Something noted by a name: `note_attributes` of REST, `customAttributes` of GraphQL."""

    name: MaybeText = _named("name", "key")
    value: MaybeText = None


class Discount(_Words):
    """What a discount takes off a line; a discount on the whole order takes its part off each."""

    amount: MaybePrice = _named("allocatedAmountSet", "amount_set", "amount")


class Goods(_Words):
    """One line of an order or a draft."""

    id: MaybeId = None
    title: MaybeText = None
    name: MaybeText = None
    sku: MaybeText = None
    quantity: Annotated[int, Field(ge=0)]
    left: Annotated[int, Field(ge=0)] | None = _named("currentQuantity", "current_quantity")
    """How many there are still, after what was taken back or out."""
    price: MaybePrice = _named("originalUnitPriceSet", "price_set", "price")
    discounts: Annotated[tuple[Discount, ...], BeforeValidator(_as_list)] = _listed(
        "discountAllocations", "discount_allocations"
    )
    total_discount: MaybePrice = _named("total_discount_set", "total_discount")
    applied_discount: Discount | None = None
    discounted_total: MaybePrice = _named("discountedTotalSet")
    product: Numbered | None = None
    product_id: MaybeId = None


class Track(_Words):
    """Where a parcel is."""

    company: MaybeText = None
    number: MaybeText = None
    url: MaybeText = None


class Fulfillment(_Words):
    """What was sent at once, in one parcel or several."""

    status: MaybeWord = None
    display_status: MaybeWord = _named("displayStatus", "shipment_status")
    tracks: Annotated[tuple[Track, ...], BeforeValidator(_as_list)] = _listed("trackingInfo")
    company: MaybeText = _named("tracking_company")
    number: MaybeText = _named("tracking_number")
    url: MaybeText = _named("tracking_url")
    numbers: Annotated[tuple[MaybeText, ...], BeforeValidator(_as_list)] = _listed("tracking_numbers")
    urls: Annotated[tuple[MaybeText, ...], BeforeValidator(_as_list)] = _listed("tracking_urls")


class Sale(_Words):
    """An order, or a draft of one."""

    id: Id
    name: MaybeText = None
    customer: Buyer | None = None
    placed_at: AwareDatetime | None = _named("processedAt", "processed_at")
    created_at: AwareDatetime | None = _named("createdAt", "created_at")
    updated_at: AwareDatetime | None = _named("updatedAt", "updated_at")
    cancelled_at: AwareDatetime | None = _named("cancelledAt", "cancelled_at")
    paid: MaybeWord = _named("displayFinancialStatus", "financial_status")
    sent: MaybeWord = _named("displayFulfillmentStatus", "fulfillment_status")
    currency: Annotated[str | None, Field(pattern=r"\A[A-Za-z]{3}\z")] = _named("currencyCode", "currency")
    total: MaybePrice = _named("totalPriceSet", "total_price_set", "total_price")
    left: MaybePrice = _named("currentTotalPriceSet", "current_total_price_set", "current_total_price")
    """What it comes to after what was taken back or out."""
    email: MaybeText = None
    contact_email: MaybeText = None
    phone: MaybeText = None
    billed_to: Address | None = _named("billingAddress", "billing_address")
    is_test: Annotated[bool, BeforeValidator(lambda value: value is True)] = Field(False, validation_alias="test")
    """Whether it was placed for a trial: no money moved."""
    note: MaybeText = _named("note", "note2")
    data: Annotated[tuple[Datum, ...], BeforeValidator(_as_data)] = _listed("customAttributes", "note_attributes")
    lines: Annotated[tuple[Goods, ...], BeforeValidator(_as_list)] = Field(
        validation_alias=AliasChoices("line_items", "lineItems"), max_length=_LONGEST_LIST
    )
    fulfillments: Annotated[tuple[Fulfillment, ...], BeforeValidator(_as_list)] = ()
    is_cut: bool = Field(False, validation_alias=IS_CUT)

    @property
    def address(self) -> str | None:
        """Where mail about it reaches somebody: one of both is empty at times."""
        return self.email or self.contact_email

    def require_nobody(self) -> None:
        """Raises BadPayload where somebody can be reached about it, whose it may be."""
        if self.address or self.phone:
            raise BadPayload("customer is missing, though the order names an e-mail address or a phone number")


class Draft(Sale):
    """A draft of an order: `open`, `invoice_sent` or `completed`."""

    status: MaybeWord = None
    page: MaybeText = _named("invoiceUrl", "invoice_url")


class Variant(_Words):
    """A kind of a product, as of a size or colour."""

    id: Id
    sku: MaybeText = None
    price: MaybePrice = None


class Picture(_Words):
    """Where a picture of a product stands: `src` in REST, behind a preview in GraphQL."""

    src: MaybeText = None
    url: MaybeText = None
    image: "Picture | None" = None
    preview: "Picture | None" = None

    @property
    def address(self) -> str | None:
        """The picture's address."""
        inner = self.preview or self.image
        return self.src or self.url or (inner.address if inner else None)


class Cheapest(_Words):
    """What a product costs at least."""

    price: MaybePrice = _named("minVariantPrice")


class Ware(_Words):
    """A product."""

    id: Id
    title: str = Field(min_length=1)
    status: MaybeWord = None
    kind: MaybeText = _named("productType", "product_type")
    text: MaybeText = _named("description")
    html: MaybeText = _named("body_html")
    variants: Annotated[tuple[Variant, ...], BeforeValidator(_as_list)] = ()
    picture: Picture | None = _named("featuredMedia", "image")
    pictures: Annotated[tuple[Picture, ...], BeforeValidator(_as_list)] = _listed("images")
    prices: Cheapest | None = _named("priceRangeV2")
