"""How is the house put together? The only room that knows all three folders.

settings -> database (one of its own, or MONGODB_URL) -> store -> graph -> who may ask -> `/graphql`. What was opened
last is closed first.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from adapters.lines import NO_LINES, Lines
from adapters.mongo import Store
from adapters.records import Record, RecordId
from gateway import playground
from gateway.acts import ActLedger
from gateway.answering import Answering
from gateway.auth import Auth
from gateway.database import database, opened_store
from gateway.ending import end_with_parent, told_of_end
from gateway.endpoint import PATH, PREFLIGHT, Endpoint
from gateway.execution import Plans
from gateway.exports import PATH as EXPORTS
from gateway.exports import Exports, Shelf, Tickets
from gateway.files import Counter, Files
from gateway.heads import Heads
from gateway.health import Health
from gateway.importing.position import IMPORTS
from gateway.inbox import Inbox
from gateway.kept_documents import TRUSTED_DOCUMENTS
from gateway.kept_secrets import with_secrets
from gateway.keys import API_KEYS
from gateway.last_resort import LastResort, nothing_there
from gateway.ledger import Ledger
from gateway.limits import LookUpLimit, RateLimit, Spending
from gateway.lines import open_lines
from gateway.logs import configure_logs
from gateway.memory import settle_memory
from gateway.meters import Metrics
from gateway.origins import Origins, origins_of
from gateway.plain_refusals import refuse
from gateway.playground import STRANGERS, Welcome
from gateway.settings import BadSettings, Settings, environment_name, load_settings
from gateway.singles import Singles
from gateway.socket_frames import SocketFrames
from gateway.sockets import Rooms, Sockets
from gateway.subscriptions import Subscriptions
from gateway.telemetry import JobLog, Telemetry
from gateway.telling import UNAVAILABLE, told
from gateway.texts import Texts
from gateway.tokens import signed_token
from gateway.tracebacks import guard_last_words
from gateway.watching.switch import watch_of
from gateway.webhooks import Desk, Webhooks
from gateway.work import JOBS, Worker, working
from resolvers.channel_standing import know_accounts
from resolvers.files import PATH as FILES
from resolvers.kit.context import NOWHERE, Caller, Context, GraphLimits
from resolvers.kit.cursors import CursorSeal
from resolvers.kit.delivered import Delivered
from resolvers.kit.graph import Graph
from resolvers.kit.ids import global_id
from resolvers.kit.shift import Knocks, Shift
from resolvers.kit.slice import Slice
from resolvers.kit.viewer import Role, Viewer
from resolvers.live.asking import Asking, is_any_live
from resolvers.live.question import LiveQuestion
from resolvers.privacy.retention import BadRetention, with_retention
from resolvers.schema import SLICES

GATE_RECORDS: Final = (API_KEYS, IMPORTS, JOBS, TRUSTED_DOCUMENTS)
"""What the gate itself keeps; the slices' records are the graph's."""
# RFC 6455's registry of close codes.
_TRY_LATER: Final = 1013
_OF_PAGES: Final = (PATH, EXPORTS, FILES)


def records_of(graph: Graph, settings: Settings | None = None) -> list[Record]:
    """Every record of the house, for Store.open; raises BadSettings where they cannot be kept as the settings say."""
    records = [*graph.declared.records, *GATE_RECORDS]
    if settings is None or not settings.retention:
        return records
    try:
        return with_retention(graph.declared, records, settings.retention)
    except BadRetention as error:
        raise BadSettings(f"{environment_name('retention')}: {error}") from error


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _to_milliseconds(moment: datetime) -> datetime:
    """The moment as MongoDB keeps it, so that what a mutation answers is what is read later."""
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class House:
    """An open store and everything that answers from it; `settings.secret` must be set."""

    def __init__(
        self,
        settings: Settings,
        *,
        store: Store,
        graph: Graph,
        lines: Lines = NO_LINES,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        if settings.secret is None:
            raise BadSettings("Cursors cannot be sealed without a secret. Set GATEWAY_SECRET.")
        self.settings = settings
        self.store = store
        self.graph = graph
        self.lines = lines
        self.clock = clock
        self.seal = CursorSeal(settings.secret.get_secret_value())
        self.tickets = Tickets(settings.secret.get_secret_value())
        self.auth = Auth(store, settings, clock=lambda: clock().timestamp())
        self.knocks = Knocks()
        self.inbox = Inbox(store, self.knocks)
        self.subscriptions = Subscriptions(settings)
        self.texts = Texts(settings)
        self.ledger = Ledger(store, settings.access_ledger)
        self.acts = ActLedger(store, self._now)
        self.watching = watch_of(settings).steps
        self.rates = RateLimit(settings)
        self._look_ups = LookUpLimit(settings.lookups_per_minute, self.rates) if settings.lookups_per_minute else None
        self._spending = Spending(settings, self.rates)
        self.answering = Answering(
            graph,
            settings,
            ledger=self.ledger,
            plans=Plans(graph, is_on=settings.plans, are_shown=settings.show_plans),
        )
        self.asking = (
            Asking(store, lines, clock=self._now, default_region=settings.default_region)
            if is_any_live(lines)
            else None
        )
        self.limits = GraphLimits(
            page_size=settings.page_size,
            largest_page=settings.largest_page,
            most_references=settings.most_references,
            routers_enforce=settings.federation_rights == "enforced",
            most_rows=settings.most_rows,
            execution_s=settings.execution_s,
            resuming=settings.resuming,
            resuming_per_caller=settings.resuming_per_caller,
            default_region=settings.default_region,
        )

    def context_for(self, viewer: Viewer, caller: Caller = NOWHERE) -> Context:
        """What the resolvers of one request are handed."""
        return Context(
            viewer=viewer,
            store=self.store,
            declared=self.graph.declared,
            seal=self.seal,
            clock=self._now,
            limits=self.limits,
            sign_visitor=self._sign_visitor if self.settings.jwt_secret else None,
            sign_chat=self._sign_chat if self.settings.jwt_secret else None,
            caller=caller,
            rates=self.rates,
            look_ups=self._look_ups,
            lines=self.lines,
            live=LiveQuestion(self.asking, self.graph.declared, live_s=self.settings.live_s) if self.asking else None,
            delivered=Delivered(is_watched=self.ledger.watches(viewer)),
            sign_export=self.tickets.path,
            acts=self.acts,
            watching=self.watching,
            knock=self.knocks.knock,
        )

    def _now(self) -> datetime:
        return _to_milliseconds(self.clock())

    def _sign_visitor(self, customer: RecordId, for_s: float, **more: Any) -> str:
        """A token of a visitor: whose subject is the customer, and nobody who signs in elsewhere."""
        named = global_id("Customer", customer)
        at = self.clock().timestamp()
        more |= {"customer_id": named}
        return signed_token(self.settings, Role.VISITOR, f"visitor:{named}", at=at, for_s=for_s, more=more)

    def _sign_chat(self, customer: RecordId, chat: RecordId, for_s: float, is_proven: bool) -> str:
        """A token of a visitor in a web chat, who sees no more than that unless proven to be the customer."""
        return self._sign_visitor(customer, for_s, chat=global_id("Chat", chat), is_proven=is_proven)

    @property
    def exports(self) -> Shelf:
        """The exports that are handed out."""
        return Shelf(self.store, self.graph.declared, self.tickets, self.clock)

    @property
    def counter(self) -> Counter:
        """Who hands files out."""
        return Counter(self.auth, self.ledger, self.context_for)

    def working(self) -> AbstractAsyncContextManager[Worker]:
        """Does this house's share of the jobs for as long as the block lasts."""
        shift = Shift(
            store=self.store,
            declared=self.graph.declared,
            clock=self._now,
            retention=self.settings.retention,
            lines=self.lines,
            default_region=self.settings.default_region,
            knocks=self.knocks,
        )
        return working(shift, shift.jobs(), JobLog())

    @property
    def sockets(self) -> Sockets:
        """`/graphql` of this house for WebSockets."""
        rooms = Rooms(
            settings=self.settings,
            answering=self.answering,
            auth=self.auth,
            context_for=self.context_for,
            subscriptions=self.subscriptions,
            texts=self.texts,
            spending=self._spending,
            watching=self.watching,
        )
        return Sockets(rooms, origins_of(self.settings.origins, self.lines))

    @property
    def endpoint(self) -> Endpoint:
        """`/graphql` of this house."""
        return Endpoint(
            self.settings,
            answering=self.answering,
            auth=self.auth,
            context_for=self.context_for,
            subscriptions=self.subscriptions,
            texts=self.texts,
            spending=self._spending,
        )


