"""May the pages of a company's site ask, and no others?"""

from typing import cast

import pytest

from adapters.channels.webchat import WebChat, WebChatSettings
from adapters.contract.channel import Equipment
from adapters.contract.way import Way
from adapters.lines import Lines
from tests.gateway.conftest import ANSWERED, ME, Gate, OpenGate

SITE = "https://www.shop.example"


@pytest.fixture
def gate(open_gate: OpenGate) -> Gate:
    """A gate with a site on which visitors chat."""
    settings = WebChatSettings.model_validate({"allowed_origins": [SITE, "http://127.0.0.1:8080"]})
    return open_gate(lines=Lines([WebChat("main", settings, Equipment(way=cast("Way", None)))]))


async def test_page_is_let_in(gate: Gate) -> None:
    """The browser is told that the site's page may have the answer, also where the answer is a refusal."""
    response = await gate.ask(ME, headers=gate.bearer() | {"Origin": SITE})
    assert response.json() == ANSWERED
    assert response.headers["access-control-allow-origin"] == SITE
    assert "Origin" in response.headers["vary"]
    assert "access-control-allow-credentials" not in response.headers
    refused = await gate.ask(ME, headers={"Origin": SITE})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, SITE)


async def test_page_asks_ahead(gate: Gate) -> None:
    """A browser that asks ahead hears with what the page may ask."""
    ahead = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    response = await gate.client.options("/graphql", headers=ahead | {"Origin": SITE})
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (204, SITE)
    assert {"authorization", "x-api-key"} <= set(response.headers["access-control-allow-headers"].split(", "))
    assert "POST" in response.headers["access-control-allow-methods"]


@pytest.mark.parametrize("origin", ["https://evil.example", f"{SITE}.evil.example", "null", "http://www.shop.example"])
async def test_other_pages_are_not(gate: Gate, origin: str) -> None:
    """Of any other page nothing is said, so that its browser keeps the answer from it."""
    response = await gate.ask(ME, headers=gate.bearer() | {"Origin": origin})
    assert "access-control-allow-origin" not in response.headers
    ahead = {"Access-Control-Request-Method": "POST", "Origin": origin}
    response = await gate.client.options("/graphql", headers=ahead)
    assert response.status_code == 405
    assert "access-control-allow-origin" not in response.headers
