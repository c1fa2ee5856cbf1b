"""When is it written who read whose personal data: before the answer leaves, or shortly after?

`strict` writes before, and gives no answer where that fails. `buffered` gathers what is written for a second at most;
a process that is killed loses that second. What is written, resolvers/accesses.py says.
"""

import hashlib
from collections.abc import Callable
from typing import Final, Literal

import structlog
from graphql import Token, TokenKind
from graphql.language import DocumentNode

from adapters.failures import StoreError
from adapters.grouping import Grouped
from adapters.mongo import Store
from gateway.traces import uncounted
from resolvers.accesses import ACCESSES, access_documents
from resolvers.kit.context import Context
from resolvers.kit.errors import Unavailable
from resolvers.kit.viewer import Role, Viewer

Keeping = Literal["strict", "buffered", "off"]

_VALUES: Final = {TokenKind.STRING, TokenKind.BLOCK_STRING, TokenKind.INT, TokenKind.FLOAT}
_log = structlog.get_logger("gateway.ledger")


class Ledger:
    """Writes down what requests gave away."""

    def __init__(self, store: Store, keeping: Keeping) -> None:
        self._store = store
        self.keeping = keeping
        self.grouped = Grouped(store, ACCESSES, observer=_Heard()) if keeping == "buffered" else None

    def watches(self, viewer: Viewer) -> bool:
        """Whether it is written what this viewer is shown.

        Not what visitors are shown: they see their own things alone, and to keep when they looked would be to gather
        more about them. Who is given a token for a visitor's things is written.
        """
        return self.keeping != "off" and viewer.role is not Role.VISITOR

    async def keep(self, context: Context, operation: str | None, question_hash: Callable[[], str]) -> None:
        """Returns when the answer may leave; raises Unavailable where it must not."""
        delivered = context.delivered
        if not delivered.is_watched or not delivered.ways:
            return
        documents = access_documents(
            delivered, context.viewer, at=context.clock(), operation=operation, question_hash=question_hash()
        )
        try:
            with uncounted():
                if self.grouped is not None:
                    await self.grouped.add(documents)
                else:
                    await self._store.insert(ACCESSES, *documents)
        except StoreError as error:
            _log.warning("access not written, answer withheld", error=str(error))
            raise Unavailable(
                "The answer holds personal data, and that you read it could not be written down, so that it is not "
                "given. Try again in a few seconds."
            ) from error

    async def close(self) -> None:
        """Writes what is still gathered."""
        if self.grouped is not None:
            await self.grouped.close()


class _Heard:
    """Tells the log how the writing goes (adapters.grouping.GroupObserver)."""

    def not_written(self, record: str, waiting: int, error: Exception) -> None:
        """They wait, and are tried again."""
        # Of what nobody foresaw the words are not known: they may quote a document.
        words = str(error) if isinstance(error, StoreError) else type(error).__name__
        _log.warning("not written yet", record=record, waiting=waiting, error=words)

    def lost(self, record: str, documents: int) -> None:
        """They were given up: at the end, or because they cannot be written at all."""
        _log.error("lost: the database did not take them", record=record, documents=documents)


def hash_of_question(document: DocumentNode) -> str:
    """A hash of the question as it is read, without its texts and numbers: those may be somebody's phone or name."""
    words: list[str] = []
    token: Token | None = document.loc.start_token if document.loc else None
    while token is not None:
        if token.kind is not TokenKind.COMMENT:
            words.append(token.kind.value if token.kind in _VALUES else token.value or token.kind.value)
        token = token.next
    return hashlib.sha256(" ".join(words).encode()).hexdigest()
