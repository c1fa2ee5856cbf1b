"""Do handed-over records become customers and what is theirs, once, whole, and whatever the order?"""

from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

import pytest

from adapters.contract.company import Class, Colleague
from adapters.contract.records import Amount, HandedOver, Leaning, Parcel, Person, Reach, Who
from adapters.mongo import Store
from resolvers.ingest.batch import take
from resolvers.ingest.report import TakenIn
from resolvers.purchases import PURCHASES
from tests.taking_in import (
    AT,
    CASE,
    DAY,
    EVERYTHING,
    FILE,
    LEANING,
    ORDER,
    PERSON,
    PLACE,
    REMARK,
    TALK,
    VIP,
    WORD,
    bring,
    contents,
    outcomes,
    reason_of,
    the_customer,
)


async def test_every_kind_taken(store: Store) -> None:
    """A batch may mix all kinds, in any order: what others name is taken in first."""
    taken = await bring(store, *reversed(EVERYTHING))
    assert outcomes(taken) == ["inserted"] * len(EVERYTHING)


async def test_taken_twice_unchanged(store: Store) -> None:
    """Taking the same records in again changes nothing."""
    await bring(store, *EVERYTHING)
    before = await contents(store)
    taken = await bring(store, *EVERYTHING, at=AT + DAY)
    assert outcomes(taken) == ["unchanged"] * len(EVERYTHING)
    assert await contents(store) == before


CHANGED: tuple[tuple[HandedOver, HandedOver], ...] = (
    (PERSON, replace(PERSON, attributes={"lastName": "Poe"})),
    (CASE, replace(CASE, status="SOLVED")),
    (VIP, replace(VIP, priority=1)),
)


@pytest.mark.parametrize(("record", "changed"), CHANGED, ids=["person", "ticket", "label"])
async def test_repeated_in_a_batch(store: Store, record: HandedOver, changed: HandedOver) -> None:
    """What comes several times in one batch is told of each time as if it came in a batch of its own."""
    told = ["inserted", "updated", "unchanged", "updated"]
    assert outcomes(await bring(store, record, changed, changed, record)) == told


async def test_batch_or_singly(store: Store) -> None:
    """One by one in a batch each, records come to the same as in one batch."""
    for one in sorted(EVERYTHING, key=lambda one: isinstance(one, Leaning | Colleague)):
        assert outcomes(await bring(store, one)) in (["inserted"], ["updated"])
    customer = await the_customer(store)
    assert customer["display_name"] == "Ann Lee"
    assert await store.count(PURCHASES, {"customer_id": customer["_id"]}) == 1


