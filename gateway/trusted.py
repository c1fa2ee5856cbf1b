"""Which documents does a company trust, and who runs no others?

Its clients' build tools write them into manifests: `{hash: text}` as relay-compiler and GraphQL Code Generator do, or
Apollo's `apollo-persisted-query-manifest`. A question names one by `documentId` (GraphQL over HTTP, Appendix A) or by
`extensions.persistedQuery.sha256Hash`, or is its text to the letter. Where there are any, visitors run no others: what
stands in a stranger's browser is worth as much as the documents that it may send.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from graphql import GraphQLError, GraphQLSchema, OperationDefinitionNode, parse
from graphql.validation import specified_rules
from strawberry.schema.schema import validate_document

from gateway import telling
from gateway.questions import Fate, NotAsked, Question
from gateway.settings import BadSettings, environment_name
from resolvers.kit.viewer import Role, Viewer

_APOLLO: Final = "apollo-persisted-query-manifest"
# What the build tools call documents by, told by its length; any other name is taken as it is.
_HASHES: Final = {32: "md5", 40: "sha1", 64: "sha256"}
_SHA256: Final = "sha256:"
_SHOWN: Final = 80


class Trusted:
    """The documents that a company trusts, by all their names."""

    def __init__(self, named: Mapping[str, str]) -> None:
        self._named = dict(named)
        self._texts = frozenset(named.values())
        self._by_name = dict(named)
        for text in self._texts:
            digest = _digest("sha256", text)
            self._by_name |= {digest: text, f"{_SHA256}{digest}": text}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._texts)

    def unfit(self, schema: GraphQLSchema) -> list[str]:
        """The manifests' names of the documents that a schema does not answer, in order."""
        rules = tuple(specified_rules)
        return sorted(name for name, text in self._named.items() if validate_document(schema, parse(text), rules))

    def question(self, asked: Question, viewer: Viewer) -> Question:
        """The question with the text of the document that it names; raises NotAsked where it is not to be run."""
        text = asked.text or self._by_name.get(asked.document or "")
        if text is None:
            raise NotAsked([telling.told(_unknown(asked.document), telling.DOCUMENT_UNKNOWN)])
        if self._texts and viewer.role is Role.VISITOR and text not in self._texts:
            raise NotAsked([telling.told(_UNTRUSTED, telling.DOCUMENT_NOT_TRUSTED)], Fate.BEYOND_KEY)
        return Question(text=text, variables=asked.variables, operation_name=asked.operation_name)


_UNTRUSTED: Final = (
    "Visitors run the documents that this gateway's manifests hold, and this is none of them. Send one of those by its "
    "`documentId`, or have yours added to a manifest."
)


def _unknown(name: str | None) -> str:
    return (
        f"There is no document {(name or '')[:_SHOWN]!r} here. Send its text as `query`, or have it added to a "
        "manifest that this gateway reads."
    )


def load_trusted(path: Path | None) -> Trusted:
    """The documents of a manifest, or of all (`*.json`) in a folder; raises BadSettings where one is not sound."""
    if path is None:
        return Trusted({})
    try:
        files = sorted(path.glob("*.json")) if path.is_dir() else [path]
        read = [(file, orjson.loads(file.read_bytes())) for file in files]
    except (OSError, orjson.JSONDecodeError) as error:
        raise _wrong(path, f"cannot be read: {error}") from error
    named: dict[str, str] = {}
    for file, manifest in read:
        for name, text in _documents(file, manifest):
            if named.setdefault(name, text) != text:
                raise _wrong(file, f"names another document {name[:_SHOWN]!r} than a file before it")
    if not named:
        raise _wrong(path, "holds no document")
    return Trusted(named)


def _documents(file: Path, manifest: Any) -> Iterator[tuple[str, str]]:
    """Each document's name and text; raises BadSettings."""
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
        said, is_so = (one.get("name"), one.get("type")), {(told, kind) for told, kind in found}
        if said not in is_so:
            raise _wrong(file, f"says of {one['id'][:_SHOWN]!r} a `name` and `type` that its `body` does not have")
        yield one["id"], one["body"]


def _check(file: Path, name: str, text: Any) -> list[tuple[str | None, str]]:
    """The name and kind of each of the document's operations; raises BadSettings."""
    shown = name[:_SHOWN]
    if not isinstance(text, str):
        raise _wrong(file, f"has no text for {shown!r}")
    bare = name.removeprefix(_SHA256)
    kind = "sha256" if bare != name else _HASHES.get(len(name)) if _is_hex(name) else None
    if kind and bare != _digest(kind, text):
        raise _wrong(file, f"holds for {shown!r} a text whose {kind} hash is another")
    try:
        definitions = parse(text).definitions
    except (GraphQLError, RecursionError) as error:
        raise _wrong(file, f"holds for {shown!r} what is no document: {error}") from error
    found = [one for one in definitions if isinstance(one, OperationDefinitionNode)]
    if not found:
        raise _wrong(file, f"holds for {shown!r} a document without an operation")
    return [(one.name.value if one.name else None, one.operation.value) for one in found]


def _is_hex(text: str) -> bool:
    return all(one in "0123456789abcdef" for one in text)


def _digest(kind: str, text: str) -> str:
    # A manifest is the company's own: whoever may write it needs to forge no hash.
    return hashlib.new(kind, text.encode(), usedforsecurity=False).hexdigest()


def _wrong(path: Path, what: str) -> BadSettings:
    knob = environment_name("trusted_documents")
    return BadSettings(f"{knob}: {str(path)!r} {what}. Have the manifest written anew.")
