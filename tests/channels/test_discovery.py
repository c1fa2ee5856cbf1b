"""Which adapters are found, and is one that cannot be used told of in words?"""

import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from adapters.contract.channel import Channel, ChannelSettings
from adapters.discovery import Adapters, NoSuchAdapter, adapters, defects, renamed
from gateway.channel_file import read_channels
from gateway.settings import BadSettings

SOUND = """
    from adapters.contract.channel import Channel, ChannelSettings

    class Acme(Channel):
        name = "acme"
        Settings = ChannelSettings

    CHANNEL = Acme
"""

Find = Callable[..., Adapters]


@pytest.fixture
def find(tmp_path: Path) -> Iterator[Find]:
    """Looks through a folder with these modules, and these entry points."""
    folder = ModuleType("sample_adapters")
    folder.__path__ = [str(tmp_path)]
    sys.modules[folder.__name__] = folder

    def look(*entries: EntryPoint, **modules: str) -> Adapters:
        for name, text in modules.items():
            (tmp_path / f"{name}.py").write_text(dedent(text), "utf-8")
        return adapters(folder=folder, installed=lambda: entries)

    yield look
    for name in [one for one in sys.modules if one.partition(".")[0] == folder.__name__]:
        del sys.modules[name]


def _entry(name: str, value: str) -> EntryPoint:
    return EntryPoint(name=name, value=value, group="profile_gateway.channels")


def test_modules_with_channel(find: Find) -> None:
    """A module that names `CHANNEL` is an adapter; one that does not is a room that channels share."""
    found = find(acme=SOUND, shared="def read(): pass\n")
    assert list(found.usable) == ["acme"]
    assert found.unusable == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def read(): pass\n", r"no adapter 'pbx', though there is sample_adapters.pbx: its module names no CHANNEL"),
        (SOUND, "though there is sample_adapters.pbx: its channel is named 'acme'. Ask for that"),
        (SOUND.replace('"acme"', '"a box"'), r"'pbx' \(sample_adapters.pbx\) cannot be used: Its `name` is 'a box'"),
        (SOUND.replace('name = "acme"', ""), r"'pbx' \(sample_adapters.pbx\) cannot be used: It has no `name`"),
    ],
)
def test_file_of_another_name(find: Find, text: str, words: str) -> None:
    """Who asks for a file that is there is told why it is no adapter of that name, from the settings file, too."""
    found = find(pbx=text)
    with pytest.raises(NoSuchAdapter, match=words):
        found.named("pbx")


def test_file_named_by_entry(find: Find, tmp_path: Path) -> None:
    """An entry of the channels file that names such a file is told the same."""
    path = tmp_path / "channels.toml"
    path.write_text('[[channel]]\nname = "pbx"\naccount = "main"\n', "utf-8")
    with pytest.raises(BadSettings, match=r"`name`: There is no adapter 'pbx', though there is .* names no CHANNEL"):
        read_channels(path, known=find(pbx="# Nothing yet.\n"))


def test_packages_with_channel(find: Find, tmp_path: Path) -> None:
    """A package that names `CHANNEL` is one, too."""
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "__init__.py").write_text(dedent(SOUND), "utf-8")
    assert find().named("acme").cls.__name__ == "Acme"


@pytest.mark.parametrize("value", ["sample_adapters.acme", "sample_adapters.acme:Acme"])
def test_entry_points(find: Find, value: str) -> None:
    """An entry point names a module with `CHANNEL`, or the class itself; found twice, the same class is one."""
    found = find(_entry("acme", value), acme=SOUND)
    assert (list(found.usable), found.unusable) == (["acme"], ())


def test_two_of_a_name(find: Find) -> None:
    """Of two adapters of one name none is taken, and the error names both."""
    found = find(acme=SOUND, other=SOUND)
    with pytest.raises(NoSuchAdapter, match=r"sample_adapters.acme and sample_adapters.other.*Rename one"):
        found.named("acme")


