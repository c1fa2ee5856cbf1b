"""Where does someone try a question? On a page at `/`: GraphiQL, from files of our own.

`make playground` builds `gateway/static/playground` from the packages pinned in `playground/`. The files stand there
compressed and are read once, when the routes are made; a name that was not there then is 404, so no path leads out.
"""

import gzip
import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

_FOLDER: Final = Path(__file__).parent / "static" / "playground"
_PLACEHOLDER: Final = "@settings@"

# The editor writes style elements as it runs, hence 'unsafe-inline' for styles, and its style sheet draws squiggles
# from data: images. Scripts, workers and requests are of this origin only, so a description in the schema that holds
# an image or a script fetches and runs nothing.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; font-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SECURITY: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
# A year is the longest that caches honour; the names hold a hash of the content.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
# Said here: Python's own table is read from the machine and differs from one to the next.
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain; charset=utf-8",
}


# A name that somebody else owns can lead here, and their page is then of this origin, as the browser has it (DNS
# rebinding); nobody else owns these, and an address is no name.
_OWN_HOSTS: Final = frozenset({"127.0.0.1", "[::1]", "localhost"})
_HOST: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::\d*)?")
_NOT_OURS: Final = 421
"""Misdirected Request (RFC 9110, section 15.5.20)."""


FIRST_QUESTION: Final = """# Who are you to this gateway? Put your token under Headers first.
query WhoAmI {
  viewer {
    subject
    role
    maySeePersonal
  }
}
"""
"""What stands in the playground where nothing else is given: it fits an empty database too."""


@dataclass(frozen=True, slots=True, repr=False)
class Welcome:
    """What the page shows first."""

    question: str = FIRST_QUESTION
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Ready-made tokens by role, the first one in use at the start: for demonstrations, since whoever can open the
    page can read them. Without any the page says where to put one's own."""
    questions: Mapping[str, str] = field(default_factory=dict)
    """By role, the question of those who may not ask that of the others."""
    bound_to: str = "127.0.0.1"
    """The address that is listened on: with tokens, the page is shown under it and this machine's own names alone."""


STRANGERS: Final = Welcome()
"""For those of whom nothing is known."""


@dataclass(frozen=True, slots=True, repr=False)
class _File:
    """One built file: what it is, its bytes as they stand on disk, and how long a browser may keep it."""

    media_type: str
    content: bytes
    is_compressed: bool

    def answer(self, *, takes_gzip: bool) -> Response:
        """Give the file, decompressed for a client that does not take gzip."""
        headers = {**_SECURITY, "Cache-Control": _FOR_EVER if self.is_compressed else _ASK_AGAIN}
        content = self.content
        if self.is_compressed:
            headers["Vary"] = "Accept-Encoding"
            if takes_gzip:
                headers["Content-Encoding"] = "gzip"
            else:
                content = gzip.decompress(content)
        return Response(content, media_type=self.media_type, headers=headers)


def routes(welcome: Welcome, *, endpoint: str = "/graphql") -> list[BaseRoute]:
    """Give the page at `/`, with a question in its editor, and its files under `/playground/`.

    `endpoint` is a path on this host: the page's security policy lets it ask nowhere else.
    """
    if not endpoint.startswith("/") or endpoint.startswith("//"):
        raise ValueError(
            f"The playground's endpoint is {endpoint!r}; it must be a path on this host. Write it like '/graphql'."
        )
    page = _page(welcome, endpoint)
    files = _files()
    page_headers = {**_SECURITY, "Cache-Control": "private, no-cache"}

    async def show_page(request: Request) -> Response:
        if welcome.tokens and not _is_ours(request.headers.get("host", ""), welcome.bound_to):
            words = "This page holds tokens. Open it by the address that was printed at the start, or by localhost."
            return PlainTextResponse(words, status_code=_NOT_OURS, headers=page_headers)
        return Response(page, media_type="text/html", headers=page_headers)

    async def show_file(request: Request) -> Response:
        file = files.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("No such file in the playground.", status_code=404, headers=_SECURITY)
        return file.answer(takes_gzip=_takes_gzip(request.headers.getlist("accept-encoding")))

    return [Route("/", show_page), Route("/playground/{name:path}", show_file)]


def _is_ours(host: str, bound_to: str) -> bool:
    """Whether a request's `Host` is the address that is listened on, whatever the port, or this machine's own name."""
    found = _HOST.fullmatch(host.lower())
    if found is None:
        return False
    name = found[1]
    if name in _OWN_HOSTS or (name and name.strip("[]") == bound_to.lower()):
        return True
    # Who listens on all addresses is asked by any of them.
    everywhere = _address(bound_to or "::")
    return everywhere is not None and everywhere.is_unspecified and _address(name.strip("[]")) is not None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _page(welcome: Welcome, endpoint: str) -> bytes:
    source = _FOLDER / "page.html"
    if not source.is_file():
        raise FileNotFoundError(f"{source} is missing. Run `make playground` to build it.")
    roles = [
        {"role": role, "token": token, "question": welcome.questions.get(role)}
        for role, token in welcome.tokens.items()
    ]
    settings = {"question": welcome.question, "endpoint": endpoint, "tokens": roles}
    return source.read_text("utf-8").replace(_PLACEHOLDER, _json_inside_html(settings)).encode()


def _json_inside_html(value: object) -> str:
    """Give JSON that no HTML parser takes for markup: `</script>` and `<!--` lose their angle brackets."""
    text = json.dumps(value)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _files() -> dict[str, _File]:
    """Give every built file but the page by the name it is asked for, that is without `.gz`."""
    found = {}
    for path in _FOLDER.iterdir():
        is_compressed = path.suffix == ".gz"
        name = path.stem if is_compressed else path.name
        media_type = _MEDIA_TYPES.get(Path(name).suffix)
        if media_type is not None:
            found[name] = _File(media_type, path.read_bytes(), is_compressed)
    return found


def _takes_gzip(accepted: list[str]) -> bool:
    """Say whether Accept-Encoding admits gzip (RFC 9110, section 12.5.3): a weight of 0 means no, `*` any other."""
    weights: dict[str, float] = {}
    for item in ",".join(accepted).split(","):
        coding, _, parameter = item.partition(";")
        weights[coding.strip().lower()] = _weight(parameter)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0  # Unreadable: send what every client reads.
