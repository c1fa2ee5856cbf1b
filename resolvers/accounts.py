"""Which accounts does a customer hold with the company: a contract, a membership, a meter?

An account has data of its own and may be held by several customers. To take it from a customer unlinks it; with its
last holder the account goes, too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.failures import Taken
from adapters.records import Document, Holding, Index, Record, RecordId, new_id
from resolvers.customers import CUSTOMERS, Customer, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    Refusal,
    Refused,
    accepted,
    conflict,
    invalid,
    not_found,
)
from resolvers.kit.ids import key_of
from resolvers.kit.lists import hidden_from
from resolvers.kit.parts import touch
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, Redacted, kept, reader_of
from resolvers.kit.texts import plain_line, plain_text
from resolvers.kit.viewer import STAFF

MOST_ACCOUNTS = 50

ACCOUNTS = Record(
    name="customer_accounts",
    # Several customers may hold it: the holdings say whose it is.
    customer=None,
    # A number is one in any case.
    indexes=(Index(("number_key",), unique=True, where={"number_key": {"$exists": True}}),),
    personal=frozenset({"number", "data"}),
    held_by=Holding(record="account_holdings", field="account_id", written="links"),
)
HOLDINGS = Record(
    name="account_holdings",
    key=("customer_id", "account_id"),
    element="CUSTOMER_ACCOUNTS",
    indexes=(Index(("customer_id",)), Index(("account_id",))),
    at_most=MOST_ACCOUNTS,
)

SLICE = Slice("accounts", unshown=[HOLDINGS])

LONGEST_NAME, LONGEST_VALUE = 100, 2_000
MOST_DATA = 100


@graph_type
class AccountDatum:
    """A key and a value of an account."""

    name: str = kept("The key.")
    value: str = kept("The value.")


@SLICE.keeps(ACCOUNTS, keys=["id"])
class CustomerAccount(Node, Redacted):
    """An account that customers hold with the company, with data of its own."""

    name: str = kept("What kind of account it is, as `electricity`.")
    number: str | None = kept("The company's number of it; no two accounts have the same, in any case.")
    data: list[AccountDatum] | None = kept("Its own keys and values, by key.")
    version: int = kept("Counts its changes. `editCustomerAccount` takes the one that you read.")
    created_at: datetime = kept("When it was opened here.")
    created_by: str | None = kept("Who opened it.")
    updated_at: datetime = kept("When it was last changed.")
    updated_by: str | None = kept("Who changed it last.")


@SLICE.column(Customer, reads=())
async def customer_accounts(customers: list[Customer], info: Info) -> list[list[CustomerAccount]]:
    """The accounts that the customer holds with the company, by name, then in the order of their opening."""
    store = info.context.store
    holdings = await store.every([one.owner([HOLDINGS]) for one in customers], HOLDINGS)
    found = await store.by_ids(ACCOUNTS, (one["account_id"] for each in holdings for one in each))
    read = reader_of(CustomerAccount).reading(hidden_from(info.context.viewer, ACCOUNTS))
    keys = [{one["account_id"] for one in each if one["account_id"] in found} for each in holdings]
    return [[read(one) for one in sorted((found[key] for key in each), key=_place)] for each in keys]


@SLICE.held_by(CustomerAccount)
async def holders_of(context: Context, keys: Sequence[RecordId]) -> Mapping[RecordId, list[RecordId]]:
    """The ids of the customers who hold accounts, by the accounts' ids."""
    found: dict[RecordId, list[RecordId]] = {}
    for one in await context.store.find(HOLDINGS, {"account_id": {"$in": list(keys)}}):
        found.setdefault(one["account_id"], []).append(one["customer_id"])
    return found


def _place(account: Document) -> tuple[str, RecordId]:
    return account["name"], account["_id"]


@graph_type
class StaleCustomerAccount(Refusal):
    """The account was changed after the version that the edit was made upon.

    Compare what you sent with `customerAccount`, then send it again with `storedVersion`.
    """

    sent_version: int = told("The version that the edit carried.")
    stored_version: int = told("The version that the account has.")
    customer_account: CustomerAccount = told("The account as it is now.")


@graph_input
class AccountDatumInput:
    """A key and a value for an account."""

    name: str = told(f"The key, at most {LONGEST_NAME} characters.")
    value: str | None = told(f"The value, at most {LONGEST_VALUE} characters; null takes the key away.", default=None)


