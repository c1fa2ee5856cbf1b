"""Who somebody is in the shop, by each writing of their id and by their address; and what is kept from us."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from adapters.channels.shopify.channel import Shopify
from adapters.contract.errors import ChannelRefused, NoSuchIdentity
from adapters.contract.found import Portion
from adapters.contract.records import Person, Say, Who
from tests.channels.shopify.double import Shop
from tests.channels.shopify.making import BEGUN, buyer, line, mailbox, moment, sale

ANN = Who("shopify", "acme", "7")
HOME = {"address1": "1 Main Street", "address2": "Flat 2", "city": "Springfield", "zip": "12345", "countryCodeV2": "US"}


async def person(shopify: Shopify, who: Who = ANN) -> Person:
    """The one person that is found."""
    (found,) = (await shopify.person(who)).records
    assert isinstance(found, Person)
    return found


async def test_customer_is_person(shop: Shop, shopify: Shopify) -> None:
    """Name, ways to reach them, tags and the shop's note are the person's; a tag of several words is noted whole."""
    shop.buyers = [
        buyer(
            7,
            tags=["vip", "big spender"],
            note="Rings twice",
            defaultPhoneNumber=line("(415) 555-0123"),
            defaultAddress=HOME,
        )
    ]
    found = await person(shopify)
    assert found.attributes == {"firstName": "Ann", "lastName": "Lee"}
    assert [(one.type, one.value) for one in found.reaches] == [
        ("EMAIL", "customer7@example.com"),
        ("PHONE", "+14155550123"),
        ("POSTAL", "1 Main Street Flat 2, Springfield, 12345, US"),
    ]
    assert found.tags == ("vip",)
    assert found.custom_data == {"shopify_note": "Rings twice", "shopify_tags": "big spender"}


@pytest.mark.parametrize(
    ("country", "phone", "number"),
    [
        ("MX", "55 1234 5678", "+525512345678"),
        ("IN", "98765 43210", "+919876543210"),
        ("de", "030 1234567", "+49301234567"),
        (None, "(415) 555-0123", "+14155550123"),
        ("US", "123-123-1234", None),
        ("Atlantis", "55 1234 5678", None),
        ("MX", "+1 415 555 0123", "+14155550123"),
    ],
)
async def test_numbers_of_countries(
    shop: Shop, shopify: Shopify, country: str | None, phone: str, number: str | None
) -> None:
    """A number without country code is read by the country of its own address; none is made of what is none there."""
    at = {"phone": phone, "countryCodeV2": country}
    shop.buyers, shop.sales = [buyer(7, defaultAddress=at)], [sale(1, 7, billingAddress=at)]
    found = [await person(shopify), *(await shopify.purchases(ANN, Portion())).records]
    reaches = [one for told in found if isinstance(told, Person) for one in told.reaches if one.type == "PHONE"]
    assert {one.value for one in reaches} == {number} - {None}
    assert len(reaches) in {0, 2}


@pytest.mark.parametrize(("state", "is_verified"), [("DISABLED", False), ("ENABLED", True)])
async def test_verified_address(shop: Shop, shopify: Shopify, state: str, is_verified: bool) -> None:
    """An address is proven where its owner has signed in by it: Shopify calls typed ones verified, too."""
    shop.buyers = [buyer(7, state=state)]
    assert (await person(shopify)).reaches[0].is_verified is is_verified


async def test_by_gid(shop: Shop, shopify: Shopify) -> None:
    """By the Admin API's own writing of the id the same customer is found, who has the usual one, too."""
    shop.buyers = [buyer(7)]
    who = Who("shopify", "acme", "gid://shopify/Customer/7")
    found = await person(shopify, who)
    assert (found.who, found.also) == (who, (ANN,))


async def test_by_address(shop: Shop, shopify: Shopify) -> None:
    """By a verified address the customer with exactly that one is found, under their number."""
    shop.buyers = [
        buyer(6, defaultEmailAddress=mailbox("ann@other.example")),
        buyer(7, defaultEmailAddress=mailbox("Ann@Example.com")),
    ]
    assert (await person(shopify, Who("email", "", "ann@example.com"))).who == ANN
    shop.buyers = [buyer(7, defaultEmailAddress={"emailAddress": "mike@example.com"})]
    for another in ("ann@nowhere.example", "mi\u212ae@example.com"):
        with pytest.raises(NoSuchIdentity):
            await shopify.person(Who("email", "", another))


