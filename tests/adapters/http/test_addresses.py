"""Addresses that come from outside are called only where they are public."""

import ipaddress
import socket

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.channel import Channel, Equipment
from adapters.contract.errors import BadPayload, ChannelDown, ChannelRefused
from adapters.contract.manners import Manners
from adapters.deadline import within
from adapters.http.addresses import Borders, checked, is_public
from adapters.http.session import Outside
from tests.adapters.http.certificates import certified
from tests.adapters.http.vendor import answer, hangs, says, standing

PRIVATE = [
    "127.0.0.1",
    "127.8.9.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "240.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "fec0::1",
    "::7f00:1",
    "2001:db8::1",
    "2001::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::",
    "2002:a9fe:a9fe::1",
    "nonsense",
    "2130706433",
    "127.1",
    "0x7f.1",
]
PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2606:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
REFUSED = [
    "http://example.org/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "https://user:s3cret@example.org/",
    "https://user@example.org/",
    "https://example.org:8443/",
    "https://example.org:22/",
    "https:///path",
    "//example.org/",
    "/path",
    "",
    "https://[",
    "https://example.org:99999/",
    *(f"https://{one}/" for one in ("127.0.0.1", "[::1]", "10.0.0.1", "[::ffff:10.0.0.1]", "169.254.169.254")),
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_is_refused(address) -> None:
    """What leads into a network of one's own is not public, however it is wrapped."""
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_is_public(address) -> None:
    """Addresses of the public internet are public, wrapped or not."""
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_wrapping_changes_nothing(inner: ipaddress.IPv4Address) -> None:
    """An address wrapped in another one is as public as it is by itself."""
    number = int(inner)
    wrapped = (f"::ffff:{inner}", str(ipaddress.IPv6Address((0x64FF9B << 96) | number)))
    assert {is_public(one) for one in wrapped} == {is_public(str(inner))}
    assert is_public(str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80)))) == is_public(str(inner))


@pytest.mark.parametrize("url", REFUSED)
def test_form_is_checked(url) -> None:
    """Only https without a name or password, on allowed ports; the refusal quotes nothing."""
    with pytest.raises(ChannelRefused) as told:
        checked(url, Borders())
    assert "s3cret" not in str(told.value)
    assert told.value.code == "address_not_allowed"


def test_ports_are_settings() -> None:
    """Further ports can be allowed."""
    assert checked("https://example.org:8443/a", Borders(ports=frozenset({443, 8443}))).port == 8443


class _Names(AbstractResolver):
    """A name service that answers in turn."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        self.asked += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [
            ResolveResult(hostname=host, host=one, port=port, family=family or socket.AF_INET, proto=0, flags=0)
            for one in found
        ]

    async def close(self) -> None:
        pass


async def _fetch(outside: Outside, url: str, **more: object) -> object:
    return await outside.way("acme", "main", Manners()).fetch_public(url, **more)


@pytest.mark.parametrize("url", ["https://169.254.169.254/latest/meta-data", "https://[::1]/", "http://example.org/"])
async def test_channels_reach_no_private_address(url) -> None:
    """A channel's own way out takes addresses from deliveries only where they are public, whoever wrote them."""
    async with Outside() as outside:
        channel = Channel("main", None, Equipment(way=outside.way("acme", "main", Manners())))
        with pytest.raises(ChannelRefused) as told:
            await channel.way.fetch_public(url)
    assert (told.value.code, str(told.value).split(":")[0]) == ("address_not_allowed", "acme/main")


