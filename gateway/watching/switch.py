"""Are spans told, and by whom? Nothing of OpenTelemetry is imported where they are not."""

from dataclasses import dataclass
from functools import cache
from importlib import import_module

from starlette.middleware import Middleware

from adapters.observing import CommandObserver
from gateway.settings import Settings
from gateway.traces import CommandCount
from resolvers.kit.watching import Watching


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on."""

    around: tuple[Middleware, ...]
    """What stands around every request."""
    commands: CommandObserver
    """Who is told of the commands that go to the database."""
    steps: Watching | None = None
    """Who is told of the steps within an answer, and of what is asked on WebSockets."""


_UNWATCHED = Watch((), CommandCount())


def watch_of(settings: Settings) -> Watch:
    """Who looks on by these settings; RuntimeError where spans are wanted and OpenTelemetry is not installed."""
    return _spans() if settings.spans else _UNWATCHED


@cache
def _spans() -> Watch:
    try:
        spans = import_module("gateway.watching.spans")
    except ModuleNotFoundError as error:
        raise RuntimeError(
            f"GATEWAY_SPANS is on, and {error.name} is not installed. Install profile-gateway[otel], or switch it off."
        ) from error
    tracer = spans.exporting_tracer()
    return Watch((Middleware(spans.Spans, tracer=tracer),), spans.CommandSpans(tracer), spans.Steps(tracer))
