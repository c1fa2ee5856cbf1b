"""What does a mapping say, and is all of it right? Everything is checked before the first row is read."""

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.hints import did_you_mean
from adapters.readers import decimal_mark, zone_of
from adapters.records import Document
from adapters.targets import TARGETS, Field, Target
from gateway.importing.attributes import ATTRIBUTE_KINDS, attribute_definition
from gateway.importing.expressions import Expression, Template
from gateway.importing.fields import Usual, expression_of
from gateway.importing.layouts import KEYS as LAYOUT_KEYS
from gateway.importing.layouts import Layout, layout_of
from gateway.importing.troubles import CannotImport
from resolvers.kit.scalars import canonical_currency

_TOP = ("name", "source", "attribute", "leave", "table", "import")
_SOURCE = ("channel", "account", "zone", "currency", "region", "decimal", "empty")
_SECTION = ("record", "files", "rows", "fields", *_SOURCE[:-3], "decimal", "empty", *LAYOUT_KEYS)
_TABLE = ("name", "files", "key", *LAYOUT_KEYS)
_LEAVE = ("files", "why")

GROUPED, SINGLE = "grouped", "single"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One `[[import]]`: which files become which records, field by field."""

    number: int
    record: str
    files: Sequence[str]
    layout: Layout
    fields: Mapping[str, Expression]
    channel: str | None
    account: str | None
    currency: str | None
    is_grouped: bool
    """Whether rows of one id are one record."""

    @property
    def target(self) -> Target:
        """The kind of record."""
        return TARGETS[self.record]

    @property
    def title(self) -> str:
        """What people call it."""
        return f"[[import]] {self.number} ({self.record})"

    @property
    def columns(self) -> Sequence[str]:
        """Every column that it reads, each once."""
        return list(dict.fromkeys(name for one in self.fields.values() for name in one.source.columns))

    @property
    def counted(self) -> Sequence[str]:
        """The fields that count rows, so that only the whole file tells them."""
        fields = self.fields.items()
        return [name for name, one in fields if isinstance(one.source, Template) and one.source.is_counted]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupTable:
    """One `[[table]]`: a file in which others look things up."""

    name: str
    files: Sequence[str]
    key: str
    layout: Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """One `[[leave]]`: files that belong to the set and are not taken in."""

    files: Sequence[str]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMapping:
    """A whole mapping, checked."""

    path: Path
    digest: str
    """Stands for the mapping's whole content."""
    region: str | None
    sections: Sequence[Section]
    tables: Mapping[str, LookupTable]
    left: Sequence[Left]
    attributes: Sequence[Document]
    """Attribute definitions to add where they are missing."""


def read_mapping(path: Path, known: Mapping[str, Document]) -> ImportMapping:
    """The mapping; `known` are the attributes that are defined already. Raises CannotImport with all problems."""
    content, stated = _read(path)
    problems: list[str] = []
    reading = _Reading(path, stated, known, problems)
    mapping = ImportMapping(
        path=path,
        digest=hashlib.sha256(content).hexdigest(),
        region=reading.source.get("region"),
        attributes=reading.attributes,
        tables={one.name: one for one in reading.tables},
        left=list(reading.left()),
        sections=list(reading.sections()),
    )
    if not stated.get("import") and not problems:
        problems.append(f"{path}: there is no [[import]]. Say which record the rows become.")
    if problems:
        raise CannotImport(*problems)
    return mapping


