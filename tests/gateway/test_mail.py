"""A mail that is handed in at the front door becomes somebody's message, once."""

from datetime import UTC, datetime

from adapters.channels.email.channel import Email
from adapters.channels.email.examples import EXAMPLES, sign
from adapters.conformance.trial import NoWay
from adapters.contract.channel import Equipment
from adapters.contract.deliveries import Delivery
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.conversations import MESSAGES
from tests.channels.email.letters import settings
from tests.gateway.conftest import OpenGate
from tests.waiting import until

PATH = "/webhooks/email/support"


async def test_mail_by_webhook(open_gate: OpenGate, store: Store) -> None:
    """A raw mail that is signed is taken in, however often it comes; one that is not is refused."""
    email = Email("support", settings(imap_url=None), Equipment(way=NoWay()))
    gate = open_gate(lines=Lines([email]))
    raw, kind = EXAMPLES.deliveries[0], {"content-type": "message/rfc822"}
    bare = Delivery(method="POST", query={}, headers={}, body=raw, received_at=datetime.now(UTC))
    assert (await gate.client.post(PATH, content=raw, headers=kind)).status_code == 401
    for _ in range(2):
        answer = await gate.client.post(PATH, content=raw, headers={**kind, **sign(bare, email.settings)})
        assert answer.status_code == 200
    async with gate.house.working():
        await until(lambda: store.count(MESSAGES, {}))
    (message,) = await store.find(MESSAGES, {})
    assert (message["text"], message["direction"]) == ("Does the bell come in another size?", "IN")
