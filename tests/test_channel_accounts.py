"""How do administrators say which accounts the company has on channels?"""

import pytest

from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.identities import IDENTITIES
from resolvers.kit.viewer import Role
from tests.changing import change, may, refused
from tests.conftest import Asking
from tests.makers import Makers

ADMIN = Role.ADMINISTRATOR
SHOWN = "channelAccount { id channel account label }"
NUMBER = {"channel": "whatsapp", "account": "main", "value": "+14155550123"}


async def test_first_account(ask: Asking) -> None:
    """On a fresh database the refusal says how an account comes about, and then customers are known by it."""
    found = await change(ask, "identifyCustomer", "isNew", **NUMBER)
    assert found["inputPath"] == ["input", "channel"]
    assert "`addChannelAccount`" in found["message"]
    given = {"channel": "whatsapp", "account": " main ", "label": "Shop"}
    made = (await change(ask, "addChannelAccount", SHOWN, ADMIN, **given))["channelAccount"]
    assert (made["channel"], made["account"], made["label"]) == ("whatsapp", "main", "Shop")
    assert (await change(ask, "identifyCustomer", "isNew", **NUMBER))["isNew"]
    other = await change(ask, "identifyCustomer", "isNew", **(NUMBER | {"account": "other"}))
    assert "`addChannelAccount`" in other["message"]
    answer = await ask("{ channels { name accounts { id account label } } }")
    shown = {"id": made["id"], "account": "main", "label": "Shop"}
    assert answer.data["channels"] == [{"name": "whatsapp", "accounts": [shown]}]


async def test_account_in_use_stays(ask: Asking, make: Makers) -> None:
    """An account under which anything stands is not removed; one that nobody uses is, once."""
    given = {"channel": "whatsapp", "account": "main"}
    key = (await change(ask, "addChannelAccount", SHOWN, ADMIN, **given))["channelAccount"]["id"]
    assert await refused(ask, "addChannelAccount", ADMIN, **given) == ("CONFLICT", "input.account")
    one = await make.customer()
    await make.identity(one, "whatsapp", "+14155550123")
    found = await change(ask, "removeChannelAccount", "removedId", ADMIN, id=key)
    assert (found["code"], "identities" in found["message"]) == ("CONFLICT", True)
    assert await make.store.count(CHANNEL_ACCOUNTS, {}) == 1
    await make.store.delete(IDENTITIES, {})
    await make.conversation(one, "Hello")
    assert "conversations" in (await change(ask, "removeChannelAccount", "removedId", ADMIN, id=key))["message"]
    given = {"channel": "sms", "account": "main"}
    key = (await change(ask, "addChannelAccount", SHOWN, ADMIN, **given))["channelAccount"]["id"]
    assert (await change(ask, "removeChannelAccount", "removedId", ADMIN, id=key))["removedId"] == key
    assert await refused(ask, "removeChannelAccount", ADMIN, id=key) == ("NOT_FOUND", "input.id")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"channel": "WhatsApp"}, "input.channel"),
        ({"channel": " "}, "input.channel"),
        ({"account": "a\nb"}, "input.account"),
        ({"account": ""}, "input.account"),
        ({"label": "x" * 101}, "input.label"),
    ],
)
async def test_no_account(ask: Asking, given: dict[str, str], path: str) -> None:
    """A channel's name is a word of programs; account and label are lines of bounded length."""
    usual = {"channel": "whatsapp", "account": "main"}
    assert await refused(ask, "addChannelAccount", ADMIN, **(usual | given)) == ("INVALID_INPUT", path)


async def test_accounts_by_role(ask: Asking) -> None:
    """Administrators alone say which accounts there are."""
    assert await may(ask, "addChannelAccount", channel="sms", account="main") == {ADMIN}
    assert await may(ask, "removeChannelAccount", id="x") == {ADMIN}


async def test_scoped_id_is_told(ask: Asking, make: Makers) -> None:
    """A business-scoped id whose letters were changed is told exactly so; its country in small letters is read."""
    await make.channel("whatsapp", "main")
    found = await change(ask, "identifyCustomer", "isNew", **(NUMBER | {"value": "us.13ab"}))
    assert "business-scoped id" in found["message"]
    first, again = [
        await change(ask, "identifyCustomer", "identified { customer { id } }", **(NUMBER | {"value": text}))
        for text in ("US.1349", "us.1349")
    ]
    assert first == again
