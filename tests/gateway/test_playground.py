"""Does the page at `/` ask and answer from our own files alone?"""

import gzip
import re
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import strawberry
import uvicorn
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from strawberry.asgi import GraphQL
from strawberry.types import Info

from gateway import playground

CHROMIUM = shutil.which("chromium")
FOLDER = Path(playground.__file__).parent / "static" / "playground"
STYLE = next(FOLDER.glob("page-*.css.gz"))
QUESTION = """# One customer, whole
query Whole {
  customer(id: "c1") {
    name
    purchases { number total }
  }
  askedWith
}
"""
# GraphiQL keeps its tabs half a second after the last change; Playwright's own waiting needs the eval that we forbid.
TABS_ARE_KEPT = """name => new Promise((kept) => {
  const tabs = () => localStorage.getItem("profile-gateway:graphiql:tabState") ?? "";
  const look = () => (tabs().includes(name) ? kept() : setTimeout(look, 50));
  look();
})"""
TOKENS = {"agent": "agent-token", "visitor": "visitor-token</script><script>window.broken = true</script>"}

expect.set_options(timeout=20_000)  # The whole suite shares two cores.


@strawberry.type(description="Something bought, ![outside](https://outside.example/spy.png) never fetched.")
class Purchase:
    """One order."""

    number: str
    total: str


@strawberry.type(description="A person the company knows.")
class Customer:
    """One person."""

    name: str = strawberry.field(description="The name to greet them with.")
    purchases: list[Purchase]


def asked_with(info: Info) -> str:
    """Tell which Authorization header came along."""
    connection = info.context["request"]
    parameters = info.context.get("connection_params") or {}
    return parameters.get("Authorization") or connection.headers.get("authorization", "nothing")


@strawberry.type
class Query:
    """What the stand-in graph answers."""

    asked_with: str = strawberry.field(resolver=asked_with)

    @strawberry.field
    def customer(self, id: strawberry.ID) -> Customer:
        """Give one customer."""
        return Customer(name=f"Ana Ruiz ({id})", purchases=[Purchase(number="1001", total="12.50")])


@strawberry.type
class Subscription:
    """What the stand-in graph pushes."""

    @strawberry.subscription
    async def news(self, info: Info) -> AsyncIterator[str]:
        """Push one line."""
        yield f"pushed to {asked_with(info)}"


def house(**options: object) -> Starlette:
    """Put a playground before a graph of three fields."""
    graph = GraphQL(strawberry.Schema(Query, subscription=Subscription), graphql_ide=None)
    ends = [Route("/graphql", graph, methods=["GET", "POST"]), WebSocketRoute("/graphql", graph)]
    return Starlette(routes=[*playground.routes(QUESTION, **options), *ends])


def served(app: Starlette) -> Iterator[str]:
    """Serve on a free loopback port until the caller is done; give the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    # A socket that a page left open must not hold the end of the run.
    options = uvicorn.Config(
        app, log_level="error", ws="websockets-sansio", lifespan="off", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(options)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it served; what uvicorn raised stands above"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def demo() -> Iterator[str]:
    """Serve a playground with tokens."""
    yield from served(house(tokens=TOKENS))


@pytest.fixture(scope="module")
def bare() -> Iterator[str]:
    """Serve a playground without tokens."""
    yield from served(house())


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Browser]:
    """Start a browser for which no name but the loopback's resolves."""
    if CHROMIUM is None:
        pytest.skip("no `chromium` on the PATH; install Debian's package of that name")
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
    async with async_playwright() as tools:
        browser = await tools.chromium.launch(
            executable_path=CHROMIUM, args=["--headless", "--no-sandbox", "--disable-gpu", *quiet, alone]
        )
        yield browser
        await browser.close()


