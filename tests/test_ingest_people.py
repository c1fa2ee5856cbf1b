"""What do the people whom a source hands over become: which customer, and what is known of them?"""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.contract.company import Class, Colleague, Effort
from adapters.contract.records import HandedOver, Person, Reach, Who
from adapters.mongo import Store
from resolvers.agents import AGENTS
from resolvers.attribute_rules import AttributeType
from resolvers.attribute_schema import definition_document
from resolvers.campaigns import CAMPAIGNS
from resolvers.conversations import MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.ingest.batch import judged, take
from resolvers.ingest.company import define_attributes
from resolvers.ingest.parts import canonical_address
from resolvers.ingest.report import NotTaken, Outcome
from resolvers.kit.scalars import canonical_email
from resolvers.labels import LABELS
from resolvers.purchases import PURCHASES
from resolvers.tickets import TICKETS
from tests.taking_in import ANN, AT, CASE, DAY, ORDER, PERSON, WORD, bring, outcomes, reason_of, the_customer


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
    assert outcomes(await bring(store, replace(PERSON, reaches=(first,)))) == ["unchanged"]


async def test_reachable_not_anonymous(store: Store) -> None:
    """Whoever can be reached is not anonymous; of whom there is neither name nor contact point is."""
    reach = Reach(type="EMAIL", value="ann@example.org")
    await bring(store, Person(who=ANN, reaches=(reach,)), Person(who=ANN._replace(value="18")))
    customers = await store.find(CUSTOMERS, {})
    assert {bool(one.get("contact_points")): one["is_anonymous"] for one in customers} == {True: False, False: True}


async def test_entry_point_stays(store: Store) -> None:
    """Where a customer came in is what was said of it first."""
    first, other = ({"channel": "web", "page": page, "referrer": None} for page in ("/lamps", "/bells"))
    taken = [await bring(store, replace(PERSON, entry_point=one)) for one in (None, first, other)]
    assert [outcomes(one) for one in taken] == [["inserted"], ["updated"], ["unchanged"]]
    assert (await the_customer(store))["entry_point"] == first


@pytest.mark.parametrize("days_ago", [(9, 5, 20), (20, 5, 9)])
async def test_created_at_earliest(store: Store, days_ago: tuple[int, ...]) -> None:
    """A customer is as old as the earliest that any source says, in whichever order they say it."""
    for days in days_ago:
        await bring(store, replace(PERSON, created_at=AT - days * DAY))
    assert (await the_customer(store))["created_at"] == AT - 20 * DAY


async def test_two_identities_one_customer(store: Store) -> None:
    """Whoever the source proves to be one person is one customer, on whichever channel they come."""
    mail = Who("email", "main", "ann@example.org")
    await bring(store, replace(PERSON, also=(mail,)))
    await bring(store, replace(ORDER, who=mail._replace(value="ANN@example.org")))
    customer = await the_customer(store)
    assert await store.count(PURCHASES, {"customer_id": customer["_id"]}) == 1
    claims = {one["channel"]: one["claim"] for one in await store.find(IDENTITIES, {})}
    assert claims == {"shop": "VERIFIED", "email": "ASSERTED"}


@pytest.mark.parametrize("value", ["17", " 17 "])
async def test_one_account_told_twice(store: Store, value: str) -> None:
    """A source that names one account twice, in whatever spelling, tells of one identity."""
    twice = (
        ANN._replace(value=value),
        ANN,
        Who("email", "main", "a@example.org"),
        Who("email", "main", "A@example.org"),
    )
    assert outcomes(await bring(store, replace(PERSON, also=twice))) == ["inserted"]
    assert outcomes(await bring(store, replace(PERSON, also=twice))) == ["unchanged"]
    assert await _claims(store) == {"17": "VERIFIED", "a@example.org": "ASSERTED"}


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


async def test_speaking_proves_nothing(store: Store) -> None:
    """An account that writes proves that it is there, and not that it is the customer's to whom a shop ascribed it."""
    mail = Who("email", "main", "ann@example.org")
    stated = replace(PERSON, also=(mail,))
    taken = [await bring(store, one) for one in (stated, Person(who=mail), stated)]
    assert [outcomes(one) for one in taken] == [["inserted"], ["unchanged"], ["unchanged"]]
    assert await _claims(store) == {"17": "VERIFIED", "ann@example.org": "ASSERTED"}
    # Nor does it prove another one, as the shop's own account does.
    await bring(store, Person(who=mail, also=(mail._replace(value="ann@example.com"),)))
    await bring(store, replace(PERSON, also=(ANN._replace(value="18"),)))
    assert await _claims(store) == {
        "17": "VERIFIED",
        "18": "VERIFIED",
        "ann@example.org": "ASSERTED",
        "ann@example.com": "ASSERTED",
    }


