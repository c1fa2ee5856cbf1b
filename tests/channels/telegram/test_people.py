"""Who a person is, Telegram says as far as they show it."""

from typing import Any

import pytest

from adapters.channels.telegram import Telegram
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.records import Person, Who
from tests.channels.telegram.conftest import reaching
from tests.channels.telegram.double import BOT, MIA, BotApi

WHO = Who("telegram", BOT, str(MIA["id"]))


async def test_profile(telegram: Telegram, api: BotApi) -> None:
    """Names and username are the profile's, and no picture: its address would hold the bot's token."""
    found = await telegram.person(WHO)
    assert found.records == (Person(who=WHO, profile={"name": "Mia Brand", "username": "mia_brand"}),)
    assert found.as_of is not None
    assert api.asked == ["getChat"]


@pytest.mark.parametrize(
    ("shown", "profile"),
    [
        ({}, {}),
        ({"first_name": "Mia"}, {"name": "Mia"}),
        ({"first_name": "", "last_name": "Brand"}, {"name": "Brand"}),
        ({"first_name": None, "username": None}, {}),
        ({"username": "mia", "language_code": "pt-br"}, {"username": "mia", "locale": "pt-br"}),
    ],
)
async def test_parts_are_missing(
    telegram: Telegram, api: BotApi, shown: dict[str, Any], profile: dict[str, str]
) -> None:
    """Whatever somebody does not show is left out."""
    api.people[WHO.value] = {"id": MIA["id"], "type": "private", **shown}
    (person,) = (await telegram.person(WHO)).records
    assert isinstance(person, Person)
    assert person.profile == profile


@pytest.mark.parametrize("value", ["17", "@bike_news", "-1002233445566", "7300123456&chat_id=1", "../getMe", ""])
async def test_nobody(telegram: Telegram, api: BotApi, value: str) -> None:
    """Who never wrote to the bot is not known; of what is no person's id nobody is asked."""
    with pytest.raises(NoSuchIdentity):
        await telegram.person(Who("telegram", BOT, value))
    assert api.asked == (["getChat"] if value == "17" else [])


@pytest.mark.parametrize(
    ("code", "description", "raised"),
    [
        (401, "Unauthorized", ChannelRefused),
        (403, "Forbidden: user is deactivated", ChannelRefused),
        (500, "Internal Server Error", ChannelDown),
    ],
)
async def test_failures(
    telegram: Telegram, api: BotApi, code: int, description: str, raised: type[ChannelError]
) -> None:
    """Each failure is named for what to do next."""
    api.fails(code, description)
    with pytest.raises(raised):
        await telegram.person(WHO)


async def test_busy(telegram: Telegram, api: BotApi) -> None:
    """Where it takes no more, it says for how long."""
    api.fails(429, "Too Many Requests: retry after 9", retry_after=9)
    with pytest.raises(ChannelBusy) as refused:
        await telegram.person(WHO)
    assert refused.value.retry_after_s == 9


@pytest.mark.parametrize("answer", ["", "<html>", "null", {}, {"result": []}, {"result": {"id": "7"}}])
async def test_odd_answers(telegram: Telegram, api: BotApi, answer: Any) -> None:
    """An answer of another shape is a bad payload."""
    api.answer = answer
    with pytest.raises(BadPayload):
        await telegram.person(WHO)


async def test_wrong_token(api: BotApi) -> None:
    """A token that the vendor does not know wakes an operator, and says where the right one is."""
    async with reaching(api, Telegram.manners, token="1:another") as channel:
        with pytest.raises(ChannelRefused, match="BotFather") as refused:
            await channel.person(WHO)
    assert refused.value.is_of_account
