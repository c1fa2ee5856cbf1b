"""Into which fields of which records can the columns of a file, or the parts of an answer, go?"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """What a field holds; the value says it to people."""

    TEXT = "a text"
    TEXTS = "a list of texts"
    MOMENT = "a moment"
    DAY = "a day"
    AMOUNT = "an amount of money"
    NUMBER = "a number"
    WHOLE = "a whole number"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record."""

    kind: Kind = Kind.TEXT
    is_required: bool = False
    choices: tuple[str, ...] = ()


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Target:
    """One kind of record, as a mapping names it."""

    fields: Fields
    open_groups: tuple[str, ...] = ()
    """Groups whose members the mapping names: `attributes.birthDate`."""
    is_grouped: bool = False
    """Whether several rows may make one record."""

    def field(self, name: str) -> Field | None:
        """The field of that name; attributes are texts until the customer schema says more."""
        group, dot, member = name.partition(".")
        if dot and member and group in self.open_groups:
            return Field()
        return self.fields.get(name)


# The words of the graph, which stands above this floor; a test compares them.
_ORDER = Field(choices=("PLACED", "PAID", "FULFILLED", "CANCELLED", "REFUNDED"))
_TICKET = Field(choices=("NEW", "OPEN", "PENDING", "ON_HOLD", "SOLVED", "CLOSED"))
_CONVERSATION = Field(choices=("OPEN", "FOLLOW_UP", "RESOLVED"))
_DIRECTION = Field(is_required=True, choices=("IN", "OUT"))
_MESSAGE = Field(choices=("RECEIVED", "QUEUED", "SENT", "DELIVERED", "READ", "FAILED", "UNKNOWN"))
_ROLE = Field(choices=("administrator", "agent", "supervisor"))

_TEXT, _NEEDED = Field(), Field(is_required=True)
_MOMENT, _NEEDED_MOMENT = Field(Kind.MOMENT), Field(Kind.MOMENT, is_required=True)
_AMOUNT, _TEXTS = Field(Kind.AMOUNT), Field(Kind.TEXTS)
# A row may stand on another channel than the rest of its file.
_PLACE = {"channel": _TEXT, "account": _TEXT}
_ENTRY_POINT = {f"entry_point.{name}": _TEXT for name in ("channel", "page", "referrer")}

TARGETS: Mapping[str, Target] = {
    "people": Target(
        {
            "who": _NEEDED,
            "email": _TEXTS,
            "phone": _TEXTS,
            **{f"postal.{name}": _TEXT for name in ("line", "street", "city", "region", "postal_code", "country")},
            "tags": _TEXTS,
            "labels": _TEXTS,
            **{
                f"profile.{name}": _TEXT
                for name in ("name", "username", "picture_url", "gender", "locale", "time_zone")
            },
            "agent": _TEXT,
            "created_at": _MOMENT,
            "seen_at": _MOMENT,
            **_ENTRY_POINT,
            **_PLACE,
        },
        open_groups=("attributes", "custom_data", "identities"),
    ),
    "orders": Target(
        {
            "id": _NEEDED,
            "who": _NEEDED,
            "placed_at": _NEEDED_MOMENT,
            "number": _TEXT,
            "status": _ORDER,
            "total": _AMOUNT,
            "currency": _TEXT,
            "updated_at": _MOMENT,
            "line.id": _TEXT,
            "line.title": _NEEDED,
            "line.sku": _TEXT,
            "line.product": _TEXT,
            "line.quantity": Field(Kind.WHOLE),
            "line.unit_price": _AMOUNT,
            "line.total": _AMOUNT,
            **{f"parcel.{name}": _TEXT for name in ("company", "number", "url", "status")},
            **_PLACE,
        },
        open_groups=("custom_data",),
        is_grouped=True,
    ),
    "products": Target(
        {
            "id": _NEEDED,
            "name": _NEEDED,
            "sku": _TEXT,
            "category": _TEXT,
            "description": _TEXT,
            "price": _AMOUNT,
            "currency": _TEXT,
            "image_url": _TEXT,
            **_PLACE,
        }
    ),
    "tickets": Target(
        {
            "id": _NEEDED,
            "who": _NEEDED,
            "number": _TEXT,
            "subject": _TEXT,
            "status": _TICKET,
            "created_at": _NEEDED_MOMENT,
            "updated_at": _MOMENT,
            "agent": _TEXT,
            "campaign": _TEXT,
            **_PLACE,
        }
    ),
    "conversations": Target(
        {
            "id": _NEEDED,
            "who": _NEEDED,
            "started_at": _NEEDED_MOMENT,
            "last_message_at": _MOMENT,
            "status": _CONVERSATION,
            "subject": _TEXT,
            "agent": _TEXT,
            "resolved_at": _MOMENT,
            **_ENTRY_POINT,
            **_PLACE,
        }
    ),
    "messages": Target(
        {
            "id": _NEEDED,
            "conversation": _NEEDED,
            "who": _NEEDED,
            "direction": _DIRECTION,
            "sent_at": _NEEDED_MOMENT,
            "text": _TEXT,
            "status": _MESSAGE,
            "author_name": _TEXT,
            **_PLACE,
        }
    ),
    "topics": Target(
        {
            "taxonomy": _NEEDED,
            "id": _NEEDED,
            "name": _TEXT,
            "path": Field(Kind.TEXTS, is_required=True),
            "parent": _TEXT,
        }
    ),
    "interests": Target(
        {
            "who": _NEEDED,
            "taxonomy": _NEEDED,
            "topic": _NEEDED,
            "score": Field(Kind.NUMBER, is_required=True),
            "observed_at": _NEEDED_MOMENT,
            "triggered_at": _MOMENT,
            **_PLACE,
        }
    ),
    "notes": Target(
        {
            "id": _NEEDED,
            "who": _NEEDED,
            "text": _NEEDED,
            "created_at": _NEEDED_MOMENT,
            "author": _TEXT,
            **_PLACE,
        }
    ),
    "attachments": Target(
        {
            "id": _NEEDED,
            "who": _NEEDED,
            "of": _NEEDED,
            "of_kind": Field(is_required=True, choices=("message", "ticket")),
            "name": _NEEDED,
            "media_type": _NEEDED,
            "size_bytes": Field(Kind.WHOLE, is_required=True),
            "created_at": _NEEDED_MOMENT,
            **_PLACE,
        }
    ),
    "agents": Target(
        {
            "subject": _NEEDED,
            "name": _NEEDED,
            "role": _ROLE,
            "email": _TEXT,
            "groups": _TEXTS,
            "created_at": _MOMENT,
        }
    ),
    "groups": Target({"name": _NEEDED}),
    "campaigns": Target({"name": _NEEDED, "starts_at": _MOMENT, "ends_at": _MOMENT}),
    "labels": Target({"name": _NEEDED, "color": _TEXT, "priority": Field(Kind.WHOLE), "description": _TEXT}),
}
"""What a mapping's `record` may be, and the fields of each."""
