"""Is a setting an address that requests can go to, and that gives no secret away?

An adapter's settings name a vendor's address as `VendorHost` (its paths are the adapter's own business) or `WebAddress`
(a path may stand behind the host), and the site of pages that may ask as `PageOrigin`. Each is refused, in words that
say what to write, where it is of no use.
"""

import re
from collections.abc import Iterator
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

_USUAL: Final = {"http": 80, "https": 443}
_SCHEMES: Final = frozenset(_USUAL)
_BEGUN: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# Nobody writes these into an address unless something was left to be filled in.
_STRAY: Final = re.compile(r"[\s{}<>\\]")


def address_fault(url: str, *, may_have_path: bool = True) -> str | None:
    """What is wrong with the address and what to write instead; None where it is sound. Never quotes any of it."""
    example = "https://api.example.com/v1" if may_have_path else "https://api.example.com"
    fault = next(_faults(url, may_have_path=may_have_path), None)
    return fault and f"{fault}. Write it as {example!r}"


def _faults(url: str, *, may_have_path: bool) -> Iterator[str]:
    parts = _parts(url)
    if not _BEGUN.match(url):
        yield "no https:// stands in front of it"
    elif parts is None or _STRAY.search(url) or not parts.hostname:
        yield "it names no host that can be asked"
    elif parts.scheme not in _SCHEMES:
        yield "only http:// and https:// can be asked"
    elif "@" in parts.netloc:
        yield "a user and a password must not stand in an address"
    elif parts.query or parts.fragment or url.endswith(("?", "#")):
        yield "nothing may stand behind a ? or a # in it"
    elif not may_have_path and parts.path not in {"", "/"}:
        yield "no path may stand behind the host"


def origin_of(url: str) -> tuple[str, str, int] | None:
    """Who is asked at the address: scheme, host and port, the usual one where none is said; None where nobody is."""
    parts = _parts(url)
    if parts is None or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, parts.port or _USUAL.get(parts.scheme, 443)


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        # Wrong beyond 65535, which is told where it is read.
        is_nowhere = parts.port == 0
    except ValueError:
        return None
    return None if is_nowhere else parts


def _whole(url: str) -> str:
    if fault := address_fault(url):
        raise ValueError(fault)
    return url


def _host(url: str) -> str:
    if fault := address_fault(url, may_have_path=False):
        raise ValueError(fault)
    return url


def _page(url: str) -> str:
    if fault := address_fault(url, may_have_path=False):
        raise ValueError(fault)
    if "*" in url:
        raise ValueError("a * stands for no site here. Name each, as 'https://www.example.com'")
    parts = urlsplit(url.lower())
    try:
        host = (parts.hostname or "").encode("idna").decode()
    except UnicodeError as error:
        raise ValueError("it names no host that a browser finds. Write it as 'https://www.example.com'") from error
    port = "" if parts.port in {None, _USUAL[parts.scheme]} else f":{parts.port}"
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"


WebAddress = Annotated[str, AfterValidator(_whole)]
"""An http or https address with a host, without user and password; a path may stand behind it."""

VendorHost = Annotated[str, AfterValidator(_host)]
"""The same, without a path."""

PageOrigin = Annotated[str, AfterValidator(_page)]
"""The site of pages, as a browser names it in `Origin`, however it is written here: in small letters, in ASCII alone
and without the usual port (RFC 6454, section 6.2)."""
