"""Is every wrong thing that an adapter may hand over told in words for its author, and every right one let through?"""

from dataclasses import replace
from decimal import Decimal
from enum import Enum
from typing import Any, cast

import pytest

from adapters.contract.channel import PaymentAsked
from adapters.contract.company import Colleague
from adapters.contract.deliveries import Event
from adapters.contract.found import Found, Unread
from adapters.contract.records import (
    Amount,
    Case,
    Departure,
    Order,
    Progress,
    Reach,
    Removal,
    Renaming,
    Say,
    Talk,
    Utterance,
    Watermark,
    Who,
    Withdrawal,
)
from adapters.contract.sending import SendState, Sent
from adapters.contract.soundness import ALLOWED, unsound
from resolvers.consents import ConsentMeans, ConsentStatus
from resolvers.contacts import ContactPointType
from resolvers.conversations import ConversationStatus, MessageDirection, MessageStatus
from resolvers.kit.viewer import STAFF
from resolvers.purchases import PurchaseStatus
from resolvers.tickets import TicketStatus
from tests.taking_in import ANN, AT, CASE, EVERYTHING, LEANING, ORDER, PERSON, WORD

NAIVE = AT.replace(tzinfo=None)
BELL = ORDER.items[0]
SAY = Say(who=ANN, purpose="news", status="GRANTED", at=AT)
OTHER = Who("whatsapp", "main", "491701234567")
SENT = Sent(state=SendState.TAKEN, external_id="5")
EVENT = Event(key="1", order_by="17", records=(PERSON,))
SOUND = (
    *EVERYTHING,
    SAY,
    Progress(channel="shop", account="main", external_id="1", status="READ", at=AT),
    Watermark(channel="shop", account="main", who=ANN, talk="1", status="READ", until=AT, at=AT),
    Renaming(was=ANN, who=ANN, at=AT),
    Withdrawal(channel="shop", account="main", external_id="1", at=AT),
    Removal(channel="shop", account="main", kind="order", external_id="1", at=AT),
    Departure(who=ANN, at=AT),
    SENT,
    EVENT,
    Found(records=EVERYTHING, unread=(Unread(what="ticket 1", why="`id` is missing."),)),
)
WRONG: dict[str, tuple[Any, str]] = {
    "no record": ("Ann Lee", "str is no record."),
    "nothing": (None, "NoneType is no record."),
    "int id": (replace(ORDER, external_id=5), "Order.external_id is of type int; it is a text (str)."),
    "missing": (replace(ORDER, external_id=None), "Order.external_id is None; it is a text (str)."),
    "naive": (replace(ORDER, placed_at=NAIVE), "Order.placed_at has no time zone."),
    "moment as text": (replace(ORDER, placed_at="2026-11-21"), "Order.placed_at is of type str; it is a moment"),
    "half a bell": (replace(ORDER, items=(BELL._replace(quantity=1.5),)), "Order.items[0].quantity is of type float;"),
    "float money": (
        replace(ORDER, items=(BELL, BELL._replace(total=Amount(1.5, "USD")))),  # type: ignore[arg-type]
        "Order.items[1].total.amount is of type float; it is an exact number (Decimal).",
    ),
    "no money": (replace(ORDER, total=Amount(Decimal("NaN"), "USD")), "Order.total.amount is no finite number."),
    "currency": (replace(ORDER, total=Amount(Decimal(1), "dollars")), "Order.total.currency is no currency code"),
    "plain tuple": (replace(PERSON, who=("shop", "main", "17")), "Person.who is of type tuple; it is one of Who."),
    "custom int": (replace(PERSON, custom_data={"n": 5}), "Person.custom_data's value of a key is of type int;"),
    "odd attribute": (replace(PERSON, attributes={"firstName": ["Ann"]}), "Person.attributes's value of a key is of"),
    "one tag": (replace(PERSON, tags="vip"), "Person.tags is of type str; it is a tuple."),
    "score": (replace(LEANING, score="0.5"), "Leaning.score is of type str; it is a number (float)."),
    "flag": (Reach(type="PHONE", value="1", is_primary=1), "Reach is no record."),  # type: ignore[arg-type]
    "reach": (replace(PERSON, reaches=(Reach(type="FAX", value="1"),)), "Person.reaches[0].type is none of its words"),
    "status": (replace(CASE, status="open"), "Case.status is none of its words: NEW, OPEN, PENDING, ON_HOLD, SOLVED"),
    "sent": (replace(SENT, external_id=5), "Sent.external_id is of type int; it is a text (str)."),
    "state as text": (replace(SENT, state="UNKNOWN"), "Sent.state is of type str; it is SendState."),
    "key": (replace(EVENT, key=5), "Event.key is of type int;"),
    "no key": (replace(EVENT, order_by=""), "Event.order_by is empty."),
    "payment": (
        PaymentAsked(external_id=cast("str", 5), url="https://pay.example"),
        "PaymentAsked.external_id is of type",
    ),
    "cursor": (Found(after=5), "Found.after is of type int; it is a text (str)."),  # type: ignore[arg-type]
    "as of": (Found(as_of=NAIVE), "Found.as_of has no time zone."),
}
ENUMS: dict[tuple[type, str], type[Enum]] = {
    (Reach, "type"): ContactPointType,
    (Order, "status"): PurchaseStatus,
    (Case, "status"): TicketStatus,
    (Talk, "status"): ConversationStatus,
    (Utterance, "direction"): MessageDirection,
    (Utterance, "status"): MessageStatus,
    (Say, "status"): ConsentStatus,
    (Say, "means"): ConsentMeans,
}


@pytest.mark.parametrize("told", SOUND, ids=lambda one: type(one).__name__)
def test_right_is_let_through(told: object) -> None:
    """Of what is as the contract says nothing is told."""
    assert unsound(told) is None


@pytest.mark.parametrize(("told", "words"), WRONG.values(), ids=WRONG)
def test_wrong_is_told(told: object, words: str) -> None:
    """What is not as the contract says is told by its place, with what it should be."""
    assert (unsound(told) or "").startswith(words)


def test_own_account_only() -> None:
    """An adapter hands over what is of its own channel account; others' ids it may only state."""
    place = ("shop", "main")
    assert unsound(replace(PERSON, also=(OTHER,)), place) is None
    for told in (replace(PERSON, who=OTHER), replace(CASE, who=OTHER), WORD, Renaming(was=OTHER, who=ANN, at=AT)):
        assert "is of another channel account" in (unsound(told, place) or "")
    assert unsound(PERSON, ("shop", "other")) is not None


def test_no_value_is_quoted() -> None:
    """No word of a value stands in what is told."""
    told = replace(WORD, text="Ann Lee's secret", status="Ann Lee", sent_at=NAIVE)
    for one in (told, replace(PERSON, custom_data={"Ann Lee": 5}), replace(PERSON, attributes={"x": ["Ann Lee"]})):
        assert "Ann" not in (unsound(one) or "")


def test_words_are_the_schema_s() -> None:
    """The words that the contract allows are those that the schema knows."""
    assert {field: tuple(kind.__members__) for field, kind in ENUMS.items()} == {one: ALLOWED[one] for one in ENUMS}
    assert set(ALLOWED[Colleague, "role"]) == {one.value for one in STAFF}
