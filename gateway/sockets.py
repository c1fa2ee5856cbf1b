"""How do questions come in over a WebSocket? In `graphql-transport-ws`, many beside one another on one connection.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md. Whoever connects says who they are in the payload of
`connection_init` (`Authorization` or `X-API-Key`), or in the head of the connection where a client can. It is looked at
again with each sign of life, and once it is good no longer the connection is closed with 4403: connect anew then.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from gateway import telling
from gateway.answering import Answering
from gateway.auth import Auth, NotSignedIn
from gateway.cancelling import Over, ended, unless
from gateway.frames import BAD_MESSAGE, Ended, closed, may_be_written, message_in, written
from gateway.incoming import Reading, Refusal
from gateway.limits import Spending, TooOften
from gateway.meters import counted
from gateway.origins import may_connect
from gateway.plain_refusals import refuse
from gateway.preparing import Prepared
from gateway.questions import Answer, Fate, NotAsked
from gateway.settings import Settings, environment_name
from gateway.socket_frames import ALLOWANCE, GOING_AWAY
from gateway.socket_places import SHUT_OUT, SHUT_OUT_S, Full, SocketPlace, SocketPlaces
from gateway.subscriptions import Cut, Subscriptions, require_same
from gateway.telling import Told
from gateway.texts import Texts
from resolvers.kit.context import Caller, Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.viewer import Viewer
from resolvers.kit.watching import Watching, operation_of

PROTOCOL: Final = "graphql-transport-ws"

# The protocol's own codes, and those of RFC 6455, section 7.4.1.
_GOING_AWAY, _POLICY, _TRY_LATER = 1001, 1008, 1013
_UNAUTHORIZED, _FORBIDDEN, _WRONG_PROTOCOL = 4401, 4403, 4406
_INIT_TIMEOUT, _DUPLICATE, _TOO_MANY_INITS, _INTERNAL = 4408, 4409, 4429, 4500
_STRANGER, _TOO_MANY = 403, 429
_NOT_FROM_HERE: Final = (
    "Pages of this origin may not connect. Whoever runs the gateway names its site in "
    f"{environment_name('origins')}, or where visitors chat in the channel's `allowed_origins`."
)
_LONGEST_ID: Final = 128
# What a client may say before it says who asks: it has nothing to say but that it is there.
_BEFORE_INIT: Final = 10
# A reader who takes nothing for so long holds a connection for nobody.
_PATIENCE_S: Final = 10.0
# Answers of one connection that are worked on, or wait until they are taken; the other questions wait before that.
_MOST_AT_ONCE: Final = 10
_CREDENTIALS: Final = ("authorization", "x-api-key")


@dataclass(frozen=True, kw_only=True)
class Rooms:
    """By what a question comes that is asked over a socket; each as over HTTP."""

    settings: Settings
    answering: Answering
    auth: Auth
    context_for: Callable[[Viewer, Caller], Context]
    subscriptions: Subscriptions
    texts: Texts
    spending: Spending
    watching: Watching | None = None


class Sockets:
    """`/graphql` for WebSockets: an ASGI application. `origins`: the sites whose pages may connect, beside our own."""

    def __init__(self, rooms: Rooms, origins: frozenset[str]) -> None:
        self._rooms = rooms
        self._origins = origins
        self._reading = Reading(rooms.settings)
        self._places = SocketPlaces(rooms.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection from its beginning to its end."""
        socket = WebSocket(scope, receive, send)
        await socket.receive()
        host = socket.client.host if socket.client else None
        if not may_connect(socket, self._origins):
            await refuse(scope, send, _STRANGER, telling.told(_NOT_FROM_HERE, telling.FORBIDDEN), close=_POLICY)
            return
        if self._places.is_shut_out(host):
            words = telling.told(SHUT_OUT, telling.LIMIT_EXCEEDED)
            await refuse(scope, send, _TOO_MANY, words, close=_TRY_LATER, retry_after_s=SHUT_OUT_S)
            return
        offered = scope.get("subprotocols") or [None]
        if PROTOCOL not in offered:
            # In the client's own: some take no connection without what they offered, and would hear no code.
            await socket.accept(subprotocol=offered[0])
            await closed(socket, _WRONG_PROTOCOL, f"Subprotocol not acceptable. Speak {PROTOCOL}.")
            return
        await socket.accept(subprotocol=PROTOCOL)
        try:
            with self._places.taken(host, scope.get("state", {}).get(ALLOWANCE)) as place:
                await _Connection(socket, self._rooms, self._reading, place).run()
        except Full as error:
            await closed(socket, _TRY_LATER, str(error))


