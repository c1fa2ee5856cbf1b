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
from tests.changing import change
from tests.conftest import Asking
from tests.taking_in import AT, DAY, bring, the_customer

ADMIN = Role.ADMINISTRATOR
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


async def found(ask: Asking, words: str) -> list[str]:
    """The names of those who are found by these words."""
    answer = await ask("query ($words: String!) { customers(search: $words) { nodes { displayName } } }", words=words)
    return [one["displayName"] for one in answer.data["customers"]["nodes"]]


async def test_found_as_called(ask: Asking) -> None:
    """Who is shown by a name is found by it, until somebody tells another or the account goes."""
    await bring(ask.store, CALLED)
    assert await found(ask, "zo 354") == ["Zoe 35436"]
    await bring(ask.store, replace(CALLED, attributes={"lastName": "King"}))
    assert (await found(ask, "zoe"), await found(ask, "king")) == ([], ["King"])


@pytest.mark.parametrize(
    "name",
    [
        *("+4917700000102", "0177 00000102", "4917700000102 Zoe", "Zoe (0177)000-00102", "Zoe +49-177-000-00102"),
        *("Zoe 0177 000 00102", "Zoe \uff10\uff11\uff17\uff17 000 00102", "ann@shop.example", "Zoe <ann@shop.example>"),
    ],
)
async def test_called_by_anothers(ask: Asking, name: str) -> None:
    """Who calls themselves by another's number or address is not found by it, nor by a part of it."""
    await bring(ask.store, replace(CALLED, profile={"name": name}))
    assert (await shown(ask.store))[0] == name
    for words in (name, "4917700000102", "0177 00000102", "0177", "00102", "ann@shop.example", "ann"):
        assert await found(ask, words) == [], words


async def test_names_not_searched(ask: Asking) -> None:
    """Where people do not search by names they do not by these either, whoever was there before."""
    await bring(ask.store, CALLED)
    listed = await ask("{ attributeDefinitions { id name } }")
    first_name = next(one["id"] for one in listed.data["attributeDefinitions"] if one["name"] == "firstName")
    for is_searchable, expected in ((False, []), (True, ["Zoe 35436"])):
        rules = {"isSearchable": is_searchable}
        await change(ask, "changeAttributeDefinition", "definition { id }", as_=ADMIN, id=first_name, rules=rules)
        assert await found(ask, "zoe") == expected


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
    assert (customer["display_name"], "shown_as" in customer, customer["search"]) == (None, False, [])


async def test_doubted(ask: Asking) -> None:
    """A visitor is not shown what an account is called that may be somebody else's."""
    await bring(ask.store, CALLED)
    document = await the_customer(ask.store)
    doubted = Proof(marks=frozenset(), doubted=frozenset({("whatsapp", "main")}))
    read = own_reading(ask.context(Role.VISITOR), Customer, frozenset(), doubted)
    assert read(document).display_name is None
    elsewhere = replace(doubted, doubted=frozenset({("whatsapp", "second")}))
    assert own_reading(ask.context(Role.VISITOR), Customer, frozenset(), elsewhere)(document).display_name
