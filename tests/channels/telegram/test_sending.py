"""Words go out once, to a person alone, and each of Telegram's errors says what to do next."""

import logging
import traceback
from dataclasses import replace
from typing import Any

import pytest

from adapters.channels.telegram import Telegram
from adapters.contract.channel import Capability
from adapters.contract.errors import ChannelBusy, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Template
from tests.channels.telegram.conftest import reaching
from tests.channels.telegram.double import BOT, MIA, NOW, TOKEN, BotApi

MIAS = str(MIA["id"])


def outgoing(value: str = MIAS, **more: Any) -> Outgoing:
    """Words to somebody who just wrote."""
    plain = {"text": "Hello, Mia 🚲", "last_heard_at": NOW, "now": NOW}
    return Outgoing(**{"who": Who("telegram", BOT, value), "key": "key-1", **plain, **more})


async def test_text_goes_out(telegram: Telegram, api: BotApi) -> None:
    """Words are handed over as they are, and Telegram's number of them is theirs within the chat."""
    sent = await telegram.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.TAKEN, f"{MIAS}:501")
    assert api.sent == [{"chat_id": MIAS, "text": "Hello, Mia 🚲"}]


async def test_longest_text(telegram: Telegram) -> None:
    """The longest text is as long as Telegram takes one."""
    longest = "x" * (telegram.longest_text or 0)
    assert (await telegram.send(outgoing(text=longest))).state is SendState.TAKEN
    with pytest.raises(ChannelRefused):
        await telegram.send(outgoing(text=f"{longest}x"))


@pytest.mark.parametrize(
    "other",
    [
        {"text": None},
        {"text": "  \n"},
        {"template": Template(name="offer", language="en")},
        {"value": "@bike_news"},
        {"value": "-1002233445566"},
        {"value": "٣٤"},
        {"value": ""},
    ],
)
async def test_nothing_is_asked(telegram: Telegram, api: BotApi, other: dict[str, Any]) -> None:
    """No words, a template, and an id that is a group's or a public channel's are refused before anybody is asked."""
    refused = outgoing(**other)
    with pytest.raises(ChannelRefused):
        telegram.require_allowed(refused)
    with pytest.raises(ChannelRefused):
        await telegram.send(refused)
    assert api.asked == []


@pytest.mark.parametrize(
    ("code", "description", "raised", "is_of_account"),
    [
        (401, "Unauthorized", ChannelRefused, True),
        (404, "Not Found", ChannelRefused, True),
        (403, "Forbidden: bot was blocked by the user", ChannelRefused, False),
        (403, "Forbidden: user is deactivated", ChannelRefused, False),
        (403, "Forbidden: bot can't initiate conversation with a user", ChannelRefused, False),
        (400, "Bad Request: message is too long", ChannelRefused, False),
        (400, "Bad Request: chat not found", NoSuchIdentity, None),
        (400, "Bad Request: PEER_ID_INVALID", NoSuchIdentity, None),
        (409, "Conflict: terminated by other getUpdates request", ChannelRefused, False),
    ],
)
async def test_refusals(
    telegram: Telegram, api: BotApi, code: int, description: str, raised: type[ChannelError], is_of_account: bool | None
) -> None:
    """A dead token is the account's matter; a blocked bot is that of the person; neither error quotes Telegram."""
    api.fails(code, description)
    with pytest.raises(raised) as refused:
        await telegram.send(outgoing())
    assert getattr(refused.value, "is_of_account", None) is is_of_account
    assert str(code) in str(refused.value)
    assert description.partition(": ")[2] not in str(refused.value) or ":" not in description
    assert len(api.sent) == 1


async def test_blocked_by_one(telegram: Telegram, api: BotApi) -> None:
    """Who blocked the bot is not written to, and others are."""
    api.people["17"] = {"id": 17, "type": "private", "first_name": "Otto"}
    api.blocked.add(MIAS)
    with pytest.raises(ChannelRefused, match="blocked the bot"):
        await telegram.send(outgoing())
    assert (await telegram.send(outgoing("17"))).state is SendState.TAKEN


@pytest.mark.parametrize("retry_after", [7, 35, 0.5])
async def test_busy_says_when(telegram: Telegram, api: BotApi, retry_after: float) -> None:
    """Where it takes no more, it says in how many seconds it does, and nothing is sent before."""
    api.fails(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
    with pytest.raises(ChannelBusy) as refused:
        await telegram.send(outgoing())
    assert refused.value.retry_after_s == retry_after
    with pytest.raises(ChannelBusy):
        await telegram.send(outgoing())
    assert len(api.sent) == 1


@pytest.mark.parametrize("parameters", [{}, {"retry_after": "soon"}, {"migrate_to_chat_id": -100}])
async def test_busy_without_when(telegram: Telegram, api: BotApi, parameters: dict[str, Any]) -> None:
    """It is busy, too, where it does not say for how long."""
    api.fails(429, "Too Many Requests", **parameters)
    with pytest.raises(ChannelBusy) as refused:
        await telegram.send(outgoing())
    assert refused.value.retry_after_s is None


async def test_silence_is_unknown(impatient: Telegram, api: BotApi) -> None:
    """Where Telegram does not answer in time, the message may have gone out, and is not sent again."""
    api.hangs = True
    sent = await impatient.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.UNKNOWN, None)
    assert len(api.sent) == 1


@pytest.mark.parametrize("code", [500, 502, 504])
async def test_broken_is_unknown(telegram: Telegram, api: BotApi, code: int) -> None:
    """So it may where its server fails."""
    api.fails(code, "Internal Server Error")
    assert (await telegram.send(outgoing())).state is SendState.UNKNOWN
    assert len(api.sent) == 1


@pytest.mark.parametrize("answer", ["", "<html>", "[]", "null", {}, {"ok": True, "result": {}}, {"result": True}])
async def test_odd_answer_is_unknown(telegram: Telegram, api: BotApi, answer: Any) -> None:
    """And where a good answer names no message."""
    api.answer = answer
    sent = await telegram.send(outgoing())
    assert sent.state is SendState.UNKNOWN
    assert sent.why


@pytest.mark.parametrize("fault", ["silence", "junk", "refusal", "nobody", "gone"])
async def test_token_stays_secret(
    impatient: Telegram, api: BotApi, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """The token, which is a part of the address, stands in no error, no traceback, no log and no `repr`."""
    caplog.set_level(logging.DEBUG)
    api.hangs, api.answer = fault == "silence", "<html>" if fault == "junk" else None
    if fault == "refusal":
        api.fails(401, f"Unauthorized: {TOKEN}")
    other = replace(outgoing(), who=Who("telegram", BOT, "1"))
    said = [repr(impatient), repr(impatient.settings), str(impatient.settings), repr(impatient.way)]
    async with reaching(BotApi(url="http://127.0.0.1:9"), impatient.manners) as nowhere:
        channel = nowhere if fault == "gone" else impatient
        for asked in (channel.person(outgoing().who), channel.send(other if fault == "nobody" else outgoing())):
            try:
                said.append(repr(await asked))
            except ChannelError as error:
                said += [repr(error), "".join(traceback.format_exception(error))]
    secret = TOKEN.partition(":")[2]
    assert not [one for one in (*said, caplog.text) if secret in one]


def test_offers(telegram: Telegram) -> None:
    """It knows people, hears and answers; a chat is named by its person; nothing may be sent twice."""
    assert telegram.capabilities() == (Capability.PROFILE, Capability.SEND, Capability.WEBHOOK)
    assert telegram.talk_with(outgoing().who) == MIAS
    assert not telegram.is_repeatable
