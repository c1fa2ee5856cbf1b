"""How long is the key set of an identity provider good, and who waits for it?"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.http import fetching
from gateway import key_sets
from gateway.key_sets import KeySet, KeysUnreachable
from tests.gateway.test_auth import RSA, public
from tests.waiting import until

HOUR = 3600.0


class Provider:
    """An identity provider that answers as it is told."""

    def __init__(self) -> None:
        self.asked = 0
        self.answer: bytes | None = head(b"200 OK", keys("one"))
        """None: a byte each tenth of a second, without end."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        self.asked += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            if self.answer is None:
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                while not writer.is_closing():
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.1)
            else:
                writer.write(self.answer)
                await writer.drain()
        writer.close()


def head(status: bytes, body: bytes, *more: bytes) -> bytes:
    """An answer."""
    lines = [b"HTTP/1.1 " + status, b"Connection: close", b"Content-Length: %d" % len(body), *more]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def keys(*names: str) -> bytes:
    """A key set with keys of these names."""
    return json.dumps({"keys": [public(RSA, name) for name in names]}).encode()


@pytest.fixture
async def provider() -> Provider:
    """One that gives a key named `one`."""
    return Provider()


@pytest.fixture
async def held(provider: Provider) -> AsyncIterator[KeySet]:
    """Its key set."""
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield KeySet(f"http://127.0.0.1:{port}/keys")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets so much time pass for the key set."""
    passed = 0.0
    now = time.monotonic

    def pass_s(seconds: float) -> None:
        nonlocal passed
        passed += seconds

    monkeypatch.setattr(key_sets, "time", Clock(lambda: now() + passed))
    return pass_s


class Clock:
    """The one clock that the key set looks at."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.monotonic = monotonic


async def test_nobody_waits_for_fresh_keys(provider: Provider, held: KeySet, later: Callable[[float], None]) -> None:
    """Keys that were looked at a few minutes ago are good at once, and looked at anew beside that."""
    assert await held.key("one")
    later(key_sets._KEYS_FRESH_S + 1)
    provider.answer = head(b"200 OK", keys("two"))
    assert await held.key("one")
    await until(lambda: provider.asked == 2)
    await until(lambda: held._held("two"))
    assert await held.key("one") is None


async def test_idle_gateway_looks_first(provider: Provider, held: KeySet, later: Callable[[float], None]) -> None:
    """Whoever comes after a long silence is not let in with a key that was taken back meanwhile."""
    assert await held.key("one")
    later(2 * HOUR)
    provider.answer = head(b"200 OK", keys("two"))
    assert await held.key("one") is None


@pytest.mark.parametrize("hours", [1, 23])
async def test_old_keys_serve(provider: Provider, held: KeySet, later: Callable[[float], None], hours: float) -> None:
    """While the provider is away its keys are good for a day, and nobody waits once that is known."""
    assert await held.key("one")
    provider.answer = head(b"503 Away", b"")
    with capture_logs() as lines:
        for _ in range(5):
            later(hours * HOUR / 5)
            assert await held.key("one")
        provider.answer = head(b"200 OK", keys("one"))
        later(key_sets._ASK_AGAIN_S)
        assert await held.key("one")
        await until(lambda: len(lines) == 2)
    assert [one["event"] for one in lines] == ["key set is away", "key set is back"]


async def test_no_key_serves_for_ever(provider: Provider, held: KeySet, later: Callable[[float], None]) -> None:
    """Behind a day no key is good any more, however often one asks."""
    assert await held.key("one")
    later(25 * HOUR)
    provider.answer = head(b"503 Away", b"")
    for _ in range(5):
        with pytest.raises(KeysUnreachable):
            await held.key("one")
        later(1)


async def test_new_key_while_away(provider: Provider, held: KeySet, later: Callable[[float], None]) -> None:
    """A key that nobody knows yet is not said to be unpublished while nobody can look."""
    assert await held.key("one")
    later(key_sets._ASK_AGAIN_S)
    provider.answer = head(b"503 Away", b"")
    for _ in range(3):
        with pytest.raises(KeysUnreachable):
            await held.key("two")
    assert provider.asked == 2
    assert await held.key("one")


async def test_dripping_provider_holds_up_nobody(
    provider: Provider, held: KeySet, later: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that answers a byte at a time is given up as a whole, and who knows a good key does not wait."""
    monkeypatch.setattr(key_sets, "_KEYS_WAIT_S", 0.5)
    assert await held.key("one")
    later(key_sets._KEYS_FRESH_S + 1)
    provider.answer = None
    async with asyncio.timeout(0.3):
        assert await held.key("one")
    async with asyncio.timeout(3):
        with pytest.raises(KeysUnreachable):
            await held.key("two")
    async with asyncio.timeout(0.3):
        assert await held.key("one")


async def test_who_leaves_ends_no_asking(provider: Provider, held: KeySet) -> None:
    """Many wait for one asking; whoever gives up leaves it to the others."""
    waiting = [asyncio.create_task(held.key("one")) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    found: list[Any] = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert [one.key_id for one in found[1:]] == ["one"] * 19
    assert provider.asked == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (head(b"302 Found", b"", b"Location: http://127.0.0.1:1/keys"), "leads elsewhere"),
        (head(b"404 Not Found", b""), "status 404"),
        (head(b"200 OK", b"<html>"), "no set of keys"),
        (head(b"200 OK", b"\xff"), "no set of keys"),
        (head(b"200 OK", b"[]"), "no set of keys"),
        (head(b"200 OK", b'{"keys": []}'), "no set of keys"),
        (head(b"200 OK", b'{"keys": [{"kty": "RSA"}]}'), "no set of keys"),
        (head(b"200 OK", b" " * (fetching._MOST_BYTES + 1)), "larger than the 1048576 bytes"),
        (b"nonsense", "no HTTP"),
    ],
)
async def test_what_is_no_key_set(provider: Provider, held: KeySet, answer: bytes, words: str) -> None:
    """Whatever else comes from there is told in words, and is no key."""
    provider.answer = answer
    with pytest.raises(KeysUnreachable, match=words):
        await held.fetch()