async def test_address_breaks_no_search(shop: Shop, shopify: Shopify) -> None:
    """Whatever stands in an address, the search is for that address."""
    shop.buyers = [buyer(7)]
    with pytest.raises(NoSuchIdentity):
        await shopify.person(Who("email", "", 'x" OR email:*@example.com'))
    assert shop.questions[-1]["query"] == 'email:"x\\" OR email:*@example.com"'


@pytest.mark.parametrize("value", ["8", "ann", "gid://shopify/Order/x", "gid://shopify/Order/7", "٣", "7?a=1", ""])
async def test_unknown(shop: Shop, shopify: Shopify, value: str) -> None:
    """Nobody by that id, or an id that Shopify cannot have given: nobody is known."""
    shop.buyers = [buyer(7)]
    with pytest.raises(NoSuchIdentity):
        await shopify.person(Who("shopify", "acme", value))


async def test_protected_fields(shop: Shop, shopify: Shopify) -> None:
    """What is null for want of a right is said to be withheld, by its name; what is there is read."""
    shop.buyers = [buyer(7)]
    shop.protected = frozenset({"defaultEmailAddress", "lastName"})
    found = await shopify.person(ANN)
    assert set(found.withheld) == {"default email address", "last name"}
    (one,) = found.records
    assert isinstance(one, Person)
    assert one.attributes == {"firstName": "Ann"}


async def test_choices(shop: Shop, shopify: Shopify) -> None:
    """Whoever is asked for tells what they chose about being written to, and since when; no choice says nothing."""
    told = {"defaultEmailAddress": mailbox("a@b.example", "UNSUBSCRIBED", moment(2))}
    shop.buyers = [buyer(7, **told, defaultPhoneNumber=line("+14155550123", "SUBSCRIBED", moment(3))), buyer(8)]
    for who in (ANN, Who("shopify", "acme", "gid://shopify/Customer/7")):
        _, *said = (await shopify.person(who)).records
        assert said == [
            Say(who=who, purpose=f"{kind} marketing", status=status, at=BEGUN + timedelta(days=day), means="IMPORT")
            for kind, status, day in (("e-mail", "WITHDRAWN", 2), ("sms", "GRANTED", 3))
        ]
    assert len((await shopify.person(Who("shopify", "acme", "8"))).records) == 1


async def test_choice_withheld(shop: Shop, shopify: Shopify) -> None:
    """Where it is kept from us what somebody chose, that is said, and no word of theirs is made of it."""
    shop.buyers, shop.protected = [buyer(7)], frozenset({"marketingState"})
    found = await shopify.person(ANN)
    assert (found.withheld, len(found.records)) == (("marketing state",), 1)


async def test_silent_nulls(shop: Shop, shopify: Shopify) -> None:
    """A customer without name, address and number cannot be: all of it is withheld, though Shopify does not say so."""
    nothing = {"firstName": None, "lastName": None, "defaultEmailAddress": None, "defaultPhoneNumber": None}
    shop.buyers = [buyer(7, **nothing)]
    assert (await shopify.person(ANN)).withheld == ("name", "email", "phone")


async def test_denied_whole(shop: Shop, shopify: Shopify) -> None:
    """Where customers are kept from us as a whole, an operator is told which scope is wanted."""
    shop.protected = frozenset({"customer"})
    with pytest.raises(ChannelRefused, match="read_customers") as told:
        await shopify.person(ANN)
    assert (told.value.code, told.value.is_of_account) == ("ACCESS_DENIED", True)


async def test_fallen_forward(
    shop: Shop, opened: Callable[..., Shopify], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """A version that has expired is answered by a later one: that is told, once, and the answer is read."""
    shop.buyers, shop.version = [buyer(7), buyer(8)], "2027-01"
    shopify = opened()
    await person(shopify)
    await person(shopify, Who("shopify", "acme", "8"))
    heard = capsys.readouterr().out + caplog.text
    assert heard.count("another API version answers") == 1
    assert "2027-01" in heard