@graph_input
class AddCustomerAccountInput:
    """A new account and its first holder."""

    customer_id: strawberry.ID = told("Who holds it.")
    name: str = told(f"What kind of account it is, at most {LONGEST_NAME} characters.")
    number: str = told(f"The company's number of it, at most {LONGEST_NAME} characters; no other account's.")
    data: list[AccountDatumInput] | None = told(f"Its keys and values, at most {MOST_DATA}.", default=None)


@graph_input
class EditCustomerAccountInput:
    """What is to be different about an account. What is left out stays as it is."""

    id: strawberry.ID = told("The account.")
    version: int = told("The `version` of the account that you read and decided upon.")
    name: str | None = told(f"What kind of account it is, at most {LONGEST_NAME} characters.", default=None)
    data: list[AccountDatumInput] | None = told("The keys to set and to take away; the others stay.", default=None)


@graph_input
class LinkCustomerAccountInput:
    """An account and one more holder."""

    customer_id: strawberry.ID = told("Who holds it, too.")
    number: str = told("The company's number of the account.")


@graph_input
class UnlinkCustomerAccountInput:
    """An account and a customer who holds it no longer."""

    customer_id: strawberry.ID = told("Who held it.")
    id: strawberry.ID = told("The account.")


@graph_type
class CustomerAccountPayload:
    """The account as it is now."""

    customer_account: CustomerAccount = told("The account.")


@graph_type
class UnlinkCustomerAccountPayload:
    """What was unlinked."""

    unlinked_id: strawberry.ID = told("The account's id.")
    is_removed: bool = told("Whether the account is gone, because nobody else held it.")


@SLICE.mutation(may=STAFF)
async def add_customer_account(
    info: Info, input: Annotated[AddCustomerAccountInput, about("The account and who holds it.")]
) -> CustomerAccountPayload | NotFound | InvalidInput | Conflict:
    """Opens an account for a customer."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    now, who = context.clock(), context.viewer.subject
    number = accepted(plain_line, input.number, "input", "number", longest=LONGEST_NAME)
    document: Document = {
        "_id": new_id(),
        "name": accepted(plain_line, input.name, "input", "name", longest=LONGEST_NAME),
        "number": number,
        "number_key": number.casefold(),
        "data": _data([], input.data),
        "version": 1,
        "created_at": now,
        "created_by": who,
        "updated_at": now,
        "updated_by": who,
    }

    async def work() -> None:
        await context.store.insert(ACCOUNTS, document)
        await _hold(context, customer, document["_id"])

    try:
        await context.store.transact(work)
    except Taken as error:
        message = "There is an account of this number already. Link it with `linkCustomerAccount`."
        raise conflict(message, "input", "number") from error
    return _payload(context, document)


@SLICE.mutation(may=STAFF)
async def edit_customer_account(
    info: Info, input: Annotated[EditCustomerAccountInput, about("What is to be different.")]
) -> CustomerAccountPayload | NotFound | InvalidInput | StaleCustomerAccount:
    """Changes an account's name and data, for all who hold it. Refused where it was changed since you read it."""
    context = info.context
    key = key_of(input.id, "CustomerAccount")
    old = await context.store.first(ACCOUNTS, {"_id": key}) if key else None
    if old is None:
        raise not_found("customer account")
    change: dict[str, Any] = {"data": _data(old["data"], input.data)}
    if input.name is not None:
        change["name"] = accepted(plain_line, input.name, "input", "name", longest=LONGEST_NAME)
    touched = touch(context)
    upon = {"_id": key, "version": input.version}
    changed = await context.store.update(ACCOUNTS, upon, {**touched, "$set": {**touched["$set"], **change}})
    if changed is None:
        now = await context.store.first(ACCOUNTS, {"_id": key})
        raise not_found("customer account") if now is None else _stale(_payload(context, now), input.version)
    return _payload(context, changed)


def _stale(now: CustomerAccountPayload, sent: int) -> Refused:
    account = now.customer_account
    return Refused(
        StaleCustomerAccount(
            code="STALE_VERSION",
            message=(
                f"The edit was made upon version {sent} of the account, which is at version {account.version} now. "
                f"Compare with `customerAccount`, then send the edit again with version {account.version}."
            ),
            input_path=["input", "version"],
            sent_version=sent,
            stored_version=account.version,
            customer_account=account,
        )
    )


