"""Does the process live, and can it answer: what a load balancer or an orchestrator asks.

Whoever asks needs no sign-in. So a thousand who ask at once cost as much as one: they share a look at the database.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.serverfacts import missing_indexes

# Whoever asks gives up soon after; Kubernetes does after one second unless told otherwise.
_PATIENCE_S: Final = 2.0
# A balancer asks every few seconds.
_KEPT_S: Final = 1.0
# Looking takes a command per collection, and an index is lost by a person's hand, not by itself.
_LOOK_AT_INDEXES_EVERY_S: Final = 60.0
_READY: Final = 200
_NOT_READY: Final = 503


class Health:
    """`/healthz` and `/readyz`."""

    def __init__(self, store: Callable[[], Store | None]) -> None:
        self._store = store
        self._look: asyncio.Task[tuple[int, str]] | None = None
        self._kept_until = float("-inf")
        self._at_indexes: asyncio.Task[None] | None = None
        self._looked_at = float("-inf")
        self._missing: list[str] = []

    @property
    def routes(self) -> list[Route]:
        """Where the two are asked."""
        return [Route("/healthz", self.lives), Route("/readyz", self.is_ready)]

    async def lives(self, _request: Request) -> Response:
        """200 as long as the process answers at all: restart it when it does not."""
        return _said(_READY, "The process lives.")

    async def is_ready(self, _request: Request) -> Response:
        """200 when questions can be answered; 503 says in words what is amiss: send nobody here meanwhile."""
        store = self._store()
        if store is None:
            return _said(_NOT_READY, "The gateway is starting or stopping.")
        if self._look is None or (self._look.done() and time.monotonic() >= self._kept_until):
            self._look = asyncio.create_task(self._looked(store), name="readiness")
        # Whoever leaves takes nothing from the others.
        return _said(*await asyncio.shield(self._look))

    async def _looked(self, store: Store) -> tuple[int, str]:
        """The status and the words for all who ask until the next look."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await store.ping()
        except (StoreError, TimeoutError) as error:
            structlog.get_logger("gateway.health").warning("not ready", error=str(error) or type(error).__name__)
            return _NOT_READY, "The database does not answer. Check that it runs and can be reached from here."
        else:
            missing = await self._missing_indexes(store)
        finally:
            self._kept_until = time.monotonic() + _KEPT_S
        if missing:
            words = f"Indexes are missing: {'; '.join(missing[:5])}. Restart the gateway: it makes them at its start."
            return _NOT_READY, words
        return _READY, "Questions are answered."

    async def _missing_indexes(self, store: Store) -> list[str]:
        """The indexes that were missing when they were last looked at, which is done beside the answers.

        Only the first look is waited for, and those behind one that found some missing.
        """
        is_known = self._looked_at > float("-inf") and not self._missing
        is_due = not is_known or time.monotonic() - self._looked_at > _LOOK_AT_INDEXES_EVERY_S
        if is_due and (self._at_indexes is None or self._at_indexes.done()):
            self._at_indexes = asyncio.create_task(self._look_at_indexes(store), name="indexes")
        if self._at_indexes is not None and not is_known:
            await asyncio.wait({self._at_indexes}, timeout=_PATIENCE_S)
        return self._missing

    async def _look_at_indexes(self, store: Store) -> None:
        try:
            self._missing = await missing_indexes(store)
        except StoreError as error:
            structlog.get_logger("gateway.health").warning("indexes not looked at", error=str(error))
        else:
            self._looked_at = time.monotonic()


def _said(status: int, words: str) -> Response:
    return JSONResponse({"ok": status == _READY, "message": words}, status, headers={"Cache-Control": "no-store"})
