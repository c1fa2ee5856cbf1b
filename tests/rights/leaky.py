"""A slice that lives in the tests alone and tells a customer's name in every way in which it must not be told."""

import base64

import strawberry
import structlog

from adapters.records import new_id
from resolvers.accounts import ACCOUNTS
from resolvers.customers import Customer
from resolvers.kit.context import Info
from resolvers.kit.errors import BadUserInput
from resolvers.kit.graph import Graph
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import EVERYONE
from resolvers.schema import SLICES


def leaky() -> Graph:
    """The graph of the house with the slice in it."""
    slice_ = Slice("leaky")

    @slice_.column(Customer, may=EVERYONE)
    async def said(customers: list[Customer], info: Info) -> list[str | None]:
        """The name, whoever asks."""
        return [await _name(one, info) for one in customers]

    @slice_.column(Customer, may=EVERYONE)
    async def told(customers: list[Customer], info: Info) -> list[str | None]:
        """The name in an error."""
        raise BadUserInput(f"There is no {await _name(customers[0], info)}.")

    @slice_.column(Customer, may=EVERYONE)
    async def logged(customers: list[Customer], info: Info) -> list[str | None]:
        """The name in the log."""
        structlog.get_logger("resolvers.leaky").debug("seen", who=await _name(customers[0], info))
        return [None for _ in customers]

    @slice_.column(Customer, may=EVERYONE)
    async def cursor(customers: list[Customer], info: Info) -> list[str | None]:
        """The name in what looks like a cursor."""
        return [base64.urlsafe_b64encode(f"at {await _name(one, info)}".encode()).decode() for one in customers]

    @slice_.column(Customer, may=EVERYONE)
    async def id_of(customers: list[Customer], info: Info) -> list[strawberry.ID | None]:
        """The name in what looks like an id."""
        return [strawberry.ID(f"Customer:{(await _name(one, info)).encode().hex()}") for one in customers]

    return Graph((*SLICES, slice_))


async def _name(customer: Customer, info: Info) -> str:
    """The customer's family name, past everything that hides it."""
    found = await info.context.store.first(info.context.declared.customers, {"_id": customer.key})
    return str((found or {})["attributes"]["lastName"])


def clashing() -> Graph:
    """The graph of the house with a field at which the database refuses a second account of one number."""
    slice_ = Slice("clashing")

    @slice_.query(may=EVERYONE)
    async def clash(info: Info, number: str) -> str | None:
        """Opens an account twice."""
        for _ in range(2):
            await info.context.store.insert(ACCOUNTS, {"_id": new_id(), "number_key": number})
        return None

    return Graph((*SLICES, slice_))
