"""What do the tests of REST channels stand on: the double, and channels that are made as the house makes them?"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.channels.rest import CHANNEL
from adapters.channels.rest.channel import Rest
from adapters.contract.channel import Equipment
from adapters.contract.records import Who
from adapters.http.session import Outside
from tests.channels.rest.double import Double
from tests.planted import REST_SECRETS

MAPPINGS = Path(__file__).parent.parent.parent.parent / "mappings" / "rest"
ADA = Who("email", "main", "ada@example.com")

Make = Callable[..., Rest]


@pytest.fixture
async def double() -> AsyncIterator[Double]:
    """The vendor in its three shapes."""
    async with Double() as one:
        yield one


@pytest.fixture
async def make(double: Double) -> AsyncIterator[Make]:
    """Makes a channel of a shipped mapping, or of one in the test, that asks the double once each time."""
    async with Outside() as outside:
        yield lambda name, mapping, base="", **given: _made(outside, double.url + base, name, mapping, given)


def _made(outside: Outside, url: str, name: str, mapping: Any, given: dict[str, Any]) -> Rest:
    secrets = {key: SecretStr(one) for key, one in REST_SECRETS.items()}
    settings = CHANNEL.Settings(
        base_url=url,
        mapping=str(MAPPINGS / f"{mapping}.toml") if isinstance(mapping, str) else mapping,
        **(secrets | {"username": "user", "client_id": "gateway", "webhook_url": "https://here.example/hook"} | given),
    )
    way = outside.way(name, "main", replace(CHANNEL.manners_for(settings), tries=1))
    named = type("Named", (CHANNEL,), {"name": name})
    return named("main", settings, Equipment(way=way))
