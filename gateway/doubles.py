"""How is a whole base searched for customers who are one person, from a command that shows how far it is?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from rich.console import Console

from adapters.mongo import Store
from adapters.records import RecordId
from gateway.app import House
from gateway.kept_secrets import with_secrets
from gateway.settings import Settings
from gateway.stages import stages
from resolvers.customers import CUSTOMERS
from resolvers.dismissing import are_apart
from resolvers.kit.context import Context
from resolvers.kit.errors import Refused, conflict
from resolvers.kit.viewer import Role, Viewer
from resolvers.matching import told
from resolvers.merging.asking import MOST_OTHERS, Asked
from resolvers.merging.ledger import elements_of
from resolvers.merging.merge import merged
from resolvers.scanning import Scanned, scan
from resolvers.schema import graph

MACHINE = "machine"
"""Who has merged, in the ledger."""
_REASON = "A scan found them to be one person beyond doubt."


@dataclass(frozen=True, slots=True)
class Searched:
    """What came of a search."""

    scanned: Scanned
    merged: int
    """Customers who went into others."""
    refused: int
    """Those who could not."""


async def search(store: Store, settings: Settings, console: Console, *, merges: bool) -> Searched:
    """Scans all customers, writes the suggestions, and where `merges` merges those who are one person beyond doubt."""
    with stages(console) as tell:
        scanned = await scan(store, at=_now(), tell=tell)
        if not merges:
            return Searched(scanned, 0, 0)
        house = House(with_secrets(settings), store=store, graph=graph())
        context = house.context_for(Viewer(subject=MACHINE, role=Role.ADMINISTRATOR))
        done = refused = 0
        for members in told("people merged", scanned.people, tell):
            went, stayed = await _merge(context, members, scanned.versions)
            done, refused = done + went, refused + stayed
    return Searched(scanned, done, refused)


def _now() -> datetime:
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


async def _merge(context: Context, members: Sequence[RecordId], versions: Mapping[RecordId, int]) -> tuple[int, int]:
    """Merges the members into the one who has been known the longest: how many went, and how many could not.

    Who was edited since the scan may be somebody else by now, and is left alone.
    """
    found = await context.store.by_ids(CUSTOMERS, members)
    oldest, *others = sorted(members, key=lambda key: (found[key]["created_at"], key))
    went = 0
    for begin in range(0, len(others), MOST_OTHERS):
        some = others[begin : begin + MOST_OTHERS]
        question = Asked(
            survivor=oldest,
            others=some,
            elements=frozenset(elements_of(context.declared)),
            chosen={},
            reason=_REASON,
            versions={key: versions[key] for key in (some if begin else (oldest, *some))},
            is_inferred=True,
        )
        try:
            await context.store.transact(partial(_merged_unless_apart, context, question))
        except Refused:
            continue
        went += len(some)
    return went, len(others) - went


async def _merged_unless_apart(context: Context, question: Asked) -> object:
    """The merge, unless people said of two of them that they are different while all were compared."""
    if await are_apart(context.store, (question.survivor, *question.others)):
        raise conflict("Somebody has said that they are different people.")
    return await merged(context, question)