@pytest.mark.parametrize("found", [("127.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("169.254.169.254",)])
async def test_names_must_be_public(found) -> None:
    """A name is called only where every address that it has is public."""
    async with Outside(resolver=_Names(found)) as outside:
        with pytest.raises(ChannelRefused) as told:
            await _fetch(outside, "https://example.org/s3cret")
    assert "s3cret" not in str(told.value)
    assert "example" not in str(told.value)


async def test_lookup_is_pinned(tmp_path) -> None:
    """The connection goes to what was looked up and checked, and not to what the name says a moment later."""
    names = _Names(("127.0.0.1",), ("10.0.0.1",))
    server, client = certified("example.org", tmp_path)
    async with standing(server) as vendor:
        borders = Borders(has_loopback=True, ports=frozenset({vendor.port}))
        async with Outside(resolver=names, borders=borders, tls=client) as outside:
            assert (await _fetch(outside, f"https://example.org:{vendor.port}/a")).json() == {}
            assert names.asked == 1
            with pytest.raises(ChannelRefused):
                await _fetch(outside, f"https://example.org:{vendor.port}/b")
    assert [one.path for one in vendor.asked] == ["/a"]


@pytest.mark.parametrize(("name", "days"), [("example.com", 1), ("example.org", -1), (None, 1)])
async def test_certificate_must_fit(tmp_path, name, days) -> None:
    """A certificate of another name, of another time or of nobody known is not trusted, and nothing is sent."""
    server, client = certified(name or "example.org", tmp_path, days=days)
    async with standing(server) as vendor:
        tls = client if name else None
        async with Outside(resolver=_Names(("127.0.0.1",)), tls=tls) as outside:
            way = outside.way("acme", "main", Manners(), base_url=f"https://example.org:{vendor.port}")
            with pytest.raises(ChannelDown, match="certificate") as told:
                await way.post("/p", json={})
    assert type(told.value) is ChannelDown
    assert vendor.asked == []


async def test_public_is_fetched(outside, vendor, heard) -> None:
    """What stands there is read, within its bound; the observer is told of it without the address."""
    vendor.plays(says(answer(b"[1]")))
    assert (await _fetch(outside, f"{vendor.url}/ana")).json() == [1]
    assert [(one.channel, one.account, one.outcome) for one in heard.calls] == [("acme", "main", "GOOD")]
    with pytest.raises(BadPayload):
        await _fetch(outside, vendor.url, largest_body=2)


async def test_failures_name_the_account(outside, vendor) -> None:
    """What went wrong at a stranger's names the channel account, and not the address."""
    vendor.plays(says(answer(status=500)))
    with pytest.raises(ChannelDown, match=r"^acme/main: It answered with 500.$"):
        await _fetch(outside, f"{vendor.url}/ana")


async def test_name_without_address() -> None:
    """A name that has no address is one that does not answer."""
    async with Outside(resolver=_Names(())) as outside:
        with pytest.raises(ChannelDown):
            await _fetch(outside, "https://example.org/")


async def test_public_has_deadline(outside, vendor) -> None:
    """A stranger that hangs holds up nobody beyond the deadline."""
    vendor.plays(hangs)
    with within(0.1), pytest.raises(ChannelDown):
        await _fetch(outside, vendor.url)


def _redirect(location: str) -> object:
    return says(answer(b"", status=302, headers=(f"Location: {location}",)))


async def test_redirects_are_followed(outside, vendor) -> None:
    """Three redirects are followed, relative ones too, and a fourth is not."""
    vendor.plays(_redirect("/b"), _redirect("c"), _redirect(f"{vendor.url}/d"), says(answer(b"[1]")))
    assert (await _fetch(outside, f"{vendor.url}/a")).json() == [1]
    assert [one.path for one in vendor.asked] == ["/a", "/b", "/c", "/d"]
    vendor.plays(_redirect("/again"))
    with pytest.raises(ChannelRefused, match="more than 3"):
        await _fetch(outside, f"{vendor.url}/a")


@pytest.mark.parametrize(
    "location", ["http://10.0.0.1/", "https://10.0.0.1/", "file:///etc/passwd", "https://[", "//["]
)
async def test_redirects_are_checked(outside, vendor, location) -> None:
    """Each redirect is checked like the first address."""
    vendor.plays(_redirect(location))
    with pytest.raises(ChannelRefused):
        await _fetch(outside, vendor.url)
    assert len(vendor.asked) == 1


async def test_redirects_carry_no_credentials(outside, vendor) -> None:
    """Headers stay with the first host: another port is another host."""
    async with standing() as other:
        vendor.plays(_redirect("/b"), _redirect(f"{other.url}/c"))
        await _fetch(outside, f"{vendor.url}/a", headers={"Authorization": "s3cret"})
    assert [one.headers.get("authorization") for one in vendor.asked] == ["s3cret", "s3cret"]
    assert [one.headers.get("authorization") for one in other.asked] == [None]
