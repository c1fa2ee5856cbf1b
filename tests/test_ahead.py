"""What a source dates far ahead of its arrival is not taken in, and what may lie ahead is."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, get_args, get_type_hints

import pytest

from adapters.contract.company import Effort
from adapters.contract.records import HandedOver, Person, Progress, Renaming, Say, Who
from adapters.mongo import Store
from resolvers.campaigns import CAMPAIGNS
from resolvers.consents import CONSENT_WORDS
from resolvers.customers import CUSTOMERS
from resolvers.ingest.ahead import HAPPENED
from tests.taking_in import ANN, AT, CASE, DAY, ORDER, PERSON, bring, outcomes, reason_of

LATE = AT + 2 * DAY
AHEAD: dict[str, HandedOver] = {
    "created_at": replace(CASE, created_at=LATE),
    "updated_at": replace(CASE, updated_at=LATE.replace(year=9999)),
    "placed_at": replace(ORDER, placed_at=LATE),
    "seen_at": replace(PERSON, seen_at=LATE),
    "at": Say(who=ANN, purpose="News", status="GRANTED", at=LATE),
    "at of a renaming": Renaming(was=ANN, who=Who("shop", "main", "18"), at=LATE),
}


@pytest.mark.parametrize("field", AHEAD)
async def test_far_ahead(store: Store, field: str) -> None:
    """A record that happened more than a day after it arrived is rejected, and leaves nothing behind."""
    assert (await reason_of(store, AHEAD[field])).startswith(
        f"`{field.split(maxsplit=1)[0]}` lies more than a day ahead"
    )
    assert await store.count(CUSTOMERS, {}) == await store.count(CONSENT_WORDS, {}) == 0


async def test_a_little_ahead(store: Store) -> None:
    """A clock that goes wrong by hours is let pass, and what is yet to begin is taken."""
    later = replace(ORDER, placed_at=AT + timedelta(hours=14))
    begins = Effort(name="Spring", starts_at=LATE, ends_at=LATE + DAY)
    assert outcomes(await bring(store, later, begins)) == ["inserted", "inserted"]
    assert await store.count(CAMPAIGNS, {}) == 1


def test_every_moment_named() -> None:
    """Each moment of each record is one that happened, or is named here as one that may lie ahead."""
    may_lie_ahead = {(Effort, "starts_at"), (Effort, "ends_at")}
    for kind in get_args(HandedOver):
        hints: dict[str, Any] = get_type_hints(kind)
        moments = {one.name for one in fields(kind) if datetime in {hints[one.name], *get_args(hints[one.name])}}
        assert moments == {*HAPPENED.get(kind, ()), *(name for of, name in may_lie_ahead if of is kind)}
    assert {Person, Progress} <= HAPPENED.keys()