async def test_claim_climbs(store: Store) -> None:
    """A channel proves the account that it ascribes to one which is proven; a claim never becomes weaker."""
    await bring(store, replace(PERSON, also=(ANN._replace(value="18"),)))
    for weaker, then in (("INFERRED", "VERIFIED"), ("ASSERTED", "VERIFIED"), ("VERIFIED", "VERIFIED")):
        unproven = {"claim": weaker, "verified_by": None, "verified_at": None}
        await store.update(IDENTITIES, {"value": "18"}, {"$set": unproven})
        await bring(store, replace(PERSON, also=(ANN._replace(value="18"),)), at=AT + DAY)
        assert (await _claims(store))["18"] == then
    first, second = await store.find(IDENTITIES, {}, order=[("value", 1)])
    assert (first["verified_by"], first["verified_at"]) == ("test", AT)
    assert (second["verified_by"], second["verified_at"]) == (None, None)


async def _claims(store: Store) -> dict[str, str]:
    return {one["value"]: one["claim"] for one in await store.find(IDENTITIES, {})}


async def test_profile_grows(store: Store) -> None:
    """What a channel said of a person stays until it says something else of the same."""
    for profile in ({"name": "Ann", "locale": "en"}, {"name": "Annie"}):
        await bring(store, replace(PERSON, profile=profile))
    (identity,) = await store.find(IDENTITIES, {})
    assert (identity["profile"]["name"], identity["profile"]["locale"]) == ("Annie", "en")


async def test_unknown_person_anonymous(store: Store) -> None:
    """What belongs to someone unknown makes an anonymous customer, who is the same when a name comes."""
    await bring(store, ORDER)
    customer = await the_customer(store)
    assert (customer["is_anonymous"], customer["last_interaction_at"]) == (True, ORDER.placed_at)
    assert outcomes(await bring(store, PERSON)) == ["updated"]
    assert (await the_customer(store))["display_name"] == "Ann Lee"


@pytest.mark.parametrize("order", [(PERSON, ORDER, CASE), (CASE, ORDER, PERSON), (ORDER, PERSON, CASE)])
async def test_interaction_only_climbs(store: Store, order: tuple[HandedOver, ...]) -> None:
    """The last interaction is the newest word of the customer, in whichever order records come; so of an identity."""
    for one in order:
        await bring(store, one)
    assert (await the_customer(store))["last_interaction_at"] == CASE.created_at
    (identity,) = await store.find(IDENTITIES, {})
    assert (identity["first_seen_at"], identity["last_seen_at"]) == (ORDER.placed_at, CASE.created_at)


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


TAKERS = [10, pytest.param(100, marks=pytest.mark.deep)]


@pytest.mark.parametrize("takers", TAKERS)
async def test_messages_at_once_one_customer(store: Store, takers: int) -> None:
    """First messages of the same new person, each taken in by somebody else at once, make one customer."""
    words = [replace(WORD, external_id=f"M{n}", sent_at=AT + timedelta(seconds=n)) for n in range(takers)]
    taken = await asyncio.gather(*(bring(store, one) for one in words))
    assert [outcomes(one) for one in taken] == [["inserted"]] * takers
    customer = await the_customer(store)
    assert customer["last_interaction_at"] == words[-1].sent_at
    assert await store.count(MESSAGES, {"customer_id": customer["_id"]}) == takers


@pytest.mark.parametrize("takers", TAKERS)
async def test_persons_at_once_one_customer(store: Store, takers: int) -> None:
    """The same new person, taken in by many at once, becomes one customer and is inserted once."""
    taken = await asyncio.gather(*(bring(store, PERSON) for _ in range(takers)))
    assert Counter(outcome for one in taken for outcome in outcomes(one)) == {"inserted": 1, "unchanged": takers - 1}
    assert (await the_customer(store))["version"] == 1


@given(st.emails())
def test_quick_address_same(address: str) -> None:
    """The quick way to an address's canonical form comes to what the full check comes to."""

    def of(read: Any) -> str | None:
        try:
            return str(read(address))
        except ValueError:
            return None

    assert of(canonical_address) == of(canonical_email)


async def test_typed_addresses(store: Store) -> None:
    """An address that no grammar allows is a mistake in a file, as in all that people type."""
    person = replace(PERSON, who=Who("email", "main", "a..b@docomo.ne.jp"))
    assert outcomes(await bring(store, person)) == ["rejected"]
    judging = await judged(store, [person], at=AT, by="test")
    assert [one.outcome for one in judging.results] == [Outcome.REJECTED]
    assert outcomes(await take(store, [person], at=AT, by="test", came_at=[AT])) == ["inserted"]


@pytest.mark.parametrize("address", ["a..b@example.org", "a@b", "a.@example.org", "é@example.org", "A+b@EXAMPLE.org"])
def test_odd_addresses_same(address: str) -> None:
    """So it does for addresses that are nearly none."""
    test_quick_address_same.hypothesis.inner_test(address)  # type: ignore[attr-defined]
