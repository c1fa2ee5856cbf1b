"""Does the contract name the same bounds as what is taken in?"""

from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.bounds import LONGEST, REQUIRED, beyond
from adapters.contract.records import HandedOver, Item, Progress
from adapters.mongo import Store
from tests.taking_in import AT, EVERYTHING, ORDER, bring
from tests.test_ingest import REJECTED

SAMPLES: dict[type, Any] = {
    Progress: Progress(channel="chat", account="main", external_id="M1", status="FAILED", at=AT),
    **{type(one): one for one in EVERYTHING},
}
# What lies beyond a bound of the record's own: others hang on what is known here.
OWN = [(one, words) for one, words in REJECTED if any(part in words for part in ("lies between", "are kept", "same n"))]


def _with(kind: type, field: str, value: str) -> HandedOver:
    if kind is Item:
        return replace(ORDER, items=(ORDER.items[0]._replace(**{field: value}),))
    return replace(SAMPLES[kind], **{field: value})  # type: ignore[no-any-return]


TOO_LONG = [
    (_with(kind, name, "x" * (longest + 1)), name) for kind, by in LONGEST.items() for name, longest in by.items()
]
EMPTY = [(_with(kind, name, " "), name) for kind, names in REQUIRED.items() for name in names]


async def test_same_bounds(store: Store) -> None:
    """What the contract calls too long or empty is refused where it is taken in, in nearly the same words."""
    results = (await bring(store, *(one for one, _ in TOO_LONG + EMPTY))).results
    for (record, name), result in zip(TOO_LONG + EMPTY, results, strict=True):
        told = beyond(record) or ""
        assert told.startswith(f"`{name}` ")
        # Notes are read by the rule of what people write, which ends otherwise.
        assert result.reason is not None, (type(record), name)
        assert told.partition(";")[0].partition(".")[0] in result.reason


@pytest.mark.parametrize(("record", "words"), OWN, ids=[words[:40] for _, words in OWN])
def test_refused_is_foreseen(record: HandedOver, words: str) -> None:
    """What is refused for what the record itself says, the contract foresees in the same words."""
    assert words in (beyond(record) or "")


@pytest.mark.parametrize("record", EVERYTHING, ids=lambda one: type(one).__name__)
def test_sound_is_within(record: HandedOver) -> None:
    """A record that is taken in lies within."""
    assert beyond(record) is None
