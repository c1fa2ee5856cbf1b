"""Who may take a message back: the person whose it is, by any of their ids, before it comes or after?

What is said of a message before it comes waits in its stand-in. There it names whoever said it by a hash under the
gateway's secret alone, for a stand-in is nobody's and no erasure finds it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from adapters.contract.records import HandedOver, Who, Withdrawal
from adapters.mongo import Store
from adapters.records import CAME_BY, Document, RecordId, key_hash
from resolvers.identities import IDENTITIES
from resolvers.ingest.identities import Account
from resolvers.ingest.people import People
from resolvers.ingest.report import NotTaken
from resolvers.ingest.talks import CLAIMS
from resolvers.kit.erased import mark_id


def authors_of(record: HandedOver) -> tuple[Who, ...]:
    """Who takes a message back. It makes nobody known, and is told of erased people as well: it has no word of them."""
    return (record.who,) if isinstance(record, Withdrawal) and record.who else ()


class Authors:
    """Whose messages the people of one batch may take back."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._store: Store | None = None
        self._marks: dict[RecordId, set[RecordId]] = {}
        """By which hashes the customers are known who may be the authors of messages that were taken back before."""

    async def load(self, store: Store, stand_ins: Iterable[Document], customers: Iterable[RecordId | None]) -> None:
        """Reads by which ids these customers are known; no command where no message was taken back before it came."""
        self._store = store
        if not any(CLAIMS in one for one in stand_ins):
            return
        ids = {key for one in customers if one for key in self._people.ids_of(one)}
        only = ["customer_id", "channel", "account", "value"]
        for one in await store.find(IDENTITIES, {"customer_id": {"$in": list(ids)}}, only=only):
            digest = key_hash(one["channel"], one["account"], one["value"])
            self._marks.setdefault(one["customer_id"], set()).add(mark_id(store, digest))

    def require_author(self, one: Withdrawal, at: datetime, message: Document) -> None:
        """Raises NotTaken where the message is not of the person who takes it back, or is the other side's."""
        if one.who is None:
            return
        account = self._people.identities.account(one.who)
        if message["direction"] != one.direction or not self._is_of(message, account, at):
            raise NotTaken(
                "Somebody takes a message back that is not theirs; it stays as it is. Where the vendor itself says "
                "that the message is gone, its adapter leaves `who` out."
            )

    def claim(self, one: Withdrawal, at: datetime) -> dict[str, Any]:
        """What waits in the stand-in until the message comes. Raises NotTaken."""
        if one.who is None or self._store is None:
            return {"withdrawn_at": at}
        by = mark_id(self._store, self._people.identities.account(one.who).digest)
        return {CLAIMS: [{"by": by, "direction": one.direction, "at": at}]}

    def settled(self, stand_in: Document, message: Document, account: Account | None = None) -> Document:
        """What the stand-in says of the message that has come: taken back, where its own author has said so.

        `account`: by which it came.
        """
        if CLAIMS not in stand_in:
            return stand_in
        marks = {mark for key in self._people.ids_of(message["customer_id"]) for mark in self._marks.get(key, ())}
        if account is not None and self._store is not None:
            marks.add(mark_id(self._store, account.digest))
        said = {name: value for name, value in stand_in.items() if name != CLAIMS}
        theirs = [
            one["at"] for one in stand_in[CLAIMS] if one["direction"] == message["direction"] and one["by"] in marks
        ]
        return {**said, "withdrawn_at": min([*theirs, *filter(None, [said.get("withdrawn_at")])])} if theirs else said

    def _is_of(self, message: Document, account: Account, at: datetime) -> bool:
        """Whether whoever has the id at that moment is the customer of the message, or it came by that very id."""
        owner = self._people.identities.owner_of(account.who, at)
        if owner is None:
            return False
        if message["customer_id"] in self._people.ids_of(owner):
            return True
        # Its conversation may have been given to another customer by people here.
        had = self._people.identities.owner_of(account.who, message["sent_at"])
        return message.get(CAME_BY) == account.mark and had == owner
