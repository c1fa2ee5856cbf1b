"""An adapter that proves deliveries wrongly lets nobody in, and operators read why a delivery was refused."""

from typing import Any, cast

import pytest
import structlog
from pydantic import SecretStr

from adapters.contract.channel import Equipment
from adapters.contract.deliveries import Delivery, NotProven
from adapters.contract.way import Way
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.deliveries.waiting import DELIVERIES
from tests.channels import toy
from tests.channels.toy import Toy, body_of, deliver, event
from tests.gateway.conftest import Gate, OpenGate

SIGNATURE = toy.signature(b"another body")


class Misproving(Toy):
    """Proves as a test says."""

    does: Any = None

    def prove(self, delivery: Delivery) -> None:
        """What the test says."""
        del delivery
        if isinstance(self.does, Exception):
            raise self.does
        return cast("None", self.does)


@pytest.fixture
def shop(open_gate: OpenGate) -> Gate:
    """A gate with one account of it."""
    settings = toy.ToySettings(secret=SecretStr(toy.SECRET))
    return open_gate(lines=Lines([Misproving("main", settings, Equipment(way=cast("Way", None)))]))


@pytest.mark.parametrize("does", [False, True, NotProven("No.", status=200)], ids=["false", "true", "good status"])
async def test_nobody_is_let_in(shop: Gate, store: Store, does: object) -> None:
    """Only a `prove` that answers nothing has proven anything: neither False nor a good status lets anybody in."""
    Misproving.does = does
    answer = await deliver(shop.client, body_of(event("ann", 1)))
    assert answer.status_code == (401 if isinstance(does, Exception) else 500)
    assert await store.count(DELIVERIES, {}) == 0


async def test_why_is_logged(shop: Gate) -> None:
    """Why a delivery is not proven stands in the log, without signatures and without what stands in the delivery."""
    sent = toy.signature(body_of(event("ann", 1)))
    Misproving.does = NotProven(f"X-Toy-Timestamp is too old. Expected {SIGNATURE}, and not {sent}, of talk-topic.")
    with structlog.testing.capture_logs() as logged:
        assert (await deliver(shop.client, body_of(event("ann", 1)))).text == toy.NOT_PROVEN
    (told,) = (one for one in logged if one["event"] == "delivery")
    assert (told["outcome"], told["why"]) == (
        "not proven",
        "X-Toy-Timestamp is too old. Expected …, and not …, of talk-topic.",
    )
