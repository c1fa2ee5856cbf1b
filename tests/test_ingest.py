"""Do handed-over records become customers and what is theirs, once, whole, and whatever the order?"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract import (
    Amount,
    Case,
    Class,
    Colleague,
    Effort,
    File,
    HandedOver,
    Item,
    Leaning,
    Listing,
    Order,
    Parcel,
    Person,
    Place,
    Reach,
    Remark,
    Talk,
    Team,
    Utterance,
    Who,
)
from adapters.mongo import Store
from adapters.records import Document, decimal_of
from resolvers.agents import AGENTS
from resolvers.attachments import ATTACHMENTS
from resolvers.attribute_rules import AttributeType
from resolvers.attribute_schema import definition_document
from resolvers.campaigns import CAMPAIGNS
from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from resolvers.ingest.batch import take
from resolvers.ingest.company import define_attributes
from resolvers.ingest.parts import canonical_address
from resolvers.ingest.report import NotTaken, Outcome, TakenIn
from resolvers.interests import INTERESTS, TOPICS
from resolvers.kit.scalars import canonical_email
from resolvers.labels import LABELS
from resolvers.notes import NOTES
from resolvers.products import PRODUCTS
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ANN = Who("shop", "main", "17")
PERSON = Person(who=ANN, attributes={"firstName": "Ann", "lastName": "Lee"})


def usd(amount: str) -> Amount:
    """An amount in dollars."""
    return Amount(Decimal(amount), "USD")


ORDER = Order(
    external_id="SO1",
    who=ANN,
    placed_at=AT - 30 * DAY,
    items=(
        Item(line="1", title="Bell", quantity=2, total=usd("10.10")),
        Item(line="2", title="Lamp", quantity=1, total=usd("5.25"), product="P2"),
    ),
)
CASE = Case(
    channel="desk",
    account="main",
    external_id="T1",
    who=ANN,
    number="1",
    subject="Broken",
    status="OPEN",
    created_at=AT - 9 * DAY,
    updated_at=AT - 8 * DAY,
)
TALK = Talk(
    channel="chat", account="web", external_id="C1", who=ANN, started_at=AT - 7 * DAY, last_message_at=AT - 7 * DAY
)
WORD = Utterance(
    channel="chat",
    account="web",
    external_id="M1",
    talk="C1",
    who=ANN,
    direction="IN",
    sent_at=AT - 6 * DAY,
    text="Hello",
)
PLACE = Place(taxonomy="toys", external_id="2", name="Trains", path=("Toys", "Trains"), parent="1")
LEANING = Leaning(who=ANN, taxonomy="toys", topic="2", score=0.5, observed_at=AT - 5 * DAY)
REMARK = Remark(external_id="N1", who=ANN, text="Likes blue", created_at=AT - 4 * DAY)
FILE = File(
    channel="desk",
    account="main",
    external_id="F1",
    who=ANN,
    of="T1",
    of_kind="ticket",
    name="a.png",
    media_type="image/png",
    size_bytes=7,
    created_at=AT - 3 * DAY,
)
EVERYTHING: tuple[HandedOver, ...] = (
    PERSON,
    ORDER,
    CASE,
    TALK,
    WORD,
    PLACE,
    LEANING,
    REMARK,
    FILE,
    Listing(channel="shop", account="main", external_id="P2", name="Lamp", price=usd("5.25")),
    Team(name="Night"),
    Colleague(subject="bob", name="Bob", teams=("Night",)),
    Effort(name="Spring"),
    Class(name="VIP", priority=9),
)
COLLECTIONS = (CUSTOMERS, IDENTITIES, IDENTITY_KEYS, PURCHASES, TICKETS, CONVERSATIONS, MESSAGES, INTERESTS, NOTES)


async def bring(store: Store, *records: HandedOver, at: datetime = AT) -> TakenIn:
    """Takes records in."""
    return await take(store, records, at=at, by="test")


def outcomes(taken: TakenIn) -> list[str]:
    """What became of each record."""
    return [one.outcome.value for one in taken.results]


async def the_customer(store: Store) -> Document:
    """The one customer that there is."""
    (found,) = await store.find(CUSTOMERS, {})
    return found


async def contents(store: Store) -> dict[str, list[Document]]:
    """Every document of the customers' collections."""
    return {record.name: await store.find(record, {}, order=[("_id", 1)]) for record in COLLECTIONS}


