"""Does the same come of what channels tell, however often and in whichever order it is told?"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.contract.records import (
    File,
    HandedOver,
    Progress,
    Removal,
    Renaming,
    Say,
    Talk,
    Utterance,
    Who,
    Withdrawal,
)
from adapters.mongo import Store
from adapters.records import Document
from resolvers.attachments import ATTACHMENTS
from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.consents import CONSENT_WORDS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest.stand_ins import is_stand_in
from resolvers.merging.ledger import MERGES
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.taking_in import AT, CASE, FILE, ORDER, bring

ANN, ANA, ANNE = (Who("chat", "web", value) for value in ("ann", "ana", "anne"))
HOUR = timedelta(hours=1)


def moment(hours: int) -> Any:
    """So many hours before the batch."""
    return AT - hours * HOUR


TALK = Talk(
    channel="chat",
    account="web",
    external_id="C1",
    who=ANN,
    started_at=moment(90),
    last_message_at=moment(80),
    subject="First",
    updated_at=moment(80),
)
WORD = Utterance(
    channel="chat",
    account="web",
    external_id="M1",
    talk="C1",
    who=ANN,
    direction="IN",
    sent_at=moment(85),
    text="Hello",
)
LATER = replace(WORD, external_id="M2", sent_at=moment(60), text="Anybody there?")
ANSWER = replace(WORD, external_id="M3", direction="OUT", sent_at=moment(50), text="Yes", status="SENT")
PICTURE = File(
    channel="chat",
    account="web",
    external_id="F1",
    who=ANN,
    of="M1",
    of_kind="message",
    name="a.png",
    media_type="image/png",
    size_bytes=7,
    created_at=WORD.sent_at,
)
TAKEN_BACK = Withdrawal(channel="chat", account="web", external_id="M1", at=moment(40))
SPEAKS = Say(who=ANN, purpose="News", status="GRANTED", at=moment(30))
BECAME = Renaming(was=ANN, who=ANA, at=moment(20))


def told(status: str, hours: int, reason: str | None = None) -> Progress:
    """How far the answer came."""
    return Progress(channel="chat", account="web", external_id="M3", status=status, at=moment(hours), reason=reason)


def gone(kind: str, place: tuple[str, str], external_id: str, hours: int) -> Removal:
    """Something that went at its source."""
    return Removal(channel=place[0], account=place[1], kind=kind, external_id=external_id, at=moment(hours))


STORIES: dict[str, tuple[HandedOver, ...]] = {
    "edits": (
        WORD,
        replace(WORD, text="Hello!", updated_at=moment(70)),
        replace(WORD, text="Hello there", updated_at=moment(65)),
        replace(WORD, text="Hello you", updated_at=moment(65)),
    ),
    "edits of one second": (
        WORD,
        *(replace(WORD, text=text, updated_at=moment(70), edition=n) for n, text in enumerate(("Yes", "No", "Maybe"))),
        replace(WORD, text="Yes!", updated_at=moment(70)),
    ),
    "talks": (
        TALK,
        replace(TALK, subject="Second", status="RESOLVED", updated_at=moment(70)),
        replace(TALK, status="FOLLOW_UP", updated_at=moment(75)),
        replace(TALK, updated_at=None),
        WORD,
        LATER,
        ANSWER,
    ),
    "resolved last": (TALK, replace(TALK, status="RESOLVED", updated_at=moment(55)), WORD, LATER, ANSWER),
    "statuses": (ANSWER, told("SENT", 50), told("FAILED", 49, "131000 lost"), told("DELIVERED", 48), told("READ", 47)),
    "failures": (ANSWER, told("SENT", 50), told("FAILED", 49, "1 first"), told("FAILED", 48, "2 second")),
    "taken back": (WORD, replace(WORD, text="Hello!", updated_at=moment(20)), PICTURE, TAKEN_BACK, LATER),
    "taken back by author": (WORD, PICTURE, replace(TAKEN_BACK, who=ANN), replace(TAKEN_BACK, who=ANN, at=moment(30))),
    "in copy": (
        WORD,
        replace(LATER, is_by_other=True, author_name="Cora"),
        replace(PICTURE, of="M2", created_at=LATER.sent_at),
    ),
    "gone message": (WORD, PICTURE, LATER, gone("message", ("chat", "web"), "M1", 40)),
    "edited since": (
        WORD,
        replace(WORD, text="Hello!", updated_at=moment(30)),
        gone("message", ("chat", "web"), "M1", 40),
    ),
    "gone talk": (TALK, WORD, PICTURE, gone("conversation", ("chat", "web"), "C1", 70)),
    "gone second": (WORD, replace(WORD, external_id="M4"), PICTURE, gone("conversation", ("chat", "web"), "C1", 85)),
    "talk goes on": (
        replace(TALK, status="RESOLVED"),
        WORD,
        PICTURE,
        LATER,
        ANSWER,
        gone("conversation", ("chat", "web"), "C1", 70),
    ),
    "gone ticket": (
        CASE,
        FILE,
        gone("ticket", ("desk", "main"), "T1", 24),
        gone("ticket", ("desk", "main"), "T1", 30),
    ),
    "ticket back": (
        CASE,
        FILE,
        replace(CASE, status="SOLVED", updated_at=moment(5)),
        gone("ticket", ("desk", "main"), "T1", 24),
    ),
    "gone order": (ORDER, replace(ORDER, status="FULFILLED"), gone("order", ("shop", "main"), "SO1", 2)),
    "consents": (
        SPEAKS,
        replace(SPEAKS, status="WITHDRAWN", at=moment(20)),
        replace(SPEAKS, status="DENIED", at=moment(20)),
        replace(SPEAKS, purpose="calls", means="FORM"),
        WORD,
    ),
    "renamed": (BECAME, WORD, replace(LATER, who=ANA, talk="C2"), replace(SPEAKS, who=ANA)),
    "renamed twice": (
        BECAME,
        Renaming(was=ANA, who=ANNE, at=moment(10)),
        WORD,
        replace(LATER, who=ANA, talk="C2"),
        replace(ANSWER, who=ANNE, talk="C3"),
        replace(SPEAKS, who=ANNE),
    ),
    "there and back": (BECAME, Renaming(was=ANA, who=ANN, at=moment(10)), WORD, replace(LATER, who=ANA, talk="C2")),
}

# What tells how something came about, and not what it is.
_HOW = frozenset({"version", "changed", "aliases", "updated_by", "own_since", "merge_id", "is_founder"})
_KEPT = (
    CUSTOMERS,
    IDENTITIES,
    IDENTITY_KEYS,
    MERGES,
    CHANNEL_ACCOUNTS,
    CONSENT_WORDS,
    CONVERSATIONS,
    MESSAGES,
    ATTACHMENTS,
    TICKETS,
    PURCHASES,
)
_EXPECTED: dict[tuple[HandedOver, ...], Any] = {}
_SHOWN = ("attributes", "consents", "is_anonymous", "last_interaction_at")


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
@settings(
    max_examples=max(3, settings.default.max_examples // 10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
async def test_any_order(store: Store, story: tuple[HandedOver, ...], data: st.DataObject) -> None:
    """Any order, any repetition and any parting into batches of the same deliveries leave the same behind."""
    twice = data.draw(st.permutations([*story, *story]), label="order")
    size = data.draw(st.integers(1, 4), label="records of a batch")
    if story not in _EXPECTED:
        _EXPECTED[story] = await _left_by(store, [[one] for one in story])
    assert await _left_by(store, [twice[n : n + size] for n in range(0, len(twice), size)]) == _EXPECTED[story]


async def _left_by(store: Store, batches: Sequence[Sequence[HandedOver]]) -> Any:
    """What is stored once these were brought, in words that no id drawn at random is in; then nothing is."""
    try:
        for batch in batches:
            taken = await bring(store, *batch)
            assert [one.reason for one in taken.results if one.reason] == []
        return _seen({record.name: await store.find(record, {}) for record in _KEPT})
    finally:
        for record in _KEPT:
            await store.delete(record, {})


def _seen(held: dict[str, list[Document]]) -> Any:
    people = {one["_id"]: one.get("merged_into") or one["_id"] for one in held.get(CUSTOMERS.name, ())}
    accounts: dict[Any, list[str]] = {}
    for one in held.get(IDENTITIES.name, ()):
        accounts.setdefault(people[one["customer_id"]], []).append(one["value"])
    names = {key: " ".join(sorted(accounts.get(into, ()))) for key, into in people.items()}
    seen: dict[str, list[Any]] = {"people": [], CHANNEL_ACCOUNTS.name: held.get(CHANNEL_ACCOUNTS.name, [])}
    for one in held.get(CUSTOMERS.name, ()):
        if not one.get("merged_into"):
            seen["people"].append((names[one["_id"]], {name: one.get(name) for name in _SHOWN}))
    for name, documents in held.items():
        if name not in {CUSTOMERS.name, IDENTITY_KEYS.name, MERGES.name, CHANNEL_ACCOUNTS.name}:
            seen[name] = [_plain(name, one, names) for one in documents]
    return {name: sorted(rows, key=repr) for name, rows in seen.items() if rows}


def _plain(name: str, document: Document, names: dict[Any, str]) -> dict[str, Any]:
    plain = {field: value for field, value in sorted(document.items()) if field not in _HOW}
    if name in {IDENTITIES.name, CONSENT_WORDS.name}:
        del plain["_id"]
    if "customer_id" in plain and plain["customer_id"] is not None:
        plain["customer_id"] = names[plain["customer_id"]]
    return plain


async def test_stand_ins_are_nobodys(store: Store) -> None:
    """What is told of something that is not here is kept under its id, and is nobody's."""
    await bring(store, told("READ", 3), TAKEN_BACK, gone("ticket", ("desk", "main"), "T1", 2))
    for name, count in (("messages", 2), ("tickets", 1)):
        found = await store.find(store.records[name], {})
        assert [is_stand_in(one, store.records[name]) for one in found] == [True] * count
    assert await store.find(CUSTOMERS, {}) == []
