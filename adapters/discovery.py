"""Which channel adapters are there, in this house and in installed packages?

A module or package in `adapters/channels/` that names its class `CHANNEL` is one; so is whatever an installed package
names in the entry point group `profile_gateway.channels`: a module with `CHANNEL`, or the class itself. One that cannot
be used hides no other: it is told of where somebody asks for it.
"""

import difflib
import importlib
import importlib.util
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from types import ModuleType
from typing import Any, Final

from adapters import channels
from adapters.contract.channel import (
    PROTOCOLS,
    Capability,
    Channel,
    ChannelSettings,
    Collects,
    KnowsMany,
)
from adapters.contract.manners import Manners

GROUP: Final = "profile_gateway.channels"
NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")
"""How channels are named."""

_EXAMPLES: Final = "EXAMPLES"


class NoSuchAdapter(Exception):
    """No adapter of that name can be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """A class that speaks with one vendor, ready to be switched on."""

    cls: type[Channel]
    origin: str
    """Where it was found, for people."""

    @property
    def name(self) -> str:
        """By which the settings file names it."""
        return self.cls.name

    @property
    def offers(self) -> tuple[Capability, ...]:
        """For what the class has the methods; the settings of an account may switch some of it off."""
        return tuple(one for one, protocol in PROTOCOLS.items() if all(hasattr(self.cls, n) for n in _parts(protocol)))

    @property
    def examples(self) -> Any:
        """What it is tried out with: `EXAMPLES` of the class's module, or of a module `examples` of its package."""
        home = self.cls.__module__
        said = getattr(sys.modules.get(home), _EXAMPLES, None)
        package = home if hasattr(sys.modules.get(home), "__path__") else home.rpartition(".")[0]
        if said is None and package and importlib.util.find_spec(f"{package}.examples"):
            said = getattr(importlib.import_module(f"{package}.examples"), _EXAMPLES, None)
        return said


@dataclass(frozen=True, slots=True)
class Unusable:
    """What looked like an adapter and cannot be used."""

    name: str
    origin: str
    why: str
    """What is wrong and what to do."""
    room: str = ""
    """The module or entry point in which it stands, where that is named otherwise."""


@dataclass(frozen=True, slots=True)
class Adapters:
    """Everything that was found, by name."""

    usable: Mapping[str, Adapter]
    unusable: tuple[Unusable, ...] = ()
    others: tuple[Unusable, ...] = ()
    """Files that are no adapters of their own name: a mistake only where somebody asks for one by it."""

    def named(self, name: str) -> Adapter:
        """The adapter of that name; raises NoSuchAdapter."""
        if found := self.usable.get(name):
            return found
        if wrong := next((one for one in self.unusable if name in {one.name, one.room}), None):
            raise NoSuchAdapter(f"The adapter {name!r} ({wrong.origin}) cannot be used: {wrong.why}")
        if other := next((one for one in self.others if one.name == name), None):
            raise NoSuchAdapter(f"There is no adapter {name!r}, though there is {other.origin}: {other.why}")
        near = difflib.get_close_matches(name, self.usable, n=1)
        asked = f" Is {near[0]!r} meant?" if near else ""
        known = ", ".join(sorted(self.usable)) or "none"
        raise NoSuchAdapter(
            f"There is no adapter {name!r}.{asked} Known: {known}. An adapter of your own is a file in "
            f"adapters/channels/, or a package with an entry point in the group {GROUP}."
        )


def adapters(
    *, folder: ModuleType = channels, installed: Callable[[], Iterable[EntryPoint]] = lambda: entry_points(group=GROUP)
) -> Adapters:
    """Every adapter of the folder and of the installed packages."""
    found: dict[str, Adapter] = {}
    unusable: list[Unusable] = []
    twice: list[Unusable] = []
    others: list[Unusable] = []
    for one in _candidates(folder, installed()):
        if isinstance(one, _Other):
            others.append(one.told)
        elif isinstance(one, Unusable):
            unusable.append(one)
        elif (other := found.get(one.name)) is None:
            found[one.name] = one
        elif other.cls is not one.cls:
            twice.append(_twice(other, one))
    for pair in twice:
        # Nobody is to guess which of two is meant.
        found.pop(pair.name, None)
    return Adapters(found, (*twice, *unusable), tuple(others))


@dataclass(frozen=True, slots=True)
class _Other:
    """A module that is no adapter by its own name, and why."""

    told: Unusable


def _twice(one: Adapter, other: Adapter) -> Unusable:
    origins = f"{one.origin} and {other.origin}"
    return Unusable(one.name, origins, f"both are named {one.name!r}. Rename one of them, or uninstall its package.")


