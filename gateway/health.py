"""Does the process live, and can it answer: what a load balancer or an orchestrator asks."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.serverfacts import missing_indexes

T = TypeVar("T")

# Whoever asks gives up soon after; Kubernetes does after one second unless told otherwise.
_PATIENCE_S: Final = 2.0
# Looking takes a command per collection, and an index is lost by a person's hand, not by itself.
_LOOK_AT_INDEXES_EVERY_S: Final = 60.0
_READY: Final = 200
_NOT_READY: Final = 503


class Health:
    """`/healthz` and `/readyz`."""

    def __init__(self, store: Callable[[], Store | None]) -> None:
        self._store = store
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
        try:
            await _within_patience(store.ping)
            missing = await _within_patience(lambda: self._missing_indexes(store))
        except (StoreError, TimeoutError) as error:
            structlog.get_logger("gateway.health").warning("not ready", error=str(error) or type(error).__name__)
            return _said(_NOT_READY, "The database does not answer. Check that it runs and can be reached from here.")
        if missing:
            return _said(
                _NOT_READY,
                f"Indexes are missing: {'; '.join(missing[:5])}. Restart the gateway: it makes them at its start.",
            )
        return _said(_READY, "Questions are answered.")

    async def _missing_indexes(self, store: Store) -> list[str]:
        if self._missing or time.monotonic() - self._looked_at > _LOOK_AT_INDEXES_EVERY_S:
            self._missing = await missing_indexes(store)
            self._looked_at = time.monotonic()
        return self._missing


async def _within_patience(ask: Callable[[], Awaitable[T]]) -> T:
    async with asyncio.timeout(_PATIENCE_S):
        return await ask()


def _said(status: int, words: str) -> Response:
    return JSONResponse({"ok": status == _READY, "message": words}, status, headers={"Cache-Control": "no-store"})
