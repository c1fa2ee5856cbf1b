"""Each failure of the wire becomes its named error, and nothing else ever comes out."""

import gzip
import socket
import zlib

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from adapters.contract.errors import (
    BadPayload,
    ChannelBusy,
    ChannelDown,
    ChannelError,
    ChannelRefused,
    NoSuchIdentity,
    OutcomeUnknown,
)
from adapters.contract.manners import Manners
from adapters.deadline import within
from adapters.http.session import Outside
from tests.adapters.http.vendor import answer, drips, hangs, resets, says, says_and_closes, type_json

_OK = b"HTTP/1.1 200 OK\r\n"
_BOMB = gzip.compress(b"0" * 20_000_000)
_PACKED = "Content-Encoding: gzip"

FAILURES = {
    "hangs": (hangs, ChannelDown, OutcomeUnknown),
    "drips for ever": (drips(0.02), ChannelDown, OutcomeUnknown),
    "resets": (resets, ChannelDown, OutcomeUnknown),
    "closes without a word": (says_and_closes(b""), ChannelDown, OutcomeUnknown),
    "closes in the head": (says_and_closes(_OK + b"Content-Le"), ChannelDown, OutcomeUnknown),
    "truncates the body": (says_and_closes(_OK + b"Content-Length: 100\r\n\r\nabc"), ChannelDown, OutcomeUnknown),
    "truncates a chunk": (
        says_and_closes(_OK + b"Transfer-Encoding: chunked\r\n\r\n64\r\nabc"),
        ChannelDown,
        OutcomeUnknown,
    ),
    "speaks no HTTP": (says_and_closes(b"SSH-2.0-OpenSSH_9.6\r\n"), BadPayload, OutcomeUnknown),
    "lies about chunks": (
        says(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"),
        (BadPayload, ChannelDown),
        OutcomeUnknown,
    ),
    "says a length twice": (
        says_and_closes(_OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"),
        BadPayload,
        OutcomeUnknown,
    ),
    "says no length": (says_and_closes(_OK + b"Content-Length: -5\r\n\r\n"), BadPayload, OutcomeUnknown),
    "sends endless headers": (says_and_closes(_OK + b"X: " + b"y" * 100_000), BadPayload, OutcomeUnknown),
    "packs wrongly": (says(answer(b"no gzip", headers=(_PACKED,))), BadPayload, OutcomeUnknown),
    "is larger than read": (says(answer(b"x" * 70_000)), BadPayload, OutcomeUnknown),
    "is larger, chunked": (
        says(_OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"11170\r\n" + b"x" * 70_000 + b"\r\n"),
        BadPayload,
        OutcomeUnknown,
    ),
    "sends a bomb": (says(answer(_BOMB, headers=(_PACKED,))), BadPayload, OutcomeUnknown),
    "redirects": (says(answer(status=302, headers=("Location: http://10.0.0.1/",))), ChannelRefused, ChannelRefused),
    "400": (says(answer(status=400)), ChannelRefused, ChannelRefused),
    "401": (says(answer(status=401)), ChannelRefused, ChannelRefused),
    "404": (says(answer(status=404)), NoSuchIdentity, NoSuchIdentity),
    "410": (says(answer(status=410)), NoSuchIdentity, NoSuchIdentity),
    "408": (says(answer(status=408)), ChannelDown, OutcomeUnknown),
    "429": (says(answer(status=429)), ChannelBusy, ChannelBusy),
    "500": (says(answer(status=500)), ChannelDown, OutcomeUnknown),
    "503": (says(answer(status=503)), ChannelDown, OutcomeUnknown),
    "999": (says(answer(status=999)), ChannelDown, OutcomeUnknown),
}
BOUNDS = {"try_s": 1.0, "tries": 1, "largest_body": 65_536}


def _quotes_nothing(error: ChannelError) -> None:
    for word in ("127.0.0.1", "s3cret", "ana@example.org", "http://"):
        assert word not in f"{error} {error!r}"
    # Nothing that quotes an address is printed with it.
    assert error.__cause__ is None
    assert error.__context__ is None


@pytest.mark.parametrize(("part", "named", "_"), FAILURES.values(), ids=FAILURES)
async def test_failed_question_is_named(way, vendor, part, named, _) -> None:
    """Each failure of the wire becomes its named error, which quotes nothing."""
    vendor.plays(part)
    with pytest.raises(named) as told:
        await way(**BOUNDS).get("/p", params={"email": "ana@example.org"}, headers={"Authorization": "s3cret"})
    _quotes_nothing(told.value)
    assert str(told.value).startswith("acme/main: ")


@pytest.mark.parametrize(("part", "_", "named"), FAILURES.values(), ids=FAILURES)
async def test_failed_effects_are_unknown(way, vendor, part, _, named) -> None:
    """A request with effects that may have arrived is sent once, and its outcome unknown."""
    vendor.plays(part)
    with pytest.raises(named) as told:
        await way(**BOUNDS | {"tries": 3}).post("/p", json={"to": "ana@example.org"}, headers={"X-Key": "s3cret"})
    _quotes_nothing(told.value)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_used_connection_breaks(way, vendor, method) -> None:
    """Also on a used connection that breaks, a request with effects is sent once."""
    vendor.plays(says(answer()), resets)
    await way().post("/p", method=method)
    with pytest.raises(OutcomeUnknown):
        await way().post("/p", method=method)
    assert [one.method for one in vendor.asked] == [method] * 2


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class _NoNames(AbstractResolver):
    """A name service that knows no name."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        raise OSError(f"unknown: {host}:{port} ({family})")

    async def close(self) -> None:
        pass


@pytest.mark.parametrize("host", ["127.0.0.1", "acme.example"])
async def test_never_sent_is_down(host) -> None:
    """What certainly never left is down, and not unknown."""
    async with Outside(resolver=_NoNames()) as outside:
        lost = outside.way("acme", "lost", Manners(tries=1), base_url=f"http://{host}:{_free_port()}")
        with pytest.raises(ChannelDown) as told:
            await lost.post("/p", json={})
    assert type(told.value) is ChannelDown
    assert host not in str(told.value)


async def test_packed_body_is_read(way, vendor) -> None:
    """A packed answer is unpacked, up to the same bound."""
    vendor.plays(says(answer(zlib.compress(b"[1, 2]"), headers=("Content-Encoding: deflate", type_json))))
    assert (await way().get("/p")).json() == [1, 2]


async def test_large_body_closes_connection(way, vendor) -> None:
    """An answer that is too large is not read to its end: the next request gets a connection of its own."""
    vendor.plays(says(answer(b"x" * 70_000)), says(answer(b"[]")))
    with pytest.raises(BadPayload):
        await way(**BOUNDS).get("/large")
    assert (await way(**BOUNDS).get("/small")).json() == []


@pytest.mark.parametrize("url", ["ftp://example.org/", "//[", "http://", "/a b\x00"])
async def test_odd_address_is_refused(outside, url) -> None:
    """An address that cannot be called is refused, and not quoted."""
    with pytest.raises(ChannelError) as told:
        await outside.way("acme", "odd", Manners(tries=1)).get(url)
    assert url not in str(told.value)


_RELATIVE = [("t.json", "/api/v2/t.json"), ("/t.json", "/t.json"), ("?a=1", "/api/v2/?a=1")]


@pytest.mark.parametrize(("given", "called"), _RELATIVE)
async def test_relative_addresses(outside, vendor, given, called) -> None:
    """Addresses may be given relative to the base, with or without a slash at its end."""
    for n, end in enumerate(("", "/")):
        await outside.way("acme", str(n), Manners(), base_url=f"{vendor.url}/api/v2{end}").get(given)
    assert [one.path for one in vendor.asked] == [called] * 2


async def test_broken_header_is_refused(way, vendor) -> None:
    """A header that would smuggle another one is not sent, and says nothing about the vendor."""
    with pytest.raises(ChannelRefused) as told:
        await way().post("/p", headers={"X-Key": "s3cret\r\nX-Other: 1"})
    _quotes_nothing(told.value)
    assert vendor.asked == []


@pytest.mark.parametrize("leads", ["http://evil.example/p", "//evil.example/p", "https://127.0.0.1/p"])
async def test_link_leads_nowhere_else(way, vendor, leads) -> None:
    """An address that leads away from the channel's own host is not called: credentials would go along."""
    with pytest.raises(BadPayload):
        await way().get(leads, headers={"Authorization": "s3cret"})
    assert vendor.asked == []


async def test_large_request_is_sent(way, vendor) -> None:
    """A body of some megabytes goes out whole."""
    with within(10):
        await way().post("/p", data=b"z" * 3_000_000)
    assert len(vendor.asked[0].body) == 3_000_000
