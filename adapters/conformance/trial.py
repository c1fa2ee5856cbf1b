"""What is a check handed: the channel, its examples, and an ear for what it says?"""

import json
import sysconfig
import traceback
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

from adapters.conformance.leaks import Heard, secrets_in
from adapters.conformance.mutations import TELLTALE
from adapters.conformance.patience import Patience
from adapters.contract.channel import Channel, ChannelSettings, Equipment
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.examples import Examples
from adapters.contract.manners import Manners
from adapters.contract.records import Who
from adapters.contract.reply import Reply
from adapters.contract.soundness import unsound, unsound_among
from adapters.contract.way import Standing, Way
from adapters.quiet import quiet

_ADAPTERS: Final = Path(__file__).absolute().parents[1]
_HOUSE: Final = (*(_ADAPTERS / one for one in ("conformance", "contract", "http")), *_ADAPTERS.glob("*.py"))
_STANDARD: Final = Path(sysconfig.get_path("stdlib")).absolute()
EXAMPLES_WANTED: Final = (
    "Write `EXAMPLES = Examples(settings={...})` (adapters/contract/examples.py) beside CHANNEL: made-up settings with "
    "which the channel can be made."
)


class Ways(Protocol):
    """Opens ways out."""

    def __call__(self, place: tuple[str, str], manners: Manners) -> AbstractAsyncContextManager[Way]:
        """The way out of one channel account, open as long as the block lasts."""


class Asked(Exception):
    """The channel asked its vendor where it must only compute."""


class NoWay:
    """The way out of a channel that must not go out."""

    async def get(self, url: str, **more: Any) -> Reply:
        """Nothing is asked."""
        raise Asked(f"It asked its vendor, {len(url)} characters and {len(more)} more.")

    async def post(self, url: str, **more: Any) -> Reply:
        """Nothing is sent."""
        raise Asked(f"It sent something, {len(url)} characters and {len(more)} more.")

    async def fetch_public(self, url: str, **more: Any) -> Reply:
        """Nothing is fetched."""
        raise Asked(f"It fetched something, {len(url)} characters and {len(more)} more.")

    async def converse(self, method: str, talk: Any) -> Any:
        """Nothing is said."""
        raise Asked(f"It talked to its vendor by {method}, {talk is not None}.")

    def standing(self) -> Standing:
        """As if nothing had been asked, which is so."""
        return Standing()


@dataclass(frozen=True, slots=True)
class Payload:
    """The body of a recorded delivery."""

    name: str
    body: bytes = field(repr=False)


