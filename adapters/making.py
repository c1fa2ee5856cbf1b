"""Which record do the fields make that a row of a file, or a part of an answer, says?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Any

from adapters.contract.company import Class, Colleague, Effort, Place, Team
from adapters.contract.records import (
    Amount,
    Case,
    File,
    HandedOver,
    Item,
    Leaning,
    Listing,
    Order,
    Parcel,
    Person,
    Reach,
    Remark,
    Talk,
    Utterance,
    Who,
)
from adapters.values import BadValue

# As many digits as the database keeps; a sum of more is not rounded but refused.
EXACT = Context(prec=34, traps=[Inexact, InvalidOperation, Overflow])
"""Arithmetic with money: exact, or decimal.Inexact."""

Said = Mapping[str, Any]
"""A row's fields by name, those of GROUPS together in one; what the row does not say is absent."""

GROUPS = frozenset({"attributes", "custom_data", "identities", "profile", "entry_point", "postal"})

_POSTAL = ("street", "city", "region", "postal_code", "country")
_PARCEL = {f"parcel.{part}": part for part in ("company", "number", "url", "status")}
_ENTRY_POINT = ("channel", "page", "referrer")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a section's records stand unless the row says otherwise."""

    channel: str
    account: str
    currency: str | None


def record_of(kind: str, said: Said, spot: Spot) -> HandedOver:
    """The record that one row makes."""
    return _BUILDERS[kind](said, spot)


def order_of(rows: Sequence[Said], spot: Spot) -> Order:
    """The order whose lines these rows are; raises BadValue where they disagree about whose and when it is."""
    head = rows[0]
    latest, updated_at = head, head.get("updated_at")
    if len(rows) > 1:
        _check_agreement(rows)
        # Exports append: what several rows say, the last of them says.
        latest = {name: value for row in rows for name, value in row.items()}
        updated_at = max((row["updated_at"] for row in rows if "updated_at" in row), default=None)
    currency = head.get("currency") or spot.currency or ""
    parcels = {parcel: None for row in rows if (parcel := parcel_of(row))}
    return Order(
        external_id=head["id"],
        who=_who(head, spot),
        placed_at=head["placed_at"],
        number=latest.get("number"),
        status=latest.get("status") or "PLACED",
        total=_maybe_amount(latest.get("total"), currency),
        items=tuple([_item(n, row, currency) for n, row in enumerate(rows, 1)]),
        parcels=tuple(parcels),
        updated_at=updated_at,
        key=latest.get("key"),
        custom_data=latest.get("custom_data"),
    )


def _check_agreement(rows: Sequence[Said]) -> None:
    head = rows[0]
    for name in ("who", "placed_at", "channel", "account", "currency"):
        said = head.get(name)
        if any(row.get(name) != said for row in rows):
            raise BadValue(f"the {len(rows)} rows of this order disagree about `{name}`. Correct them in the source")


def _item(n: int, row: Said, currency: str) -> Item:
    quantity: int = row.get("line.quantity", 1)
    price: Decimal | None = row.get("line.unit_price")
    total: Decimal | None = row.get("line.total")
    if total is None:
        if price is None:
            raise BadValue("`line.total` is empty, and so is `line.unit_price`")
        total = _product(price, quantity)
    return Item(
        line=row.get("line.id") or str(n),
        title=row["line.title"],
        quantity=quantity,
        total=Amount(total, currency),
        unit_price=_maybe_amount(price, currency),
        sku=row.get("line.sku"),
        product=row.get("line.product"),
    )


def _product(price: Decimal, quantity: int) -> Decimal:
    try:
        return EXACT.multiply(price, quantity)
    except ArithmeticError as error:
        raise BadValue("`line.unit_price` times `line.quantity` has more digits than are kept exactly") from error


def parcel_of(row: Said) -> Parcel | None:
    """The parcel that a row says; None where it says none."""
    if _PARCEL.keys().isdisjoint(row):
        return None
    return Parcel(**{part: row.get(name) for name, part in _PARCEL.items()})


def _maybe_amount(value: Decimal | None, currency: str) -> Amount | None:
    return None if value is None else Amount(value, currency)


def _who(said: Said, spot: Spot) -> Who:
    return Who(said.get("channel") or spot.channel, said.get("account") or spot.account, said["who"])


def _place(said: Said, spot: Spot) -> dict[str, Any]:
    who = _who(said, spot)
    return {"channel": who.channel, "account": who.account, "external_id": said["id"], "who": who}


def _entry_point(said: Said) -> Mapping[str, str | None] | None:
    parts: dict[str, str | None] = dict.fromkeys(_ENTRY_POINT) | _members(said, "entry_point")
    if not any(parts.values()):
        return None
    if not parts["channel"]:
        raise BadValue("`entry_point.channel` is empty, and the other parts of the entry point are not")
    return parts


def _members(said: Said, group: str) -> dict[str, Any]:
    """What the row says of a group whose members stand together."""
    members: dict[str, Any] = said.get(group, {})
    return members


