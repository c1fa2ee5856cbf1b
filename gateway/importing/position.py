"""How far did an import come? Kept in the same transaction as the records, so that it is never ahead or behind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from adapters.mongo import Store
from adapters.records import Index, Record, RecordId, derived_id
from resolvers.ingest.report import Outcome

IMPORTS = Record(name="imports", customer=None, key=("run", "section", "lane"), indexes=(Index(("run",)),))


@dataclass(slots=True)
class Position:
    """How far one lane of one section came."""

    run: str
    """Stands for the mapping and all files: changed content is another run."""
    section: int
    lane: int
    done: int = 0
    """Units that were taken or set aside."""
    is_complete: bool = False
    rejected_bytes: int = 0
    """How long the lane's file of rejected rows was then."""
    rejects: str = ""
    """The folder of that file."""
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def id(self) -> RecordId:
        """Where it is kept."""
        return derived_id(IMPORTS.name, self.run, str(self.section), str(self.lane))

    def count(self, outcomes: Mapping[Outcome, int]) -> dict[str, int]:
        """The counts with those of a batch."""
        names = {one.value: number for one, number in outcomes.items()}
        return {name: self.counts.get(name, 0) + names.get(name, 0) for name in {*self.counts, *names}}


async def positions_of(store: Store, run: str) -> Mapping[tuple[int, int], Position]:
    """Where the run stands, by section and lane; empty where it never began or came to its end."""
    found = await store.find(IMPORTS, {"run": run})
    known = [
        Position(
            run=one["run"],
            section=one["section"],
            lane=one["lane"],
            done=one["done"],
            is_complete=one["is_complete"],
            rejected_bytes=one["rejected_bytes"],
            rejects=one["rejects"],
            counts=dict(one["counts"]),
        )
        for one in found
    ]
    return {(one.section, one.lane): one for one in known}


async def keep_position(store: Store, position: Position, at: datetime) -> None:
    """Writes where the lane stands, in the transaction that is under way."""
    document = {
        "run": position.run,
        "section": position.section,
        "lane": position.lane,
        "done": position.done,
        "is_complete": position.is_complete,
        "rejected_bytes": position.rejected_bytes,
        "rejects": position.rejects,
        "counts": position.counts,
        "updated_at": at,
    }
    await store.upsert(IMPORTS, [(position.id, {"$set": document})])


async def forget_run(store: Store, run: str) -> None:
    """Forgets where the run stands: the next one begins at the first row."""
    await store.delete(IMPORTS, {"run": run})
