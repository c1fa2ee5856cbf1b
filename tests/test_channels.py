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


def test_default_region_read() -> None:
    """National notations are read by the default region."""
    assert canonical_value("sms", "(415) 555-0123", "US") == "+14155550123"


@given(st.sampled_from(["whatsapp", "email", "shop"]), st.text(min_size=1))
def test_canonical_settled(channel: str, text: str) -> None:
    """The canonical form is its own canonical form."""
    try:
        once = canonical_value(channel, text)
    except ValueError:
        return
    assert canonical_value(channel, once) == once
