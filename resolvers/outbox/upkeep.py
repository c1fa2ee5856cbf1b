"""What becomes of messages that wait for a channel account that nobody knows?

A process leaves them to another one whose settings name the account. Where there is none they have failed after a day,
like all that no channel takes.
"""

from datetime import timedelta
from typing import Final

import structlog

from adapters.contract.channel import Capability
from adapters.records import Document
from resolvers.kit.shift import Shift
from resolvers.outbox.ending import given_up, left_unknown
from resolvers.outbox.waiting import GIVES_UP_AFTER, HANDED_OVER, OUTBOX, SLICE, WAITING, Queue, place_of, queues

UPKEEP: Final = "outbox upkeep"

_EVERY_S: Final = 900.0
_AT_ONCE: Final = 200
# Whoever knows the channel account gives up by itself; others do so a little later.
_GIVES_UP_AFTER: Final = GIVES_UP_AFTER + timedelta(minutes=10)
# So soon another process has taken it up, if one knows the channel account.
_SOON: Final = timedelta(minutes=1)

_log = structlog.get_logger("resolvers.outbox")


async def _is_wanted(shift: Shift) -> bool:
    """Whether a message waits for an account that this process does not know, or has waited for too long."""
    return bool(await _too_old(shift, 1)) or bool(await unknown_here(shift))


@SLICE.job(UPKEEP, every_s=_EVERY_S, when=_is_wanted)
async def give_up(shift: Shift) -> bool:
    """Gives up what has waited for too long, whoever knows its channel account; tells what waits unknown."""
    rows = await _too_old(shift, _AT_ONCE)
    for row in rows:
        if row["state"] == WAITING:
            await given_up(shift, row)
        else:
            await left_unknown(shift, row, "The process that handed it over ended before the channel answered.")
    if len(rows) == _AT_ONCE:
        return True
    for queue in await unknown_here(shift):
        _log.warning(
            "messages wait for an unknown channel account",
            **queue.place.where,
            count=queue.count,
            why="The settings file of channels of this process names no such account that sends. Name it, or leave it "
            f"to a process that does; after {GIVES_UP_AFTER // timedelta(hours=1)} hours they have failed.",
        )
    return False


async def _too_old(shift: Shift, limit: int) -> list[Document]:
    before = {"queued_at": {"$lte": shift.clock() - _GIVES_UP_AFTER}}
    waiting = await shift.store.find(OUTBOX, {"state": WAITING, **before}, limit=limit)
    # What is being handed over where the account is known is settled there.
    left = await shift.store.find(OUTBOX, {"state": HANDED_OVER, **before}, limit=limit)
    return [*waiting, *(row for row in left if not _is_known(shift, row))][:limit]


async def unknown_here(shift: Shift) -> list[Queue]:
    """What has waited for a while for channel accounts that this process does not know."""
    found = await queues(shift.store, queued_before=shift.clock() - _SOON)
    return [one for one in found if not _is_known(shift, one.place.where)]


def _is_known(shift: Shift, at: Document) -> bool:
    place = place_of(at)
    line = shift.lines.at(place.channel, place.account)
    return line is not None and Capability.SEND in line.capabilities
