"""What Meta delivers to the front door is acknowledged once it is kept, and its tests are answered politely."""

from collections.abc import AsyncIterator

import pytest

from adapters.channels import meta
from adapters.channels.instagram import Instagram
from adapters.channels.messenger import Messenger
from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.deliveries.waiting import DELIVERIES
from tests.channels.instagram import double as instagram
from tests.channels.messenger import double as messenger
from tests.channels.meta_deliveries import signed
from tests.channels.meta_graph import SECRET, VERIFY_TOKEN, Graph, reaching
from tests.gateway.conftest import Gate, OpenGate

PLACES = [("messenger", messenger.PAGE), ("instagram", instagram.ACCOUNT)]
CLASSES: dict[str, type[MetaMessaging]] = {"messenger": Messenger, "instagram": Instagram}


@pytest.fixture
async def shop(open_gate: OpenGate) -> AsyncIterator[Gate]:
    """A gate with an account on either channel."""
    vendor = Graph(url="http://127.0.0.1:9")
    one, other = (reaching(vendor, CLASSES[channel], account) for channel, account in PLACES)
    async with one as page, other as account:
        yield open_gate(lines=Lines([page, account]))


@pytest.mark.parametrize(("channel", "account"), PLACES)
async def test_handshake(shop: Gate, channel: str, account: str) -> None:
    """Meta's check of the address is answered with its challenge, and a guess with 403."""
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY_TOKEN}
    good = await shop.client.get(f"/webhooks/{channel}/{account}", params=asked)
    assert (good.status_code, good.text) == (200, "1158201444")
    bad = await shop.client.get(f"/webhooks/{channel}/{account}", params=asked | {"hub.verify_token": "guessed"})
    assert bad.status_code == 403


@pytest.mark.parametrize(("channel", "account"), PLACES)
@pytest.mark.parametrize("name", ["echo", "dashboard_test"])
async def test_acknowledged(shop: Gate, store: Store, channel: str, account: str, name: str) -> None:
    """What Meta signed is acknowledged and kept as it came, tests of its dashboard, too; anything else is refused."""
    sample = {"messenger": messenger, "instagram": instagram}[channel].sample(name)
    delivery = signed(sample, SECRET)
    path = f"/webhooks/{channel}/{account}"
    forged = await shop.client.post(path, content=delivery.body, headers={meta.SIGNATURE: "sha256=" + "0" * 64})
    assert (forged.status_code, await store.count(DELIVERIES, {})) == (401, 0)
    answer = await shop.client.post(path, content=delivery.body, headers=dict(delivery.headers))
    assert (answer.status_code, answer.content) == (200, b"")
    assert [one["body"] for one in await store.find(DELIVERIES, {})] == [delivery.body]
