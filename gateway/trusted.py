"""Which documents does a company trust, and which does it trust no more?

Those of its manifests (gateway/manifests.py) and those that were added to the database (gateway/kept_documents.py). A
question names one by `documentId` (GraphQL over HTTP, Appendix A) or by `extensions.persistedQuery.sha256Hash`, or is
its text to the letter. Where there are any, visitors run no others: what stands in a stranger's browser is worth as
much as the documents that it may send. That holds, too, when all of them are retired: it lets nobody run more.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from graphql import GraphQLSchema, parse
from graphql.validation import specified_rules
from strawberry.schema.schema import validate_document

from gateway.manifests import SHA256, BadManifest, digest
from gateway.settings import BadSettings, environment_name

Retired = Mapping[str, tuple[str, datetime]]
"""The text of what is retired, and when that was, by name."""


class Trusted:
    """The documents that a company trusts, by all their names: as they stand at one moment."""

    def __init__(self, named: Mapping[str, str], retired: Retired = MappingProxyType({})) -> None:
        self._named = {name: text for name, text in named.items() if name not in retired}
        self._texts = frozenset(self._named.values())
        by_name = dict(self._named)
        for text in self._texts:
            by_name |= dict.fromkeys(_digests(text), text)
        # Even where its text is trusted by another name.
        self._by_name = {name: text for name, text in by_name.items() if name not in retired}
        self._retired = {name: at for name, (_, at) in retired.items()}
        self._retired_texts = dict(retired.values())
        for text, at in self._retired_texts.items():
            self._retired |= dict.fromkeys(_digests(text), at)
        self.is_any = bool(named or retired)
        """Whether there is any, or was any before it was retired."""

    def __len__(self) -> int:
        """How many there are."""
        return len(self._texts)

    def text(self, name: str) -> str | None:
        """The text of the document of that name."""
        return self._by_name.get(name)

    def holds(self, text: str) -> bool:
        """Whether the text is one of them, to the letter."""
        return text in self._texts

    def retired_at(self, name: str) -> datetime | None:
        """When the document of that name was retired."""
        return self._retired.get(name)

    def text_retired_at(self, text: str) -> datetime | None:
        """When the document of that text was retired; it may be trusted by another name."""
        return self._retired_texts.get(text)

    def unfit(self, schema: GraphQLSchema) -> list[str]:
        """The names of the documents that a schema does not answer, in order."""
        rules = tuple(specified_rules)
        return sorted(name for name, text in self._named.items() if validate_document(schema, parse(text), rules))


def _digests(text: str) -> Iterator[str]:
    found = digest("sha256", text)
    yield found
    yield f"{SHA256}{found}"


def bad_setting(error: BadManifest) -> BadSettings:
    """The same, said of the setting that names the manifests."""
    return BadSettings(f"{environment_name('trusted_documents')}: {error}")
