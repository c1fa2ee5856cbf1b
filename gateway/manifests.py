"""What do a company's build tools write of the documents that its clients ask?

Manifests: `{hash: text}` as relay-compiler and GraphQL Code Generator write them, or Apollo's
`apollo-persisted-query-manifest`. Files may change while the gateway runs: they are read again then.
"""

import asyncio
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from graphql import GraphQLError, OperationDefinitionNode, parse

_APOLLO: Final = "apollo-persisted-query-manifest"
# What the build tools call documents by, told by its length; any other name is taken as it is.
_HASHES: Final = {32: "md5", 40: "sha1", 64: "sha256"}
SHA256: Final = "sha256:"
"""What may stand before that hash."""
SHOWN: Final = 80
"""So much of a name is told."""


class BadManifest(Exception):
    """A manifest is not sound; the message names its file and says why."""


class Manifests:
    """The manifests of a path (a file, or all `*.json` of a folder), read again when their files change."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen = _marks(path)
        self._named = read_manifests(path)

    @property
    def named(self) -> Mapping[str, str]:
        """Each document's text by its name, as it was read last."""
        return self._named

    async def look(self) -> None:
        """Reads them where they have changed; raises BadManifest, and keeps what was, where they are not sound."""
        if self._path is None:
            return
        # The disk may be a network's.
        seen = await asyncio.to_thread(_marks, self._path)
        if seen != self._seen:
            # Marked before they were read: what is written meanwhile is read the next time.
            self._named = await asyncio.to_thread(read_manifests, self._path)
            self._seen = seen


def _files(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def _marks(path: Path | None) -> Mapping[Path, tuple[int, int, int]]:
    """By what is told that a file has changed, or was put in another's place."""
    marks = {}
    try:
        for file in _files(path) if path else ():
            found = file.stat()
            marks[file] = found.st_ino, found.st_mtime_ns, found.st_size
    except OSError:
        # One that goes away meanwhile, or is not there: whoever reads it says so.
        return {}
    return marks


def read_manifests(path: Path | None) -> Mapping[str, str]:
    """Each document's text by its name, of a manifest or of all in a folder; raises BadManifest."""
    if path is None:
        return {}
    try:
        read = [(file, orjson.loads(file.read_bytes())) for file in _files(path)]
    except OSError as error:
        raise unread(path, error) from error
    except orjson.JSONDecodeError as error:
        raise _wrong(path, f"cannot be read: {error}") from error
    named = joined((file, _documents(file, manifest)) for file, manifest in read)
    if not named:
        raise _wrong(path, "holds no document")
    return named


def unread(path: Path, error: OSError) -> BadManifest:
    """What is told where a file cannot be read, or is not there."""
    if isinstance(error, FileNotFoundError):
        return BadManifest(f"{str(path)!r} is not there. Check the path.")
    return BadManifest(f"{str(path)!r} cannot be read: {error.strerror}. Check the path and its rights.")


def joined(several: Iterable[tuple[Path, Iterable[tuple[str, str]]]]) -> dict[str, str]:
    """The documents of several files; raises BadManifest where two have different ones of a name."""
    named: dict[str, str] = {}
    for file, documents in several:
        for name, text in documents:
            if named.setdefault(name, text) != text:
                raise _wrong(file, f"names another document {name[:SHOWN]!r} than a file before it")
    return named


def _documents(file: Path, manifest: Any) -> Iterator[tuple[str, str]]:
    """Each document's name and text; raises BadManifest."""
    if not isinstance(manifest, dict):
        raise _wrong(file, "is no manifest: neither `{hash: text}` nor Apollo's")
    if "format" not in manifest:
        for name, text in manifest.items():
            _check(file, name, text)
            yield name, text
        return
    if manifest["format"] != _APOLLO or not isinstance(manifest.get("operations"), list):
        raise _wrong(file, f"is in a format that is not known; {_APOLLO} is, and so is `{{hash: text}}`")
    for one in manifest["operations"]:
        if not isinstance(one, dict) or not isinstance(one.get("id"), str):
            raise _wrong(file, "has an operation without an `id`")
        found = _check(file, one["id"], one.get("body"))
        if (one.get("name"), one.get("type")) not in found:
            raise _wrong(file, f"says of {one['id'][:SHOWN]!r} a `name` and `type` that its `body` does not have")
        yield one["id"], one["body"]


def _check(file: Path, name: str, text: Any) -> list[tuple[str | None, str]]:
    """The name and kind of each of the document's operations; raises BadManifest."""
    shown = name[:SHOWN]
    if not isinstance(text, str):
        raise _wrong(file, f"has no text for {shown!r}")
    bare = name.removeprefix(SHA256)
    kind = "sha256" if bare != name else _HASHES.get(len(name)) if _is_hex(name) else None
    if kind and bare != digest(kind, text):
        raise _wrong(file, f"holds for {shown!r} a text whose {kind} hash is another")
    try:
        found = operations_of(text)
    except (GraphQLError, RecursionError) as error:
        raise _wrong(file, f"holds for {shown!r} what is no document: {error}") from error
    if not found:
        raise _wrong(file, f"holds for {shown!r} a document without an operation")
    return found


def operations_of(text: str) -> list[tuple[str | None, str]]:
    """The name and kind of each of a document's operations; raises GraphQLError where it does not parse."""
    found = (one for one in parse(text).definitions if isinstance(one, OperationDefinitionNode))
    return [(one.name.value if one.name else None, one.operation.value) for one in found]


def _is_hex(text: str) -> bool:
    return all(one in "0123456789abcdef" for one in text)


def digest(kind: str, text: str) -> str:
    """The text's hash of that kind."""
    # A manifest is the company's own: whoever may write it needs to forge no hash.
    return hashlib.new(kind, text.encode(), usedforsecurity=False).hexdigest()


def _wrong(path: Path, what: str) -> BadManifest:
    return BadManifest(f"{str(path)!r} {what}. Have the manifest written anew.")
