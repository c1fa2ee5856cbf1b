"""Which text does a question mean, and is it one that this viewer may run?

A question is sent whole, names a document that the company trusts, or names by its hash what was sent before. Visitors
run what is trusted and nothing else, once there is any such document. What is trusted may change at any moment, by a
command or a manifest's file: every process takes it up within seconds, while questions are answered as before.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from graphql import GraphQLSchema

from adapters.failures import StoreError
from adapters.mongo import Store
from gateway import telling
from gateway.kept_documents import TRUSTED_DOCUMENTS, trusted_of
from gateway.manifests import SHOWN, BadManifest, Manifests
from gateway.persisted import Persisted
from gateway.questions import Fate, NotAsked, Question
from gateway.settings import Settings
from gateway.trusted import Trusted, bad_setting
from resolvers.kit.viewer import Role, Viewer

_LOOK_EVERY_S: Final = 2.0
"""The database's changes come by a stream into a copy: to look at it, and at a few files, costs next to nothing."""

# Apollo's clients know both by their codes, urql by these very words.
_NOT_FOUND: Final = "PersistedQueryNotFound"
_NOT_SUPPORTED: Final = "PersistedQueryNotSupported"
_UNTRUSTED: Final = (
    "Visitors run the documents that this gateway trusts, and this is none of them. Send one of those by its "
    "`documentId`, or have yours added: to a manifest, or by `profile-gateway documents add`."
)

_log = structlog.get_logger("gateway.texts")


class Texts:
    """The texts that are known by name."""

    def __init__(self, settings: Settings) -> None:
        try:
            self._manifests = Manifests(settings.trusted_documents)
        except BadManifest as error:
            raise bad_setting(error) from error
        self._trusted = Trusted(self._manifests.named)
        self._seen: object = None
        self._told_of: str | None = None
        self.persisted = Persisted() if settings.persisted_queries else None
        """What signed-in clients have sent before; None where they may not name it."""

    def question(self, asked: Question, viewer: Viewer) -> Question:
        """The question with its text; raises NotAsked where that is not known, or not to be run by this viewer."""
        # The same from here on, whatever is trusted a moment later.
        trusted = self._trusted
        # A hash that comes without its text was not seen to be the text's.
        question = asked if asked.text else replace(asked, text=self._named(asked, viewer, trusted), sha256=None)
        _check(question.text, viewer, trusted)
        return question

    def unfit(self, schema: GraphQLSchema) -> list[str]:
        """The names of the trusted documents that a schema does not answer, in order."""
        return self._trusted.unfit(schema)

    def check(self, text: str, viewer: Viewer) -> None:
        """Raises NotAsked where a text that is followed may not be run by this viewer any more."""
        _check(text, viewer, self._trusted)

    def keep(self, question: Question, viewer: Viewer) -> None:
        """Lets a question that was found valid be named by its hash from now on, where it came with one.

        Not a visitor's: anybody may be one, and would drive out what others ask.
        """
        if question.sha256 and self.persisted is not None and viewer.role is not Role.VISITOR:
            self.persisted.keep(question.sha256, question.text)

    def _named(self, asked: Question, viewer: Viewer, trusted: Trusted) -> str:
        name = asked.document or asked.sha256 or ""
        if text := trusted.text(name):
            return text
        is_visitor = viewer.role is Role.VISITOR
        if asked.sha256 and self.persisted is not None and not is_visitor:
            # Whoever may send the text may name it, trusted or not.
            if text := self.persisted.get(asked.sha256):
                return text
            raise NotAsked([telling.told(_NOT_FOUND, telling.DOCUMENT_UNKNOWN)])
        if at := trusted.retired_at(name):
            raise _retired(at)
        if asked.document:
            raise NotAsked([telling.told(_unknown(name), telling.DOCUMENT_UNKNOWN)])
        if is_visitor and trusted.is_any:
            raise NotAsked([telling.told(_NOT_FOUND, telling.DOCUMENT_UNKNOWN)])
        raise NotAsked([telling.told(_NOT_SUPPORTED, telling.PERSISTED_UNSUPPORTED)])

    async def look(self, store: Store) -> None:
        """Takes up what has changed; raises StoreError, and keeps what was, where the database does not tell."""
        trouble: str | None = None
        try:
            await self._manifests.look()
        except BadManifest as error:
            trouble = str(bad_setting(error))
        kept = await store.held.all(TRUSTED_DOCUMENTS)
        seen = self._manifests.named, kept
        if seen != self._seen:
            self._trusted, self._seen = trusted_of(*seen), seen
            if self._trusted.is_any:
                _log.info("trusted documents", count=len(self._trusted))
        self._tell(trouble)

    @asynccontextmanager
    async def fresh(self, store: Store) -> AsyncIterator[None]:
        """Knows what the database and the manifests trust, before the block begins and for as long as it lasts."""
        await self.look(store)
        looking = asyncio.create_task(self._keep_looking(store), name="trusted documents")
        try:
            yield
        finally:
            while not looking.done():
                looking.cancel()
                await asyncio.wait([looking], timeout=1.0)

    async def _keep_looking(self, store: Store) -> None:
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                await self.look(store)
            except StoreError as error:
                self._tell(str(error))
            except Exception as error:  # noqa: BLE001  whatever it is, what is retired later must still be heard of
                _log.error("unforeseen", reference=secrets.token_hex(6), exc_info=error)

    def _tell(self, trouble: str | None) -> None:
        # Once: it is looked at again every other second.
        if trouble is not None and trouble != self._told_of:
            _log.warning("trusted documents stay as they were", reason=trouble)
        self._told_of = trouble


def _check(text: str, viewer: Viewer, trusted: Trusted) -> None:
    if viewer.role is Role.VISITOR and trusted.is_any and not trusted.holds(text):
        if at := trusted.text_retired_at(text):
            raise _retired(at)
        raise NotAsked([telling.told(_UNTRUSTED, telling.DOCUMENT_NOT_TRUSTED)], Fate.BEYOND_KEY)


def _retired(at: datetime) -> NotAsked:
    words = (
        f"This document was retired on {at:%Y-%m-%d at %H:%M} UTC and is not run any more. Reload the page, or update "
        "the app, which brings its successor."
    )
    return NotAsked([telling.told(words, telling.DOCUMENT_RETIRED)], Fate.BEYOND_KEY)


def _unknown(name: str) -> str:
    return (
        f"There is no document {name[:SHOWN]!r} here. Send its text as `query`, or have it added: to a manifest that "
        "this gateway reads, or by `profile-gateway documents add`."
    )