def test_failing_import(find: Find) -> None:
    """A module that cannot be imported hides no other; whoever asks for it is told the cause."""
    found = find(acme=SOUND, broken="import no_such_library\n")
    assert list(found.usable) == ["acme"]
    with pytest.raises(NoSuchAdapter, match="ModuleNotFoundError: No module named 'no_such_library'"):
        found.named("broken")


def test_failing_package(find: Find) -> None:
    """An installed package that fails takes no adapter of the same name along."""
    found = find(_entry("acme", "no_such_package"), acme=SOUND)
    assert list(found.usable) == ["acme"]
    assert [one.name for one in found.unusable] == ["acme"]


def test_empty_entry_point(find: Find) -> None:
    """An entry point to a module without `CHANNEL` is told of."""
    (one,) = find(_entry("acme", "json")).unusable
    assert "names no CHANNEL" in one.why


def test_unknown_name(find: Find) -> None:
    """Who asks for an unknown adapter is told of the nearest, and of all."""
    with pytest.raises(NoSuchAdapter, match="Is 'acme' meant"):
        find(acme=SOUND).named("acne")


class _Nameless(Channel):
    Settings = ChannelSettings


class _Loud(Channel):
    name = "ACME Inc."
    Settings = ChannelSettings


class _Unsettled(Channel):
    name = "acme"


class _Half(_Unsettled):
    Settings = ChannelSettings

    def events(self, delivery: object) -> list[object]:
        return [delivery]


class _Narrow(_Unsettled):
    Settings = ChannelSettings

    async def tickets(self, who: object) -> object:
        return who


class _Waiting(_Unsettled):
    Settings = ChannelSettings

    def person(self, who: object) -> object:
        return who


class _Static(_Unsettled):
    Settings = ChannelSettings

    @staticmethod
    async def person(who: object) -> object:
        return who


@pytest.mark.parametrize(
    ("cls", "words"),
    [
        (object(), "is no class that inherits"),
        (dict, "is no class that inherits"),
        (_Nameless, "has no `name`"),
        (_Loud, "Its `name` is 'ACME Inc.'"),
        (_Unsettled, "has no `Settings`"),
        (_Half, "has `events` of Receives and not `delivery_key`, `handshake`, `prove`"),
        (_Narrow, "`tickets` does not take the parameters of the contract. Write it as `(self, who, portion)`"),
        (_Waiting, "`person` must be `async def`"),
    ],
)
def test_broken_classes(cls: object, words: str) -> None:
    """What is wrong with a class is said in words."""
    assert any(words in one for one in defects(cls))


def test_static_methods_do() -> None:
    """A method that needs no object may be static."""
    assert defects(_Static) == []


def test_renaming() -> None:
    """An adapter can stand under another name, and under its own is itself."""
    crm = renamed(_Static, "crm")
    assert (crm.name, crm.__name__, _Static.name) == ("crm", "_Static", "acme")
    assert renamed(_Static, "acme") is _Static


def test_examples_beside_class(find: Find, tmp_path: Path) -> None:
    """What a channel is tried out with stands in its module, or in a module `examples` of its package."""
    folder = tmp_path / "big"
    folder.mkdir()
    (folder / "__init__.py").write_text("from sample_adapters.big.channel import CHANNEL\n", "utf-8")
    (folder / "channel.py").write_text(dedent(SOUND).replace('"acme"', '"big"'), "utf-8")
    (folder / "examples.py").write_text("EXAMPLES = 'of a package'\n", "utf-8")
    found = find(acme=dedent(SOUND) + "EXAMPLES = 'of a module'\n", bare=dedent(SOUND).replace('"acme"', '"bare"'))
    said = {name: one.examples for name, one in found.usable.items()}
    assert said == {"acme": "of a module", "bare": None, "big": "of a package"}


def test_entry_point_of_another_name(find: Find) -> None:
    """An entry point that is named otherwise than its channel is told of, and not taken by either name."""
    found = find(_entry("other", "tests.channels.example_acme:Acme"))
    assert not found.usable
    assert found.unusable[0].why == "its entry point is named 'other' and its channel 'acme'. Give both one name."