async def reason_of(store: Store, record: HandedOver) -> str:
    """Why the record is rejected."""
    (result,) = (await bring(store, record)).results
    assert result.outcome is Outcome.REJECTED
    return str(result.reason)


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


async def test_batch_or_singly(store: Store) -> None:
    """One by one in a batch each, records come to the same as in one batch."""
    for one in sorted(EVERYTHING, key=lambda one: isinstance(one, Leaning | Colleague)):
        assert outcomes(await bring(store, one)) in (["inserted"], ["updated"])
    customer = await the_customer(store)
    assert customer["display_name"] == "Ann Lee"
    assert await store.count(PURCHASES, {"customer_id": customer["_id"]}) == 1


async def test_person_stored_whole(store: Store) -> None:
    """A person becomes a customer with values, where they were observed, and words to be found by."""
    reach = Reach(type="EMAIL", value="Ann.Lee@Example.org")
    await bring(store, replace(PERSON, reaches=(reach,), tags=("Loyal",), custom_data={"size": "M"}))
    customer = await the_customer(store)
    assert customer["attributes"] == {"firstName": "Ann", "lastName": "Lee"}
    assert customer["observed"]["firstName"] == {
        "observed_from": "shop/main",
        "observed_at": AT,
        "is_verified": False,
    }
    assert customer["search"] == ["ann", "ann.lee", "ann.lee@example.org", "lee"]
    assert (customer["tags"][0]["word"], customer["custom_data"][0]["value"]) == ("loyal", "M")
    assert (customer["version"], customer["created_by"], customer["is_anonymous"]) == (1, "test", False)


async def test_changed_person_updated(store: Store) -> None:
    """A customer is changed only where the source says something different, and counts a version."""
    await bring(store, PERSON)
    changed = replace(PERSON, attributes={"lastName": "Poe"})
    assert outcomes(await bring(store, changed, at=AT + DAY)) == ["updated"]
    customer = await the_customer(store)
    assert customer["attributes"] == {"firstName": "Ann", "lastName": "Poe"}
    assert (customer["version"], customer["updated_at"]) == (2, AT + DAY)
    assert customer["observed"]["firstName"]["observed_at"] == AT
    assert customer["observed"]["lastName"]["observed_at"] == AT + DAY


async def test_contact_points_merge(store: Store) -> None:
    """Contact points are one by type and canonical value; the first of a type is the primary one."""
    first = Reach(type="PHONE", value="+1 415 555 0123")
    second = Reach(type="PHONE", value="+14155550123", is_verified=True)
    await bring(store, replace(PERSON, reaches=(first,)))
    await bring(store, replace(PERSON, reaches=(second, Reach(type="PHONE", value="+14155550199"))))
    points = (await the_customer(store))["contact_points"]
    assert [(one["value"], one["is_primary"], one["is_verified"]) for one in points] == [
        ("+14155550123", True, True),
        ("+14155550199", False, False),
    ]


async def test_two_identities_one_customer(store: Store) -> None:
    """Whoever the source proves to be one person is one customer, on whichever channel they come."""
    mail = Who("email", "main", "ann@example.org")
    await bring(store, replace(PERSON, also=(mail,)))
    await bring(store, replace(ORDER, who=mail._replace(value="ANN@example.org")))
    customer = await the_customer(store)
    assert await store.count(PURCHASES, {"customer_id": customer["_id"]}) == 1
    claims = {one["channel"]: one["claim"] for one in await store.find(IDENTITIES, {})}
    assert claims == {"shop": "VERIFIED", "email": "ASSERTED"}


async def test_machines_never_merge(store: Store) -> None:
    """Two customers who turn out to be one person are merged by people, never by machine."""
    other = ANN._replace(value="18")
    await bring(store, PERSON, Person(who=other))
    assert "Merge those customers" in await reason_of(store, replace(PERSON, also=(other,)))


async def test_statement_joins_nobody(store: Store) -> None:
    """People whose e-mail address a shop states twice stay two: it is the first one's, and both keep their names."""
    mail = Who("email", "main", "home@example.org")
    reach = (Reach(type="EMAIL", value=mail.value),)
    ann = replace(PERSON, also=(mail,), reaches=reach)
    bob = Person(who=ANN._replace(value="18"), attributes={"firstName": "Bob"}, also=(mail,), reaches=reach)
    assert outcomes(await bring(store, ann, bob)) == ["inserted", "inserted"]
    assert outcomes(await bring(store, ann, bob)) == ["unchanged", "unchanged"]
    names = {one["display_name"]: one["_id"] for one in await store.find(CUSTOMERS, {})}
    assert sorted(names) == ["Ann Lee", "Bob"]
    (owner,) = await store.find(IDENTITIES, {"channel": "email"})
    assert owner["customer_id"] == names["Ann Lee"]