@asynccontextmanager
async def open_house(settings: Settings, *, graph: Graph, url: str) -> AsyncIterator[House]:
    """A house on the database behind the URL, ready to answer; its store and lines are closed behind the block."""
    async with (
        open_lines(settings) as lines,
        opened_store(url, settings, records_of(graph, settings), observer=watch_of(settings).commands) as store,
    ):
        await know_accounts(store, lines)
        house = House(settings, store=store, graph=graph, lines=lines)
        try:
            async with house.texts.fresh(store):
                yield house
        finally:
            if house.asking:
                await house.asking.close()
            await house.inbox.close()
            await house.ledger.close()
            await house.rates.close()


def build(
    settings: Settings,
    *,
    slices: Iterable[Slice] = SLICES,
) -> Starlette:
    """The application, which opens a house of its own when it starts and closes it when it ends."""
    complete = with_secrets(settings)
    graph = Graph(slices)
    door = Door()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with (
            database(complete) as url,
            open_house(complete, graph=graph, url=url) as house,
            house.working(),
        ):
            door.open(house)
            with told_of_end(house.subscriptions.close):
                yield
            door.close()

    return _served(complete, door, STRANGERS, lifespan)


def application(house: House, *, welcome: Welcome = STRANGERS) -> Starlette:
    """The application of a house that is open already, and that whoever opened it closes."""
    door = Door()
    door.open(house)
    return _served(house.settings, door, welcome)