def _read(path: Path) -> tuple[bytes, Mapping[str, Any]]:
    try:
        content = path.read_bytes()
        return content, tomllib.loads(content.decode())
    except FileNotFoundError as error:
        raise CannotImport(f"{path} is not there. Name the mapping first, then the files.") from error
    except OSError as error:
        raise CannotImport(f"{path} cannot be read: {error.strerror}. Name a mapping in TOML.") from error
    except UnicodeDecodeError as error:
        raise CannotImport(
            f"{path}: byte {error.start} is no UTF-8, in which TOML is written. Save it anew."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise CannotImport(f"{path} is no TOML: {error}.") from error


class _Reading:
    """One mapping while it is read; what is wrong goes to the problems."""

    def __init__(
        self, path: Path, stated: Mapping[str, Any], known: Mapping[str, Document], problems: list[str]
    ) -> None:
        self._path, self._stated, self._problems = path, stated, problems
        self._check_keys(stated, _TOP, f"{path}")
        source = stated.get("source", {})
        self.source: Mapping[str, Any] = source if isinstance(source, Mapping) else {}
        self._check_keys(self.source, _SOURCE, f"{path}: [source]")
        self._zone = zone_of(self.source.get("zone"), f"{path}: [source]", problems)
        self._decimal = decimal_mark(self.source.get("decimal", "."), f"{path}: [source]", problems)
        self._check_currency(self.source.get("currency"), f"{path}: [source]")
        self.attributes = [one for one in self._each("attribute", attribute_definition) if one]
        self._definitions = {**known, **{one["name"]: one for one in self.attributes}}
        self.tables = [one for one in self._each("table", self._table) if one]

    def left(self) -> Iterator[Left]:
        """The files that are left out."""
        for one in self._each("leave", lambda stated, where, _problems: (stated, where)):
            stated, where = one
            self._check_keys(stated, _LEAVE, where)
            yield Left(files=self._files(stated, where), why=str(stated.get("why", "the mapping leaves it out")))

    def sections(self) -> Iterator[Section]:
        """The sections that are right."""
        for number, stated in enumerate(self._list("import"), 1):
            found = self._section(number, stated)
            if found:
                yield found

    def _list(self, key: str) -> Sequence[Mapping[str, Any]]:
        listed = self._stated.get(key, [])
        if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
            self._problems.append(f"{self._path}: {key!r} is no list of tables. Begin each with [[{key}]].")
            return []
        return listed

    def _each(self, key: str, read: Callable[[Mapping[str, Any], str, list[str]], Any]) -> list[Any]:
        return [
            read(stated, f"{self._path}: [[{key}]] {n}", self._problems) for n, stated in enumerate(self._list(key), 1)
        ]

    def _table(self, stated: Mapping[str, Any], where: str, problems: list[str]) -> LookupTable | None:
        self._check_keys(stated, _TABLE, where)
        name, key = stated.get("name"), stated.get("key")
        if not isinstance(name, str) or not isinstance(key, str):
            problems.append(f"{where}: needs a `name` and the column that is its `key`.")
            return None
        files, layout = self._files(stated, where), layout_of(stated, where, problems)
        return LookupTable(name=name, files=files, key=key, layout=layout)

    def _section(self, number: int, stated: Mapping[str, Any]) -> Section | None:
        record = str(stated.get("record", ""))
        where = f"{self._path}: [[import]] {number}"
        if record not in TARGETS:
            self._problems.append(f"{where}, record: {record!r} is no kind of record.{did_you_mean(record, TARGETS)}")
            return None
        where = f"{where} ({record})"
        self._check_keys(stated, _SECTION, where)
        self._check_currency(stated.get("currency"), where)
        before = len(self._problems)
        fields = self._fields(stated, TARGETS[record], where)
        section = Section(
            number=number,
            record=record,
            files=self._files(stated, where),
            layout=layout_of(stated, where, self._problems),
            fields=fields,
            channel=stated.get("channel", self.source.get("channel")),
            account=stated.get("account", self.source.get("account")),
            currency=stated.get("currency", self.source.get("currency")),
            is_grouped=self._is_grouped(stated, TARGETS[record], where),
        )
        if len(self._problems) == before:
            self._problems += [f"{where}, {problem}" for problem in _missing(section)]
        return section

    def _fields(self, stated: Mapping[str, Any], target: Target, where: str) -> dict[str, Expression]:
        usual = Usual(
            zone=zone_of(stated["zone"], where, self._problems) if "zone" in stated else self._zone,
            decimal=decimal_mark(stated["decimal"], where, self._problems) if "decimal" in stated else self._decimal,
            empty=frozenset({"", *map(str, self._empty(stated, where))}),
            tables=[one.name for one in self.tables],
            problems=self._problems,
        )
        fields: dict[str, Expression] = {}
        for name, value in _flat(stated.get("fields", {}), target):
            field = self._field(name, target)
            spot = f"{where}, fields.{name}"
            if field is None:
                self._problems.append(f"{spot}: there is no such field.{did_you_mean(name, self._names(target))}")
                continue
            found = expression_of(value, name, field, spot, usual)
            if found:
                fields[name] = found
        return fields

    def _empty(self, stated: Mapping[str, Any], where: str) -> Sequence[Any]:
        texts = stated.get("empty", self.source.get("empty", []))
        if isinstance(texts, list):
            return texts
        self._problems.append(f'{where}, empty: {texts!r} is no list of texts such as ["NA", "-"].')
        return []

    def _field(self, name: str, target: Target) -> Field | None:
        group, _, member = name.partition(".")
        if group == "attributes" and group in target.open_groups:
            definition = self._definitions.get(member)
            return Field(ATTRIBUTE_KINDS[definition["type"]]) if definition else None
        return target.field(name)

    def _names(self, target: Target) -> Sequence[str]:
        known = [f"attributes.{name}" for name in self._definitions] if "attributes" in target.open_groups else []
        return [*target.fields, *known, *(f"{one}.*" for one in target.open_groups if one != "attributes")]

    def _is_grouped(self, stated: Mapping[str, Any], target: Target, where: str) -> bool:
        rows = stated.get("rows")
        if rows is None:
            return target.is_grouped
        if rows not in {GROUPED, SINGLE}:
            self._problems.append(f"{where}, rows: {rows!r} is neither {GROUPED!r} nor {SINGLE!r}.")
        if rows == GROUPED and not target.is_grouped:
            self._problems.append(f"{where}, rows: only orders are made of several rows. Leave `rows` out.")
        return bool(rows == GROUPED)

    def _files(self, stated: Mapping[str, Any], where: str) -> Sequence[str]:
        files = stated.get("files", ["*"])
        patterns = [files] if isinstance(files, str) else files
        if not isinstance(patterns, list) or not all(isinstance(one, str) for one in patterns):
            self._problems.append(
                f'{where}, files: {files!r} is no file pattern such as "*Sales*.csv", nor a list of some.'
            )
            return []
        return patterns

    def _check_keys(self, stated: Mapping[str, Any], allowed: Sequence[str], where: str) -> None:
        for key in stated:
            if key not in allowed:
                self._problems.append(f"{where}: {key!r} means nothing here.{did_you_mean(key, allowed)}")

    def _check_currency(self, code: Any, where: str) -> None:
        try:
            if code is not None:
                canonical_currency(str(code))
        except ValueError as error:
            self._problems.append(f"{where}, currency: {error}")


def _flat(fields: Any, target: Target) -> Iterator[tuple[str, Any]]:
    """Fields by dotted name: TOML reads `line.title` as a table `line` that holds `title`."""
    groups = {name.partition(".")[0] for name in target.fields if "." in name} | set(target.open_groups)
    for name, value in fields.items() if isinstance(fields, Mapping) else ():
        if name in groups and isinstance(value, Mapping):
            yield from ((f"{name}.{member}", inner) for member, inner in value.items())
        else:
            yield name, value


def _missing(section: Section) -> Iterator[str]:
    """What a section needs besides and does not say."""
    fields, target = section.fields, section.target
    for name, field in target.fields.items():
        if field.is_required and name not in fields:
            yield f"fields.{name}: is needed and not said; it holds {field.kind.value}."
    if "channel" in target.fields:
        for name in ("channel", "account"):
            if not getattr(section, name) and name not in fields:
                yield f'{name}: is not said. Set it under [source], as {name} = "{_EXAMPLES[name]}".'
    if section.record == "orders" and not {"line.total", "line.unit_price"} & fields.keys():
        yield "fields.line.total: say what a line comes to, or its `line.unit_price`."
    if "currency" in target.fields and not section.currency and "currency" not in fields:
        yield 'currency: is not said. Set it under [source], as currency = "USD", or name its column in the fields.'


_EXAMPLES = {"channel": "shop", "account": "main"}
