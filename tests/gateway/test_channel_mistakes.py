"""Is a mistake in a channel's entry told before it costs a message, in words that say what to write?"""

import string
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from adapters.discovery import Adapter, Adapters
from gateway.channel_file import Entry, read_channels
from gateway.settings import BadSettings, Settings
from gateway.webhooks import Desk, Webhooks
from tests.channels import toy

WHATSAPP = """
[[channel]]
name = "whatsapp"
account = "1001"
access_token = {from_env = "SECRET"}
app_secrets = [{from_env = "SECRET"}]
verify_token = {from_env = "SECRET"}
"""
ZENDESK = """
[[channel]]
name = "zendesk"
account = "acme"
access_token = {from_env = "SECRET"}
"""
REST = """
[[channel]]
name = "shop"
adapter = "rest"
account = "berlin"
mapping = {base_url = "https://shop.example", auth = {scheme = "none"}, send = {path = "/messages"}}
"""
TWICE = '{from_env = "SECRET", from_file = "/secret"}'

Read = Callable[[str], list[Entry]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads a settings file of the channels that there are."""
    monkeypatch.setenv("SECRET", "opensesame")
    path = tmp_path / "channels.toml"

    def of(text: str) -> list[Entry]:
        path.write_text(text, "utf-8")
        return read_channels(path)

    return of


def _told(read: Read, text: str) -> str:
    with pytest.raises(BadSettings) as caught:
        read(text)
    return str(caught.value)


@pytest.mark.parametrize("entry", [WHATSAPP, ZENDESK, REST], ids=["whatsapp", "zendesk", "rest"])
@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("127.0.0.1:7811", "it is '127.0.0.1:7811': no https:// stands in front of it. Write it as 'https://api"),
        ("https://", "it is 'https://': it names no host"),
        ("https://a.example:99999", "it names no host that can be asked"),
        ("https://<host>", "it names no host that can be asked"),
        ("ftp://a.example", "only http:// and https:// can be asked"),
        ("https://ann:opensesame@a.example", "`base_url`: a user and a password must not stand in an address"),
        ("https://a.example?token=1", "nothing may stand behind a ?"),
    ],
)
def test_addresses(read: Read, entry: str, address: str, words: str) -> None:
    """The address of every channel is http or https, names a host, and holds neither user nor password."""
    told = _told(read, f'{entry}base_url = "{address}"\n')
    assert words in told
    assert "opensesame" not in told


@pytest.mark.parametrize("entry", [WHATSAPP, ZENDESK, REST], ids=["whatsapp", "zendesk", "rest"])
@pytest.mark.parametrize("address", ["https://a.example", "http://127.0.0.1:7811/", "https://[::1]:8443"])
def test_good_addresses(read: Read, entry: str, address: str) -> None:
    """One that can be asked is taken as it is written."""
    (one,) = read(f'{entry}base_url = "{address}"\n')
    assert getattr(one.settings, "base_url", None) == address


def test_signed_address(read: Read) -> None:
    """Where the vendor signs our own address, that is one, and may have a query behind it."""
    (one,) = read(f'{REST}webhook_url = "https://gate.example/webhooks/shop/berlin?x=1"\n')
    assert one.settings.model_dump()["webhook_url"].endswith("?x=1")
    assert "`webhook_url`: it is 'gate.example/x': no https://" in _told(
        read, f'{REST}webhook_url = "gate.example/x"\n'
    )


MISTAKES = [
    (
        WHATSAPP,
        'name = "whatsapp"',
        'name = "stored"',
        "`name`: 'stored' means something here already: by it `sources`",
    ),
    (WHATSAPP, 'name = "whatsapp"', 'name = "staff"', "'staff' means something here already"),
    (WHATSAPP, '"1001"', '"a/b"', "`account`: It is 'a/b', which the address of its webhook"),
    (WHATSAPP, '"1001"', '".."', "Leave slashes and backslashes out, as in 'main-2'."),
    (WHATSAPP, 'access_token = {from_env = "SECRET"}', f"access_token = {TWICE}", "name exactly one of `from_env` and"),
    (WHATSAPP, '[{from_env = "SECRET"}]', f"[{TWICE}]", "`app_secrets.0`: it stands in one place: name exactly one"),
    (
        WHATSAPP,
        '[{from_env = "SECRET"}]',
        '{from_env = "SECRET"}',
        '`app_secrets`: several may stand there, so they stand in a list. Write [{from_env = "A_VARIABLE"}]',
    ),
    (WHATSAPP, '[{from_env = "SECRET"}]', '"opensesame"', "`app_secrets`: a secret must not stand in this file"),
    (WHATSAPP, '[{from_env = "SECRET"}]', "[]", "`app_secrets`: it must hold 1 or more. The app's secret"),
    (
        WHATSAPP,
        'access_token = {from_env = "SECRET"}',
        'access_token = [{from_env = "SECRET"}]',
        "`access_token`: it is one secret, and no list. Write {from_env",
    ),
    (
        WHATSAPP,
        'access_token = {from_env = "SECRET"}',
        'access_token = {from_enviroment = "SECRET"}',
        '`access_token`: that is no place where a secret stands. Write {from_env = "A_VARIABLE"}',
    ),
    (WHATSAPP, "access_token =", 'graph_version = "26"\naccess_token =', "it is '26': it must be written as 'v26.0'."),
    (WHATSAPP, "access_token =", "graph_version = 26\naccess_token =", "it is 26: it must be text, in quotes."),
    (WHATSAPP, "access_token =", 'also_accounts = "7"\naccess_token =', 'it must be a list, in brackets: ["one", "ano'),
    (
        WHATSAPP,
        "access_token =",
        'base_url = "https://graph.facebook.com/v26.0"\naccess_token =',
        "no path may stand behind the host",
    ),
    (ZENDESK, "access_token =", 'sends_as = "me"\naccess_token =', "it is 'me': it must be written as '8447388090494'"),
    (ZENDESK, "access_token =", "signature_tolerance_s = 0\naccess_token =", "it is 0: it must be more than 0"),
    (ZENDESK, "access_token =", 'internal_notes = "x"\naccess_token =', "it must be true or false, without quotes"),
    (ZENDESK, "access_token =", 'agents = "x"\naccess_token =', "it must be a table, in braces"),
]


@pytest.mark.parametrize(("entry", "was", "becomes", "words"), MISTAKES, ids=[one[3][:60] for one in MISTAKES])
def test_what_to_write(read: Read, entry: str, was: str, becomes: str, words: str) -> None:
    """Each mistake is told in words, with an example; neither a regular expression nor Python's kinds stand there."""
    told = _told(read, entry.replace(was, becomes))
    assert words in told
    for odd in ("opensesame", "\\A", "valid ", "tuple", "should"):
        assert odd not in told


def test_other_accounts_have_entries(read: Read) -> None:
    """An account whose deliveries an entry takes in has an entry of its own: else nobody could answer its customers."""
    also = WHATSAPP.replace("access_token", 'also_accounts = ["1001", "zz77"]\naccess_token', 1)
    told = _told(read, also)
    assert "takes in deliveries for the account 'zz77', which has no entry" in told
    assert 'Add a [[channel]] with name = "whatsapp" and account = "zz77", or take it out there.' in told
    assert [one.account for one in read(also + WHATSAPP.replace("1001", "zz77"))] == ["1001", "zz77"]


def test_broken_entry_is_there(read: Read) -> None:
    """Where the other account's entry holds a mistake, that is told, and not that there is none."""
    also = WHATSAPP.replace("access_token", 'also_accounts = ["zz77"]\naccess_token', 1)
    told = _told(read, also + WHATSAPP.replace("1001", "zz77") + 'graph_version = "26"\n')
    assert "graph_version" in told
    assert "has no entry" not in told


def _accounts() -> Iterator[str]:
    yield from ("main", "a b", "ä/ö", "ä", "..", ".", "...", ".a", "a%2Fb", "%", "<ID>", "//")
    yield from (f"x{one}y" for one in string.punctuation)
    yield from string.punctuation


async def test_taken_accounts_are_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every account that the file takes has an address to which its deliveries come."""
    monkeypatch.setenv("SECRET", toy.SECRET)
    path, known = tmp_path / "channels.toml", Adapters({"toy": Adapter(toy.Toy, "here")})
    refused, taken = [], []
    for one in _accounts():
        path.write_text(f"[[channel]]\nname = 'toy'\naccount = '''{one}'''\nsecret.from_env = 'SECRET'\n", "utf-8")
        try:
            taken += [entry.account for entry in read_channels(path, known=known)]
        except BadSettings:
            refused.append(one)
    assert sorted(refused) == sorted(["ä/ö", "..", ".", "//", "x/y", "x\\y", "/", "\\", "."])
    desk = Desk(toy.lines(*taken), _nobody(), lambda: datetime.now(UTC))
    app = Starlette(routes=Webhooks(lambda: desk, Settings()).routes)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gate.example") as client:
        for one in taken:
            answer = await client.post(f"/webhooks/toy/{quote(one, safe='')}", content=b"{}")
            # Forged, and so it came to the channel account.
            assert answer.status_code == 401, one


def _nobody() -> Any:
    """An inbox into which nothing comes: what is forged ends before it."""
    return None
