"""On which channels does a customer like to be reached, and on which not?"""

import asyncio
from typing import Any

import pytest

from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import STAFF
from resolvers.preferences import CHANNEL_PREFERENCES
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.makers import BEGIN, Made, Makers
from tests.walking import PARTNER, read, visitor

SHOWN = "preferredChannel channelPreferences { channel wish isPreferred setBy }"


async def prefer(ask: Asking, of: Made, channel: str, **said: Any) -> dict[str, Any]:
    """What the mutation answers that notes a customer's wish, upon what stands there where no version is said."""
    version = (await ask.store.first(CUSTOMERS, {"_id": of.key}))["version"]  # type: ignore[index]
    given = {"customerId": of.id, "channel": channel, "version": version, **said}
    return await change(ask, "setChannelPreference", f"customer {{ version {SHOWN} }}", **given)


async def test_preferred_channel(ask: Asking, make: Makers) -> None:
    """One channel is the preferred one, the last that was set; it stands first, the others by name."""
    one = await make.customer()
    await make.channel("whatsapp")
    await prefer(ask, one, "phone", wish="UNLOVED")
    await prefer(ask, one, "whatsapp", isPreferred=True)
    found = (await prefer(ask, one, "sms", isPreferred=True))["customer"]
    assert (found["version"], found["preferredChannel"]) == (4, "sms")
    assert [(x["channel"], x["wish"], x["isPreferred"]) for x in found["channelPreferences"]] == [
        ("sms", "WELCOME", True),
        ("phone", "UNLOVED", False),
        ("whatsapp", "WELCOME", False),
    ]
    found = (await prefer(ask, one, "sms", isPreferred=False))["customer"]
    assert found["preferredChannel"] is None


async def test_wish_stays(ask: Asking, make: Makers) -> None:
    """What is left out stays as it is, and what is noted already changes nothing."""
    one = await make.customer()
    await prefer(ask, one, "email", wish="UNLOVED", isPreferred=True)
    for said in ({"isPreferred": True}, {"wish": "UNLOVED"}, {}):
        found = (await prefer(ask, one, "email", **said))["customer"]
        assert (found["version"], found["channelPreferences"][0]["wish"]) == (2, "UNLOVED")


async def test_refused_not_preferred(ask: Asking, make: Makers) -> None:
    """A channel is never both preferred and refused: the last word counts, and both at once are refused."""
    one = await make.customer()
    for said, wish, preferred in (
        ({"isPreferred": True}, "WELCOME", "email"),
        ({"wish": "REFUSED"}, "REFUSED", None),
        ({"isPreferred": True}, "WELCOME", "email"),
    ):
        found = (await prefer(ask, one, "email", **said))["customer"]
        assert (found["channelPreferences"][0]["wish"], found["preferredChannel"]) == (wish, preferred)
    given = {"customerId": one.id, "version": 4, "channel": "email", "wish": "REFUSED", "isPreferred": True}
    assert await refused(ask, "setChannelPreference", **given) == ("INVALID_INPUT", "input.isPreferred")


async def test_wishes_at_once(ask: Asking, make: Makers) -> None:
    """Of 50 who set one channel's wish at once, half each way, one is heard, and 49 are told of it."""
    one = await make.customer()
    answers = await asyncio.gather(
        *(prefer(ask, one, "email", version=1, isPreferred=n % 2 == 0) for n in range(50)),
    )
    (heard,) = [n for n, answer in enumerate(answers) if "code" not in answer]
    assert [answer["code"] for answer in answers if "code" in answer] == ["STALE_VERSION"] * 49
    found = await read(ask, one, f"version {SHOWN}")
    assert (found["version"], found["channelPreferences"][0]["isPreferred"]) == (2, heard % 2 == 0)


