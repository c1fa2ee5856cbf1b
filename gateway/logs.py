"""How are lines of the log written? Each as JSON, or in colours on a terminal, libraries' lines too."""

import logging
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, nullcontext
from typing import Any, Final, TextIO

import orjson
import structlog
from structlog.typing import Processor

from gateway.server_lines import without_clients
from gateway.tracebacks import traceback_of, without_objects, without_words

# Whose lines are written from the level on that the settings say; libraries say at `debug` what was sent and read.
_OURS: Final = ("adapters", "gateway", "resolvers")


class _Lines(logging.StreamHandler[TextIO]):
    """Writes each line at once, and those that come together in one piece: each piece is a call of the system."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._held: list[str] | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a line, or keeps it for the piece that is being gathered."""
        if self._held is None:
            super().emit(record)
            return
        try:
            self._held.append(self.format(record) + self.terminator)
        except Exception:  # noqa: BLE001  as the library has it: a line that cannot be written ends nothing
            self.handleError(record)

    @contextmanager
    def together(self) -> Iterator[None]:
        """A block of this thread whose lines are written at its end; other threads' lines wait for that."""
        self.acquire()
        try:
            if self._held is not None:
                # Within another such block: its end writes them.
                yield
                return
            self._held = []
            try:
                yield
            finally:
                held, self._held = self._held, None
                self.stream.write("".join(held))
                self.flush()
        finally:
            self.release()


@contextmanager
def together() -> Iterator[None]:
    """A block whose lines are written at its end, in one piece."""
    handler = next((one for one in logging.getLogger().handlers if isinstance(one, _Lines)), None)
    with handler.together() if handler else nullcontext():
        yield


def configure_logs(level: str, *, stream: TextIO | None = None) -> None:
    """Sends every log line, libraries' too, to the stream (standard error): JSON, or colours on a terminal."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        # What is told a moment later says itself when it was.
        structlog.processors.MaybeTimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = _Lines(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(out.isatty())],
        )
    )
    # No line says which thread or process wrote it; nobody needs to find out.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    root = logging.getLogger()
    root.handlers[:] = [handler]
    chosen = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(chosen, logging.WARNING))
    for name in _OURS:
        logging.getLogger(name).setLevel(chosen)
    _quieten(chosen)


def _rendering(is_terminal: bool) -> list[Processor]:
    if is_terminal:
        # The formatter that rich would bring shows local variables, and those hold customers.
        return [structlog.dev.ConsoleRenderer(exception_formatter=lambda out, told: print(_raised(told), file=out))]
    render = structlog.processors.ExceptionRenderer(_raised)
    return [render, structlog.processors.JSONRenderer(serializer=_json)]


def _raised(exc_info: Any) -> str:
    return traceback_of(exc_info[1])


def _json(line: MutableMapping[str, Any], **_: Any) -> str:
    return orjson.dumps(line, default=str).decode()


def _quieten(chosen: int) -> None:
    """Libraries say what is amiss and no more, and none of what they were given."""
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # It says when it begins and ends.
    logging.getLogger("uvicorn").setLevel(max(chosen, logging.INFO))
    logging.getLogger("uvicorn.error").addFilter(without_clients)
    # Our own request line says the same, without the query string.
    logging.getLogger("uvicorn.access").disabled = True
    logging.getLogger("asyncio").addFilter(without_objects)
    logging.captureWarnings(capture=True)
    logging.getLogger("py.warnings").addFilter(without_words)
