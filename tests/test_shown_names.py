"""Whom nobody has told a name of is shown as a channel calls them, and counts as unnamed for all that."""

from dataclasses import replace

import pytest

from adapters.contract.records import Person, Who
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS, Customer
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.proofs import Proof
from resolvers.kit.viewer import Role
from resolvers.own_record import own_reading
from tests.conftest import Asking
from tests.taking_in import AT, DAY, bring, the_customer

WHO = Who("whatsapp", "main", "+4917700000101")
CALLED = Person(who=WHO, profile={"name": "Zoe 35436"}, seen_at=AT)


async def shown(store: Store) -> tuple[str | None, str, bool]:
    """By what the one customer is shown and sorted, and whether they count as anonymous."""
    one = await the_customer(store)
    return one["display_name"], one["sort_name"], one["is_anonymous"]


async def test_shown_as_called(store: Store) -> None:
    """What the channel calls the person is shown and sorted by; the person stays anonymous, and no evidence stands."""
    await bring(store, CALLED)
    assert await shown(store) == ("Zoe 35436", "zoe 35436", True)
    customer = await the_customer(store)
    assert (customer["attributes"], "sounds" in customer) == ({}, False)


async def test_called_anew(store: Store) -> None:
    """The channel's last word counts, also of who came without a name at first."""
    await bring(store, replace(CALLED, profile={}))
    await bring(store, CALLED)
    await bring(store, replace(CALLED, profile={"name": "Zoe"}), at=AT + DAY)
    assert (await shown(store))[0] == "Zoe"
    assert (await the_customer(store))["version"] == 3


async def test_told_names_first(store: Store) -> None:
    """A name that was told is shown before what a channel calls the person, whichever came first."""
    await bring(store, replace(CALLED, attributes={"lastName": "King"}))
    assert await shown(store) == ("King", "king", False)
    await bring(store, CALLED)
    assert (await shown(store))[0] == "King"


@pytest.mark.parametrize("name", ["", "two\nlines", "x" * 201], ids=["empty", "lines", "long"])
async def test_no_name_to_show(store: Store, name: str) -> None:
    """What is no line, or too long a one, is not shown."""
    await bring(store, replace(CALLED, profile={"name": name, "locale": "de"}))
    assert (await shown(store))[0] is None


async def test_stated_accounts(store: Store) -> None:
    """By an account that is only said to be somebody's nobody is called."""
    mail = Who("desk", "main", "7")
    await bring(store, Person(who=mail, also=(WHO,)), CALLED)
    assert (await shown(store))[0] is None


async def test_unlinked(ask: Asking) -> None:
    """With the account goes what its channel called the person."""
    await bring(ask.store, CALLED)
    (identity,) = await ask.store.find(IDENTITIES, {})
    text = "mutation ($id: ID!) { unlinkIdentity(input: {id: $id}) { ... on UnlinkIdentityPayload { removedId } } }"
    await ask(text, id=global_id("Identity", identity["_id"]))
    customer = await ask.store.first(CUSTOMERS, {})
    assert customer is not None
    assert (customer["display_name"], "shown_as" in customer) == (None, False)


async def test_doubted(ask: Asking) -> None:
    """A visitor is not shown what an account is called that may be somebody else's."""
    await bring(ask.store, CALLED)
    document = await the_customer(ask.store)
    doubted = Proof(marks=frozenset(), doubted=frozenset({("whatsapp", "main")}))
    read = own_reading(ask.context(Role.VISITOR), Customer, frozenset(), doubted)
    assert read(document).display_name is None
    elsewhere = replace(doubted, doubted=frozenset({("whatsapp", "second")}))
    assert own_reading(ask.context(Role.VISITOR), Customer, frozenset(), elsewhere)(document).display_name
