"""What does a channel do that knows its vendor by a mapping alone?"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, SecretStr, ValidationInfo, model_validator

from adapters.channels.rest.access import Access
from adapters.channels.rest.asking import Asking
from adapters.channels.rest.judging import manners_of
from adapters.channels.rest.loading import load
from adapters.channels.rest.ordering import ask_money, place
from adapters.channels.rest.plan import Entry, Plan
from adapters.channels.rest.proving import proof_of
from adapters.channels.rest.sending import hand_over, require_conversation, require_text
from adapters.contract.addresses import WebAddress, address_fault
from adapters.contract.channel import (
    Capability,
    Channel,
    ChannelSettings,
    Equipment,
    NewOrder,
    PaymentAsked,
    PaymentRequest,
)
from adapters.contract.deliveries import Answer, Delivery, Event
from adapters.contract.errors import BadPayload, ChannelRefused, NoSuchIdentity
from adapters.contract.found import Found, Portion, Unread
from adapters.contract.manners import Manners
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, Sent


def _loaded(said: Any, info: ValidationInfo) -> Plan:
    if isinstance(said, str) and info.context:
        # A path starts where the settings file stands, wherever the gateway was started.
        said = str(info.context["folder"] / said)
    if isinstance(said, Plan):
        return said
    return load(said, Entry(base_url=info.data.get("base_url"), token_url=info.data.get("token_url")))


def _signed_as(url: str) -> str:
    # What the vendor signs may have a query behind it.
    if fault := address_fault(url.partition("?")[0]):
        raise ValueError(fault)
    return url


class RestSettings(ChannelSettings):
    """What an account of a REST channel needs beside its mapping: its secrets, which no mapping holds."""

    base_url: WebAddress | None = Field(
        default=None, description="Takes the place of the mapping's, where each account has a host of its own."
    )
    token_url: WebAddress | None = Field(
        default=None,
        description="Takes the place of the mapping's, of `oauth2`: where the client's secret is sent for a token.",
    )
    mapping: Annotated[Plan, PlainValidator(_loaded)] = Field(
        repr=False,
        description="The path of the mapping (TOML) that says how the API is asked, where it is not absolute from the "
        "folder of the channels' file on; or the mapping itself as a table.",
    )
    token: SecretStr | None = Field(default=None, description="The token or API key, of `bearer`, `header`, `query`.")
    username: str | None = Field(default=None, description="The user, of `basic`.")
    password: SecretStr | None = Field(default=None, description="The password, of `basic`.")
    client_id: str | None = Field(default=None, description="The client's id, of `oauth2`.")
    client_secret: SecretStr | None = Field(default=None, description="The client's secret, of `oauth2`.")
    webhook_secret: SecretStr | None = Field(
        default=None, description="By which deliveries are signed. Without it none are taken."
    )
    previous_webhook_secret: SecretStr | None = Field(
        default=None, description="The one before, which is good as well while the vendor changes over."
    )
    webhook_url: Annotated[str, AfterValidator(_signed_as)] | None = Field(
        default=None, description="Under which URL the vendor reaches this gateway, where it signs that, too."
    )

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "RestSettings":
        plan = self.mapping
        missing = [name for name in plan.needed if not getattr(self, name)]
        signs_url = plan.hook is not None and "{url}" in plan.hook.stated.signature.over
        if self.webhook_secret and signs_url and not self.webhook_url:
            missing.append("webhook_url")
        if missing:
            named = ", ".join(f"`{name}`" for name in missing)
            raise ValueError(f"the mapping needs {named} beside it in the settings")
        return self


class Rest(Channel):
    """An account of any API that speaks JSON over HTTP, as its mapping describes it."""

    name = "rest"
    Settings = RestSettings

    is_repeatable = False
    """Whether the mapping says that the vendor takes our key for an idempotency key."""
    is_order_repeatable = False
    is_payment_repeatable = False
    many_at_once = 1
    """For how many people one call asks at most; of a mapping without `many`, for one."""

    def __init__(self, account: str, settings: Any, equipment: Equipment) -> None:
        super().__init__(account, settings, equipment)
        self._plan: Plan = settings.mapping
        secrets = [one for one in (settings.webhook_secret, settings.previous_webhook_secret) if one]
        hook = self._plan.hook
        self._proof = proof_of(hook.stated.signature, secrets, settings.webhook_url) if hook else None
        self.is_proven_by_headers = hook is not None and hook.stated.signature.scheme == "token"
        access = Access(self._plan.stated.auth, settings, self.way, self._plan.token_url)
        self._asking = Asking(self._plan, self.way, access, self.name, account)
        together = {capability: one.many for (capability, _), one in self._plan.asks.items() if one.many}
        # Class variables elsewhere; here the mapping says them.
        vars(self)["many_for"] = frozenset(Capability(one.upper()) for one in together)
        self.is_repeatable = self._plan.send is not None and self._plan.send.is_repeatable
        self.is_order_repeatable = self._plan.order is not None and self._plan.order.is_repeatable
        self.is_payment_repeatable = self._plan.payment is not None and self._plan.payment.is_repeatable
        self.many_at_once = max((one.at_most for one in together.values()), default=1)

    @classmethod
    def manners_for(cls, settings: Any) -> Manners:
        """How the mapping says that its vendor is called and tells failures."""
        plan: Plan = settings.mapping
        return manners_of(plan.stated.limits, plan.judge)

    def capabilities(self) -> tuple[Capability, ...]:
        """What the mapping says how to ask for; deliveries only with the secret by which they are proven."""
        said = {capability.upper() for capability, _ in self._plan.asks}
        said |= {"WEBHOOK"} if self._plan.hook and self.settings.webhook_secret else set()
        acts = {"SEND": self._plan.send, "ORDER": self._plan.order, "PAYMENT": self._plan.payment}
        said |= {name for name, one in acts.items() if one}
        return tuple(one for one in Capability if one.value in said)

    def asked_by(self) -> tuple[str, ...]:
        """Its own identities, and the addresses by which the mapping asks or finds."""
        kinds = {by for _, by in self._plan.asks}
        if "who" in kinds:
            kinds |= set(self._plan.finds)
        return (self.name, *sorted(kinds - {"who"}))

    async def person(self, who: Who) -> Found:
        """Who it is; of several who answer to one address the first, and how many the others are."""
        found = await self._asking.ask("profile", who, Portion())
        if not found.records and not found.unread:
            raise NoSuchIdentity("It says nothing about anybody by that id.")
        if len(found.records) <= 1:
            return found
        others = Unread(what=f"{len(found.records) - 1} people more", why="They answer to the same address.")
        return replace(found, records=found.records[:1], unread=(*found.unread, others), after=None)

    async def past(self, who: Who, portion: Portion) -> Found:
        """What the mapping reads as conversations, messages and files."""
        return await self._asking.ask("history", who, portion)

    async def tickets(self, who: Who, portion: Portion) -> Found:
        """What the mapping reads as tickets."""
        return await self._asking.ask("tickets", who, portion)

    async def purchases(self, who: Who, portion: Portion) -> Found:
        """What the mapping reads as orders and products."""
        return await self._asking.ask("purchases", who, portion)

    async def interests(self, who: Who, portion: Portion) -> Found:
        """What the mapping reads as interests and places of a taxonomy."""
        return await self._asking.ask("interests", who, portion)

    async def of_many(self, capability: Capability, people: Sequence[Who]) -> Mapping[Who, Found]:
        """In one call for those whom the mapping says how to ask together, else in one call each."""
        together, apart = self._asking.split(capability.value.lower(), people)
        found = dict(await self._asking.ask_many(capability.value.lower(), together)) if together else {}
        singly = await asyncio.gather(*(self._or_nobody(capability, who) for who in apart))
        return found | {who: one for who, one in zip(apart, singly, strict=True) if one is not None}

    async def _or_nobody(self, capability: Capability, who: Who) -> Found | None:
        try:
            return await self._asking.ask(capability.value.lower(), who, Portion())
        except NoSuchIdentity:
            return None

    def talk_with(self, who: Who) -> str | None:
        """None: a mapping names no conversations beforehand."""
        del who
        return None

    def require_allowed(self, outgoing: Outgoing) -> None:
        """Returns for texts; raises ChannelRefused for templates, and where the mapping needs a conversation."""
        require_text(outgoing)
        if self._plan.send is not None:
            require_conversation(self._plan.send, outgoing)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands the text over by the mapping's request."""
        if self._plan.send is None:
            raise ChannelRefused("The mapping has no [send].")
        return await hand_over(self._plan.send, self._asking, outgoing)

    async def place_order(self, order: NewOrder) -> Found:
        """Places it by the mapping's request."""
        if self._plan.order is None:
            raise ChannelRefused("The mapping has no [order].")
        return await place(self._plan.order, self._asking, order)

    async def ask_payment(self, request: PaymentRequest) -> PaymentAsked:
        """Asks for it by the mapping's request."""
        if self._plan.payment is None:
            raise ChannelRefused("The mapping has no [payment].")
        return await ask_money(self._plan.payment, self._asking, request)

    def handshake(self, delivery: Delivery) -> Answer | None:
        """None: vendors that check an address are answered as by any other delivery."""
        del delivery
        return None

    def prove(self, delivery: Delivery) -> None:
        """Returns where the signature is the one that the mapping describes; raises NotProven else."""
        if self._proof is None:
            raise BadPayload("The mapping has no [webhook].")
        self._proof.check(delivery)

    def delivery_key(self, delivery: Delivery) -> str | None:
        """What stands in the header that the mapping names."""
        return self._plan.hook.delivery_key(delivery) if self._plan.hook else None

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """The events that the mapping finds in it."""
        if self._plan.hook is None:
            raise BadPayload("The mapping has no [webhook].")
        return self._plan.hook.told(delivery, self.name, self.account)
