"""Does a CRM work by its mapping alone?"""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.contract.channel import Capability
from adapters.contract.errors import ChannelBusy, ChannelRefused, NoSuchIdentity
from adapters.contract.found import Portion
from adapters.contract.records import Amount, Case, Order, Person, Who
from tests.channels.rest.conftest import ADA

OWN = Who("crm", "main", "51")


@pytest.fixture
def channel(make):
    """HubSpot by the shipped mapping."""
    return make("crm", "hubspot")


async def test_found_by_address(channel, double) -> None:
    """Who is asked for by an address is found first, and the house learns the CRM's own id."""
    found = await channel.tickets(ADA, Portion())
    person, *cases = found.records
    assert person == Person(who=ADA, also=(OWN,))
    assert [(one.external_id, one.status, one.who) for one in cases] == [("3", "NEW", OWN), ("2", "CLOSED", OWN)]
    assert double.seen[0].headers["authorization"] == "Bearer secret of token"
    assert "after" not in double.seen[1].body


async def test_found_by_phone(channel) -> None:
    """A phone number finds the person, too."""
    (person,) = (await channel.person(Who("phone", "main", "+4930123456"))).records
    assert person.who == OWN


async def test_nobody_by_address(channel) -> None:
    """An address that no contact has belongs to nobody."""
    with pytest.raises(NoSuchIdentity):
        await channel.tickets(Who("email", "main", "nobody@example.com"), Portion())


async def test_pages_by_cursor(channel, double) -> None:
    """The cursor of an answer asks for the next page, until there is none."""
    first = await channel.tickets(OWN, Portion())
    second = await channel.tickets(OWN, Portion(after=first.after))
    assert (first.after, second.after) == ("2", None)
    assert [one.external_id for one in second.records] == ["1"]
    assert double.seen[1].body["after"] == "2"
    assert double.seen[1].body["limit"] == 100


async def test_case_is_read(channel) -> None:
    """A ticket's moments are of their zone, and a stage without a word is the usual one."""
    *_, case = (await channel.tickets(OWN, Portion(after="2"))).records
    assert isinstance(case, Case)
    assert case.status == "OPEN"
    assert case.updated_at == datetime(2024, 5, 1, 12, 0, 0, 123000, tzinfo=UTC)
    assert (case.channel, case.account, case.number) == ("crm", "main", "1")


async def test_won_deals_are_orders(channel) -> None:
    """Only what `only` lets through is a record, in its own currency."""
    (order,) = (await channel.purchases(OWN, Portion())).records
    assert isinstance(order, Order)
    assert order.items[0].total == Amount(Decimal("1299.90"), "EUR")
    assert (order.external_id, order.status) == ("9001", "PAID")


async def test_profile_is_read(channel, double) -> None:
    """A contact's properties stand where the mapping puts them."""
    (person,) = (await channel.person(OWN)).records
    assert person.attributes == {"firstName": "Ada", "lastName": "Lovett"}
    assert [one.value for one in person.reaches] == ["ada@example.com", "+4930123456"]
    assert person.also == (Who("email", "main", "ada@example.com"),)
    assert double.seen[0].raw_path == "/crm/v3/objects/contacts/51"


async def test_many_in_one_call(channel, double) -> None:
    """Several people are asked for in one call; who is absent is not known."""
    other = Who("crm", "main", "52")
    found = await channel.of_many(Capability.PROFILE, [OWN, other])
    assert list(found) == [OWN]
    assert found[OWN].records[0].attributes["firstName"] == "Ada"
    assert double.seen[0].body["inputs"] == [{"id": "51"}, {"id": "52"}]
    assert len(double.seen) == 1
    assert (channel.many_at_once, channel.many_for) == (100, {Capability.PROFILE})


async def test_many_one_by_one(channel, double) -> None:
    """Where the mapping says no `many`, each is asked for in a call of their own."""
    found = await channel.of_many(Capability.TICKETS, [OWN, Who("email", "main", "nobody@example.com")])
    assert list(found) == [OWN]
    assert len(double.seen) == 2


async def test_throttled_with_any_status(channel, double) -> None:
    """A throttle is told by the body, whatever its status."""
    double.answers({"status": "error", "errorType": "RATE_LIMIT", "category": "RATE_LIMITS"})
    with pytest.raises(ChannelBusy):
        await channel.tickets(OWN, Portion())


async def test_expired_token_is_refused(channel, double) -> None:
    """Refused credentials name the vendor's code, and neither token nor message."""
    message = "The OAuth token used to make this call expired 7 second(s) ago."
    double.answers({"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": message}, status=401)
    with pytest.raises(ChannelRefused) as caught:
        await channel.tickets(OWN, Portion())
    assert caught.value.code == "EXPIRED_AUTHENTICATION"
    assert "expired 7" not in str(caught.value)
    assert "secret of token" not in repr((caught.value, channel, channel.settings))
