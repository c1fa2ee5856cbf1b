"""Erasing and exporting, as administrators ask for it, and the job that goes on."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers.kit.shift import Shift
from resolvers.kit.viewer import Role
from resolvers.privacy.erasing import work_on
from resolvers.privacy.receipts import SETTLING
from tests.changing import change
from tests.conftest import Asking
from tests.makers import Made
from tests.walking import read

RECEIPT = "erasure { id state reason reference requestedAt requestedBy doneAt customerIds removed { kind count } }"

Erase = Callable[[Made], Awaitable[dict[str, Any]]]


@pytest.fixture(autouse=True)
async def clean(store: Store) -> AsyncIterator[None]:
    """What stands in no declared collection is of no other test."""
    names = ("files.files", "files.chunks", "leases")
    for name in names:
        await store._database[name].delete_many({})
    yield
    for name in names:
        await store._database[name].delete_many({})


@pytest.fixture
def erase(ask: Asking) -> Erase:
    """Erases the customer; the receipt as it is then."""

    async def do(one: Made, **more: Any) -> dict[str, Any]:
        version = (await read(ask, one, "version"))["version"]
        given = {"customerId": one.id, "version": version, "reason": "REQUESTED", **more}
        found: dict[str, Any] = (await change(ask, "eraseCustomer", RECEIPT, Role.ADMINISTRATOR, **given))["erasure"]
        return found

    return do


def shift_of(ask: Asking, at: datetime | None = None, retention: Mapping[str, timedelta] | None = None) -> Shift:
    """A hand in the jobs, at some moment."""
    now = at or ask.now
    return Shift(store=ask.store, declared=ask.graph.declared, clock=lambda: now, retention=retention or {})


async def settle(ask: Asking) -> int:
    """Works until nothing is to do any more, then once more when everything is settled; how many steps that took."""
    steps = 0
    for at in (ask.now, ask.now + SETTLING + timedelta(seconds=1)):
        steps += 1
        while await work_on(shift_of(ask, at)):
            steps += 1
    return steps


def counts(receipt: Mapping[str, Any], field: str = "removed") -> dict[str, int]:
    """The counts of a receipt or preview by kind."""
    return {one["kind"]: one["count"] for one in receipt[field]}
