"""Is one phone number one number wherever it stands, and are two mailboxes two?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Who
from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.ingest.batch import take
from resolvers.kit.context import GraphLimits
from resolvers.kit.viewer import Role
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Makers
from tests.taking_in import AT

NUMBERS = [
    ("CO", "0057 300 123 4567", "+573001234567"),
    ("CO", "+57 (0) 300 1234567", "+573001234567"),
    ("CO", "0300 123 4567", "+573001234567"),
    ("AU", "0057 300 123 4567", "+573001234567"),
    ("US", "0057 300 123 4567", "+573001234567"),
    ("US", "011 57 300 123 4567", "+573001234567"),
    ("CO", "+5215512345678", "+525512345678"),
    ("BR", "(51) 8123-4567", "+5551981234567"),
    ("DE", "0151 12345678", "+4915112345678"),
]
BY_IDENTITY = """query($value: String!) {
  customerByIdentity(channel: "sms", account: "main", value: $value) { customer { id } } }"""
FOUND = (
    "query($search: String!, $filter: CustomerFilter) { customers(search: $search, filter: $filter) { totalCount } }"
)


@pytest.mark.parametrize(("region", "text", "number"), NUMBERS)
async def test_one_number_everywhere(ask: Asking, make: Makers, region: str, text: str, number: str) -> None:
    """A number is one as contact point, attribute, identity, in an import, in a search, a filter and a look-up."""
    ask.limits = GraphLimits(default_region=region)
    one = await make.customer()
    await make.identity(one, "sms", number)
    point = await change(ask, "addContactPoint", "contactPoint { value }", customerId=one.id, type="PHONE", value=text)
    assert point["contactPoint"]["value"] == number
    attribute = {"id": one.id, "version": 2, "attributes": [{"name": "phoneNumber", "value": text}]}
    edited = await change(ask, "editCustomer", "customer { attributes { name value } }", **attribute)
    assert {"name": "phoneNumber", "value": number} in edited["customer"]["attributes"]
    assert (await ask(BY_IDENTITY, value=text)).data["customerByIdentity"]["customer"]["id"] == one.id
    held = {"attributes": [{"name": "phoneNumber", "anyOf": [text]}]}
    answer = await ask(FOUND, search=text, filter=held)
    assert (answer.errors, answer.data) == ([], {"customers": {"totalCount": 1}})


@pytest.mark.parametrize(("region", "text", "number"), NUMBERS)
async def test_one_number_imported(store: Store, region: str, text: str, number: str) -> None:
    """What a source writes of a number in any notation is one contact point, one attribute, and one identity."""
    for n, written in enumerate((text, number)):
        reach = Reach(type="PHONE", value=written)
        person = Person(who=Who("sms", "main", written), attributes={"phoneNumber": written}, reaches=(reach,))
        again = replace(person, tags=(f"time{n}",))
        taken = await take(store, [again], at=AT, by="test", default_region=region)
        assert [one.reason for one in taken.results] == [None]
    (found,) = await store.find(CUSTOMERS, {})
    assert [one["value"] for one in found["contact_points"]] == [number]
    assert found["attributes"]["phoneNumber"] == number


@pytest.mark.parametrize(("text", "region"), [("0300", "CO"), ("555-0123", "US"), ("+1 415", None)])
async def test_no_number_refused(ask: Asking, make: Makers, text: str, region: str | None) -> None:
    """What cannot be a number is refused in words, wherever it is written."""
    ask.limits = GraphLimits(default_region=region)
    one = await make.customer()
    await make.channel("sms", "main")
    given: list[tuple[str, dict[str, Any]]] = [
        ("addContactPoint", {"customerId": one.id, "type": "PHONE", "value": text}),
        ("editCustomer", {"id": one.id, "version": 1, "attributes": [{"name": "phoneNumber", "value": text}]}),
        ("identifyCustomer", {"channel": "sms", "account": "main", "value": text}),
    ]
    for mutation, sent in given:
        found = await change(ask, mutation, "__typename", **sent)
        assert found["code"] == "INVALID_INPUT", mutation
        assert "Send it" in found["message"]


async def test_default_by_region(ask: Asking) -> None:
    """A default phone number of a definition is read by the default region like any other."""
    ask.limits = GraphLimits(default_region="CO")
    given = {"name": "office", "type": "PHONE_NUMBER", "rules": {"default": "300 123 4567"}}
    made = await change(ask, "addAttributeDefinition", "definition { default }", Role.ADMINISTRATOR, **given)
    assert made["definition"]["default"] == "+573001234567"


MAILBOXES = [
    ("stra\u00dfe@example.com", "strasse@example.com"),
    ("\ufb01n@example.com", "fin@example.com"),
    ("a@stra\u00dfe.de", "a@strasse.de"),
]


@pytest.mark.parametrize(("first", "second"), MAILBOXES)
async def test_two_mailboxes(ask: Asking, make: Makers, first: str, second: str) -> None:
    """Addresses that are spelled differently are two: as identities, and as contact points of one customer."""
    await make.channel("email", "main")
    shown = "identified { customer { id } }"
    known = [
        await change(ask, "identifyCustomer", shown, channel="email", account="main", value=one)
        for one in (first, second)
    ]
    assert known[0] != known[1]
    customer = await make.customer()
    for one in (first, second):
        point = {"customerId": customer.id, "type": "EMAIL", "value": one}
        assert (await change(ask, "addContactPoint", "contactPoint { value }", **point))["contactPoint"]["value"] == one


@pytest.mark.parametrize("text", ["Jos\u00e9@Example.com", "jose\u0301@example.COM", "JOS\u00c9@EXAMPLE.com"])
async def test_one_mailbox(ask: Asking, make: Makers, text: str) -> None:
    """Case and the way in which an accent is encoded make no other mailbox; a domain has one form."""
    one = await make.customer()
    await make.identity(one, "email", "jos\u00e9@example.com")
    found = await ask(BY_IDENTITY.replace("sms", "email"), value=text)
    assert found.data["customerByIdentity"]["customer"]["id"] == one.id
