"""Does the page at `/` ask and answer from our own files alone?"""

import re
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.async_api import expect

from gateway import playground
from gateway.playground import Welcome
from tests.gateway.browsing import Visit
from tests.gateway.stand_in import TOKENS, house, served

# GraphiQL keeps its tabs half a second after the last change; Playwright's own waiting needs the eval that we forbid.
TABS_ARE_KEPT = """name => new Promise((kept) => {
  const tabs = () => localStorage.getItem("profile-gateway:graphiql:tabState") ?? "";
  const look = () => (tabs().includes(name) ? kept() : setTimeout(look, 50));
  look();
})"""


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
    await visit.complete("name")
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
    """Another role asks with its own token, whatever that holds; for the schema, the page asks as the first role."""
    await visit.open(demo)
    async with visit.page.expect_request("**/graphql") as introspection:
        await visit.page.get_by_label("Asking as").select_option("visitor")
    assert (await introspection.value).headers["authorization"] == f"Bearer {TOKENS['agent']}"
    await visit.run()
    await visit.shows("Bearer visitor-token")
    assert await visit.page.evaluate("window.broken") is None


@pytest.mark.browser
async def test_role_has_own_question(visit: Visit, demo: str) -> None:
    """A role that may not ask the standing question finds its own in a tab beside; the others find theirs again."""
    await visit.open(demo)
    editor, tabs = visit.page.locator(".graphiql-query-editor"), visit.page.get_by_role("tab")
    await visit.page.evaluate(TABS_ARE_KEPT, "Whole")
    for role, question, names in (
        ("visitor", "query Own", ["Whole", "Own"]),
        ("agent", "query Whole", ["Whole", "Own"]),
        ("visitor", "query Own", ["Whole", "Own"]),
    ):
        await visit.page.get_by_label("Asking as").select_option(role)
        await expect(editor).to_contain_text(question)
        await expect(tabs).to_contain_text(names)
        await visit.page.evaluate(TABS_ARE_KEPT, "Own" if role == "visitor" else "Whole")
    await visit.run()
    await visit.shows("Bearer visitor-token")
    assert visit.complaints == []


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
        app.router.routes[:2] = playground.routes(Welcome("query Newer { askedWith }"))
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
