"""Do the page and its files come from this host alone, small, compressed and closed to strangers?"""

import gzip
import hashlib
import socket
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from gateway import playground

FOLDER = Path(playground.__file__).parent / "static" / "playground"
STYLE = next(FOLDER.glob("page-*.css.gz"))


def test_page_forbids_strangers(demo: str) -> None:
    """The page admits scripts, workers and requests of its own origin only, in no frame, and is asked for anew."""
    headers = httpx.get(demo).headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert {policy[name] for name in ("script-src", "worker-src", "connect-src")} == {"'self'"}
    assert policy["frame-ancestors"] == policy["default-src"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "no-cache" in headers["cache-control"]


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.1", "localhost:9", "LOCALHOST", "[::1]:8000", "[::1]"])
def test_tokens_at_own_names(demo: str, host: str) -> None:
    """The page that holds tokens is shown under this machine's own names, whatever the port."""
    answer = httpx.get(demo, headers={"Host": host})
    assert (answer.status_code, "agent-token" in answer.text) == (200, True)


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.7", "a:b:c"]
)
def test_no_tokens_at_others(demo: str, bare: str, host: str) -> None:
    """Under any other it is not: a stranger's name may lead here (DNS rebinding). One without tokens is anybody's."""
    answer = httpx.get(demo, headers={"Host": host})
    assert (answer.status_code, "agent-token" in answer.text) == (421, False)
    assert httpx.get(bare, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    ("bound_to", "host", "status"),
    [
        ("10.0.0.7", "10.0.0.7:8000", 200),
        ("10.0.0.7", "10.0.0.8:8000", 421),
        ("fd00::7", "[fd00::7]:8000", 200),
        ("Desk.example", "desk.example", 200),
        ("0.0.0.0", "10.0.0.7:8000", 200),
        ("::", "[fd00::7]", 200),
        ("0.0.0.0", "evil.example", 421),
        ("", "", 421),
    ],
)
async def test_tokens_where_bound(bound_to: str, host: str, status: int) -> None:
    """So it is under the address that is listened on; of all addresses under each, and under no name."""
    app = Starlette(routes=playground.routes(playground.Welcome(tokens={"agent": "a"}, bound_to=bound_to)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gate.example") as client:
        assert (await client.get("/", headers={"Host": host})).status_code == status


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
        playground.routes(playground.STRANGERS, endpoint=endpoint)


def test_built_files_stay_small() -> None:
    """The committed files take less than 3 MB."""
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 3_000_000


def test_licences_are_named(demo: str) -> None:
    """The licences of what is bundled go along, readable at the address that the page links."""
    answer = httpx.get(f"{demo}/playground/LICENSES.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    for package in ("graphiql 5", "graphql 16", "monaco-editor 0", "react 19"):
        assert f"\n{package}" in answer.text


@pytest.mark.parametrize(
    ("page", "built"), [("playground", "gateway/static/playground"), ("tests/panel", "tests/panel/built")]
)
def test_built_of_its_sources(root: Path, page: str, built: str) -> None:
    """What is committed was built of the sources beside it, all of them, as they are."""
    said = dict(reversed(line.split("  ")) for line in (root / built / "SOURCES.sha256").read_text().splitlines())
    names = ["build.mjs", "package-lock.json", *(f"src/{one.name}" for one in (root / page / "src").iterdir())]
    assert said == {name: hashlib.sha256((root / page / name).read_bytes()).hexdigest() for name in names}


@pytest.mark.parametrize("page", ["playground", "tests/panel"])
def test_lock_names_no_host(root: Path, page: str) -> None:
    """The lock file pins every package by its hash and names no index."""
    lock = (root / page / "package-lock.json").read_text()
    assert '"resolved"' not in lock
    assert '"integrity"' in lock
