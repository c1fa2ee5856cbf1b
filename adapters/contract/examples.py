"""With what is a channel tried out? Its module names `EXAMPLES` beside `CHANNEL`.

`profile-gateway check-channel NAME` reads them. Everything but the settings may be left out; what hangs on it is then
told as not checked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from adapters.contract.deliveries import Delivery
from adapters.quiet import quiet


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Made-up settings, and recorded words of the vendor."""

    settings: Mapping[str, Any] = field(repr=False)
    """As in the settings file, but with made-up secrets in plain words: 8 characters or more each."""
    address: str | None = None
    """The setting that holds the vendor's address (a URL), where the suite puts a vendor of its own that fails."""
    account: str = "sample-account"
    """Our account on the channel, where deliveries name one."""
    person: str = "sample-person"
    """A customer's id on the channel."""
    answers: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Recorded good answers of the vendor, by the path that asks for them."""
    deliveries: tuple[bytes, ...] = field(default=(), repr=False)
    """Bodies of recorded deliveries; more stand in the payload folder."""
    deliveries_named: str = "*.json"
    """Which files of the payload folder are bodies of deliveries, as a pattern."""
    sign: Callable[[Delivery, Any], Mapping[str, str]] | None = None
    """The headers by which the vendor proves a delivery, given the settings: names in lower case."""
    signs_body: bool = True
    """Whether the proof covers the body, so that it is broken by another one."""