@pytest.mark.parametrize("mutation", ["setChannelPreference", "removeChannelPreference"])
async def test_stale_wish_refused(ask: Asking, make: Makers, mutation: str) -> None:
    """What was decided upon an older record is refused with both versions, and says what was changed since."""
    one = await make.customer()
    await prefer(ask, one, "email", wish="UNLOVED")
    await prefer(ask, one, "email", wish="REFUSED")
    shown = "... on StaleVersion { sentVersion storedVersion changedFields }"
    query = f"mutation($i: {mutation[0].upper()}{mutation[1:]}Input!) {{ it: {mutation}(input: $i) {{ {shown} }} }}"
    answer = await ask(query, i={"customerId": one.id, "channel": "email", "version": 2})
    assert answer.data["it"] == {"sentVersion": 2, "storedVersion": 3, "changedFields": ["channelPreferences"]}
    assert (await read(ask, one, SHOWN))["channelPreferences"][0]["wish"] == "REFUSED"


async def test_preferred_by_one(ask: Asking, make: Makers) -> None:
    """Of several who each prefer another channel, reading again where refused, all are heard, and one leads."""
    one, channels = await make.customer(), ("email", "phone", "post", "sms")

    async def until_heard(channel: str) -> None:
        while "code" in await prefer(ask, one, channel, isPreferred=True):
            pass

    await asyncio.gather(*map(until_heard, channels))
    found = (await read(ask, one, SHOWN))["channelPreferences"]
    assert sorted(each["channel"] for each in found) == list(channels)
    assert sum(each["isPreferred"] for each in found) == 1


async def test_preference_removed(ask: Asking, make: Makers) -> None:
    """What was noted of a channel is removed; where nothing is noted there is nothing to remove."""
    one = await make.customer()
    await prefer(ask, one, "email", isPreferred=True)
    given = {"customerId": one.id, "version": 2, "channel": "email"}
    found = await change(ask, "removeChannelPreference", f"customer {{ {SHOWN} }}", **given)
    assert found["customer"] == {"preferredChannel": None, "channelPreferences": []}
    assert await refused(ask, "removeChannelPreference", **given) == ("NOT_FOUND", "input.channel")


async def test_channel_known(ask: Asking, make: Makers) -> None:
    """The channel is one of this gateway's or one on which everybody is reached; the refusal names them."""
    one = await make.customer()
    await make.channel("whatsapp")
    found = await prefer(ask, one, "pigeon")
    assert (found["code"], found["inputPath"]) == ("INVALID_INPUT", ["input", "channel"])
    assert found["message"].endswith("Send one of: email, phone, post, sms, whatsapp.")
    assert await refused(ask, "setChannelPreference", customerId=GONE, version=1, channel="email") == (
        "NOT_FOUND",
        "input.customerId",
    )


async def test_most_preferences(ask: Asking, make: Makers) -> None:
    """A customer has a bounded number of wishes."""
    usual = {"wish": "WELCOME", "is_preferred": False, "set_at": BEGIN, "set_by": None}
    many = [{"channel": f"c{n}", **usual} for n in range(CHANNEL_PREFERENCES.at_most)]
    one = await make.customer(channel_preferences=many)
    assert (await prefer(ask, one, "email"))["code"] == "CONFLICT"


@pytest.mark.parametrize("mutation", ["setChannelPreference", "removeChannelPreference"])
async def test_wishes_by_role(ask: Asking, mutation: str) -> None:
    """The staff notes wishes."""
    assert await may(ask, mutation, customerId=GONE, version=1, channel="email") == STAFF


async def test_wishes_seen(ask: Asking, make: Makers) -> None:
    """Partners see the wishes; a visitor the own ones, and not who noted them."""
    one = await make.customer(None, None)
    await prefer(ask, one, "email", isPreferred=True)
    for who, set_by in ((PARTNER, "agent"), (visitor(one), None)):
        found = await read(ask, one, SHOWN, **who)
        assert found["preferredChannel"] == "email"
        assert [each["setBy"] for each in found["channelPreferences"]] == [set_by]


async def test_wishes_are_facts(ask: Asking, make: Makers) -> None:
    """Wishes are facts."""
    one = await make.customer(None, None)
    await prefer(ask, one, "email", isPreferred=True)
    await prefer(ask, one, "phone", wish="REFUSED")
    found = await read(ask, one, "facts { nodes { category name value } }")
    assert found["facts"]["nodes"] == [
        {"category": "Channel preferences", "name": "phone", "value": "REFUSED"},
        {"category": "Channel preferences", "name": "email", "value": "PREFERRED"},
    ]
    assert await make.store.count(CUSTOMERS, {"channel_preferences.channel": "email"}) == 1