REJECTED: tuple[tuple[HandedOver, str], ...] = (
    (replace(PERSON, labels=("VIP",)), "the label 'VIP'"),
    (replace(PERSON, assigned_agent="bob"), "the agent 'bob'"),
    (replace(CASE, campaign="Spring"), "the campaign 'Spring'"),
    (Colleague(subject="bob", name="Bob", teams=("Day",)), "the group 'Day'"),
    (LEANING, "has no topic '2'"),
    (replace(CASE, status="LOST"), "one of NEW, OPEN"),
    (replace(ORDER, status="paid"), "one of PLACED, PAID"),
    (replace(ORDER, items=()), "Give the total"),
    (replace(ORDER, items=(ORDER.items[0], ORDER.items[0])), "same number"),
    (replace(ORDER, custom_data={str(n): "x" for n in range(51)}), "51 entries; at most 50 are kept"),
    (replace(ORDER, custom_data={"n" * 101: "x"}), "has 101 characters; at most 100 are kept"),
    (replace(ORDER, custom_data={"wish": "x" * 2001}), "has 2001 characters; at most 2000 are kept"),
    (
        replace(ORDER, items=tuple(ORDER.items[0]._replace(line=str(n)) for n in range(1001))),
        "1001 lines; at most 1000",
    ),
    (replace(ORDER, total=Amount(Decimal("NaN"), "USD")), "no finite number"),
    (replace(ORDER, total=Amount(Decimal(1), "dollars")), "currency code"),
    (replace(ORDER, total=Amount(Decimal("1." + "1" * 40), "USD")), "34 digits"),
    (replace(ORDER, placed_at=datetime(2026, 1, 1)), "time zone"),  # noqa: DTZ001 - that is the point
    (replace(ORDER, external_id=" "), "`external_id` is empty"),
    (replace(PERSON, attributes={"firstname": "Ann"}), "Did you mean 'firstName'?"),
    (replace(PERSON, attributes={"firstName": "R2D2"}), "A name holds letters"),
    (replace(PERSON, reaches=(Reach(type="EMAIL", value="ann at home"),)), "e-mail address"),
    (replace(PERSON, reaches=(Reach(type="PHONE", value="12"),)), "country code"),
    (replace(PERSON, tags=("two words",)), "one word"),
    (replace(PERSON, tags=tuple(f"t{n}" for n in range(101))), "at most 100"),
    (replace(PERSON, who=Who("whatsapp", "main", "none")), "'whatsapp'"),
    (replace(REMARK, text=" "), "`text` is empty"),
    (replace(FILE, of_kind="order"), "a message or a ticket"),
    (replace(WORD, edition=-1), "`edition` is -1; it lies between 0 and 9007199254740991"),
    (replace(FILE, size_bytes=-1), "`size_bytes` is -1; it lies between 0 and 9007199254740991"),
    (replace(FILE, size_bytes=2**53), "`size_bytes` is 9007199254740992"),
    (replace(ORDER, items=(ORDER.items[0]._replace(quantity=0),)), "`quantity` is 0; it lies between 1 and 2147483647"),
    (replace(ORDER, placed_at=datetime(1, 1, 1, tzinfo=timezone(DAY / 2))), "beyond the years 1 to 9999"),
    (Class(name="VIP", priority=2**31), "`priority` is 2147483648"),
    *(
        (record, f"`{field}` has 2001 characters; at most 2000 are kept")
        for field, record in (
            ("external_id", replace(ORDER, external_id="x" * 2001)),
            ("who", replace(ORDER, who=Who("shop", "main", "x" * 2001))),
            ("sku", replace(ORDER, items=(ORDER.items[0]._replace(sku="x" * 2001),))),
            ("parcel.url", replace(ORDER, parcels=(Parcel(url="x" * 2001),))),
            ("subject", replace(CASE, subject="x" * 2001)),
            ("entry_point.page", replace(TALK, entry_point={"channel": "chat", "page": "x" * 2001})),
            ("entry_point.page", replace(PERSON, entry_point={"channel": "chat", "page": "x" * 2001})),
            ("profile.name", replace(PERSON, profile={"name": "x" * 2001})),
            ("postal", replace(PERSON, reaches=(Reach(type="POSTAL", value="x" * 2001),))),
            ("path", replace(PLACE, path=("x" * 2001,))),
        )
    ),
    (replace(WORD, text="x" * 100_001), "`text` has 100001 characters; at most 100000 are kept"),
)


@pytest.mark.parametrize(("record", "words"), REJECTED, ids=[words[:40] for _, words in REJECTED])
async def test_rejected_with_reason(store: Store, record: HandedOver, words: str) -> None:
    """A record that cannot be taken in is rejected in words, and leaves nothing behind."""
    assert words in await reason_of(store, record)
    assert await contents(store) == {}


async def test_reason_hides_values(store: Store) -> None:
    """No reason quotes a personal value."""
    secret = "zz9secret"
    people = [
        replace(PERSON, attributes={"firstName": secret}),
        replace(PERSON, attributes={"phoneNumber": secret}),
        replace(PERSON, reaches=(Reach(type="EMAIL", value=f"{secret}@@x"),)),
        replace(PERSON, reaches=(Reach(type="PHONE", value=secret),)),
        replace(PERSON, who=Who("email", "main", f"{secret}<>@x.org")),
    ]
    for result in (await bring(store, *people)).results:
        assert result.reason
        assert secret not in result.reason


async def test_others_taken_beside_rejected(store: Store) -> None:
    """One bad record of a batch does not keep the others out."""
    taken = await bring(store, replace(CASE, status="LOST"), ORDER)
    assert outcomes(taken) == ["rejected", "inserted"]


async def test_failure_leaves_nothing(store: Store) -> None:
    """A batch is stored whole or not at all: what fails along with it takes it back."""

    async def fail(_taken: TakenIn) -> None:
        raise RuntimeError("the caller's own work failed")

    with pytest.raises(RuntimeError):
        await take(store, EVERYTHING, at=AT, by="test", along=fail)
    assert await contents(store) == {}


async def test_commands_do_not_grow(store: Store, commands: Any) -> None:
    """A batch costs the same number of commands whatever the number of its records."""
    sent = []
    for size in (2, 200):
        people = [Person(who=Who("shop", "main", f"{size}-{n}")) for n in range(size)]
        orders = [replace(ORDER, external_id=f"{one.who.value}", who=one.who) for one in people]
        with commands.counted() as seen:
            await bring(store, *people, *orders)
        sent.append(len(seen))
    assert sent[1] <= sent[0] <= 14
