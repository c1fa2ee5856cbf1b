"""How does the house stand on a port: in one process, or in several that share one database?"""

import asyncio
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from signal import SIGINT, SIGTERM
from tempfile import TemporaryDirectory
from typing import Final, Literal

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette

from gateway.app import House, application, open_house
from gateway.database import database
from gateway.heads import Heads
from gateway.kept_secrets import JWT_FILE, SEAL_FILE, with_secrets
from gateway.manifests import SHOWN
from gateway.memory import settle_memory
from gateway.meters import FOLDER
from gateway.playground import STRANGERS, Welcome
from gateway.settings import KEPT_IN_A_FILE, BadSettings, Settings, environment_name, unknown_names
from gateway.socket_frames import SocketFrames
from gateway.workers import Workers
from resolvers.schema import graph

# Linux's own bound since 5.4 is 4096 and was 128 before; a burst of agents who open their panels is smaller.
_BACKLOG: Final = 2048
# Behind the slowest answer a little, for writing it.
_GRACE_S: Final = 5.0
# A worker that says nothing for so long hangs, and is replaced. On a crowded machine uvicorn's 5 s would end workers
# that are just starting, or busy, and make the crowd worse.
_SILENT_S: Final = 30

_log = structlog.get_logger("gateway.serving")

Prepare = Callable[[House], Awaitable[Welcome]]


async def _as_it_is(_house: House) -> Welcome:
    return STRANGERS


def serve(settings: Settings, *, announce: Callable[[str], None], prepare: Prepare = _as_it_is) -> None:
    """Serves until a signal asks for the end (SIGTERM, Ctrl-C); answers under way are finished first.

    `prepare` does what is to be done in the open house before anyone comes in (one process only); `announce` is told
    the address then. Raises BadSettings, MongodError, StoreError.
    """
    complete = with_secrets(settings)
    if unknown := unknown_names():
        _log.warning("no such setting", variables=unknown, see="SETTINGS.md")
    with _listening(complete) as listener:
        if complete.workers > 1:
            _serve_in_workers(complete, listener, announce)
        else:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_serve_here(complete, listener, announce, prepare))


@contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        opened = socket.create_server((settings.host, settings.port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise BadSettings(
            f"Port {settings.port} of {settings.host} cannot be listened on: {os.strerror(error.errno or 0)}. "
            f"Stop what does, or choose another with --port or {environment_name('port')}."
        ) from error
    with opened:
        yield opened


def _address_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _tell_unfit(house: House) -> None:
    # Strawberry has no public name for the schema beneath it.
    if old := house.texts.unfit(house.graph._schema):  # noqa: SLF001
        _log.warning("trusted documents that the schema does not answer", count=len(old), first=old[0][:SHOWN])


# One process


async def _serve_here(
    settings: Settings, listener: socket.socket, announce: Callable[[str], None], prepare: Prepare
) -> None:
    async with database(settings) as url, open_house(settings, graph=graph(), url=url) as house:
        _tell_unfit(house)
        welcome = await prepare(house)
        app = application(house, welcome=welcome)
        settle_memory()
        server = _Server(
            _config(settings, app, lifespan="off"),
            announced=lambda: announce(_address_of(listener)),
            ending=house.subscriptions.close,
        )
        async with house.working():
            await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Ends on a signal, and leaves it at that: uvicorn's own would raise it again, before the house is closed.

    `announced` is called when it listens, to signals too; `ending` before it waits for answers under way.
    """

    def __init__(self, config: uvicorn.Config, *, announced: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._announced = announced
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Says where it is, once it is there."""
        await super().startup(sockets)
        self._announced()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends what is answered without an end, and then as uvicorn does."""
        self._ending()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Asks the server to end when a signal comes; a second Ctrl-C does not wait for answers under way."""
        loop = asyncio.get_running_loop()
        for number in (SIGINT, SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (SIGINT, SIGTERM):
                loop.remove_signal_handler(number)


def _config(settings: Settings, app: Starlette | str, *, lifespan: Literal["on", "off"]) -> uvicorn.Config:
    Heads.bound(settings)
    SocketFrames.bound(settings)
    return uvicorn.Config(
        app,
        lifespan=lifespan,
        factory=isinstance(app, str),
        workers=settings.workers,
        # Logging is set up already, and nobody is told what serves here.
        log_config=None,
        access_log=False,
        server_header=False,
        http=Heads,
        ws=SocketFrames,
        # The application knows its proxies itself.
        proxy_headers=False,
        timeout_graceful_shutdown=round(settings.execution_s + _GRACE_S),
        timeout_worker_healthcheck=_SILENT_S,
        # What is longer is not even gathered; the server's own pings tell who is gone without a word.
        ws_max_size=settings.message_bytes,
        ws_ping_interval=settings.keep_alive_s,
        ws_ping_timeout=settings.keep_alive_s,
        ws_per_message_deflate=False,
    )


# Several processes


def _serve_in_workers(settings: Settings, listener: socket.socket, announce: Callable[[str], None]) -> None:
    with _database_in_a_thread(settings) as url, TemporaryDirectory(prefix="profile-gateway-counts-") as counts:
        # What is wrong shows here, once and in words, and the workers find every index made.
        asyncio.run(_open_once(settings, url))
        os.environ.update(_for_workers(settings, url) | {FOLDER: counts})
        config = _config(settings, "gateway.app:from_environment", lifespan="on")
        announce(_address_of(listener))
        Workers(config, sockets=[listener]).run()


async def _open_once(settings: Settings, url: str) -> None:
    async with open_house(settings, graph=graph(), url=url) as house:
        _tell_unfit(house)


def _for_workers(settings: Settings, url: str) -> dict[str, str]:
    """What a worker's environment needs beyond our own: secrets by their files, since an environment is readable."""
    more: dict[str, str] = {environment_name("log_level"): settings.log_level}
    if settings.mongodb_url is None:
        more[environment_name("mongodb_url")] = url
        for name, file in (("secret", SEAL_FILE), ("jwt_secret", JWT_FILE)):
            path = settings.data_folder / file
            if environment_name(name) not in os.environ and path.exists():
                more[environment_name(name) + KEPT_IN_A_FILE] = str(path)
    return more


@contextmanager
def _database_in_a_thread(settings: Settings) -> Iterator[str]:
    """The database's URL; one of our own lives in this process, whose main thread the workers' supervisor needs."""
    opened: Future[str] = Future()
    ended = threading.Event()

    async def keep() -> None:
        try:
            async with database(settings) as url:
                opened.set_result(url)
                await asyncio.to_thread(ended.wait)
        except BaseException as error:
            if not opened.done():
                opened.set_exception(error)
                return
            raise

    thread = threading.Thread(target=lambda: asyncio.run(keep()), name="database")
    thread.start()
    try:
        yield opened.result()
    finally:
        ended.set()
        thread.join()
