"""Where is it written who did which administrative act? In the database for administrators, and in the log.

The log's lines name the act, its ids and the entry, and not who did it: that the entry tells.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

import structlog

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import RecordId
from gateway.traces import current_trace, uncounted
from resolvers.acts import ACTS, act_document, act_standing
from resolvers.kit.acts import Act, ActOutcome, administrative
from resolvers.kit.context import Context
from resolvers.kit.errors import Forbidden, Unavailable
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role, Viewer

AT_THE_COMMAND_LINE: Final = Viewer(subject="command line", role=Role.ADMINISTRATOR)
"""Who does what is typed: whoever may run commands can be anyone."""

_log = structlog.get_logger("gateway.acts")


class ActLedger:
    """Writes down who does what (resolvers.kit.acts.Acts)."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, act: Act, viewer: Viewer) -> RecordId:
        """Writes down that it begins; raises Unavailable where that cannot be."""
        trace = current_trace()
        document = act_document(act, viewer, at=self._clock(), request_id=trace.request_id if trace else None)
        try:
            with uncounted():
                await self._store.insert(ACTS, document)
        except StoreError as error:
            _log.warning("act not written, and so not begun", act=act.name, error=str(error))
            raise Unavailable(
                "That you do this could not be written down, so that it was not done. Try again in a few seconds."
            ) from error
        return document["_id"]  # type: ignore[no-any-return]

    async def end(self, key: RecordId, act: Act, viewer: Viewer) -> None:
        """Writes down what became of it; where the database does not take that, the log has it."""
        _tell(act, viewer, key)
        try:
            with uncounted():
                await self._store.update(ACTS, {"_id": key}, {"$set": act_standing(act)})
        except StoreError as error:
            _log.warning("how an act ended is not written", entry=_named(key), error=str(error))


async def note_forbidden(context: Context, touched: Iterable[str]) -> None:
    """Writes down the acts among these fields (`Mutation.name`) that were refused before anything was looked at."""
    names = {name for owner, _, name in (one.partition(".") for one in touched) if owner == "Mutation"}
    for name in sorted(names & administrative(context.declared)):
        if context.acts is not None:
            act = Act(name, outcome=ActOutcome.REFUSED, code=Forbidden.code)
            await context.acts.end(await context.acts.begin(act, context.viewer), act, context.viewer)


def _tell(act: Act, viewer: Viewer, key: RecordId) -> None:
    _log.info(
        "act",
        act=act.name,
        entry=_named(key),
        agent=global_id("Agent", viewer.agent_id) if viewer.agent_id else None,
        key=viewer.key_handle,
        role=viewer.role.value,
        ids=list(act.ids),
        outcome=act.outcome.value,
        code=act.code,
    )


def _named(key: RecordId) -> str:
    return global_id("AdministrativeAct", key)