def _candidates(folder: ModuleType, installed: Iterable[EntryPoint]) -> Iterator[Adapter | Unusable | _Other]:
    for room in sorted(pkgutil.iter_modules(folder.__path__), key=lambda one: one.name):
        path = f"{folder.__name__}.{room.name}"
        yield from _read(room.name, path, lambda path=path: getattr(importlib.import_module(path), "CHANNEL", None))  # type: ignore[misc]
    for entry in sorted(installed, key=lambda one: (one.name, one.value)):
        package = entry.dist.name if entry.dist else "a package"
        origin = f"{entry.value} of {package}"
        yield from _read(entry.name, origin, lambda entry=entry: _loaded(entry), is_promised=True)  # type: ignore[misc]


def _loaded(entry: EntryPoint) -> Any:
    loaded = entry.load()
    return getattr(loaded, "CHANNEL", None) if isinstance(loaded, ModuleType) else loaded


def _read(
    name: str, origin: str, load: Callable[[], Any], *, is_promised: bool = False
) -> Iterator[Adapter | Unusable | _Other]:
    try:
        cls = load()
    except (Exception, SystemExit) as error:  # noqa: BLE001  whatever a package does when it is imported
        why = f"it cannot be imported: {type(error).__name__}: {error}. Mend it, or install what it needs."
        yield Unusable(name, origin, why)
        return
    if cls is None:
        told = Unusable(name, origin, "its module names no CHANNEL. Write `CHANNEL = <the class>` into it.")
        # Else it may be a room that channels share.
        yield told if is_promised else _Other(told)
        return
    if wrong := defects(cls):
        own = getattr(cls, "name", None)
        yield Unusable(own if isinstance(own, str) else name, origin, " ".join(wrong), room=name)
        return
    if is_promised and name != cls.name:
        why = f"its entry point is named {name!r} and its channel {cls.name!r}. Give both one name."
        yield Unusable(name, origin, why)
        return
    if name != cls.name:
        why = f"its channel is named {cls.name!r}. Ask for that, or name both the file and the channel {name!r}."
        yield _Other(Unusable(name, origin, why))
    yield Adapter(cls, origin)


def renamed(cls: type[Channel], name: str) -> type[Channel]:
    """The class under another name, for adapters of which a company has several, each a channel of its own."""
    return cls if cls.name == name else type(cls.__name__, (cls,), {"name": name, "__module__": cls.__module__})


def defects(cls: Any) -> list[str]:
    """What is wrong with a class that claims to be a channel, each as a sentence with what to do."""
    if not (isinstance(cls, type) and issubclass(cls, Channel)):
        return [f"CHANNEL is {cls!r}, which is no class that inherits adapters.contract.channel.Channel."]
    found = []
    name = getattr(cls, "name", None)
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        said = f"Its `name` is {name!r}" if isinstance(name, str) else "It has no `name`"
        found.append(f"{said}: small letters, digits, hyphens and underscores, a letter first, as 'acme'.")
    settings = getattr(cls, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, ChannelSettings)):
        found.append("It has no `Settings`: a class that inherits adapters.contract.channel.ChannelSettings.")
    if not isinstance(cls.manners, Manners):
        found.append("Its `manners` are no adapters.contract.manners.Manners.")
    for protocol in (*PROTOCOLS.values(), KnowsMany, Collects):
        found += _half(cls, protocol)
    return found


def _half(cls: type[Channel], protocol: type) -> Iterator[str]:
    """How a class falls short of a protocol that it began."""
    # What every channel has by itself says nothing of which it began.
    wanted = [name for name in _parts(protocol) if not hasattr(Channel, name)]
    given = [name for name in wanted if hasattr(cls, name)]
    # What every channel has by itself begins nothing.
    if all(hasattr(Channel, name) for name in given):
        return
    if missing := sorted(set(wanted) - set(given)):
        yield f"It has {_listed(given)} of {protocol.__name__} and not {_listed(missing)}: write all of them or none."
    for name in given:
        ours, theirs = getattr(cls, name), getattr(protocol, name, None)
        is_static = isinstance(inspect.getattr_static(cls, name), staticmethod)
        if callable(theirs) and (wrong := _mismatch(ours, theirs, is_static=is_static)):
            yield f"`{name}` {wrong}"


def _parts(protocol: type) -> list[str]:
    """What a class must have that implements a protocol."""
    return [name for name in dir(protocol) if not name.startswith("_")] + list(protocol.__annotations__)


def _mismatch(ours: Any, theirs: Any, *, is_static: bool) -> str | None:
    """How a method is unlike that of its protocol; None where it can be called as that one."""
    if not callable(ours):
        return "is no method. Write it as one."
    wanted = list(inspect.signature(theirs).parameters)[is_static:]
    try:
        inspect.signature(ours).bind(*wanted)
    except TypeError:
        shape = ", ".join(wanted)
        return f"does not take the parameters of the contract. Write it as `({shape})`."
    if inspect.iscoroutinefunction(theirs) is not inspect.iscoroutinefunction(inspect.unwrap(ours)):
        return f"must {'' if inspect.iscoroutinefunction(theirs) else 'not '}be `async def`, as in the contract."
    return None


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