def _person(said: Said, spot: Spot) -> Person:
    who = _who(said, spot)
    return Person(
        who=who,
        attributes=_members(said, "attributes"),
        reaches=tuple(_reaches(said)),
        tags=said.get("tags", ()),
        labels=said.get("labels", ()),
        custom_data=_members(said, "custom_data"),
        profile=_members(said, "profile"),
        assigned_agent=said.get("agent"),
        entry_point=_entry_point(said),
        created_at=said.get("created_at"),
        seen_at=said.get("seen_at"),
        also=tuple(Who(name, who.account, value) for name, value in _members(said, "identities").items()),
    )


def _reaches(said: Said) -> list[Reach]:
    found = [Reach(type="EMAIL", value=one) for one in said.get("email", ())]
    found += [Reach(type="PHONE", value=one) for one in said.get("phone", ())]
    if postal := _members(said, "postal"):
        parts = {name: postal[name] for name in _POSTAL if name in postal}
        line = postal.get("line") or ", ".join(parts.values())
        found.append(Reach(type="POSTAL", value=line, postal=parts or None))
    return found


def _listing(said: Said, spot: Spot) -> Listing:
    return Listing(
        channel=said.get("channel") or spot.channel,
        account=said.get("account") or spot.account,
        external_id=said["id"],
        name=said["name"],
        sku=said.get("sku"),
        category=said.get("category"),
        description=said.get("description"),
        price=_maybe_amount(said.get("price"), said.get("currency") or spot.currency or ""),
        image_url=said.get("image_url"),
    )


def _case(said: Said, spot: Spot) -> Case:
    created_at: datetime = said["created_at"]
    return Case(
        **_place(said, spot),
        number=said.get("number") or said["id"],
        subject=said.get("subject"),
        status=said.get("status", "OPEN"),
        created_at=created_at,
        updated_at=said.get("updated_at", created_at),
        agent=said.get("agent"),
        campaign=said.get("campaign"),
    )


def _talk(said: Said, spot: Spot) -> Talk:
    started_at: datetime = said["started_at"]
    return Talk(
        **_place(said, spot),
        started_at=started_at,
        last_message_at=said.get("last_message_at", started_at),
        status=said.get("status"),
        subject=said.get("subject"),
        agent=said.get("agent"),
        entry_point=_entry_point(said),
        resolved_at=said.get("resolved_at"),
    )


def _utterance(said: Said, spot: Spot) -> Utterance:
    return Utterance(
        **_place(said, spot),
        talk=said["conversation"],
        direction=said["direction"],
        sent_at=said["sent_at"],
        text=said.get("text"),
        status=said.get("status") or ("RECEIVED" if said["direction"] == "IN" else "SENT"),
        author_name=said.get("author_name"),
    )


def _topic(said: Said, _spot: Spot) -> Place:
    path = said["path"]
    return Place(
        taxonomy=said["taxonomy"],
        external_id=said["id"],
        name=said.get("name") or path[-1],
        path=path,
        parent=said.get("parent"),
    )


def _leaning(said: Said, spot: Spot) -> Leaning:
    return Leaning(
        who=_who(said, spot),
        taxonomy=said["taxonomy"],
        topic=said["topic"],
        score=said["score"],
        observed_at=said["observed_at"],
        triggered_at=said.get("triggered_at"),
    )


def _remark(said: Said, spot: Spot) -> Remark:
    return Remark(
        external_id=said["id"],
        who=_who(said, spot),
        text=said["text"],
        created_at=said["created_at"],
        author=said.get("author"),
    )


def _file(said: Said, spot: Spot) -> File:
    return File(
        **_place(said, spot),
        of=said["of"],
        of_kind=said["of_kind"],
        name=said["name"],
        media_type=said["media_type"],
        size_bytes=said["size_bytes"],
        created_at=said["created_at"],
    )


def _colleague(said: Said, _spot: Spot) -> Colleague:
    return Colleague(
        subject=said["subject"],
        name=said["name"],
        role=said.get("role", "agent"),
        email=said.get("email"),
        teams=said.get("groups", ()),
        created_at=said.get("created_at"),
    )


def _effort(said: Said, _spot: Spot) -> Effort:
    return Effort(name=said["name"], starts_at=said.get("starts_at"), ends_at=said.get("ends_at"))


def _class(said: Said, _spot: Spot) -> Class:
    usual = {"color": said.get("color"), "priority": said.get("priority")}
    given = {name: value for name, value in usual.items() if value is not None}
    return Class(name=said["name"], description=said.get("description"), **given)


_BUILDERS: Mapping[str, Callable[[Said, Spot], HandedOver]] = {
    "people": _person,
    "orders": lambda said, spot: order_of([said], spot),
    "products": _listing,
    "tickets": _case,
    "conversations": _talk,
    "messages": _utterance,
    "topics": _topic,
    "interests": _leaning,
    "notes": _remark,
    "attachments": _file,
    "agents": _colleague,
    "groups": lambda said, _spot: Team(name=said["name"]),
    "campaigns": _effort,
    "labels": _class,
}