class _Connection:
    """One connection."""

    def __init__(self, socket: WebSocket, rooms: Rooms, reading: Reading, place: SocketPlace) -> None:
        self._socket = socket
        self._place = place
        self._rooms = rooms
        self._reading = reading
        self._headers: Mapping[str, str] = {}
        self._working: dict[str, asyncio.Task[None]] = {}
        self._writing = asyncio.Lock()
        self._turns = asyncio.Semaphore(_MOST_AT_ONCE)
        self._ending: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()
        client = socket.client
        self._caller = Caller(address=client.host if client else None, origin=socket.headers.get("origin"))

    async def run(self) -> None:
        """Answers what is asked, until either side ends it."""
        over = asyncio.ensure_future(self._rooms.subscriptions.ended())
        try:
            async with unless(over):
                viewer = await self._initialised()
            await self._serve(viewer, over)
        except Over:
            await closed(self._socket, _GOING_AWAY, GOING_AWAY)
        except Ended as end:
            await closed(self._socket, end.code, str(end))
        except Full as full:
            await closed(self._socket, _TRY_LATER, str(full))
        except WebSocketDisconnect:
            return
        except Exception as error:  # noqa: BLE001  the connection's outermost room: told by reference and logged whole
            told = telling.told_of(error)
            is_passing = told["extensions"]["code"] == telling.UNAVAILABLE
            await closed(self._socket, _TRY_LATER if is_passing else _INTERNAL, told["message"])
        finally:
            await ended([over, *self._working.values()])

    async def _initialised(self) -> Viewer:
        """Who asks, once that is said; raises Ended where it is not, or not in time."""
        wait_s, count = self._rooms.settings.init_wait_s, 0
        try:
            async with asyncio.timeout(wait_s):
                while (message := await self._received())["type"] != "connection_init":
                    if (count := count + 1) > _BEFORE_INIT:
                        raise Ended(BAD_MESSAGE, f"{count} messages said nothing of who asks: send connection_init.")
                    await self._before_init(message)
        except TimeoutError as error:
            raise Ended(_INIT_TIMEOUT, f"Nothing said within {wait_s:g} s who asks: send connection_init.") from error
        self._headers = self._credentials(message.get("payload"))
        try:
            viewer = await self._rooms.auth.viewer_of(self._headers)
        except NotSignedIn as error:
            raise Ended(_FORBIDDEN, f"Forbidden. {error.message}") from error
        except Unavailable as error:
            raise Ended(_TRY_LATER, error.message) from error
        self._place.signed_in(viewer)
        await self._send({"type": "connection_ack"})
        return viewer

    async def _before_init(self, message: Mapping[str, Any]) -> None:
        match message["type"]:
            case "ping":
                await self._pong(message)
            case "pong":
                pass
            case "subscribe":
                raise Ended(_UNAUTHORIZED, "Unauthorized. Send connection_init first.")
            case _:
                raise Ended(BAD_MESSAGE, "Before connection_init nothing else is taken.")

    def _credentials(self, payload: Any) -> Mapping[str, str]:
        """What says who asks: of the payload, else of the connection's head; raises Ended where it is odd."""
        if not isinstance(payload, dict | None):
            raise Ended(BAD_MESSAGE, "The payload of connection_init is no object.")
        named = [name for name in payload or {} if name.lower() in _CREDENTIALS]
        said = {name.lower(): payload[name] for name in named} if payload else {}
        if len(said) < len(named):
            raise Ended(BAD_MESSAGE, "connection_init says twice who asks. Say it once.")
        if not all(isinstance(one, str) for one in said.values()):
            raise Ended(BAD_MESSAGE, "`Authorization` of connection_init is no text.")
        return said or {name: self._socket.headers[name] for name in _CREDENTIALS if name in self._socket.headers}

    async def _serve(self, viewer: Viewer, over: asyncio.Future[Any]) -> None:
        receiving: asyncio.Task[Mapping[str, Any]] = asyncio.create_task(self._received())
        beat_at = self._next_beat()
        try:
            while True:
                wait_s = max(0.0, beat_at - time.monotonic())
                waiting = {receiving, over, self._ending}
                await asyncio.wait(waiting, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
                if self._ending.done():
                    raise self._ending.result()
                if over.done():
                    raise Over
                if receiving.done():
                    message = receiving.result()
                    receiving = asyncio.create_task(self._received())
                    await self._taken(message, viewer)
                if time.monotonic() >= beat_at:
                    async with unless(over):
                        await self._prove(viewer)
                    beat_at = self._next_beat()
                    await self._send({"type": "ping"})
        finally:
            await ended([receiving])

    def _next_beat(self) -> float:
        ends_in_s = self._rooms.auth.ends_in_s(self._headers)
        return time.monotonic() + self._rooms.subscriptions.next_look_s(ends_in_s)

    async def _prove(self, viewer: Viewer) -> None:
        """Raises Ended where the viewer may no longer ask."""
        try:
            require_same(viewer, await self._rooms.auth.viewer_of(self._headers))
        except NotSignedIn as error:
            raise Ended(_FORBIDDEN, f"Forbidden. {error.message}") from error
        except Unavailable:
            # Nobody can tell now; the next sign of life asks again.
            return

    # Messages

    async def _received(self) -> Mapping[str, Any]:
        """The next message; raises Ended for what is none."""
        found = await self._socket.receive()
        if found["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(found.get("code", 1000))
        return message_in(found, self._rooms.settings.message_bytes)

    async def _taken(self, message: Mapping[str, Any], viewer: Viewer) -> None:
        match message["type"]:
            case "subscribe":
                await self._subscribed(message, viewer)
            case "complete":
                if (working := self._working.pop(_id_of(message), None)) is not None:
                    working.cancel()
            case "ping":
                await self._pong(message)
            case "pong":
                pass
            case "connection_init":
                raise Ended(_TOO_MANY_INITS, "Too many initialisation requests.")
            case other:
                raise Ended(BAD_MESSAGE, f"Messages of the type {other[:32]!r} are not known.")

    async def _subscribed(self, message: Mapping[str, Any], viewer: Viewer) -> None:
        key, payload = _id_of(message), message.get("payload")
        if not isinstance(payload, dict):
            raise Ended(BAD_MESSAGE, "The payload of subscribe is no object.")
        if key in self._working:
            raise Ended(_DUPLICATE, f"Subscriber for {key[:48]} already exists")
        most = self._rooms.settings.subscriptions_per_socket
        if len(self._working) >= most:
            knob = environment_name("subscriptions_per_socket")
            words = f"{most} questions are under way on this connection, the most ({knob}). Complete one first."
            await self._failed(key, [telling.told(words, telling.LIMIT_EXCEEDED)])
            return
        self._working[key] = asyncio.create_task(self._work(key, payload, viewer))

    async def _send(self, message: Mapping[str, Any]) -> None:
        """Sends a message; raises Ended where nobody takes it."""
        try:
            # One behind the other: what waits for its turn is not even written out.
            async with self._writing, asyncio.timeout(_PATIENCE_S):
                if self._ending.done():
                    raise self._ending.result()
                await self._socket.send_text(written(message, self._rooms.settings.answer_bytes))
        except TimeoutError as error:
            ended = Ended(_POLICY, "Messages are not taken.")
            if not self._ending.done():
                self._ending.set_result(ended)
            raise ended from error
        except RuntimeError as error:  # Starlette's word for a connection that is closed already
            raise WebSocketDisconnect from error

    async def _pong(self, ping: Mapping[str, Any]) -> None:
        echoed = {"payload": ping["payload"]} if ping.get("payload") is not None else {}
        if not isinstance(ping.get("payload"), dict | None) or not may_be_written(echoed):
            raise Ended(BAD_MESSAGE, "The payload of ping is no object, or nested too deeply.")
        await self._send({"type": "pong", **echoed})

    # Questions

    async def _work(self, key: str, payload: dict[str, Any], viewer: Viewer) -> None:
        """Answers one question; what ends the whole connection is handed on."""
        me = asyncio.current_task()
        try:
            with counted(), operation_of(self._rooms.watching):
                errors = await self._told(key, payload, viewer)
            if self._working.get(key) is me:
                # From here on the id is free again.
                del self._working[key]
                await (self._send({"type": "complete", "id": key}) if errors is None else self._failed(key, errors))
        except Ended as end:
            if not self._ending.done():
                self._ending.set_result(end)
        except NotSignedIn as error:
            if not self._ending.done():
                self._ending.set_result(Ended(_FORBIDDEN, f"Forbidden. {error.message}"))
        except (Cut, WebSocketDisconnect):
            # Whoever receives hears of it, too.
            return
        finally:
            if self._working.get(key) is me:
                del self._working[key]

    async def _told(self, key: str, payload: dict[str, Any], viewer: Viewer) -> list[Told] | None:
        """Answers, and returns nothing; or the errors for which there is no answer."""
        try:
            with self._place.asking():
                prepared = await self._prepared(payload, viewer)
                if prepared.is_subscription:
                    return await self._followed(key, prepared, viewer)
                async with self._turns:
                    context = self._rooms.context_for(viewer, self._caller)
                    return await self._next(key, await self._rooms.answering.answer(prepared, context))
        except (Ended, NotSignedIn, Cut, WebSocketDisconnect):
            raise
        except NotAsked as reason:
            errors: list[Told] = self._rooms.answering.exploring.shown(reason.answer, viewer).body["errors"]
            return errors
        except Exception as error:  # noqa: BLE001  the question's outermost room: told by reference and logged whole
            return _errors_of(error)

    async def _prepared(self, payload: dict[str, Any], viewer: Viewer) -> Prepared:
        # Keys are taken back, and chats ended, while a connection is open.
        require_same(viewer, await self._rooms.auth.viewer_of(self._headers))
        await self._rooms.spending.asked(viewer)
        question = self._rooms.texts.question(self._reading.checked(payload), viewer)
        prepared = self._rooms.answering.prepare(question, viewer)
        await self._rooms.spending.costs(viewer, prepared.cost)
        self._rooms.texts.keep(prepared.question, viewer)
        return prepared

    async def _followed(self, key: str, prepared: Prepared, viewer: Viewer) -> list[Told] | None:
        async def prove() -> None:
            require_same(viewer, await self._rooms.auth.viewer_of(self._headers))
            self._rooms.texts.check(prepared.question.text, viewer)

        async def fresh() -> Context:
            await prove()
            await self._rooms.spending.event(viewer, prepared.cost)
            return self._rooms.context_for(viewer, self._caller)

        answers = self._rooms.answering.answers(prepared, fresh)
        held = self._rooms.subscriptions.held(viewer, answers, prove, address=self._caller.address)
        async with aclosing(held):
            async for one in held:
                if one is not None and (errors := await self._next(key, one)) is not None:
                    return errors
        return None

    async def _next(self, key: str, answer: Answer) -> list[Told] | None:
        """Sends an answer; or returns the errors of what is none."""
        if answer.fate is not Fate.ANSWERED or "data" not in answer.body:
            errors: list[Told] = answer.body["errors"]
            return errors
        await self._send({"type": "next", "id": key, "payload": answer.body})
        return None

    async def _failed(self, key: str, errors: list[Told]) -> None:
        await self._send({"type": "error", "id": key, "payload": errors})


def _errors_of(error: Exception) -> list[Told]:
    """Why there is no answer, as over HTTP."""
    match error:
        case Refusal():
            return [telling.told(str(error), error.code)]
        case Full():
            return [telling.told(str(error), telling.LIMIT_EXCEEDED)]
        case TooOften():
            told = telling.told(str(error), telling.LIMIT_EXCEEDED)
            return [told | {"extensions": told["extensions"] | error.told}]
        case Unavailable():
            return [telling.told(error.message, error.code)]
        case _:
            return [telling.told_of(error)]


def _id_of(message: Mapping[str, Any]) -> str:
    key = message.get("id")
    if not isinstance(key, str) or not 0 < len(key) <= _LONGEST_ID:
        raise Ended(BAD_MESSAGE, f"`id` must be a text of 1 to {_LONGEST_ID} characters.")
    return key
