"""Which channels does this gateway know, and how is a customer's id on them written?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.channels import canonical_value
from resolvers.kit.viewer import Role
from tests.conftest import Asking
from tests.makers import Makers


async def test_channels_by_name(ask: Asking, make: Makers) -> None:
    """Every channel with our accounts on it, by name."""
    for channel, account in (("whatsapp", "b"), ("email", "main"), ("whatsapp", "a")):
        await make.channel(channel, account)
    answer = await ask("{ channels { name accounts { account label } } }")
    assert answer.data["channels"] == [
        {"name": "email", "accounts": [{"account": "main", "label": None}]},
        {"name": "whatsapp", "accounts": [{"account": "a", "label": None}, {"account": "b", "label": None}]},
    ]


@pytest.mark.parametrize("role", Role)
async def test_channels_by_role(ask: Asking, role: Role) -> None:
    """Channels are for everyone but visitors."""
    answer = await ask("{ channels { name } }", as_=role)
    assert answer.codes == (["FORBIDDEN"] if role is Role.VISITOR else [])


CANONICAL = [
    ("whatsapp", "+1 (415) 555-0123", "+14155550123"),
    ("whatsapp", "14155550123", "+14155550123"),
    ("whatsapp", "US.13491208655302741918", "US.13491208655302741918"),
    ("sms", " +49 30 901820 ", "+4930901820"),
    ("email", "Ann@Example.COM", "ann@example.com"),
    ("messenger", " 24678901234 ", "24678901234"),
    ("webchat", "Ann@Example.COM", "Ann@Example.COM"),
    ("whatsapp", "US.ENT.13491208655302741918", "US.ENT.13491208655302741918"),
    ("whatsapp", "us.13491208655302741918", "US.13491208655302741918"),
    ("whatsapp", "us.ent.1349", "US.ENT.1349"),
    # Mexico and Brazil changed their numbers; WhatsApp names people by the old ones.
    ("whatsapp", "5215512345678", "+525512345678"),
    ("whatsapp", "555181234567", "+5551981234567"),
    ("whatsapp", "553132345678", "+553132345678"),
    ("whatsapp", "5491123456789", "+5491123456789"),
    # Scoped ids are opaque, and case counts in them.
    ("viber", "01234567890A=", "01234567890A="),
    ("viber", "01234567890a=", "01234567890a="),
    ("line", "U4af4980629a1b2c3d4e5f60718293a4b", "U4af4980629a1b2c3d4e5f60718293a4b"),
    ("telegram", "5123456789", "5123456789"),
    ("instagram", "0017841400000000", "0017841400000000"),
]

NOTATIONS = [
    "+14155550123",
    "14155550123",
    "+1 (415) 555-0123",
    "1-415-555-0123",
    "001 415 555 0123",
    "+1.415.555.0123",
    " + 1 415 555 01 23 ",
    "tel:+1-415-555-0123",
    "whatsapp:+14155550123",
    "\uff0b\uff11 415 555 0123",
]


@pytest.mark.parametrize(("channel", "text", "value"), CANONICAL)
def test_canonical_values(channel: str, text: str, value: str) -> None:
    """Numbers and addresses have one form; what a vendor scopes stays as it is."""
    assert canonical_value(channel, text) == canonical_value(channel, value) == value


@pytest.mark.parametrize(("channel", "text"), [("whatsapp", "ann"), ("email", "ann"), ("shop", "  "), ("sms", "12")])
def test_impossible_values(channel: str, text: str) -> None:
    """What can be nobody's id on a channel is refused."""
    with pytest.raises(ValueError, match="Send"):
        canonical_value(channel, text)


@pytest.mark.parametrize("channel", ["whatsapp", "sms", "phone"])
@pytest.mark.parametrize("region", [None, "US", "DE"])
def test_one_number(channel: str, region: str | None) -> None:
    """One phone in any notation is one phone, whatever the default region."""
    assert {canonical_value(channel, text, region) for text in NOTATIONS} == {"+14155550123"}


def test_default_region_read() -> None:
    """National notations are read by the default region."""
    for channel in ("sms", "whatsapp"):
        assert canonical_value(channel, "(415) 555-0123", "US") == "+14155550123"
        assert canonical_value(channel, "4155550123", "US") == "+14155550123"
        assert canonical_value(channel, "0151 12345678", "DE") == "+4915112345678"


def test_whole_number_first() -> None:
    """WhatsApp's own bare digits have their country code, whatever they would be in the default region."""
    assert canonical_value("whatsapp", "4792345678", "US") == "+4792345678"
    assert canonical_value("sms", "4792345678", "US") == "+14792345678"


@pytest.mark.parametrize(("channel", "text"), [("email", "ann.secret@x..y"), ("sms", "secret"), ("shop", "a\0secret")])
def test_refusal_quotes_nothing(channel: str, text: str) -> None:
    """A refused id stands in no message."""
    with pytest.raises(ValueError, match=r"Send|Leave") as refusal:
        canonical_value(channel, text)
    assert "secret" not in str(refusal.value)
    assert "x..y" not in str(refusal.value)


@pytest.mark.parametrize("text", ["\ud800", "a" * 2_001, "us.13a9", "USA.1349", "US.\u0661", "US." + "1" * 129])
def test_no_scoped_id(text: str) -> None:
    """What is no id that WhatsApp gives is refused."""
    with pytest.raises(ValueError, match="Send"):
        canonical_value("whatsapp", text)


@given(st.sampled_from(["whatsapp", "email", "shop"]), st.text(min_size=1))
def test_canonical_settled(channel: str, text: str) -> None:
    """The canonical form is its own canonical form."""
    try:
        once = canonical_value(channel, text)
    except ValueError:
        return
    assert canonical_value(channel, once) == once


@pytest.mark.parametrize(
    ("channel", "written", "value"),
    [
        ("whatsapp", "\u202a+49 162 8374655\u202c", "+491628374655"),
        ("whatsapp", "491628374655@s.whatsapp.net", "+491628374655"),
        ("whatsapp", "491628374655@c.us", "+491628374655"),
        ("email", "mailto:Ann.Lee@example.com", "ann.lee@example.com"),
        ("email", "Ann Lee <ann.lee@example.com>", "ann.lee@example.com"),
        ("email", "\u200bann.lee@example.com", "ann.lee@example.com"),
        ("email", "<ann.lee@example.com>", "ann.lee@example.com"),
    ],
)
def test_copied_ids(channel: str, written: str, value: str) -> None:
    """An id is taken as programs copy it: with marks that nobody sees, a scheme, a name or a server around it."""
    assert canonical_value(channel, written) == value


@pytest.mark.parametrize("written", ["a@b@s.whatsapp.net", "Ann <>", "Ann <ann.lee@example.com> <b@example.com>"])
def test_copied_in_vain(written: str) -> None:
    """What is no id without them is none."""
    for channel in ("whatsapp", "email"):
        with pytest.raises(ValueError, match="Send"):
            canonical_value(channel, written)
