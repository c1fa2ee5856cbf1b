"""What do orders, tickets, conversations, messages, interests, notes and files from outside mean in storage?

Each kind says where its documents stand, what a document looks like, and what becomes of one that is there already:
the newer `updated_at` wins where the source gives one, and the moment at which an entry stands on the timeline never
changes once it is written.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from adapters.contract.bounds import LONGEST_NOTE, QUANTITY, SIZE, unfit_data, unfit_lines, unfit_score, unfit_signs
from adapters.contract.records import Case, File, Item, Leaning, Order, Parcel, Remark, Talk, Utterance, Who
from adapters.records import Document, Record, RecordId, derived_id
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.ingest.company import Company, topic_id
from resolvers.ingest.fields import maybe, newer, one_of, place_of
from resolvers.ingest.money import stored_amount, sum_of
from resolvers.ingest.report import (
    NotTaken,
    bounded,
    bounded_all,
    require_fit,
    require_readable,
    require_text,
    stored_moment,
    whole_number,
)
from resolvers.ingest.talks import climbed, conversation, longer, message
from resolvers.interests import INTERESTS
from resolvers.kit.texts import plain_text
from resolvers.notes import NOTES, REMOVED_NOTES
from resolvers.products import PRODUCTS
from resolvers.purchases import PURCHASES, PurchaseStatus
from resolvers.tickets import TICKETS, TicketStatus

R = TypeVar("R")

# The heading under which the summary counts an interest: this many upper levels of its taxonomy.
_CATEGORY_LEVELS = 2

Merge = Callable[[Document, dict[str, Any]], dict[str, Any]]


def _unedited(old: Document, new: dict[str, Any]) -> dict[str, Any]:
    """The new document, unless a person has changed the old one. Who read it before is told by its version."""
    if old["edited_at"]:
        return {**old}
    is_other = any(new[name] != old[name] for name in ("text", "author_id"))
    return new | {"version": old.get("version", 1) + is_other}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(Generic[R]):
    """What records of one kind mean."""

    record: Record
    id_of: Callable[[R, RecordId | None], RecordId]
    """The document's id, from the record and the customer."""
    document: Callable[[R, Company], dict[str, Any]]
    """What the source says, as it is stored, without id and customer; raises NotTaken."""
    heard_at: Callable[[R], datetime | None]
    """When the person was heard of by it."""
    merge: Merge = newer
    kept: frozenset[str] = frozenset()
    """Fields that the first writing fixes."""
    removed: Record | None = None
    """Where the ids stand of those that people removed, which no source brings back."""
    follows_source: bool = True
    """Whether it becomes another customer's when the source says so. People relink conversations, and that stays."""

    def merged(self, old: Document | None, new: dict[str, Any]) -> dict[str, Any]:
        """The document as it is when the source has had its say."""
        if old is None:
            return new
        merged = self.merge(old, new)
        fixed = self.kept if self.follows_source else self.kept | {"customer_id"}
        return {**old, **merged, **{name: old[name] for name in fixed}}


def ticket_id(channel: str, account: str, external_id: str) -> RecordId:
    """The id of a ticket, stored or not."""
    return derived_id(TICKETS.name, channel, account, external_id)


def _keyed(record: Record) -> Callable[[Any, RecordId | None], RecordId]:
    """The id that follows from the record's channel, account and external id."""
    return lambda one, _owner: derived_id(record.name, one.channel, one.account, one.external_id)


def _keyed_by_person(record: Record) -> Callable[[Any, RecordId | None], RecordId]:
    """The id that follows from the external id on the channel account of the record's person."""
    return lambda one, _owner: derived_id(record.name, one.who.channel, one.who.account, one.external_id)


# Orders


def _order(one: Order, _company: Company) -> dict[str, Any]:
    require_fit(unfit_lines(one))
    said = [_line(item, one.who) for item in one.items]
    require_fit(unfit_signs(one))
    if one.total is None and len(said) == 1:
        total = said[0]["total"]
    else:
        total = stored_amount(one.total or sum_of([item.total for item in one.items], "total"), "total")
    return {
        "channel": one.who.channel,
        "account": one.who.account,
        "external_id": require_text(one.external_id, "external_id"),
        "number": bounded(one.number, "number") or one.external_id,
        "status": one_of(PurchaseStatus, one.status, "status"),
        "placed_at": stored_moment(one.placed_at, "placed_at"),
        "total": total,
        "lines": said,
        "tracking": [_tracking(parcel) for parcel in one.parcels],
        "updated_at": maybe(one.updated_at, "updated_at"),
        **_noted(one.custom_data),
    }


def _noted(data: Mapping[str, str] | None) -> dict[str, Any]:
    """What was noted on the order; what a source says nothing of stays as another said it."""
    require_fit(unfit_data(data))
    if data is None:
        return {}
    return {"custom_data": [{"name": bounded(name, "custom_data"), "value": value} for name, value in data.items()]}


def _line(item: Item, who: Who) -> dict[str, Any]:
    return {
        "line": bounded(item.line, "line"),
        "title": require_text(item.title, "title"),
        "sku": bounded(item.sku, "sku"),
        "quantity": whole_number(item.quantity, "quantity", *QUANTITY),
        "unit_price": stored_amount(item.unit_price, "unit_price") if item.unit_price else None,
        "total": stored_amount(item.total, "line total"),
        "product_id": _product_id(who.channel, who.account, item.product) if item.product else None,
    }


