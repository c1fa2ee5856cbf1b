"""A sample channel whose way out stands as a test says, for tests that ask nobody."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, cast

from adapters.channels.webchat import WebChat, WebChatSettings
from adapters.contract.channel import (
    Channel,
    ChannelSettings,
    Equipment,
    NewOrder,
    PaymentAsked,
    PaymentRequest,
)
from adapters.contract.errors import ChannelBusy, ChannelDown
from adapters.contract.found import Found, Portion
from adapters.contract.records import Amount, Listing, Order, Who
from adapters.contract.sending import Outgoing, Sent, WindowClosed
from adapters.contract.way import Standing, Way
from adapters.discovery import renamed

_PLACED = datetime(2026, 1, 1, tzinfo=UTC)


class Stood:
    """A way out that has been gone, or not."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    def standing(self) -> Standing:
        """As it was set."""
        return self._standing


class Desk(Channel):
    """A sample desk that knows people and their tickets."""

    name = "desk"
    Settings = ChannelSettings

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """Of nobody any."""
        del who, portion
        return Found()


LATE = "Sorry for the delay!"
"""Words that come too late for the sample mouth."""


class Mouth(Desk):
    """A sample desk on which something can be said."""

    is_repeatable: ClassVar[bool] = False

    def talk_with(self, who: Who) -> str | None:
        """One conversation with everybody."""
        return who.value

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Closed for one text."""
        if outgoing.text == LATE:
            told = "The window for free words has closed. Send a template."
            raise WindowClosed(told, allowed=("template",), closed_at=outgoing.now)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Nobody tries."""
        raise ChannelDown(f"Nobody on {outgoing.who.channel} is asked in these tests.")


class Till(Desk):
    """A sample shop that takes orders, and has a page for each payment."""

    is_order_repeatable: ClassVar[bool] = False
    is_payment_repeatable: ClassVar[bool] = False

    async def products(self, words: str, portion: Portion) -> Found:
        """One thing, called as it was sought; busy for one word."""
        del portion
        if words == LATE:
            raise ChannelBusy("It takes no more for now.", retry_after_s=5)
        place = {"channel": self.name, "account": self.account}
        more = {
            "sku": "L-1",
            "category": "Lamps",
            "description": "It shines.",
            "image_url": "https://shop.example/l.png",
        }
        price = Amount(Decimal("19.90"), "EUR")
        return Found(records=(Listing(**place, external_id="l-1", name=words, price=price, **more),))

    async def place_order(self, order: NewOrder) -> Found:
        """Busy for one note."""
        if order.note == LATE:
            raise ChannelBusy("It takes no more for now.", retry_after_s=5)
        placed = Order(external_id=f"no {order.key}", who=order.who, placed_at=_PLACED, items=order.items)
        return Found(records=(placed,))

    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        """A page of its own for each."""
        url = f"https://pay.example/{request.words}"
        return PaymentAsked(external_id=request.key, url=url, expires_at=_PLACED)


SIGNING_SECRET = "a made-up secret of the company's backend"
"""With it the company signs who the sample site's visitors are."""


def site(account: str = "main", **settings: Any) -> WebChat:
    """A site on which visitors chat."""
    given = {"allowed_origins": ["https://www.shop.example"], "identity_secrets": [SIGNING_SECRET], **settings}
    equipment = Equipment(way=cast("Way", Stood(Standing())))
    return WebChat(account, WebChatSettings.model_validate(given), equipment)


def till(channel: str = "shop", account: str = "main") -> Channel:
    """A shop that takes orders on a channel."""
    return renamed(Till, channel)(account, ChannelSettings(), Equipment(way=cast("Way", Stood(Standing()))))


def mouth(account: str = "main", channel: str = "desk", **standing: Any) -> Channel:
    """The same, of a desk on which something can be said."""
    way = cast("Way", Stood(Standing(**standing)))
    return renamed(Mouth, channel)(account, ChannelSettings(), Equipment(way=way))


def desk(account: str = "main", channel: str = "desk", **standing: Any) -> Channel:
    """A desk on a channel whose way out stands so."""
    way = cast("Way", Stood(Standing(**standing)))
    return renamed(Desk, channel)(account, ChannelSettings(), Equipment(way=way))