async def test_statement_takes_nothing(store: Store) -> None:
    """An account that wrote itself stays its own customer's, whatever a shop says of it."""
    mail = Who("email", "main", "ann@example.org")
    await bring(store, Person(who=mail), replace(PERSON, also=(mail,)))
    owners = {one["channel"]: (one["customer_id"], one["claim"]) for one in await store.find(IDENTITIES, {})}
    assert owners["email"][0] != owners["shop"][0]
    assert owners["email"][1] == "VERIFIED"


async def test_unknown_person_anonymous(store: Store) -> None:
    """What belongs to someone unknown makes an anonymous customer, who is the same when a name comes."""
    await bring(store, ORDER)
    customer = await the_customer(store)
    assert (customer["is_anonymous"], customer["last_interaction_at"]) == (True, ORDER.placed_at)
    assert outcomes(await bring(store, PERSON)) == ["updated"]
    assert (await the_customer(store))["display_name"] == "Ann Lee"


@pytest.mark.parametrize("order", [(PERSON, ORDER, CASE), (CASE, ORDER, PERSON), (ORDER, PERSON, CASE)])
async def test_interaction_only_climbs(store: Store, order: tuple[HandedOver, ...]) -> None:
    """The last interaction is the newest word of the customer, in whichever order records come."""
    for one in order:
        await bring(store, one)
    assert (await the_customer(store))["last_interaction_at"] == CASE.created_at


async def test_order_total_exact(store: Store) -> None:
    """An order's total is the sum of its lines where the source gives none, to the cent."""
    await bring(store, ORDER)
    (order,) = await store.find(PURCHASES, {})
    assert decimal_of(order["total"]["amount"]) == Decimal("15.35")
    assert order["_id"] == PURCHASES.id_of({"channel": "shop", "account": "main", "external_id": "SO1"})
    product = PRODUCTS.id_of({"channel": "shop", "account": "main", "external_id": "P2"})
    assert [line["product_id"] for line in order["lines"]] == [None, product]


async def test_newer_source_wins(store: Store) -> None:
    """Where the source gives `updated_at`, the older of two copies changes nothing."""
    await bring(store, CASE)
    stale = replace(CASE, status="NEW", updated_at=CASE.updated_at - DAY)
    fresh = replace(CASE, status="SOLVED", updated_at=CASE.updated_at + DAY)
    assert outcomes(await bring(store, fresh, stale)) == ["updated", "unchanged"]
    (ticket,) = await store.find(TICKETS, {})
    assert ticket["status"] == "SOLVED"


@pytest.mark.parametrize("is_inside", [False, True])
async def test_order_of_another(store: Store, is_inside: bool) -> None:
    """An order that is there already follows its source to somebody who is new, also inside a transaction."""
    await bring(store, ORDER)
    moved = replace(ORDER, who=ANN._replace(value="18"))

    async def work() -> TakenIn:
        return await bring(store, moved, replace(ORDER, external_id="SO2", who=moved.who))

    assert outcomes(await (store.transact(work) if is_inside else work())) == ["updated", "inserted"]
    first, second = await store.find(PURCHASES, {}, order=[("external_id", 1)])
    assert first["customer_id"] == second["customer_id"]
    assert await store.count(CUSTOMERS, {}) == 2


async def test_moments_never_change(store: Store) -> None:
    """`at` of an entry of the history never changes once it is written."""
    await bring(store, ORDER, CASE, WORD, PLACE, LEANING, REMARK)
    moved = [
        replace(ORDER, placed_at=AT),
        replace(CASE, created_at=AT),
        replace(WORD, sent_at=AT),
        replace(LEANING, observed_at=AT, triggered_at=AT),
        replace(REMARK, created_at=AT),
    ]
    await bring(store, *moved)
    for record, field in ((PURCHASES, "placed_at"), (TICKETS, "created_at"), (MESSAGES, "sent_at")):
        assert (await store.find(record, {}))[0][field] < AT
    assert (await store.find(INTERESTS, {}))[0]["triggered_at"] == LEANING.observed_at


