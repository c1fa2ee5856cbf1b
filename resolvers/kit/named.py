"""How do the few things that administrators define get names of their own, and how are they changed?

Whoever adds or changes one of a collection takes a turn, so that no two have one name in whatever case, and of several
changes at once none is lost. A thing's id follows from the name under which it was defined and stays when that changes.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from adapters.failures import Taken
from adapters.mongo import Store
from adapters.records import Document, Record, RecordId, new_id
from resolvers.kit.turns import take_turn


class NameTaken(Exception):
    """Another one has the name; the argument is that one's spelling."""


class OtherVersion(Exception):
    """It is of another version than the one sent."""

    def __init__(self, document: Document) -> None:
        super().__init__("another version")
        self.document = document


def version_of(document: Document) -> int:
    """Counts the changes; what was never changed is of the first version."""
    return int(document.get("version") or 1)


async def add_named(store: Store, record: Record, said: Document) -> Document:
    """The new one as it is stored; raises NameTaken."""

    async def work() -> Document:
        known = await _in_turn(store, record)
        _require_free(known.values(), said["name"])
        key = record.id_of(said)
        # Who was defined under that name has another one by now, and keeps the id.
        document = {"_id": new_id() if key in known else key, **said}
        await store.insert(record, document)
        return document

    try:
        return await store.transact(work)
    except Taken:
        # A source has brought it at this very moment.
        return await store.transact(work)


async def change_named(
    store: Store,
    record: Record,
    key: RecordId | None,
    given: Mapping[str, Any],
    *,
    sent: int | None,
    check: Callable[[Document, Document], Awaitable[None]] | None = None,
) -> Document | None:
    """The one of that id with what is given in place of its own; None where there is none.

    Raises NameTaken, and OtherVersion where it is of another version than the one sent. `check` refuses what may not be
    made of the old one.
    """

    async def work() -> Document | None:
        known = await _in_turn(store, record)
        old = known.pop(key, None) if key else None
        if old is None:
            return None
        if sent is not None and sent != version_of(old):
            raise OtherVersion(old)
        changed = {name: value for name, value in given.items() if value != old.get(name)}
        if not changed:
            return old
        _require_free(known.values(), given.get("name", old["name"]))
        if check:
            await check(old, {**old, **changed})
        changed["version"] = version_of(old) + 1
        # What people said of it: a source that says otherwise does not replace it.
        said = sorted({*old.get("said", ()), *changed.keys() - {"version"}})
        return await store.update(record, {"_id": old["_id"]}, {"$set": {**changed, "said": said}})

    return await store.transact(work)


async def _in_turn(store: Store, record: Record) -> dict[RecordId, Document]:
    await take_turn(store, record)
    return {one["_id"]: one for one in await store.find(record, {})}


def _require_free(others: Any, name: str) -> None:
    for one in others:
        if one["name"].casefold() == name.casefold():
            raise NameTaken(one["name"])
