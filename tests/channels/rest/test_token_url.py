"""Does the client's secret go to the host that the entry names, and to no other?"""

import copy
import tomllib
from typing import Any

import pytest

from adapters.channels.rest.loading import BadMapping, load
from adapters.channels.rest.plan import Entry
from adapters.contract.found import Portion
from adapters.contract.records import Who
from tests.channels.rest.conftest import MAPPINGS

BASE = "https://shop.example/api/v2"
MAPPING: dict[str, Any] = {
    "base_url": BASE,
    "auth": {"scheme": "oauth2"},
    "send": {"path": "/messages", "body": {"text": "{text}"}},
}


def _asked(entry: Entry | None = None, **auth: str) -> str | None:
    mapping = copy.deepcopy(MAPPING)
    mapping["auth"] |= auth
    return load(mapping, entry or Entry()).token_url


@pytest.mark.parametrize(
    ("said", "base", "asked"),
    [
        ("/oauth/token", None, "https://shop.example/oauth/token"),
        ("oauth/token", None, "https://shop.example/api/v2/oauth/token"),
        ("https://shop.example/token", None, "https://shop.example/token"),
        ("https://SHOP.example:443/token", None, "https://SHOP.example:443/token"),
        ("/oauth/token", "http://127.0.0.1:7813/v3", "http://127.0.0.1:7813/oauth/token"),
        ("oauth/token", "http://127.0.0.1:7813/v3/", "http://127.0.0.1:7813/v3/oauth/token"),
    ],
)
def test_stands_under_base_url(said: str, base: str | None, asked: str) -> None:
    """A relative `token_url` begins where the entry's `base_url` leads; one with a host is taken where that is its."""
    assert _asked(Entry(base_url=base), token_url=said) == asked


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ("https://login.example/token", None),
        ("//login.example/token", None),
        ("http://shop.example/token", None),
        ("https://shop.example:8443/token", None),
        ("https://shop.example/token", "https://berlin.example"),
        ("https://shop.example.evil.example/token", None),
    ],
)
def test_elsewhere_is_refused(said: str, base: str | None) -> None:
    """One on another host, port or scheme than the entry's `base_url` is refused, with what to write."""
    with pytest.raises(BadMapping, match="the client's secret would go to") as caught:
        _asked(Entry(base_url=base), token_url=said)
    assert "Write it without the host, as '/token'; or" in str(caught.value)
    assert "token_host = '" in str(caught.value)


def test_elsewhere_by_name() -> None:
    """It is taken where the mapping names that host for every account, or the entry names the address itself."""
    login = "https://login.example/token"
    assert _asked(token_url=login, token_host="login.example") == login
    assert _asked(Entry(base_url="https://berlin.example"), token_url=login, token_host="login.example") == login
    assert _asked(Entry(token_url=login), token_url="https://elsewhere.example/token") == login
    with pytest.raises(BadMapping, match=r"it is on 'login.example', and token_host names 'log.example'"):
        _asked(token_url=login, token_host="log.example")


async def test_shipped_shop_follows_entry(make, double) -> None:
    """The shipped shop asks whom an entry names for its tokens, and nobody else."""
    said = tomllib.loads((MAPPINGS / "shop.toml").read_text())
    assert said["auth"]["token_url"] == "/oauth/token"
    await make("shop", "shop", "/api/v2").purchases(Who("shop", "main", "K-7"), Portion())
    assert double.seen[0].raw_path == "/oauth/token"


async def test_entry_names_address(make, double) -> None:
    """An entry's own `token_url` is asked in place of the mapping's."""
    said = tomllib.loads((MAPPINGS / "shop.toml").read_text())
    said["auth"]["token_url"] = "https://nobody.example/token"
    shop = make("shop", said, "/api/v2", token_url=f"{double.url}/oauth/token")
    assert (await shop.purchases(Who("shop", "main", "K-7"), Portion())).records
