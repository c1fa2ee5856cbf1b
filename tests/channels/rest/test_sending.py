"""Does a text go out once, by the mapping's request?"""

import copy
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import web

from adapters.contract.channel import Capability
from adapters.contract.errors import ChannelBusy, ChannelRefused
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Template
from tests.channels.rest.test_loading import GOOD

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TEXT = 'Good "day"\n{who} \\ 😀'
OUTGOING = Outgoing(who=Who("desk", "main", "p/1"), key="k-1", text=TEXT, now=NOW)


@pytest.fixture
def desk(make, double):
    """A desk that takes messages and names them."""
    double.answers({"message": {"id": 17}})
    body = {"text": "{text}", "signed": "{text} (the team)", "thread": "{conversation}"}
    headers = {"Idempotency-Key": "{key}"}

    def made(**more):
        send = {"path": "/people/{who}/messages", "headers": headers, "body": body, "id": "message.id"}
        return make("desk", copy.deepcopy(GOOD) | {"send": send | more})

    return made


async def test_sent_as_said(desk, double) -> None:
    """The text stands in the body as it was written, our key in a header, and the vendor names the message."""
    channel = desk()
    sent = await channel.send(OUTGOING)
    (seen,) = double.seen
    assert (sent.state, sent.external_id) == (SendState.TAKEN, "17")
    assert seen.body == {"text": TEXT, "signed": f"{TEXT} (the team)"}
    assert (seen.method, seen.raw_path, seen.headers["idempotency-key"]) == ("POST", "/people/p%2F1/messages", "k-1")
    assert Capability.SEND in channel.capabilities()


@pytest.mark.parametrize("repeatable", [False, True])
async def test_unknown_outcome(desk, double, repeatable) -> None:
    """Where the line breaks behind the request, nobody knows, and it is not sent again."""

    async def fault(request):
        request.transport.abort()
        return web.Response()

    double.fault = fault
    sent = await desk(repeatable=repeatable).send(OUTGOING)
    assert (sent.state, sent.external_id) == (SendState.UNKNOWN, None)
    assert len(double.seen) == 1


async def test_unnamed_message_is_taken(desk, double) -> None:
    """A good answer that names nothing says all the same that it was taken."""
    double.answers("<html>")
    assert (await desk().send(OUTGOING)).state is SendState.TAKEN


async def test_refusals_have_names(desk, double) -> None:
    """What certainly did not go out is an error, and templates are none of its business."""
    double.answers({}, status=429)
    with pytest.raises(ChannelBusy):
        await desk().send(OUTGOING)
    template = Outgoing(who=OUTGOING.who, key="k-2", template=Template(name="hello", language="en"), now=NOW)
    with pytest.raises(ChannelRefused, match="no templates"):
        desk().require_allowed(template)


def test_repeatable_needs_the_key(desk) -> None:
    """A message is only sent again where the vendor is told its key."""
    assert desk(repeatable=True).is_repeatable
    assert not desk().is_repeatable
    with pytest.raises(ValueError, match="the vendor is not told the"):
        desk(repeatable=True, headers={})


def test_needs_a_conversation(desk) -> None:
    """Where the address is a conversation's, none is begun, and that is said before anybody is asked."""
    channel = desk(path="/talks/{conversation}/messages")
    with pytest.raises(ChannelRefused, match="begins none"):
        channel.require_allowed(OUTGOING)
    channel.require_allowed(replace(OUTGOING, conversation="17"))
