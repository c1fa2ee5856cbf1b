"""With what is a channel tried out? Its module names `EXAMPLES` beside `CHANNEL`.

`profile-gateway check-channel NAME` reads them. Everything but the settings may be left out; what hangs on it is then
told as not checked, and fails `--strict`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from adapters.contract.deliveries import Delivery
from adapters.quiet import quiet


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Made-up settings, and recorded words of the vendor."""

    settings: Mapping[str, Any] = field(repr=False)
    """As in the settings file, but with made-up secrets in plain words: 8 characters or more each."""
    address: str | None = None
    """The setting that holds the vendor's address (a URL). The suite puts that of a vendor of its own there, without
    a path: of `https://acme.example/v1` nothing is left, and `answers` begin behind it."""
    scheme: Literal["http", "smtp"] = "http"
    """How the vendor is spoken to at that address: the suite's own then speaks SMTP, and is called smtp://."""
    address_paths: Mapping[str, str] = field(default_factory=dict)
    """Other settings that hold an address of the vendor's, each with the path behind the suite's own that is put there,
    as `{"token_url": "/oauth/token"}`."""
    folder: Path | None = None
    """Where paths in the settings start, for adapters whose settings name files."""
    account: str = "sample-account"
    """Our account on the channel, where deliveries name one."""
    person: str = "sample-person"
    """A customer's id on the channel."""
    persons: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The same customer by the other channels that `asked_by` names, as `{"email": "ann@example.com"}`."""
    answers: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Recorded good answers of the vendor, by the path that asks for them, as `/tickets`. For a second page some of
    the query stands behind it, as `/tickets?page=2`: of those that fit a question, the one with most of it answers."""
    absent: bytes | None = field(default=None, repr=False)
    """What the vendor answers, with a good status, to a question about somebody whom it does not know, as GraphQL
    APIs do; None: it answers 404."""
    has_token_in_query: bool = False
    """Whether the vendor takes its token in the address's query alone, where proxies and logs see it."""
    newest_first: bool = True
    """Whether the vendor can give the newest first."""
    deliveries: tuple[bytes, ...] = field(default=(), repr=False)
    """Bodies of recorded deliveries; more stand in the payload folder."""
    deliveries_named: str = "*.json"
    """Which files of the payload folder are bodies of deliveries, as a pattern."""
    sign: Callable[[Delivery, Any], Mapping[str, str]] | None = None
    """The headers by which the vendor proves a delivery, given the settings: names in lower case."""
    tolerance_s: float | None = None
    """How far from now a delivery may have been signed; None where the vendor signs no moment."""
    signs_body: bool = True
    """Whether the proof covers the body, so that it is broken by another one."""