@dataclass
class Visit:
    """A page that was opened, and what it did to the network and the console."""

    page: Page
    hosts: set[str] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    async def open(self, address: str) -> "Visit":
        """Open the page and wait for its editor."""
        self.page.context.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("websocket", lambda wire: self.hosts.add(urlsplit(wire.url).netloc))
        self.page.on("console", lambda line: self.complaints.append(line.text) if line.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await self.page.goto(address)
        await expect(self.page.locator(".graphiql-query-editor .view-line").first).to_be_visible()
        return self

    async def run(self) -> None:
        """Press run."""
        await self.page.get_by_role("button", name=re.compile("Execute query")).click()

    async def shows(self, text: str) -> None:
        """Wait until the answer holds the text."""
        await expect(self.page.locator(".graphiql-response")).to_contain_text(text)


@pytest.fixture
async def visit(chromium: Browser) -> AsyncIterator[Visit]:
    """Give a fresh browser profile at a laptop's size."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 800})
    yield Visit(await context.new_page())
    await context.close()


@pytest.mark.browser
async def test_run_answers_at_once(visit: Visit, demo: str) -> None:
    """The question already stands in the editor; pressing *run* shows an answer with data."""
    await visit.open(demo)
    await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("One customer, whole")
    await visit.run()
    await visit.shows("Ana Ruiz (c1)")
    await visit.shows("Bearer agent-token")


@pytest.mark.deep
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_page_follows_system_theme(visit: Visit, demo: str, scheme: str) -> None:
    """The page is light or dark as the system is, header and editor alike."""
    await visit.page.emulate_media(color_scheme=scheme)
    await visit.open(demo)
    grounds = [
        await visit.page.locator(part).evaluate("part => getComputedStyle(part).backgroundColor")
        for part in ("body", ".graphiql-container")
    ]
    assert grounds == ["rgb(255, 255, 255)" if scheme == "light" else "rgb(33, 42, 59)"] * 2


@pytest.mark.browser
async def test_docs_show_schema(visit: Visit, demo: str) -> None:
    """The docs explorer leads from the root type to a description."""
    await visit.open(demo)
    await visit.page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = visit.page.locator(".graphiql-doc-explorer")
    await docs.get_by_text("Query", exact=True).click()
    await docs.get_by_text("Customer", exact=True).click()
    await expect(docs).to_contain_text("A person the company knows.")


@pytest.mark.browser
async def test_nothing_leaves_loopback(visit: Visit, demo: str) -> None:
    """No outside request at all and no complaint: run, docs, completion, prettify and history included."""
    await visit.open(demo)
    await visit.run()
    await visit.shows("Ana Ruiz")
    await visit.page.get_by_role("button", name="Show Documentation Explorer").click()
    await visit.page.locator(".graphiql-doc-explorer").get_by_text("Query", exact=True).click()
    await visit.page.get_by_role("button", name="Show History").click()
    await visit.page.get_by_role("button", name=re.compile("Prettify")).click()
    await visit.page.locator(".graphiql-query-editor").get_by_text("name", exact=True).click()
    await visit.page.keyboard.press("Control+Space")
    await expect(visit.page.locator(".suggest-widget")).to_contain_text("name")
    assert visit.hosts == {urlsplit(demo).netloc}
    assert visit.complaints == []


@pytest.mark.deep
@pytest.mark.browser
async def test_outside_image_is_blocked(visit: Visit, demo: str) -> None:
    """An image from outside in a description is stopped by the page's policy, before any request is made."""
    await visit.open(demo)
    await visit.page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = visit.page.locator(".graphiql-doc-explorer")
    for name in ("Query", "Customer"):
        await docs.get_by_text(name, exact=True).click()
    async with visit.page.expect_event("requestfailed") as blocked:
        await docs.get_by_text("Purchase", exact=True).click()
    assert urlsplit((await blocked.value).url).hostname == "outside.example"
    assert (await blocked.value).failure == "csp"


@pytest.mark.deep
@pytest.mark.browser
async def test_prettify_rewrites_question(visit: Visit, demo: str) -> None:
    """Prettify lays the question out, field by field."""
    await visit.open(demo)
    lines = visit.page.locator(".graphiql-query-editor .view-line")
    before = await lines.count()
    await visit.page.get_by_role("button", name=re.compile("Prettify")).click()
    # `purchases { number total }` becomes four lines, and the empty line at the end stays.
    await expect(lines).to_have_count(before + 3)


@pytest.mark.browser
async def test_role_sends_its_token(visit: Visit, demo: str) -> None:
    """Another role in the switch asks with that role's token, also for the schema, whatever the token holds."""
    await visit.open(demo)
    async with visit.page.expect_request("**/graphql") as introspection:
        await visit.page.get_by_label("Asking as").select_option("visitor")
    assert (await introspection.value).headers["authorization"] == f"Bearer {TOKENS['visitor']}"
    await visit.run()
    await visit.shows("Bearer visitor-token")
    assert await visit.page.evaluate("window.broken") is None


@pytest.mark.browser
async def test_own_header_outranks_role(visit: Visit, demo: str) -> None:
    """What stands in the headers editor is sent instead of the role's token, however it is written."""
    await visit.open(demo)
    await visit.page.get_by_role("button", name="Headers").click()
    await visit.page.locator(".graphiql-editor-tool .view-line").last.click()
    await visit.page.keyboard.insert_text('{"authorization": "Bearer my-own"}')
    await visit.run()
    await visit.shows("Bearer my-own")


@pytest.mark.browser
async def test_hint_without_tokens(visit: Visit, bare: str) -> None:
    """Without ready-made tokens the page sends none and says where to put one."""
    await visit.open(bare)
    await expect(visit.page.get_by_role("banner")).to_contain_text("Sign in under Headers")
    await expect(visit.page.get_by_label("Asking as")).to_have_count(0)
    await visit.run()
    await visit.shows('"askedWith": "nothing"')


@pytest.mark.browser
async def test_new_question_opens_tab(visit: Visit) -> None:
    """A returning visitor keeps their tabs; a question that is new since then opens in a tab of its own."""
    app = house()
    with contextmanager(served)(app) as address:
        await visit.open(address)
        await visit.page.evaluate(TABS_ARE_KEPT, "Whole")
        app.router.routes[:2] = playground.routes("query Newer { askedWith }")
        for _ in range(2):
            await visit.page.reload()
            await expect(visit.page.get_by_role("tab")).to_contain_text(["Whole", "Newer"])
            await expect(visit.page.locator(".graphiql-query-editor")).to_contain_text("query Newer")
            await visit.page.evaluate(TABS_ARE_KEPT, "Newer")


@pytest.mark.browser
async def test_subscription_carries_token(visit: Visit, demo: str) -> None:
    """A subscription goes over a WebSocket of this host and signs in with the role's token."""
    await visit.open(demo)
    await visit.page.locator(".graphiql-query-editor .view-line").first.click()
    await visit.page.keyboard.press("Control+A")
    await visit.page.keyboard.insert_text("subscription News { news }")
    # The editor reads the operation's name a moment after the last key; the tab shows when it has.
    await expect(visit.page.get_by_role("tab", name="News")).to_be_visible()
    await visit.run()
    await visit.shows("pushed to Bearer agent-token")
    assert visit.hosts == {urlsplit(demo).netloc}


def test_page_forbids_strangers(demo: str) -> None:
    """The page admits scripts, workers and requests of its own origin only, in no frame, and is asked for anew."""
    headers = httpx.get(demo).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert {policy[name] for name in ("script-src", "worker-src", "connect-src")} == {"'self'"}
    assert policy["frame-ancestors"] == policy["default-src"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "no-cache" in headers["cache-control"]


def test_settings_stay_inside_element(demo: str) -> None:
    """A question or token that holds `</script>` closes nothing: the page has its own two elements only."""
    assert httpx.get(demo).text.count("</script>") == 2


def test_hashed_files_keep_for_ever(demo: str) -> None:
    """A file whose name holds a hash is immutable, typed, and varies with the encoding that is asked for."""
    for path in FOLDER.glob("*.gz"):
        address = f"{demo}/playground/{path.stem}"
        headers = httpx.head(address, headers={"Accept-Encoding": "gzip"}).headers
        assert headers["cache-control"] == "public, max-age=31536000, immutable", address
        assert (headers["vary"], headers["content-encoding"]) == ("Accept-Encoding", "gzip")
        assert headers["content-type"].split(";")[0] in {"text/javascript", "text/css", "font/ttf", "image/svg+xml"}


@pytest.mark.parametrize("accepted", ["identity", "br", "gzip;q=0", "*;q=0", "gzip;q=none", ""])
def test_plain_for_who_wants_plain(demo: str, accepted: str) -> None:
    """Who does not accept gzip gets the bytes decompressed, with their right length."""
    answer = httpx.get(f"{demo}/playground/{STYLE.stem}", headers={"Accept-Encoding": accepted})
    assert "content-encoding" not in answer.headers
    assert answer.content == gzip.decompress(STYLE.read_bytes())


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "*", "deflate, gzip, br, zstd"])
def test_compressed_for_who_takes_it(demo: str, accepted: str) -> None:
    """Who accepts gzip gets the file as it stands on disk."""
    answer = httpx.get(f"{demo}/playground/{STYLE.stem}", headers={"Accept-Encoding": accepted})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == STYLE.stat().st_size


