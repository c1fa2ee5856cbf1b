"""On which channel account is something done for a customer, and by which identity is the customer known there?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.contract.channel import Capability, Channel
from adapters.contract.records import Who
from adapters.lines import Line
from adapters.records import CAME_BY, RecordId, key_hash, key_mark
from resolvers.aliases import ids_of
from resolvers.customers import Customer
from resolvers.identities import IDENTITIES
from resolvers.kit.context import Context
from resolvers.kit.errors import conflict, invalid, not_found
from resolvers.kit.ids import key_of
from resolvers.kit.texts import quoted

_DOES: Final[Mapping[Capability, str]] = {
    Capability.ORDER: "takes orders",
    Capability.PAYMENT: "asks for payments",
}


@dataclass(frozen=True, slots=True, repr=False)
class Wish:
    """Where somebody wants it done, as far as that was said."""

    channel: str | None
    account: str | None
    identity_id: str | None


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Where it is done, and for whom."""

    who: Who
    channel: Channel
    customer: RecordId

    @property
    def mark(self) -> RecordId:
        """The identity as records name it that come by it."""
        return key_mark(key_hash(*self.who))

    def document(self) -> dict[str, object]:
        """The same as it is stored."""
        who = self.who
        names = {"channel": who.channel, "account": who.account, "value": who.value}
        return {"customer_id": self.customer, CAME_BY: self.mark, **names}


async def place_for(context: Context, customer: Customer, capability: Capability, wish: Wish) -> Place:
    """The one channel account that offers it and on which the customer is known; refuses where that is none or several.

    The refusal names the channel accounts that offer it.
    """
    lines = {line.place: line for line in _fitting(context, capability, wish)}
    ids = ids_of(customer.document, IDENTITIES)
    at = [{"channel": channel, "account": account} for channel, account in lines]
    known = await context.store.find(IDENTITIES, {"customer_id": {"$in": ids}, "$or": at}, order=[("_id", 1)])
    if wish.identity_id is not None:
        key = key_of(wish.identity_id, "Identity")
        known = [one for one in known if one["_id"] == key]
        if not known:
            check = f"Send the id of an identity of this customer on {_names(lines)}."
            raise not_found("identity", ("input", "identityId"), check=check)
    if not known:
        raise conflict(
            f"The customer has no identity on {_names(lines)}, which {_DOES[capability]}. Link one by `linkIdentity`.",
            *("input", "customerId"),
        )
    if len(known) > 1:
        raise conflict(
            f"Of the customer's identities on {_names(lines)} {len(known)} can be meant. Name one by `identityId`.",
            *("input", "customerId"),
        )
    one = known[0]
    who = Who(one["channel"], one["account"], one["value"])
    return Place(who, lines[who.channel, who.account].channel, customer.key)


def _fitting(context: Context, capability: Capability, wish: Wish) -> list[Line]:
    lines, does = context.lines.offering(capability), _DOES[capability]
    if wish.account is not None and wish.channel is None:
        raise invalid("Say on which `channel` the `account` is.", "input", "account")
    if not lines:
        raise conflict(
            f"No channel of this gateway {does}. An operator switches one on in the settings file of channels.", "input"
        )
    fitting = [one for one in lines if wish.channel in {None, one.place[0]} and wish.account in {None, one.place[1]}]
    if not fitting:
        asked = "/".join(quoted(one) for one in (wish.channel, wish.account) if one is not None)
        named = _names({one.place: one for one in lines})
        raise conflict(f"Nothing that {does} is called {asked}. These do: {named}.", "input", "channel")
    return fitting


def _names(lines: Mapping[tuple[str, str], Line]) -> str:
    return ", ".join(f"{channel}/{account}" for channel, account in lines)
