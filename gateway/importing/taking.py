"""How does a batch of rows become stored records, together with how far its lane came?"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from adapters.contract.records import HandedOver
from adapters.mongo import Store
from adapters.records import Document
from adapters.values import BadValue
from gateway.importing.position import Position, keep_position
from gateway.importing.reading import SectionReader, Unit
from gateway.importing.rejects import RejectPart, part_path
from resolvers.ingest.batch import judged, take
from resolvers.ingest.report import Outcome, TakenIn

# The database works on one batch while the next is made, and a third keeps either from waiting for the other's end:
# with two or four, an import on two cores takes longer (benchmarks.importing).
LANES = 3
# How often Python looks for circles of garbage while batches are taken: a batch is 50,000 small objects, and none in
# circles.
RARELY = (500_000, 20, 100)
# Making gives way to the other lanes this often, so that the database never waits for long.
_YIELD_EVERY = 64


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Circumstances:
    """What holds for all batches of a run."""

    at: datetime
    by: str
    """Who brings the records, as it is kept with what they change."""
    region: str | None
    """The country by which phone numbers without a country code are read."""
    folder: Path
    """Where rejected rows go."""
    parts: str
    """What the names of the lanes' parts of it begin with."""
    is_rehearsal: bool
    attributes: Sequence[Document]
    """The definitions that the mapping brings, which in a rehearsal nobody stores."""


class Take(Protocol):
    """Takes a batch in and answers where its lane stands then."""

    async def __call__(self, units: Sequence[Unit], position: Position, *, is_last: bool) -> Position:
        """Returns when the batch is stored, its position with it. Raises StoreError."""


class Taker:
    """Takes batches in, each whole or not at all."""

    def __init__(self, store: Store, readers: Mapping[int, SectionReader], circumstances: Circumstances) -> None:
        self._store, self._readers, self._here = store, readers, circumstances

    async def take(self, units: Sequence[Unit], position: Position, *, is_last: bool) -> Position:
        """Where the lane stands when the batch is in; kept in the same transaction. Raises StoreError."""
        here = self._here
        records, reasons = await _made(self._readers[position.section], units)
        part = RejectPart(part_path(here.folder, here.parts, position.section, position.lane), position.rejected_bytes)

        def behind(taken: TakenIn) -> Position:
            """The position behind the batch, whose rejected rows are set aside."""
            rejected = {**reasons, **_rejected(taken, reasons, len(units))}
            length = part.add([(units[n], reason) for n, reason in sorted(rejected.items())])
            counts = position.count(taken.counts)
            counts[Outcome.REJECTED.value] = counts.get(Outcome.REJECTED.value, 0) + len(reasons)
            done = position.done + len(units)
            return replace(position, done=done, counts=counts, rejected_bytes=length, is_complete=is_last)

        said: Any = {"at": here.at, "by": here.by, "default_region": here.region}
        if here.is_rehearsal:
            return behind(await judged(self._store, records, definitions=here.attributes, **said))
        kept = position

        async def along(taken: TakenIn) -> None:
            nonlocal kept
            kept = behind(taken)
            await keep_position(self._store, kept, here.at)

        await take(self._store, records, along=along, **said)
        return kept


async def _made(reader: SectionReader, units: Sequence[Unit]) -> tuple[list[HandedOver], dict[int, str]]:
    """The records of the units that make one, and why the others make none, by place."""
    records: list[HandedOver] = []
    reasons: dict[int, str] = {}
    for n, unit in enumerate(units):
        if n % _YIELD_EVERY == 0:
            await asyncio.sleep(0)
        try:
            records.append(reader.record(unit))
        except BadValue as error:
            reasons[n] = str(error)
        except ArithmeticError:
            reasons[n] = "a number or moment of the row is beyond what can be kept. Correct it in the source."
    return records, reasons


def _rejected(taken: TakenIn, reasons: Mapping[int, str], number: int) -> dict[int, str]:
    """Why the gateway rejected records, by the place of their units."""
    places = [n for n in range(number) if n not in reasons] if reasons else range(number)
    return {
        n: str(result.reason)
        for n, result in zip(places, taken.results, strict=True)
        if result.outcome is Outcome.REJECTED
    }
