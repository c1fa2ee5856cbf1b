"""How much is asked here, how well does it go, and where does it hurt? For Prometheus, at `/metrics`.

Counted are kinds, codes and names that the house itself has: nothing that a caller can choose, and nobody. Where
several processes answer on one port they write into files of a common folder, so that whichever is asked tells of all
of them.
"""

import hmac
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from adapters.http.observing import Call
from gateway.processes import is_gone
from gateway.traces import Trace, current_trace, traced

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""By which environment variable prometheus_client learns that there are several processes, and where they count."""
PATH: Final = "/metrics"

_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)
_COMMANDS: Final = (0, 1, 2, 3, 4, 5, 7, 10, 15, 25, 50)
_SIZES: Final = (1, 2, 5, 10, 25, 50, 100, 250, 1_000)
_OTHER: Final = "other"
# RFC 9110, section 15.2.2: the status of what comes by a WebSocket.
_SWITCHED: Final = 101

# When each began to be counted nobody looks at, and it is as many lines again.
disable_created_metrics()  # type: ignore[no-untyped-call]
_registry = CollectorRegistry()
_requests = Counter("gateway_requests", "Questions by kind and HTTP status.", ["kind", "status"], registry=_registry)
_took = Histogram("gateway_request_seconds", "How long questions took.", ["kind"], buckets=_SECONDS, registry=_registry)
_errors = Counter("gateway_errors", "Errors told, by code (docs/errors.md).", ["code"], registry=_registry)
_limits = Counter("gateway_limits_hit", "Refusals by the limit that was hit.", ["limit"], registry=_registry)
_ways = Counter("gateway_executions", "Executions by way: planned, or why not.", ["way"], registry=_registry)
_commands = Histogram("gateway_commands", "Database commands of a question.", buckets=_COMMANDS, registry=_registry)
_batches = Histogram("gateway_batch_size", "Parents or keys asked for at once.", buckets=_SIZES, registry=_registry)
_calls = Counter("gateway_channel_calls", "Calls to channels by outcome.", ["channel", "outcome"], registry=_registry)
_jobs = Counter("gateway_jobs", "Jobs by how they ended.", ["job", "outcome"], registry=_registry)
_followers = Gauge("gateway_subscriptions", "Subscriptions held now.", registry=_registry, multiprocess_mode="livesum")
_sockets = Gauge("gateway_sockets", "WebSockets held now.", registry=_registry, multiprocess_mode="livesum")


def count_question(trace: Trace, status: int, took_s: float) -> None:
    """Counts a question that has ended, by whichever way it came."""
    kind = trace.kind or _OTHER
    _requests.labels(kind, str(status)).inc()
    _took.labels(kind).observe(took_s)
    _commands.observe(trace.commands)
    if trace.execution is not None:
        _ways.labels(trace.execution).inc()
    for code in trace.codes:
        _errors.labels(code).inc()
    for limit in trace.limits:
        _limits.labels(limit).inc()
    for size in trace.batches:
        _batches.observe(size)


@contextmanager
def counted() -> Iterator[None]:
    """A block in which a question is answered that is none of the requests: one of many on a WebSocket."""
    around = current_trace()
    began = time.perf_counter()
    with traced(Trace(around.request_id if around else "")) as trace:
        try:
            yield
        finally:
            count_question(trace, _SWITCHED, time.perf_counter() - began)


def count_limit(limit: str) -> None:
    """Counts what hit a limit before it was a question."""
    _limits.labels(limit).inc()


def count_call(call: Call) -> None:
    """Counts a call to a channel."""
    _calls.labels(call.channel, call.outcome).inc()


def count_job(name: str, outcome: str) -> None:
    """Counts a job that has ended."""
    _jobs.labels(name, outcome).inc()


def hold_subscription(change: int) -> None:
    """One more subscription is held, or one less."""
    _followers.inc(change)


def hold_socket(change: int) -> None:
    """One more WebSocket is held, or one less."""
    _sockets.inc(change)


def measured() -> bytes:
    """All that was counted, in Prometheus's words: of all processes, where there are several."""
    if FOLDER not in os.environ:
        return generate_latest(_registry)
    _forget_dead(Path(os.environ[FOLDER]))
    every = CollectorRegistry()
    MultiProcessCollector(every)  # type: ignore[no-untyped-call]
    return generate_latest(every)


def _forget_dead(folder: Path) -> None:
    """Has no process that was killed be told to hold anything still; what it counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdecimal() and is_gone(int(pid)):
            path.unlink(missing_ok=True)


class Metrics:
    """`/metrics`, for who has the token."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def _fits(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), self._token.get_secret_value().encode())

    @property
    def routes(self) -> list[Route]:
        """Where it is asked."""
        return [Route(PATH, self.told)]

    async def told(self, request: Request) -> Response:
        """What was counted; 401 to who does not show the token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not self._fits(given.strip()):
            headers = {"WWW-Authenticate": 'Bearer realm="metrics"', "Cache-Control": "no-store"}
            return PlainTextResponse("Send GATEWAY_METRICS_TOKEN as a bearer token.\n", 401, headers=headers)
        return Response(measured(), media_type=_TYPE, headers={"Cache-Control": "no-store"})
