"""May the pages of a company's site ask, and no others?"""

import json
from typing import cast

import pytest
from playwright.async_api import Error
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from adapters.channels.webchat import WebChat, WebChatSettings
from adapters.contract.channel import Equipment
from adapters.contract.way import Way
from adapters.lines import Lines
from gateway.settings import BadSettings, load_settings
from tests.gateway.browsing import Visit
from tests.gateway.conftest import ANSWERED, ME, Gate, OpenGate, served
from tests.gateway.socket_client import opened
from tests.waiting import until

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
    # `*` holds for any but Authorization.
    assert {"*", "authorization"} <= set(response.headers["access-control-allow-headers"].split(", "))
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


async def test_no_pages_origin(address: str) -> None:
    """What no browser sends as an origin is none of ours, though our name stands in it."""
    with pytest.raises(InvalidStatus):
        async with opened(address, origin=f"{address}/evil"):
            pass


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example"])
async def test_strangers_pages(address: str, origin: str) -> None:
    """A page of somebody else's may not connect, whatever token it has; the browser is answered 403, in words."""
    with capture_logs() as lines:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(address, origin=origin):
                pass
        await until(lambda: [one for one in lines if one["event"] == "request"])
    response = refused.value.response
    assert response.status_code == 403
    assert response.headers["x-request-id"]
    (error,) = json.loads(response.body)["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert "GATEWAY_ORIGINS" in error["message"]
    assert [one["status"] for one in lines if one["event"] == "request"] == [403]


async def test_own_page(gate: Gate, address: str) -> None:
    """A page of the gateway's own may."""
    async with opened(address, said=gate.bearer(), origin=address):
        pass


async def test_own_page_in_the_clear(open_gate: OpenGate) -> None:
    """Where the gateway is reached by TLS, its own page may, and none that came in the clear under its name."""
    gate = open_gate(trusted_proxies="127.0.0.1")
    async with served(gate.app) as address:
        by_tls = {"additional_headers": {"X-Forwarded-Proto": "https"}}
        async with opened(address, said=gate.bearer(), origin=address.replace("http:", "https:"), **by_tls):
            pass
        with pytest.raises(InvalidStatus) as refused:
            async with opened(address, origin=address, **by_tls):
                pass
        assert refused.value.response.status_code == 403


async def test_named_pages_are_let_in(open_gate: OpenGate) -> None:
    """Pages of a site that the company names may ask, files and exports too, and no path beside those."""
    gate = open_gate(origins="https://panel.example:443/")
    panel = {"Origin": "https://panel.example"}
    response = await gate.ask(ME, headers=gate.bearer() | panel)
    assert response.json() == ANSWERED
    for path in ("/graphql", "/graphql/cost", "/files/x", "/exports/x"):
        assert (await gate.client.get(path, headers=panel)).headers["access-control-allow-origin"] == panel["Origin"]
        ahead = await gate.client.options(path, headers=panel | {"Access-Control-Request-Method": "GET"})
        assert (ahead.status_code, ahead.headers["access-control-allow-origin"]) == (204, panel["Origin"])
    for path in ("/healthz", "/webhooks/webchat/main", "/metrics"):
        assert "access-control-allow-origin" not in (await gate.client.get(path, headers=panel)).headers


_PAGE = """async ([address, token]) => {
  const accept = 'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/json'
  const own = {"apollographql-client-name": "panel", "traceparent": "any"}
  const answer = await fetch(address + "/graphql", {method: "POST", body: JSON.stringify({query: "{ __typename }"}),
    headers: {accept, ...own, authorization: token, "content-type": "application/json"}})
  const socket = new WebSocket(address.replace("http", "ws") + "/graphql", "graphql-transport-ws")
  const joined = await new Promise((done) => {
    socket.onopen = () => done(true)
    socket.onerror = () => done(false)
  })
  return [await answer.text(), answer.headers.get("x-request-id"), joined]
}"""


async def test_browser_lets_named_pages_ask(open_gate: OpenGate, visit: Visit) -> None:
    """Chromium gives a named site's page what it asks for, whatever headers its client sends; others get nothing."""
    site = Starlette(routes=[Route("/", lambda _: HTMLResponse("<title>Panel</title>"))])
    async with served(site) as panel:
        gate = open_gate(origins=panel)
        async with served(gate.app) as address:
            asked = [address, gate.bearer()["Authorization"]]
            await visit.enter(panel)
            text, request_id, joined = await visit.page.evaluate(_PAGE, asked)
            assert '"__typename":"Query"' in text
            assert request_id
            assert joined
            await visit.page.goto(panel.replace("127.0.0.1", "localhost"))
            with pytest.raises(Error, match="Failed to fetch"):
                await visit.page.evaluate(_PAGE, asked)


@pytest.mark.parametrize("written", ["https://Panel.Example", "https://panel.example/", "https://panel.example:443"])
def test_origins_as_browsers_name_them(written: str) -> None:
    """However a site is written, its origin is kept as browsers say it."""
    assert load_settings(origins=written).origins == ("https://panel.example",)
    assert load_settings(origins="https://münchen.example:8443, ").origins == ("https://xn--mnchen-3ya.example:8443",)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("*", "no https:// stands in front of it"),
        ("null", "no https:// stands in front of it"),
        ("https://*.panel.example", r"'https://\*\.panel\.example': a \* stands for no site here\. Name each"),
        ("https://panel.example/panel", "no path may stand behind the host"),
        ("https://panel.example,ftp://files.example", "only http:// and https:// can be asked"),
        (f"https://{'a' * 64}.example", "it names no host that a browser finds"),
    ],
)
def test_no_origins(written: str, words: str) -> None:
    """What can be no page's site is refused in words, and never allows all."""
    with pytest.raises(BadSettings, match=f"GATEWAY_ORIGINS.*{words}"):
        load_settings(origins=written)
