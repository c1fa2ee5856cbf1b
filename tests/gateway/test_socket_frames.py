"""Is whoever sends frames without end closed out, whoever they are, and nobody who sends what clients send?"""

import json
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from gateway import socket_frames
from gateway.limit_settings import LimitSettings
from gateway.socket_frames import Allowance, SocketFrames
from resolvers.kit.viewer import Role
from tests.gateway.conftest import ANSWERED, ME, Gate
from tests.gateway.raw_socket import PIECE, PING, PONG, TEXT, closed_with, flooded, frame
from tests.gateway.socket_client import opened
from tests.makers import Makers
from tests.waiting import until


@pytest.fixture
def many() -> Iterator[None]:
    """More frames may come than a message has pieces."""
    before = SocketFrames.settings
    SocketFrames.bound(LimitSettings(socket_frames_per_s=1_000))
    yield
    SocketFrames.bound(before)


def init(gate: Gate, role: Role = Role.AGENT, **claims: str) -> bytes:
    """Who asks."""
    return frame(TEXT, json.dumps({"type": "connection_init", "payload": gate.bearer(role, **claims)}).encode())


BEGUN = frame(TEXT, b'{"type"', is_last=False)
FLOODS = {
    "pongs": [frame(PONG) * 10_000],
    "pings": [frame(PING) * 10_000],
    "pieces": [BEGUN, frame(PIECE, is_last=False) * 10_000],
    "signs of life": [frame(TEXT, b'{"type": "pong"}') * 10_000],
    "questions of life": [frame(TEXT, b'{"type": "ping"}') * 10_000],
    "unknown ends": [frame(TEXT, b'{"type": "complete", "id": "x"}') * 10_000],
}


@pytest.mark.parametrize("frames", FLOODS.values(), ids=FLOODS)
@pytest.mark.parametrize("signs_in", [False, True], ids=["stranger", "agent"])
async def test_floods(gate: Gate, address: str, frames: list[bytes], *, signs_in: bool) -> None:
    """Whoever sends frames without end is closed out, as the log says; others are answered as before."""
    with capture_logs() as lines:
        heard = await flooded(address, *frames, first=init(gate) if signs_in else b"")
        assert closed_with(heard) in {1008, 4400}
        # What was asked before may be told in between.
        await until(lambda: any(one.get("status") == closed_with(heard) for one in lines))
    assert (await gate.ask(ME)).json() == ANSWERED


@pytest.mark.parametrize("role", [None, Role.VISITOR, Role.AGENT])
async def test_floods_again(gate: Gate, address: str, make: Makers, role: Role | None) -> None:
    """From where strangers or visitors flood nobody may connect for a moment; from where an agent does they may."""
    whose = {"customer_id": (await make.customer()).id} if role is Role.VISITOR else {}
    first = init(gate, role, **whose) if role else b""
    await flooded(address, frame(PONG) * 10_000, first=first, come_from="127.0.0.2")
    again = await flooded(address, frame(PONG) * 10_000, come_from="127.0.0.2")
    if role is Role.AGENT:
        assert closed_with(again) == 1008
    else:
        assert again.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 10" in again.lower()
        assert b"Connect again in 10 seconds" in again
    async with opened(address, said=gate.bearer()) as client:
        await client.ask(ME)
        assert (await client.hear())["payload"] == ANSWERED


@pytest.mark.usefixtures("many")
async def test_message_in_pieces(gate: Gate, address: str) -> None:
    """A message has so many pieces at most."""
    heard = await flooded(address, BEGUN, frame(PIECE, is_last=False) * 600, first=init(gate))
    assert closed_with(heard) == 1009


@pytest.mark.usefixtures("many")
async def test_usual_pieces(gate: Gate, address: str) -> None:
    """A message that comes in some hundred pieces is read, with pings between them."""
    async with opened(address, said=gate.bearer()) as client:
        asked = json.dumps({"type": "subscribe", "id": "1", "payload": {"query": ME}})
        await client.socket.send([asked[n : n + 1] for n in range(len(asked))])
        await (await client.socket.ping())
        assert (await client.hear())["payload"] == ANSWERED


async def test_many_questions_at_once(gate: Gate, address: str) -> None:
    """A page that asks for all it shows at once is answered all of it."""
    async with opened(address, said=gate.bearer()) as client:
        for n in range(90):
            await client.ask(ME, str(n))
        heard = [await client.hear() for _ in range(180)]
    assert sum(one["type"] == "next" for one in heard) == 90


def test_allowance_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used up comes back with the time, and no more than that; more is there for who said who asks."""
    now = 0.0
    monkeypatch.setattr(socket_frames.time, "monotonic", lambda: now)
    allowance = Allowance(20)
    assert sum(allowance.has_one() for _ in range(100)) == 50
    now = 1.0
    assert sum(allowance.has_one() for _ in range(100)) == 20
    now = 1_000.0
    assert sum(allowance.has_one() for _ in range(100)) == 50
    allowance.proven()
    assert sum(allowance.has_one() for _ in range(1_000)) == 400
