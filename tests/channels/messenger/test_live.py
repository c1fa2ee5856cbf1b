"""What an agent sees of somebody on Messenger while it is asked: who they are, and what was said before."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.lines import Lines
from resolvers.live.fetching import fetch
from resolvers.live.memory import Freshness
from resolvers.live.pasts import PASTS
from tests.channels.messenger.double import PAGE, PSID
from tests.channels.messenger.test_pasts import talked
from tests.channels.messenger.test_people import SHOWN
from tests.channels.meta_graph import Graph
from tests.conftest import Asking
from tests.live.conftest import Panel
from tests.live.old_vendor import shift_of
from tests.makers import Made, Makers

SHOW = """query Show($id: ID!) { customer(id: $id) { firstName displayName
  identities { profile { name locale gender timeZone pictureUrl } }
  conversations { nodes { messages { totalCount nodes { text direction } } }
    sources { name status missing completeSince isBackfilling } } } }"""


@pytest.fixture
async def panel(ask: Asking, messenger: MetaMessaging) -> AsyncIterator[Panel]:
    """A graph with a line to the page."""
    one = Panel(ask, Lines([messenger]), live_s=5, freshness=Freshness(good_s=0, failed_s=0))
    yield one
    await one.asking.close()


@pytest.fixture
async def kerry(make: Makers) -> Made:
    """Somebody whom the page knows."""
    one = await make.customer()
    await make.identity(one, "messenger", PSID, PAGE)
    return one


async def seen(panel: Panel, of: Made) -> Any:
    """What an agent is shown."""
    shown = (await panel(SHOW, id=of.id)).data["customer"]
    await panel.settled()
    return shown


async def test_profile_and_past(panel: Panel, kerry: Made, graph: Graph) -> None:
    """The profile and the latest messages come while an agent looks; where they end is said when that is known."""
    graph.people[PSID], graph.threads[PSID] = SHOWN, talked(30)
    first = await seen(panel, kerry)
    assert [one["isBackfilling"] for one in first["conversations"]["sources"]] == [False, True]
    for _ in range(2):
        await fetch(shift_of(panel))
    last = await seen(panel, kerry)
    (identity,), (talk,) = last["identities"], last["conversations"]["nodes"]
    assert identity["profile"] == {
        "name": "Kevin Durant",
        "locale": "en_US",
        "gender": "male",
        "timeZone": "UTC+08:00",
        "pictureUrl": "https://example.com/pic.png",
    }
    assert [one["text"] for one in talk["messages"]["nodes"]] == [f"Word {n}" for n in range(10, 30)]
    source = last["conversations"]["sources"][1]
    assert (source["completeSince"], source["isBackfilling"]) == ("2026-11-20T08:09:01Z", False)


async def test_throttled_past_waits(panel: Panel, kerry: Made, graph: Graph) -> None:
    """A past that is throttled waits for as long as Meta says, is shown as busy, and comes whole afterwards."""
    graph.people[PSID], graph.threads[PSID] = SHOWN, talked(30)
    await seen(panel, kerry)
    graph.used(100)
    graph.fails("thread", 80006)
    await fetch(shift_of(panel))
    asked = len(graph.asked)
    shown = await seen(panel, kerry)
    assert shown["conversations"]["sources"][1]["status"] == "BUSY"
    assert shown["conversations"]["sources"][1]["isBackfilling"]
    await fetch(shift_of(panel))
    assert [path for path, _ in graph.asked[asked:] if "t_" in path] == []
    (past,) = await panel.stored.store.find(PASTS, {})
    assert past["due_at"] > panel.stored.now