async def test_message_before_conversation(store: Store) -> None:
    """A message that arrives before its conversation begins it; the conversation's own word completes it."""
    await bring(store, WORD)
    assert outcomes(await bring(store, TALK)) == ["updated"]
    (talk,) = await store.find(CONVERSATIONS, {})
    assert (talk["started_at"], talk["last_message_at"]) == (TALK.started_at, WORD.sent_at)
    assert (await store.find(MESSAGES, {}))[0]["conversation_id"] == talk["_id"]


async def test_status_only_climbs(store: Store) -> None:
    """A message's status only climbs, whatever order deliveries come in."""
    sent = replace(WORD, direction="OUT", status="READ")
    await bring(store, sent)
    assert outcomes(await bring(store, replace(sent, status="SENT"))) == ["unchanged"]


async def test_author_is_an_agent(store: Store) -> None:
    """The author's name is kept of what agents wrote; that of a customer is personal and stands in their record."""
    author = replace(WORD, author_name="Dorothea Zedwick")
    await bring(store, author, replace(author, external_id="M2", direction="OUT"))
    assert {one["external_id"]: one["author_name"] for one in await store.find(MESSAGES, {})} == {
        "M1": None,
        "M2": "Dorothea Zedwick",
    }


async def test_file_of_ticket(store: Store) -> None:
    """A file stands with the ticket or message that it came with."""
    await bring(store, CASE, FILE)
    (file,) = await store.find(ATTACHMENTS, {})
    assert file["of_id"] == (await store.find(TICKETS, {}))[0]["_id"]


async def test_accounts_become_known(store: Store) -> None:
    """Every channel account that is seen becomes known, those of rejected records excepted."""
    await bring(store, ORDER, CASE, Person(who=Who("fax", "main", " ")))
    known = {(one["channel"], one["account"]) for one in await store.find(CHANNEL_ACCOUNTS, {})}
    assert known == {("shop", "main"), ("desk", "main")}


async def test_label_in_any_case(store: Store) -> None:
    """A label is one however it is spelt: the first spelling stays, and people are put into it by any."""
    spelt = [Class(name=name) for name in ("VIP", "vip", "Vip")]
    assert outcomes(await bring(store, *spelt)) == ["inserted", "unchanged", "unchanged"]
    assert outcomes(await bring(store, *spelt, replace(PERSON, labels=("viP",))))[-1] == "inserted"
    (label,) = await store.find(LABELS, {})
    assert label["name"] == "VIP"
    assert [one["label_id"] for one in (await the_customer(store))["labels"]] == [label["_id"]]


async def test_names_become_links(store: Store) -> None:
    """Agents, campaigns and labels that are known are linked by name."""
    await bring(store, Colleague(subject="bob", name="Bob"), Effort(name="Spring"), Class(name="VIP"))
    labelled = replace(PERSON, labels=("VIP",), assigned_agent="bob")
    await bring(store, labelled, replace(CASE, agent="bob", campaign="Spring"))
    customer, (ticket,) = await the_customer(store), await store.find(TICKETS, {})
    bob, spring = AGENTS.id_of({"subject": "bob"}), CAMPAIGNS.id_of({"name": "Spring"})
    assert (customer["assigned_agent_id"], ticket["assigned_agent_id"], ticket["campaign_id"]) == (bob, bob, spring)
    assert len(customer["labels"]) == 1


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
    assert {name: len(found) for name, found in (await contents(store)).items() if found} == {}


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


async def test_secret_changes(store: Store) -> None:
    """A secret that is said again is unchanged; another takes its place."""
    await define_attributes(store, [definition_document(name="pin", label="PIN", type=AttributeType.PASSWORD)])
    said = [replace(PERSON, attributes={"pin": pin}) for pin in ("1234", "1234", "9999")]
    taken = [await bring(store, one) for one in said]
    assert [one.results[0].outcome.value for one in taken] == ["inserted", "unchanged", "updated"]


async def test_default_for_who_lacks_it(store: Store) -> None:
    """Whoever lacks a value that has become required is given the default at the next writing."""
    await bring(store, PERSON)
    await define_attributes(store, [definition_document(name="tier", label="T", is_required=True, default="gold")])
    await bring(store, PERSON)
    assert (await the_customer(store))["attributes"]["tier"] == "gold"