# A catalogue is small beside the lines that name its products.
@lru_cache(maxsize=16_384)
def _product_id(channel: str, account: str, external_id: str) -> RecordId:
    return derived_id(PRODUCTS.name, channel, account, external_id)


def _tracking(parcel: Parcel) -> dict[str, Any]:
    said = ("company", parcel.company), ("number", parcel.number), ("url", parcel.url), ("status", parcel.status)
    return bounded_all(said, "parcel.")


# Tickets


def _ticket(one: Case, company: Company) -> dict[str, Any]:
    return {
        **place_of(one),
        "number": require_text(one.number, "number"),
        "subject": bounded(one.subject, "subject"),
        "status": one_of(TicketStatus, one.status, "status"),
        "created_at": stored_moment(one.created_at, "created_at"),
        "updated_at": stored_moment(one.updated_at, "updated_at"),
        "assigned_agent_id": company.agent(one.agent) if one.agent else None,
        "campaign_id": company.campaign(one.campaign) if one.campaign else None,
    }


# Interests, notes and files


def category_of(path: tuple[str, ...] | list[str]) -> str:
    """The heading of a topic: the upper levels of its path, without itself unless it stands at the top."""
    return " > ".join((path[:-1] or path)[:_CATEGORY_LEVELS])


def _interest(one: Leaning, company: Company) -> dict[str, Any]:
    topic = company.topic(one.taxonomy, one.topic)
    require_fit(unfit_score(one.score))
    observed_at = stored_moment(one.observed_at, "observed_at")
    return {
        "topic_id": topic["_id"],
        "name": topic["name"],
        "category": category_of(topic["path"]),
        "score": float(one.score),
        "observed_from": f"{one.who.channel}/{one.who.account}",
        "triggered_at": maybe(one.triggered_at, "triggered_at") or observed_at,
        "observed_at": observed_at,
    }


def _later(old: Document, new: dict[str, Any]) -> dict[str, Any]:
    return {**old} if new["observed_at"] < old["observed_at"] else new


def _interest_id(one: Leaning, owner: RecordId | None) -> RecordId:
    return INTERESTS.id_of({"customer_id": owner, "topic_id": topic_id(one.taxonomy, one.topic)})


def _note(one: Remark, company: Company) -> dict[str, Any]:
    text = require_readable(plain_text, one.text, "`text`", LONGEST_NOTE)
    require_text(one.external_id, "external_id")
    return {
        "text": text,
        "author_id": company.agent(one.author) if one.author else None,
        "created_at": stored_moment(one.created_at, "created_at"),
        "edited_at": None,
        "version": 1,
    }


def _file(one: File, _company: Company) -> dict[str, Any]:
    homes = {"message": MESSAGES, "ticket": TICKETS}
    if one.of_kind not in homes:
        raise NotTaken(f"`of_kind` is {one.of_kind!r}; a file comes with a message or a ticket.")
    require_text(one.external_id, "external_id")
    size = one.size_bytes
    return {
        "name": require_text(one.name, "name"),
        "media_type": require_text(one.media_type, "media_type"),
        "size_bytes": None if size is None else whole_number(size, "size_bytes", *SIZE),
        "created_at": stored_moment(one.created_at, "created_at"),
        "of_id": derived_id(homes[one.of_kind].name, one.channel, one.account, require_text(one.of, "of")),
        # By these its channel is asked for it.
        "told_as": {
            "channel": one.channel,
            "account": one.account,
            "external_id": one.external_id,
            "of": one.of,
            "of_kind": one.of_kind,
        },
        **({"url": bounded(one.url, "url")} if one.url else {}),
    }


def _unheard(_one: Any) -> None:
    """What the company writes is no word of the customer's."""


PANELS: Mapping[type[Any], Panel[Any]] = {
    Order: Panel(
        record=PURCHASES,
        id_of=_keyed_by_person(PURCHASES),
        document=_order,
        heard_at=lambda one: one.placed_at,
        kept=frozenset({"placed_at"}),
    ),
    Case: Panel(
        record=TICKETS,
        id_of=_keyed(TICKETS),
        document=_ticket,
        heard_at=lambda one: one.created_at,
        kept=frozenset({"created_at"}),
    ),
    Talk: Panel(
        record=CONVERSATIONS,
        id_of=_keyed(CONVERSATIONS),
        document=conversation,
        # The newest message may be the company's.
        heard_at=lambda one: None if one.is_silent else one.started_at,
        merge=longer,
        follows_source=False,
    ),
    Utterance: Panel(
        record=MESSAGES,
        id_of=_keyed(MESSAGES),
        document=message,
        heard_at=lambda one: one.sent_at if one.direction == "IN" and not one.is_by_other else None,
        merge=climbed,
        kept=frozenset({"conversation_id"}),
        follows_source=False,
    ),
    Leaning: Panel(
        record=INTERESTS,
        id_of=_interest_id,
        document=_interest,
        heard_at=lambda one: one.observed_at,
        merge=_later,
        kept=frozenset({"triggered_at"}),
    ),
    Remark: Panel(
        record=NOTES,
        id_of=_keyed_by_person(NOTES),
        document=_note,
        heard_at=_unheard,
        merge=_unedited,
        kept=frozenset({"created_at", "edited_at"}),
        removed=REMOVED_NOTES,
    ),
    File: Panel(
        record=ATTACHMENTS,
        id_of=_keyed(ATTACHMENTS),
        document=_file,
        # The message with which it came tells whether the customer wrote it.
        heard_at=lambda one: one.created_at if one.of_kind == "ticket" else None,
        kept=frozenset({"created_at"}),
    ),
}
