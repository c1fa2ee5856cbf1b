"""Whoever writes from an odd address is somebody of their own: taken in, answered, and nobody else."""

import pytest

from adapters.conformance.post_office import PostOffice
from adapters.contract.records import Person
from adapters.reaching import folded_email
from resolvers.contact_rules import compared
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.matching.words import email_of
from tests.channels.email.letters import mail, only, told
from tests.channels.email.test_taking_in import CHECKED, Desk, desk

__all__ = ["desk"]

DOCOMO = ["a..b@docomo.ne.jp", "ann.@docomo.ne.jp", ".ann@docomo.ne.jp", "ann..@docomo.ne.jp"]
KELVIN = "mi\u212ae@example.com"


@pytest.mark.parametrize("address", DOCOMO)
async def test_dots_anywhere(desk: Desk, office: PostOffice, address: str) -> None:
    """Addresses as carriers in Japan gave them out are people's, who can be looked up and answered."""
    await desk.hears(mail("Hello", **{"from": f"Ann <{address.upper()}>"}))
    (customer,) = await desk.store.find(CUSTOMERS, {})
    assert await desk.claims() == {address: "ASSERTED"}
    assert [one["value"] for one in customer["contact_points"]] == [address]
    (talk,) = await desk.all(CONVERSATIONS)
    await desk.answer("k1", talk)
    assert [one.recipient for one in office.mails] == [address]


async def test_quoted_without_need(desk: Desk) -> None:
    """An address in quotation marks that it does not need is the one without them."""
    await desk.hears(mail("One", **{"from": '"a..b"@docomo.ne.jp'}))
    await desk.hears(mail("Two", message_id="<2@x>", **{"from": "<a..b@docomo.ne.jp>"}))
    assert await desk.claims() == {"a..b@docomo.ne.jp": "ASSERTED"}


async def test_kelvin_is_another(desk: Desk) -> None:
    """A sign that some programs take for a k makes another address, and nobody else's word."""
    mike = mail("Mine", given=[CHECKED], **{"from": "mike@example.com"})
    await desk.hears(mike, mail("Not mine", message_id="<2@x>", given=[CHECKED], **{"from": KELVIN}))
    assert set(await desk.claims()) == {"mike@example.com", KELVIN}
    assert len({one["customer_id"] for one in await desk.all(MESSAGES)}) == 2


def test_kelvin_is_read_as_it_is() -> None:
    """Nowhere on its way does it become the other."""
    assert only(Person, told(mail(**{"from": KELVIN}))).who.value == KELVIN
    assert email_of(KELVIN) != email_of("mike@example.com")
    assert compared("EMAIL", KELVIN) != compared("EMAIL", "mike@example.com")


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Ann.LEE@Example.COM", "ann.lee@example.com"),
        ("ann@\u212aelvin.example", "ann@kelvin.example"),
        (KELVIN.upper(), "mi\u212ae@example.com"),
        ("E\u0301@EX\u00c4MPLE.de", "\u00e9@ex\u00e4mple.de"),
        ("\u0130@example.com", "\u0130@example.com"),
        ("Ann", "ann"),
    ],
)
def test_folded(written: str, folded: str) -> None:
    """An address is compared without case; but before the sign nothing beyond ASCII becomes a letter of ASCII."""
    assert folded_email(written) == folded_email(folded) == folded