@quiet
@dataclass
class Trial:
    """One channel being tried out."""

    cls: type[Channel]
    examples: Examples | None
    ways: Ways
    folder: Path | None = None
    """Where recorded deliveries stand."""
    mutations: int = 300
    """How many spoilt deliveries are tried."""
    deadline_s: float = 0.3
    """How long a vendor that hangs is waited for."""
    heard: Heard = field(default_factory=Heard)
    patience: Patience = field(default_factory=Patience)
    _settings_at: dict[str, ChannelSettings] = field(default_factory=dict)

    @cached_property
    def settings(self) -> ChannelSettings:
        """The made-up settings; raises ValidationError."""
        return self.settings_with({})

    @property
    def account(self) -> str:
        """Our account on the channel."""
        return self.examples.account if self.examples else "sample-account"

    @property
    def own(self) -> Who:
        """The person of the examples, as the channel knows them."""
        return Who(self.cls.name, self.account, self.examples.person if self.examples else "")

    @property
    def answers(self) -> Mapping[str, Any]:
        """The vendor's recorded answers, by the path that asks."""
        return self.examples.answers if self.examples else {}

    @property
    def is_reachable(self) -> bool:
        """Whether a vendor of ours can be put in the real one's place, or there is none to ask."""
        if not self.cls.has_vendor:
            return True
        return self.examples is not None and self.examples.address is not None

    @property
    def scheme(self) -> str:
        """How the vendor is spoken to."""
        return self.examples.scheme if self.examples else "http"

    def amiss(self, told: Any) -> str | None:
        """What is wrong with a record, Event or Found, in words; None where it is sound, and of its own accounts."""
        if isinstance(told, Event) and told.unread is not None:
            # It may be unread because it is another account's.
            return unsound(told)
        return unsound_among(told, [(self.cls.name, account) for account in self._accounts])

    @cached_property
    def _accounts(self) -> tuple[str, ...]:
        return self.channel().accounts()

    def settings_at(self, address: str) -> ChannelSettings:
        """The made-up settings with the vendor at this address; read once, for a mapping takes its time."""
        if address not in self._settings_at:
            there = f"{self.scheme}:{address.partition(':')[2]}"
            named = self.examples.address if self.examples else None
            paths = self.examples.address_paths if self.examples else {}
            others = {name: there + path for name, path in paths.items()}
            self._settings_at[address] = self.settings_with({named: there, **others} if named else {})
        return self._settings_at[address]

    def settings_with(self, other: Mapping[str, Any]) -> ChannelSettings:
        """The made-up settings with others among them."""
        given = self.examples.settings if self.examples else {}
        folder = self.examples.folder if self.examples else None
        return self.cls.Settings.model_validate({**given, **other}, context={"folder": folder} if folder else None)

    @cached_property
    def other_settings(self) -> ChannelSettings:
        """The made-up settings, each secret another one."""
        others = {secret: f"{secret[::-1]}-other" for _, secret in secrets_in(self.settings)}
        return self.settings_with(_exchanged(self.examples.settings if self.examples else {}, others))

    def channel(self, *, way: Any = None, settings: ChannelSettings | None = None) -> Channel:
        """A new object of the channel; without a way out it can only compute."""
        self.patience.begin_step()
        made = self.cls(self.account, settings or self.settings, Equipment(way=way or NoWay(), default_region="US"))
        self.heard.note("`repr` of the channel or its settings", repr(made), repr(made.settings))
        return made

    @cached_property
    def payloads(self) -> Sequence[Payload]:
        """The recorded deliveries, of the examples and of the folder."""
        if self.examples is None:
            return []
        own = [Payload(f"EXAMPLES.deliveries[{n}]", one) for n, one in enumerate(self.examples.deliveries)]
        if self.folder is None or not self.folder.is_dir():
            return own
        paths = sorted(self.folder.rglob(self.examples.deliveries_named))
        return [*own, *(Payload(str(one.relative_to(self.folder)), _body(one)) for one in paths if one.is_file())]

    def delivery(
        self,
        body: bytes,
        *,
        settings: ChannelSettings | None = None,
        is_signed: bool = True,
        at: datetime | None = None,
    ) -> Delivery:
        """The body as it would be delivered now, or at that moment, signed where the examples can sign."""
        self.patience.begin_step()
        bare = Delivery(method="POST", query={}, headers={}, body=body, received_at=at or datetime.now(UTC))
        if not is_signed or self.examples is None or self.examples.sign is None:
            return bare
        return with_headers(bare, self.examples.sign(bare, settings or self.settings))

    def plant(self) -> None:
        """Says what must not be heard of the channel."""
        bodies = [one.body for one in self.payloads]
        self.heard.plant(secrets_in(self.settings), [*bodies, *self.answers.values()], self.own.value)
        self.heard.plant_values(TELLTALE)


def _body(path: Path) -> bytes:
    """The body of a recorded delivery: the file, or what it holds under `body` beside `headers`."""
    raw = path.read_bytes()
    try:
        whole = json.loads(raw)
    except ValueError:
        return raw
    if isinstance(whole, dict) and {"headers", "body"} <= set(whole):
        body = whole["body"]
        return body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return raw


def _exchanged(value: Any, others: Mapping[str, str]) -> Any:
    """The value with other words in the place of some."""
    if isinstance(value, Mapping):
        return {key: _exchanged(one, others) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_exchanged(one, others) for one in value]
    return others.get(value, value) if isinstance(value, str) else value


def with_headers(delivery: Delivery, headers: Mapping[str, str]) -> Delivery:
    """The delivery with these headers."""
    return Delivery(
        method=delivery.method,
        query=delivery.query,
        headers={**delivery.headers, **headers},
        body=delivery.body,
        received_at=delivery.received_at,
    )


def raised(error: BaseException) -> str:
    """Which error it was, and where: never its words, which may quote what they should not."""
    frames = traceback.extract_tb(error.__traceback__)
    place = own_place([(one.filename, one.lineno or 0) for one in frames])
    return f"{type(error).__name__}{f' at {place}' if place else ''}"


def own_place(lines: Sequence[tuple[str, int]]) -> str | None:
    """File and line of the adapter's own among the lines that lead somewhere, the outermost first; None without one.

    The innermost of its own, whatever the house or a library does for it further in.
    """
    own = [
        (path, line) for path, line in map(_absolute, lines) if not path.is_relative_to(_STANDARD) or _is_added(path)
    ]
    own = [(path, line) for path, line in own if not any(path.is_relative_to(one) for one in _HOUSE)]
    # What the adapter is begins where the house calls it; libraries that it uses stand in other folders.
    inside = [(path, line) for path, line in own if path.is_relative_to(own[0][0].parent)]
    return f"{inside[-1][0].name}:{inside[-1][1]}" if inside else None


def _absolute(line: tuple[str, int]) -> tuple[Path, int]:
    return Path(line[0]).absolute(), line[1]


def _is_added(path: Path) -> bool:
    """Whether it was installed beside what Python brings."""
    return "site-packages" in path.parts
