"""How does a stored document read outside: plain names, ISO dates, exact decimals as texts, opaque ids?"""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, decimal_of, is_decimal
from resolvers.kit.ids import global_id
from resolvers.kit.slice import Declared
from resolvers.kit.stored import Node

# Under which type an id stands of which nothing tells what it is the id of.
_UNTOLD = "Record"
# A million messages have a dozen names and hardly more conversations.
_named = lru_cache(maxsize=4096)(to_camel_case)
_identified = lru_cache(maxsize=4096)(global_id)
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Wording:
    """Says stored values in words that need no knowledge of the storage."""

    def __init__(self, declared: Declared, ids: Sequence[RecordId], held: Mapping[RecordId, str]) -> None:
        self._known = {**held, **dict.fromkeys(ids, "Customer")}
        self._types = {one.what.name: one.cls.__name__ for one in declared.keepings if _is_node(one.cls)}
        self._by_word = {_CAPITAL.sub("_", name).lower(): name for name in self._types.values()}
        self._found: dict[str, str] = {}

    @classmethod
    async def of(cls, store: Store, declared: Declared, ids: Sequence[RecordId]) -> "Wording":
        """The wording for what is kept of these customers; ids of what is held in the process tell their type."""
        held: dict[RecordId, str] = {}
        for one in declared.keepings:
            if isinstance(one.what, Record) and one.what.is_held and _is_node(one.cls):
                held |= dict.fromkeys(await store.held.all(one.what), one.cls.__name__)
        return cls(declared, ids, held)

    def document(self, record: Record, stored: Document, pieces_of: Mapping[RecordId, str]) -> dict[str, Any]:
        """A stored document, its own id first. `pieces_of`: of what kind each is of which others are pieces."""
        own = self._types.get(record.name)
        told: dict[str, Any] = {}
        if isinstance(stored["_id"], RecordId) and own:
            told["id"] = global_id(own, stored["_id"])
        for name, value in stored.items():
            if name != "_id":
                told[_named(name)] = self.value(name, value, pieces_of)
        return told

    def value(self, name: str, value: Any, pieces_of: Mapping[RecordId, str] | None = None) -> Any:
        """A stored value that stands under this name."""
        match value:
            case None | bool() | int() | float() | str():
                return value
            case datetime():
                return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            case RecordId():
                return self._id(name, value, pieces_of or {})
            case Mapping():
                return {_named(inner): self.value(inner, one, pieces_of) for inner, one in value.items()}
            case list():
                return [self.value(name, one, pieces_of) for one in value]
        return _text_of(value)

    def _id(self, name: str, key: RecordId, pieces_of: Mapping[RecordId, str]) -> str:
        kind = self._known.get(key)
        if kind is None and key in pieces_of:
            kind = self._types.get(pieces_of[key])
        return _identified(kind or self._type_behind(name), key)

    def _type_behind(self, name: str) -> str:
        """The type whose id stands under such a name: of `assigned_agent_id` that is Agent."""
        if name not in self._found:
            word = name.removesuffix("s").removesuffix("_id")
            fits = [
                cls
                for known, cls in self._by_word.items()
                if known == word or word.endswith(f"_{known}") or known.endswith(f"_{word}")
            ]
            # The customers of others are told by no word of their own.
            self._found[name] = fits[0] if len(fits) == 1 else "Customer" if word in _PEOPLE else _UNTOLD
        return self._found[name]


def _text_of(value: Any) -> str:
    """An exact decimal, or bytes: as the text that they are, or spelled by BASE64 where they are none."""
    if not isinstance(value, bytes):
        return str(decimal_of(value)) if is_decimal(value) else str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


_PEOPLE = frozenset({"other", "one", "survivor", "carried"})


def _is_node(cls: type[Any]) -> bool:
    return issubclass(cls, Node)
