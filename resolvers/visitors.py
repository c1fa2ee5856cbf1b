"""How does a company's backend sign in the customers on its own pages, and who are they then?"""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from resolvers.agents import ViewerInfo
from resolvers.customers import Customer, customer_by_id, require_customer
from resolvers.kit.context import Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Forbidden, InvalidInput, NotFound, NotPermitted, invalid, not_permitted
from resolvers.kit.ids import require_key
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import ADMINISTRATORS, EVERYONE, VISITORS_SCOPE, Role

SLICE = Slice("visitors")

# A page that stays open asks its own backend for another; what leaks is worth nothing soon.
_USUAL_MINUTES, _MOST_MINUTES = 60, 24 * 60


@graph_input
class MintVisitorTokenInput:
    """Somebody whom the company has signed in."""

    customer_id: strawberry.ID = told(
        "The customer who it is. The id of one who was merged opens that one's own things."
    )
    minutes: int = told(f"How long the token is good: 1 to {_MOST_MINUTES} minutes.", default=_USUAL_MINUTES)


@graph_type
class MintVisitorTokenPayload:
    """The visitor's way in."""

    token: str = told("What the visitor's page sends as `Authorization: Bearer ...`. Whoever has it reads what it may.")
    expires_at: datetime = told("When it ends to be good.")
    customer: Customer = told("The customer, or the one into whom that one went.")


@SLICE.mutation(may=ADMINISTRATORS | {Role.PARTNER})
async def mint_visitor_token(
    info: Info, input: Annotated[MintVisitorTokenInput, about("Who it is, and for how long.")]
) -> MintVisitorTokenPayload | NotFound | InvalidInput | NotPermitted:
    """Gives a token with which a visitor reads what is the visitor's own, and nothing else.

    For the company's backend, which knows who has signed in on its pages: an API key with the scope `visitors`. Never
    hand out one for somebody who merely says to be the customer: look whoever came by a channel up with
    `customerByIdentity(isProven: true)`.
    """
    context = info.context
    if not context.viewer.may_sign_in_visitors:
        raise Forbidden(f"Signing visitors in needs the scope `{VISITORS_SCOPE}`. Ask for it.")
    if not 1 <= input.minutes <= _MOST_MINUTES:
        raise invalid(
            f"`minutes` is {input.minutes}; a token is good for 1 to {_MOST_MINUTES}. Ask for another when it ends.",
            *("input", "minutes"),
        )
    if context.sign_visitor is None:
        raise not_permitted(
            "This gateway has no secret to sign tokens with. Have GATEWAY_JWT_SECRET set, or let the identity provider "
            "give visitors their tokens, with the claim `customer_id`."
        )
    customer = await require_customer(context, input.customer_id)
    # Not the survivor's key: to be merged with somebody is no proof of being that one.
    key = require_key(input.customer_id, "Customer", "customerId")
    # Tokens count whole seconds.
    begins = context.clock().replace(microsecond=0)
    token = context.sign_visitor(key, input.minutes * 60)
    context.delivered.opened(key)
    return MintVisitorTokenPayload(token=token, expires_at=begins + timedelta(minutes=input.minutes), customer=customer)


@SLICE.column(ViewerInfo, may=EVERYONE, name="customer")
async def own_customer(infos: list[ViewerInfo], info: Info) -> list[Customer | None]:
    """The customer who a visitor is, with what `customer(id:)` shows a visitor; null for everybody else.

    A visitor who was merged is the former customer, with the own record alone.
    """
    key = info.context.viewer.customer_id
    found = await customer_by_id(info.context, key) if key else None
    return [found] * len(infos)