async def test_required_attribute_missing(store: Store) -> None:
    """A person without a required attribute is rejected; one with it, or with a default, is taken."""
    tier = definition_document(name="tier", label="Tier", is_required=True)
    await define_attributes(store, [tier, definition_document(name="land", label="Land", default="CO")])
    assert "requires 'tier'" in await reason_of(store, PERSON)
    await bring(store, replace(PERSON, attributes={"tier": "gold"}))
    assert (await the_customer(store))["attributes"] == {"tier": "gold", "land": "CO"}


async def test_definition_of_another_type(store: Store) -> None:
    """An attribute that is defined already keeps its type; a source that wants another is refused."""
    with pytest.raises(NotTaken, match="defined already, as NAME"):
        await define_attributes(store, [definition_document(name="firstName", label="First")])


async def test_definition_unreadable(store: Store) -> None:
    """A pattern that the database cannot read is refused in a mapping too: its rules could never be changed."""
    with pytest.raises(NotTaken, match=r"the database \(PCRE\) cannot read"):
        await define_attributes(store, [definition_document(name="tier", label="Tier", pattern="(?P<1a>a)")])


async def test_agent_choice_stays(store: Store) -> None:
    """Only an administrator or the assigned agent changes an assignment: no source does."""
    await bring(store, Colleague(subject="bob", name="Bob"), Colleague(subject="eve", name="Eve"))
    await bring(store, replace(PERSON, assigned_agent="bob"))
    assert outcomes(await bring(store, replace(PERSON, assigned_agent="eve"))) == ["unchanged"]


async def test_survivor_hears(store: Store) -> None:
    """After a merge, records stay under the identity's own customer, and the survivor is heard of."""
    await bring(store, PERSON, Person(who=Who("shop", "main", "18")))
    old, new = await store.find(CUSTOMERS, {}, order=[("is_anonymous", -1)])
    await store.update(CUSTOMERS, {"_id": old["_id"]}, {"$set": {"merged_into": new["_id"]}})
    await bring(store, replace(ORDER, who=Who("shop", "main", "18")))
    (order,) = await store.find(PURCHASES, {})
    assert order["customer_id"] == old["_id"]
    survivor = await store.first(CUSTOMERS, {"_id": new["_id"]})
    assert survivor
    assert survivor["last_interaction_at"] == ORDER.placed_at


async def test_hundred_takers_one_customer(store: Store) -> None:
    """Concurrent takers of the same new person make one customer."""
    words = [replace(WORD, external_id=f"M{n}", sent_at=AT + timedelta(seconds=n)) for n in range(30)]
    taken = await asyncio.gather(*(bring(store, one) for one in words))
    assert [outcomes(one) for one in taken] == [["inserted"]] * 30
    customer = await the_customer(store)
    assert customer["last_interaction_at"] == words[-1].sent_at
    assert await store.count(MESSAGES, {"customer_id": customer["_id"]}) == 30


async def test_failure_leaves_nothing(store: Store) -> None:
    """A batch is stored whole or not at all: what fails along with it takes it back."""

    async def fail(_taken: TakenIn) -> None:
        raise RuntimeError("the caller's own work failed")

    with pytest.raises(RuntimeError):
        await take(store, EVERYTHING, at=AT, by="test", along=fail)
    assert not any((await contents(store)).values())


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


@given(st.emails())
def test_quick_address_same(address: str) -> None:
    """The quick way to an address's canonical form comes to what the full check comes to."""

    def of(read: Any) -> str | None:
        try:
            return str(read(address))
        except ValueError:
            return None

    assert of(canonical_address) == of(canonical_email)


@pytest.mark.parametrize("address", ["a..b@example.org", "a@b", "a.@example.org", "é@example.org", "A+b@EXAMPLE.org"])
def test_odd_addresses_same(address: str) -> None:
    """So it does for addresses that are nearly none."""
    test_quick_address_same.hypothesis.inner_test(address)  # type: ignore[attr-defined]


async def test_topics_link_parents(store: Store) -> None:
    """A place of a taxonomy points at the place above, wherever in the file that stands."""
    await bring(store, PLACE, Place(taxonomy="toys", external_id="1", name="Toys", path=("Toys",)))
    held = {one["external_id"]: one for one in await store.find(TOPICS, {})}
    assert held["2"]["parent_id"] == held["1"]["_id"]
