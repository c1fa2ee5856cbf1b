"""Words and templates go out once, by number or id, while the window is open; what nobody knows is called unknown."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.contract.channel import Capability
from adapters.contract.errors import ChannelBusy, ChannelRefused
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Template, WindowClosed
from tests.channels.meta_deliveries import NOW
from tests.channels.whatsapp.double import NUMBER, TOKEN, Cloud

TEMPLATE = Template(name="order_shipped", language="en_US", values=("Anna", "#17"))


def outgoing(value: str = "16505551234", **more: Any) -> Outgoing:
    """Words to somebody who wrote an hour ago."""
    plain = {"text": "Hello", "last_heard_at": NOW - timedelta(hours=1), "now": NOW}
    return Outgoing(**{"who": Who("whatsapp", NUMBER, value), "key": "key-1", **plain, **more})


async def test_text_goes_out(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """Words are handed over with our key, and WhatsApp names them."""
    sent = await whatsapp.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.TAKEN, "wamid.sent-1")
    assert cloud.sent == [
        {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": "16505551234",
            "biz_opaque_callback_data": "key-1",
            "type": "text",
            "text": {"body": "Hello", "preview_url": False},
        }
    ]
    assert cloud.tokens == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("16505551234", "to"),
        ("US.13491208655302741918", "recipient"),
        ("US.ENT.11815799212886844830", "recipient"),
        ("us.1", "to"),
    ],
)
async def test_addressed(whatsapp: WhatsApp, cloud: Cloud, value: str, place: str) -> None:
    """A business-scoped id is a recipient, and a number is written to."""
    await whatsapp.send(outgoing(value))
    assert cloud.sent[0][place] == value
    assert len({"to", "recipient"} & set(cloud.sent[0])) == 1


async def test_template_goes_out(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """A template goes out with its values, also to who never wrote."""
    await whatsapp.send(outgoing(text=None, template=TEMPLATE, last_heard_at=None))
    values = [{"type": "text", "text": "Anna"}, {"type": "text", "text": "#17"}]
    assert cloud.sent[0]["template"] == {
        "name": "order_shipped",
        "language": {"code": "en_US"},
        "components": [{"type": "body", "parameters": values}],
    }


async def test_template_without_values(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """A template without gaps has no components."""
    await whatsapp.send(outgoing(text=None, template=replace(TEMPLATE, values=())))
    assert "components" not in cloud.sent[0]["template"]


@pytest.mark.parametrize(
    ("heard", "is_open"),
    [
        (timedelta(0), True),
        (timedelta(hours=24) - timedelta(seconds=1), True),
        (timedelta(hours=24), False),
        (timedelta(days=400), False),
        (None, False),
    ],
)
async def test_window(whatsapp: WhatsApp, cloud: Cloud, heard: timedelta | None, *, is_open: bool) -> None:
    """Free words go out for 24 hours after the person wrote; later nothing is asked, and a template is named."""
    late = outgoing(last_heard_at=None if heard is None else NOW - heard)
    if is_open:
        whatsapp.require_allowed(late)
        assert (await whatsapp.send(late)).state is SendState.TAKEN
        return
    with pytest.raises(WindowClosed) as refused:
        await whatsapp.send(late)
    with pytest.raises(WindowClosed):
        whatsapp.require_allowed(late)
    assert refused.value.allowed == ("template",)
    assert refused.value.closed_at == (None if heard is None else NOW - heard + timedelta(hours=24))
    assert cloud.sent == []


async def test_window_closed_by_vendor(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """Where WhatsApp knows better, its word is the same refusal."""
    cloud.fails(131047)
    with pytest.raises(WindowClosed) as refused:
        await whatsapp.send(outgoing())
    assert refused.value.allowed == ("template",)


async def test_pair_rate(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """One person is written to every six seconds at most."""
    cloud.fails(131056)
    with pytest.raises(ChannelBusy) as refused:
        await whatsapp.send(outgoing())
    assert refused.value.retry_after_s == 6.0
    assert len(cloud.sent) == 1


@pytest.mark.parametrize("code", [2, 4, 80007, 130429, 131000, 131016, 131048, 131057, 133004])
@pytest.mark.parametrize("http", [400, 500, 503])
async def test_not_now(whatsapp: WhatsApp, cloud: Cloud, code: int, http: int) -> None:
    """Where WhatsApp says that it cannot now, nothing went out: the message may be sent again."""
    cloud.fails(code, http=http)
    with pytest.raises(ChannelBusy, match=str(code)):
        await whatsapp.send(outgoing())
    assert len(cloud.sent) == 1


async def test_silence_is_unknown(impatient: WhatsApp, cloud: Cloud) -> None:
    """Where WhatsApp does not answer in time, the message may have gone out, and is not sent again."""
    cloud.hangs = True
    sent = await impatient.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.UNKNOWN, None)
    assert len(cloud.sent) == 1


@pytest.mark.parametrize("answer", [[], {}, "ok", {"messages": []}, {"messages": [{}]}, {"messages": [{"id": 7}]}])
async def test_odd_answer_is_unknown(whatsapp: WhatsApp, cloud: Cloud, answer: Any) -> None:
    """So it may where a good answer names no message."""
    cloud.answer = answer
    sent = await whatsapp.send(outgoing())
    assert sent.state is SendState.UNKNOWN
    assert sent.why is not None
    assert sent.why.startswith("The answer")


@pytest.mark.parametrize("text", [None, "", "  \n"])
async def test_nothing_to_say(whatsapp: WhatsApp, cloud: Cloud, text: str | None) -> None:
    """A message without words is refused before WhatsApp is asked."""
    with pytest.raises(ChannelRefused, match="without words"):
        whatsapp.require_allowed(outgoing(text=text))
    with pytest.raises(ChannelRefused, match="without words"):
        await whatsapp.send(outgoing(text=text))
    assert cloud.sent == []


async def test_refusal_quotes_nobody(whatsapp: WhatsApp, cloud: Cloud) -> None:
    """A refusal tells WhatsApp's code and what to do, and none of its words, which may name somebody."""
    cloud.fails(131026)
    with pytest.raises(ChannelRefused) as refused:
        await whatsapp.send(outgoing())
    assert refused.value.code == "131026"
    assert "650" not in str(refused.value)


def test_offers(whatsapp: WhatsApp) -> None:
    """The number hears and answers, and gives files; it cannot be asked for people or pasts."""
    assert whatsapp.capabilities() == (Capability.SEND, Capability.WEBHOOK, Capability.FILES)
    assert whatsapp.talk_with(Who("whatsapp", NUMBER, "US.1")) == "US.1"
    assert not whatsapp.is_repeatable
    assert TOKEN not in repr(whatsapp.settings) + repr(whatsapp)