@SLICE.mutation(may=STAFF)
async def link_customer_account(
    info: Info, input: Annotated[LinkCustomerAccountInput, about("The account and who holds it, too.")]
) -> CustomerAccountPayload | NotFound | Conflict:
    """Links an account that there is to one more customer who holds it."""
    context = info.context
    customer = await require_customer(context, input.customer_id)

    async def work() -> Document:
        # Written, so that nobody removes it meanwhile.
        where = {"number_key": input.number.strip().casefold()}
        account = await context.store.update(ACCOUNTS, where, {"$inc": {"links": 1}})
        if account is None:
            raise not_found("customer account", ("input", "number"), check="Open it with `addCustomerAccount`.")
        await _hold(context, customer, account["_id"])
        return account

    return _payload(context, await context.store.transact(work))


@SLICE.mutation(may=STAFF)
async def unlink_customer_account(
    info: Info, input: Annotated[UnlinkCustomerAccountInput, about("The account and who held it.")]
) -> UnlinkCustomerAccountPayload | NotFound:
    """Takes an account from a customer. Others keep it; with its last holder the account is removed."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    key = key_of(input.id, "CustomerAccount")

    async def work() -> bool:
        held = {"customer_id": {"$in": _ids(customer)}, "account_id": key}
        if key is None or not await context.store.delete(HOLDINGS, held):
            check = "`Customer.customerAccounts` says which there are."
            raise not_found("account of this customer", check=check)
        # Written, so that nobody links it meanwhile.
        await context.store.update(ACCOUNTS, {"_id": key}, {"$inc": {"links": -1}})
        if await context.store.count(HOLDINGS, {"account_id": key}):
            return False
        return bool(await context.store.delete(ACCOUNTS, {"_id": key}))

    return UnlinkCustomerAccountPayload(unlinked_id=input.id, is_removed=await context.store.transact(work))


def _ids(customer: Customer) -> Sequence[RecordId]:
    """The ids under which the customer's holdings were written."""
    return customer.owner([HOLDINGS])[HOLDINGS.name]


async def _hold(context: Context, customer: Customer, account: RecordId) -> None:
    """Makes the customer a holder, inside a transaction; refused where that is so already, or there is no room."""
    # Whoever links an account to this customer writes the customer, so that the bound on their number holds.
    await context.store.update(CUSTOMERS, {"_id": customer.key}, touch(context))
    held = await context.store.find(HOLDINGS, {"customer_id": {"$in": _ids(customer)}})
    if any(one["account_id"] == account for one in held):
        raise conflict("The customer holds this account already; there is nothing to do.", "input", "number")
    if len(held) >= MOST_ACCOUNTS:
        raise conflict(
            f"The customer holds {MOST_ACCOUNTS} accounts already, the most that are kept. Unlink one first."
        )
    holding = {"customer_id": customer.key, "account_id": account, "held_since": context.clock()}
    await context.store.insert(HOLDINGS, {"_id": HOLDINGS.id_of(holding), **holding})


def _data(old: Sequence[Document], given: Sequence[AccountDatumInput] | None) -> list[Mapping[str, Any]]:
    """The account's data with those that are given in place of its own, by key."""
    data = {one["name"]: one["value"] for one in old}
    named: set[str] = set()
    for n, one in enumerate(given or ()):
        place = ("input", "data", str(n))
        name = accepted(plain_line, one.name, *place, "name", longest=LONGEST_NAME)
        if name in named:
            raise invalid("That key is named twice. Send each key once.", *place, "name")
        named.add(name)
        if one.value is None:
            data.pop(name, None)
        else:
            data[name] = accepted(plain_text, one.value, *place, "value", longest=LONGEST_VALUE)
    if len(data) > MOST_DATA:
        raise _too_many(len(data))
    return [{"name": name, "value": data[name]} for name in sorted(data)]


def _too_many(count: int) -> Refused:
    return invalid(
        f"That would make {count} keys; an account has at most {MOST_DATA}. Take some away, or send fewer.",
        *("input", "data"),
    )


def _payload(context: Context, document: Document) -> CustomerAccountPayload:
    read = reader_of(CustomerAccount).reading(hidden_from(context.viewer, ACCOUNTS))
    return CustomerAccountPayload(customer_account=read(document))
