"""Which channels did the company switch on, and with which settings?

The file that GATEWAY_CHANNELS names, in TOML, an entry for each channel account:

    [[channel]]
    name = "crm"                 # as clients read it
    adapter = "rest"             # which adapter speaks with it; left out: the one of that name
    account = "main"             # which of our accounts on it
    base_url = "https://..."     # and the adapter's own settings
    token = {from_env = "CRM_TOKEN"}   # secrets stand elsewhere: in the environment, or {from_file = "/path"}

Paths that are not absolute start at the file's folder.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from adapters.contract.channel import ChannelSettings
from adapters.discovery import NAME, Adapter, Adapters, NoSuchAdapter, adapters
from adapters.quiet import quiet
from adapters.stated_words import rule_broken
from gateway.channel_secrets import Secrets, field_of, is_secret, models_in
from gateway.settings import BadSettings
from resolvers.customers import BY_DEFAULT, BY_STAFF
from resolvers.kit.sources import STORED_NAME
from resolvers.kit.texts import plain_line
from resolvers.live.answers import BY as BY_CHANNELS

LONGEST_ACCOUNT: Final = 100

FOLDER: Final = "folder"
"""In the context of the settings' validation: where the file stands, for adapters whose settings name other files."""

_TAKEN: Final[Mapping[str, str]] = {
    STORED_NAME: "by it `sources` name the gateway's own base",
    BY_STAFF: "by it `observedFrom` names colleagues",
    BY_DEFAULT: "by it `observedFrom` names values that nobody gave",
    BY_CHANNELS: "by it `createdBy` names all channels that are asked",
}
"""Names that mean something else to whoever reads them beside channels' names."""
# A slash ends a segment of a webhook's address, and clients turn a backslash into one and walk up by dots.
_ENDS_SEGMENT: Final = re.compile(r"[/\\]|\A\.{1,2}\Z")

_OURS: Final = ("name", "adapter", "account")
_LONGEST_QUOTED: Final = 64
# Pydantic's word for a setting that there is not.
_UNKNOWN: Final = "extra_forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One channel account that is switched on."""

    name: str
    account: str
    adapter: Adapter
    settings: ChannelSettings

    @property
    def place(self) -> tuple[str, str]:
        """The channel's name, and our account on it."""
        return self.name, self.account


@quiet
@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the file holds, mistakes and all."""

    entries: list[Entry]
    """The good ones, in the file's order."""
    mistakes: list[str]
    mistaken: list[tuple[str, str, str]]
    """Channel, account and adapter of each entry that holds a mistake, as it says; empty where it does not."""


def read_channels(path: Path | None, *, known: Adapters | None = None) -> list[Entry]:
    """The entries of the file in its order; none without a file. Raises BadSettings, which tells of every mistake.

    `known`: the adapters there are; found anew where they are left out.
    """
    found = contents_of(path, known=known)
    if found.mistakes:
        raise BadSettings("\n".join(found.mistakes))
    return found.entries


def contents_of(path: Path | None, *, known: Adapters | None = None) -> Contents:
    """The same, with its mistakes beside what is good; raises BadSettings where it cannot be read as a whole."""
    if path is None:
        return Contents(entries=[], mistakes=[], mistaken=[])
    raw = _entries(path)
    mistaken: list[tuple[str, str, str]] = []
    if raw and known is None:
        known = adapters()
    found: list[Entry] = []
    wrong: list[str] = []
    for n, one in enumerate(raw, start=1):
        reading = _Reading(path, n, one)
        entry = reading.entry(known or Adapters({}))
        wrong += reading.wrong
        if reading.wrong:
            mistaken.append(reading.named)
        if entry and entry.place in {other.place for other in found}:
            wrong.append(
                f"{reading.where}: there is one before it with this name and account. Remove one of the two, or give "
                "it the account that it is for."
            )
        elif entry:
            found.append(entry)
    wrong += _without_entry(found, raw, path)
    return Contents(entries=found, mistakes=wrong, mistaken=mistaken)


def _without_entry(entries: Iterable[Entry], raw: Iterable[Mapping[str, Any]], path: Path) -> Iterator[str]:
    """Of each account whose deliveries an entry takes in what is wrong where it has no entry of its own."""
    # One with a mistake in it is there all the same.
    there = {(one.get("name"), str(one.get("account")).strip()) for one in raw}
    for entry in entries:
        for account in sorted(entry.settings.other_accounts()):
            if (entry.name, account) not in there:
                yield (
                    f"{path}, entry {entry.name}/{entry.account}: it takes in deliveries for the account "
                    f"{_quoted(account)}, which has no entry, so that nobody could answer whoever writes to it. Add a "
                    f"[[channel]] with name = {_toml(entry.name)} and account = {_toml(account)}, or take it out there."
                )


