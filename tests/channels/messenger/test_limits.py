"""Where Meta's limits come near, what can wait waits, and says for how long; words to customers go first."""

import json

import pytest

from adapters.channels import meta
from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.errors import ChannelBusy
from adapters.contract.found import Portion
from adapters.contract.records import Who
from adapters.contract.reply import Reply
from adapters.contract.sending import SendState
from tests.channels.messenger.double import PAGE, PSID
from tests.channels.messenger.test_sending import outgoing
from tests.channels.meta_deliveries import NOW
from tests.channels.meta_graph import Graph, spoken

WHO = Who("messenger", PAGE, PSID)


@pytest.mark.parametrize(("percent", "is_calm"), [(1, True), (79, True), (80, False), (100, False)])
async def test_nearly_used_up(messenger: MetaMessaging, graph: Graph, percent: int, *, is_calm: bool) -> None:
    """From four fifths on nothing is asked that can wait, and words to customers still go out."""
    graph.people[PSID], graph.threads[PSID] = {}, [spoken(0, PSID)]
    graph.used(percent, minutes=0 if is_calm else 7)
    await messenger.person(WHO)
    if is_calm:
        assert (await messenger.past(WHO, Portion())).records
        return
    asked = len(graph.asked)
    for waits in (messenger.past(WHO, Portion()), messenger.person(WHO)):
        with pytest.raises(ChannelBusy) as busy:
            await waits
        assert busy.value.retry_after_s is not None
        assert 400 < busy.value.retry_after_s <= 420
    assert len(graph.asked) == asked
    assert (await messenger.send(outgoing())).state is SendState.TAKEN


async def test_throttled(messenger: MetaMessaging, graph: Graph) -> None:
    """A throttled account asks nobody for as long as Meta says, and shows it; the message was not sent."""
    graph.fails("send", 80006)
    graph.used(100, minutes=2)
    for _ in range(3):
        with pytest.raises(ChannelBusy) as busy:
            await messenger.send(outgoing())
        assert busy.value.retry_after_s is not None
        assert 110 < busy.value.retry_after_s <= 120
    assert len(graph.sent) == 1
    assert (messenger.way.standing().retry_after_s or 0) > 110


APP = {"x-app-usage": json.dumps({"call_count": 28, "total_time": 81, "total_cputime": 1})}
PAGES = {"x-page-usage": json.dumps({"call_count": 99.5})}
CASES = {"x-business-use-case-usage": json.dumps({"1": [{"call_count": 5}, {"total_cputime": 90}], "2": [7, {}]})}


@pytest.mark.parametrize(
    ("headers", "percent"),
    [
        ({}, 0),
        (APP, 81),
        (PAGES, 99.5),
        (CASES, 90),
        (APP | PAGES | CASES, 99.5),
        ({"x-app-usage": "{"}, 0),
        ({"x-app-usage": "[1]"}, 0),
        ({"x-app-usage": '{"call_count": "95"}'}, 0),
        ({"x-app-usage": '{"call_count": true}'}, 0),
        ({"x-app-usage": '{"call_count": NaN}'}, 0),
        ({"x-app-usage": json.dumps({"call_count": 10**400})}, 0),
    ],
)
def test_usage(headers: dict[str, str], percent: float) -> None:
    """How much is used up is the highest of all figures that can be read."""
    assert meta.usage_percent(Reply(status=200, headers=headers, body=b"{}", as_of=NOW)) == percent