@pytest.mark.parametrize(
    "path", ["../../playground.py", "..%2f..%2fplayground.py", "page.html", "%2e%2e/%2e%2e/app.py", "", "/etc/passwd"]
)
def test_no_path_leads_out(demo: str, path: str) -> None:
    """Only the built files are given; anything else, traversal included, is 404."""
    host, _, port = urlsplit(demo).netloc.partition(":")
    # A raw socket: clients tidy `..` away before they send it.
    with socket.create_connection((host, int(port))) as wire:
        wire.sendall(f"GET /playground/{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert wire.makefile("rb").readline() == b"HTTP/1.1 404 Not Found\r\n"


@pytest.mark.parametrize("endpoint", ["https://elsewhere.example/graphql", "//elsewhere.example/graphql", "graphql"])
def test_endpoint_elsewhere_refused(endpoint: str) -> None:
    """The endpoint is a path on this host; anything else is refused in words that say how to write it."""
    with pytest.raises(ValueError, match="must be a path on this host"):
        playground.routes(QUESTION, endpoint=endpoint)


def test_built_files_stay_small() -> None:
    """The committed files take less than 3 MB."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000


def test_licences_are_named(demo: str) -> None:
    """The licences of what is bundled go along, readable at the address that the page links."""
    answer = httpx.get(f"{demo}/playground/LICENSES.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    for package in ("graphiql 5", "graphql 16", "monaco-editor 0", "react 19"):
        assert f"\n{package}" in answer.text


def test_lock_names_no_host() -> None:
    """The lock file pins every package by its hash and names no index."""
    lock = Path(playground.__file__).parents[1] / "playground" / "package-lock.json"
    assert '"resolved"' not in lock.read_text()
    assert '"integrity"' in lock.read_text()