def _entries(path: Path) -> list[Mapping[str, Any]]:
    """The tables `[[channel]]` of the file."""
    try:
        whole = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(
            f"GATEWAY_CHANNELS names {str(path)!r}, which cannot be read. Check the path and its rights."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: this is no TOML: {error}. Mend it there.") from error
    entries = whole.pop("channel", [])
    if whole:
        raise BadSettings(
            f"{path}: {', '.join(map(repr, whole))} stands outside of an entry. Every channel account is an entry that "
            "begins with [[channel]], and there is nothing else."
        )
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise BadSettings(f"{path}: `channel` is no list of entries. Begin each with [[channel]], in double brackets.")
    return entries


class _Reading:
    """One entry being read."""

    def __init__(self, path: Path, n: int, raw: Mapping[str, Any]) -> None:
        self._raw = raw
        self._folder = path.parent
        named = "/".join(str(raw[key]) for key in ("name", "account") if isinstance(raw.get(key), str))
        self.where = f"{path}, entry {n}" + (f" ({named[:_LONGEST_QUOTED]})" if named else "")
        self.wrong: list[str] = []

    @property
    def named(self) -> tuple[str, str, str]:
        """Channel, account and adapter as the entry says, cut where they are long."""
        said = {key: self._raw[key][:_LONGEST_QUOTED] for key in _OURS if isinstance(self._raw.get(key), str)}
        name = said.get("name", "")
        return name, said.get("account", ""), said.get("adapter", name)

    def entry(self, known: Adapters) -> Entry | None:
        """What it says; None where something is `wrong`."""
        name, account = self._name(), self._account()
        adapter = self._adapter(known, name) if name else None
        if adapter is None:
            return None
        settings = self._settings(adapter.cls.Settings)
        if settings is None or name is None or account is None:
            return None
        return Entry(name=name, account=account, adapter=adapter, settings=settings)

    def _say(self, key: str, words: str) -> None:
        self.wrong.append(f"{self.where}, `{key}`: {words}")

    def _name(self) -> str | None:
        name = self._raw.get("name")
        if isinstance(name, str) and name in _TAKEN:
            self._say("name", f"{name!r} means something here already: {_TAKEN[name]}. Choose another, as 'shop'.")
            return None
        if isinstance(name, str) and NAME.fullmatch(name):
            return name
        said = "is missing" if name is None else f"is {_quoted(name)}"
        self._say("name", f"it {said}. Write the channel's name as 'whatsapp': small letters, digits, hyphens and _.")
        return None

    def _account(self) -> str | None:
        account = self._raw.get("account")
        try:
            if isinstance(account, str):
                return _one_segment(plain_line(account, "It", LONGEST_ACCOUNT))
            words = "It is missing." if account is None else "It is no text."
        except ValueError as error:
            words = str(error)
        self._say(
            "account", f"{words} Write which of your accounts on the channel this is, as the channel names it, as text."
        )
        return None

    def _adapter(self, known: Adapters, name: str) -> Adapter | None:
        asked = self._raw.get("adapter", name)
        if not isinstance(asked, str):
            self._say("adapter", f"it is {_quoted(asked)}. Write an adapter's name as text.")
            return None
        try:
            return known.named(asked)
        except NoSuchAdapter as error:
            self._say("adapter" if "adapter" in self._raw else "name", str(error))
            return None

    def _settings(self, kind: type[ChannelSettings]) -> ChannelSettings | None:
        own = {key: value for key, value in self._raw.items() if key not in _OURS}
        secrets = Secrets(self._folder)
        taken = secrets.taken_in(kind, own)
        for key, words in secrets.wrong:
            self._say(key, words)
        # What is wrong with a secret is told by now, and the adapter would tell it again in other words.
        told = {key.partition(".")[0] for key, _ in secrets.wrong}
        try:
            settings = kind.model_validate(taken, context={FOLDER: self._folder})
        except ValidationError as error:
            for one in error.errors(include_url=False):
                # The whole of an entry is judged by its secrets, too.
                is_told = bool(told) and (not one["loc"] or one["loc"][0] in told)
                if not is_told or one["type"] == _UNKNOWN:
                    self._say(_path(one["loc"]) or "settings", secrets.hidden(_in_words(kind, one)))
            return None
        return None if secrets.wrong else settings


def _in_words(kind: type[BaseModel], one: ErrorDetails) -> str:
    """What is wrong with a setting, its value where it is no secret, and what it is for."""
    loc = one["loc"]
    if one["type"] == _UNKNOWN:
        return _unknown(_siblings(kind, loc), str(loc[-1]))
    field = field_of(kind, loc)
    about = f" {field.description}" if field and field.description else ""
    if one["type"] == "missing":
        return f"it is missing.{about}"
    words = rule_broken(one, field.examples if field else None)
    is_shown = (
        field is not None
        and field.repr
        and not is_secret(field.annotation)
        and isinstance(one["input"], str | int | float)
        # Before it in an address stands a password, and elsewhere a person's name.
        and "@" not in str(one["input"])
    )
    value = f"it is {_quoted(one['input'])}: " if is_shown else ""
    return f"{value}{words}.{about}"


def _unknown(known: Iterable[str], key: str) -> str:
    names = sorted(known)
    near = difflib.get_close_matches(key, [*names, *_OURS], n=1)
    meant = f" Is `{near[0]}` meant?" if near else ""
    return f"there is no such setting.{meant} Known: {', '.join((*_OURS, *names))}."


def _siblings(kind: type[BaseModel], loc: Sequence[int | str]) -> Iterator[str]:
    """The settings that may stand where an unknown one stands."""
    if len(loc) == 1:
        yield from kind.model_fields
        return
    above = field_of(kind, loc[:-1])
    for part in models_in(above.annotation) if above else ():
        yield from part.model_fields


def _one_segment(account: str) -> str:
    """The account, where the address of its webhook can hold it; raises ValueError in words."""
    if _ENDS_SEGMENT.search(account):
        raise ValueError(
            f"It is {_quoted(account)}, which the address of its webhook (/webhooks/name/account) cannot hold. Leave "
            "slashes and backslashes out, as in 'main-2'."
        )
    return account


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _path(loc: Sequence[int | str]) -> str:
    return ".".join(map(str, loc))


def _quoted(value: object) -> str:
    return repr(value)[:_LONGEST_QUOTED]