def from_environment() -> Starlette:
    """The application of one worker process (`uvicorn gateway.app:from_environment --factory`)."""
    settings = load_settings()
    configure_logs(settings.log_level)
    guard_last_words()
    Heads.bound(settings)
    SocketFrames.bound(settings)
    end_with_parent()
    app = build(settings)
    settle_memory()
    return app


class Door:
    """What stands behind the routes: nobody until a house is open."""

    def __init__(self) -> None:
        self._house: House | None = None
        self._endpoint: ASGIApp | None = None
        self._sockets: ASGIApp | None = None
        self.origins: frozenset[str] = frozenset()

    def open(self, house: House) -> None:
        """Lets questions in."""
        self._house, self._endpoint, self._sockets = house, house.endpoint, house.sockets
        self.origins = origins_of(house.settings.origins, house.lines)

    def close(self) -> None:
        """Lets nobody in any more."""
        self._house = self._endpoint = self._sockets = None

    @property
    def exports(self) -> Shelf | None:
        """The exports behind it, if anyone is in."""
        return self._house.exports if self._house else None

    @property
    def counter(self) -> Counter | None:
        """Who hands files out, if anyone is in."""
        return self._house.counter if self._house else None

    @property
    def desk(self) -> Desk | None:
        """Where deliveries are handed in, if anyone is in."""
        house = self._house
        return Desk(house.lines, house.inbox, house.clock) if house else None

    @property
    def store(self) -> Store | None:
        """The store behind it, if anyone is in."""
        return self._house.store if self._house else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`/graphql`."""
        within = self._sockets if scope["type"] == "websocket" else self._endpoint
        if within is not None:
            await within(scope, receive, send)
            return
        words = told("The gateway is starting or stopping. Try again in a few seconds.", UNAVAILABLE)
        await refuse(scope, send, 503, words, close=_TRY_LATER, retry_after_s=5)


def _served(settings: Settings, door: Door, welcome: Welcome, lifespan: Lifespan[Starlette] | None = None) -> Starlette:
    app = Starlette(
        routes=_routes(settings, door, welcome),
        middleware=_around(settings, door),
        lifespan=lifespan,
        exception_handlers={HTTPException: nothing_there},
    )
    # It would send the caller to whichever host the caller says that this is.
    app.router.redirect_slashes = False
    return app


def _around(settings: Settings, door: Door) -> list[Middleware]:
    # Here and not by the server, so that whichever serves the application believes the same proxies.
    proxies = Middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.trusted_proxies))
    pages = Middleware(Origins, allowed=lambda: door.origins, paths=_OF_PAGES)
    within = [Middleware(LastResort), Middleware(Singles), *watch_of(settings).around]
    return [proxies, Middleware(Telemetry), pages, *within]


def _routes(settings: Settings, door: Door, welcome: Welcome) -> list[BaseRoute]:
    health = Health(lambda: door.store)
    page = playground.routes(welcome) if settings.has_playground else []
    exports = Exports(lambda: door.exports)
    files = Files(lambda: door.counter)
    webhooks = Webhooks(lambda: door.desk, settings)
    return [
        WebSocketRoute(PATH, door),
        Route(PATH, door),
        Route(PREFLIGHT, door),
        *exports.routes,
        *files.routes,
        *webhooks.routes,
        *health.routes,
        *(Metrics(settings.metrics_token).routes if settings.metrics_token else ()),
        *page,
    ]
