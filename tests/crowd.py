"""Customers of whom everything is known: rows in every list, at equal moments too."""

from datetime import timedelta
from typing import Any

from adapters.contract.deliveries import Delivery
from adapters.records import RecordId, key_hash, new_id
from resolvers.accesses import ACCESSES, access_documents
from resolvers.accounts import ACCOUNTS, HOLDINGS
from resolvers.acts import ACTS, act_document
from resolvers.agents import GROUPS
from resolvers.attachments import ATTACHMENTS
from resolvers.attribute_schema import DEFINITIONS, definition_document
from resolvers.campaigns import CAMPAIGNS
from resolvers.channel_standing import note_delivery
from resolvers.collecting import COLLECTIONS
from resolvers.consents import CONSENT_WORDS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.deliveries.waiting import ASIDE, DELIVERIES, EVENT_KEYS, delivery_document
from resolvers.identities import UNLINKED
from resolvers.ingest.stand_ins import GONE_AT, UNDER, stand_in
from resolvers.ingest.talks import CLAIMS, conversation_id
from resolvers.interests import TOPICS
from resolvers.kept_pairs import PAIRS
from resolvers.kit.acts import Act, ActOutcome
from resolvers.kit.delivered import AccessWay, Delivered
from resolvers.kit.erased import ERASING, FORGOTTEN
from resolvers.kit.ids import global_id
from resolvers.kit.turns import take_turn
from resolvers.kit.viewer import Role, Viewer
from resolvers.labels import LABELS, label_document
from resolvers.live.account_pasts import ACCOUNT_PASTS
from resolvers.live.pasts import PASTS
from resolvers.matching import Base
from resolvers.matching_base import keep_base
from resolvers.merging.ledger import MERGES
from resolvers.notes import REMOVED_NOTES
from resolvers.order_requests import ORDER_REQUESTS, UNDER_WAY
from resolvers.outbox import OUTBOX, PAUSES, WAITING
from resolvers.payment_requests import PAYMENT_REQUESTS
from resolvers.privacy.receipts import ERASURES
from resolvers.privacy.removing import DOOMED_FILES
from resolvers.products import PRODUCTS
from resolvers.purchases import PURCHASES
from resolvers.relations import RELATION_TYPES, RELATIONS
from resolvers.tickets import TICKETS
from resolvers.webchat.chats import CHATS, STATEMENTS
from tests import toy
from tests.makers import BEGIN, Made, Makers, money

SEEN = {"observed_from": "shop/main", "observed_at": BEGIN, "is_verified": False}


async def everything(make: Makers, of: Made, rows: int = 5) -> None:
    """Rows in each of the customer's lists, every two of them at one moment."""
    for n in range(rows):
        at = BEGIN + timedelta(minutes=n // 2)
        conversation = await make.conversation(of, last_message_at=at)
        await make.message(of, conversation, sent_at=at)
        ticket = await make.ticket(of, created_at=at)
        await attachment(make, of, ticket, created_at=at)
        await make.note(of, created_at=at)
        await make.purchase(of, "10.00", placed_at=at)
        await make.interest(of, f"Interest {n}", score=n // 2 / 10, triggered_at=at, observed_at=at)
        await given_toy(make, of, given_at=at)
        await merge(make, of, merged_at=at)
        await related(make, of, created_at=at)
        await account(make, of, f"{of.key}-{n}")
        await consent_word(make, of, purpose=f"purpose {n}", at=at)
        await queued(make, of, queued_at=at)
        await ordered(make, of, requested_at=at)
        await asked_to_pay(make, of, requested_at=at)
        await past(make, of, f"{of.key}-{n}", begun_at=at)
        await access(make, of.key, at=at)
        await act(make, of.key, at=at)
    await chat(make, of, f"v_{of.key}")


async def crowd(make: Makers, customers: int, rows: int = 3) -> list[Made]:
    """Customers with everything."""
    people = []
    for n in range(customers):
        one = await make.customer(f"Ann{n}", "Lee")
        await make.identity(one, "whatsapp", f"+1415555{n:04}")
        await everything(make, one, rows)
        people.append(one)
    return people


async def attachment(make: Makers, of: Made, thing: RecordId, **more: Any) -> RecordId:
    """A file of a ticket or message."""
    usual = {"name": "bill.pdf", "media_type": "application/pdf", "size_bytes": 9, "created_at": make.moment()}
    return await make.put(ATTACHMENTS, of, of_id=thing, **(usual | more))


async def given_toy(make: Makers, of: Made, **more: Any) -> RecordId:
    """A toy of the slice that lives in the tests."""
    usual = {"name": "Bear", "shelf": "top", "channel": "shop", "given_at": make.moment()}
    return await make.put(toy.TOYS, of, **(usual | more))


async def merge(make: Makers, of: Made, **more: Any) -> RecordId:
    """A merge of the ledger that was undone."""
    usual = {"others": [], "elements": ["NOTES"], "changed": [], "added": [], "replaced": [], "reason": "Same phone"}
    usual |= {"merged_by": "agent", "merged_at": BEGIN, "undone_by": "agent", "undone_at": BEGIN}
    document = {"_id": new_id(), "survivor_id": of.key, **usual, **more}
    await make.store.insert(MERGES, document)
    return document["_id"]  # type: ignore[no-any-return]


async def consent_word(make: Makers, of: Made, **more: Any) -> RecordId:
    """A word of a customer on a purpose."""
    usual = {"purpose": "newsletter", "status": "GRANTED", "at": make.moment(), "means": "FORM", "channel": None}
    usual |= {"recorded_at": make.moment(), "recorded_by": "agent"}
    return await make.put(CONSENT_WORDS, of, **(usual | more))


async def related(make: Makers, of: Made, **more: Any) -> RecordId:
    """A relation to somebody, from one end."""
    kind: dict[str, Any] = {"name": "friend of", "inverse_name": "friend of"}
    kind["_id"] = RELATION_TYPES.id_of(kind)
    await make.store.replace(RELATION_TYPES, [kind])
    usual = {
        "name": "friend of",
        "other_id": new_id(),
        "type_id": kind["_id"],
        "is_inverse": False,
        "tags": [],
        "back_id": new_id(),
    }
    usual |= {"created_at": make.moment(), "created_by": "agent"}
    return await make.put(RELATIONS, of, **(usual | more))


async def account(make: Makers, of: Made, number: str, **more: Any) -> RecordId:
    """An account that a customer holds with the company."""
    at = make.moment()
    usual = {
        "name": "electricity",
        "number": number,
        "number_key": number.casefold(),
        "data": [],
        "version": 1,
        "created_at": at,
        "created_by": None,
    }
    document = {"_id": new_id(), **usual, "updated_at": at, "updated_by": None, **more}
    await make.store.insert(ACCOUNTS, document)
    await make.put(HOLDINGS, of, account_id=document["_id"], held_since=at)
    return document["_id"]  # type: ignore[return-value]


async def label(make: Makers, name: str = "VIP", priority: int = 1) -> RecordId:
    """A label that the company defines."""
    document = label_document(name=name, color="#ffcc00", priority=priority)
    await make.store.insert(LABELS, document)
    return document["_id"]  # type: ignore[no-any-return]


async def definition(make: Makers, name: str, **more: Any) -> RecordId:
    """An attribute of the customer schema."""
    document = definition_document(name=name, label=name.capitalize(), **more)
    await make.store.insert(DEFINITIONS, document)
    return document["_id"]  # type: ignore[no-any-return]


async def attributes(make: Makers, of: Made, **values: Any) -> None:
    """Values of the customer schema."""
    change = {f"attributes.{name}": value for name, value in values.items()}
    seen = {f"observed.{name}": SEEN for name in values}
    await make.store.update(CUSTOMERS, {"_id": of.key}, {"$set": change | seen})


async def contact_point(make: Makers, of: Made, value: str, type: str = "EMAIL", **more: Any) -> None:
    """A way to reach the customer."""
    point = {"id": new_id(), "type": type, "value": value, "postal": None, "is_primary": False, **SEEN} | more
    await make.store.update(CUSTOMERS, {"_id": of.key}, {"$push": {"contact_points": point}})


async def queued(make: Makers, of: Made, **more: Any) -> RecordId:
    """A message of the company that waits for its channel."""
    place = {"channel": "whatsapp", "account": "main", "value": "+4915112345600", "conversation": "c", "key": "0" * 32}
    said = {"template": None, "as_human_agent": False, "queued_by": "agent", "state": WAITING, "tries": 0}
    when = {"queued_at": BEGIN, "due_at": BEGIN}
    return await make.put(OUTBOX, of, **(place | said | when | more))


async def chat(make: Makers, of: Made, visitor: str, word: str = "", **more: Any) -> RecordId:
    """The chat of a visitor of the site `main`, under the customer's own id; both sides are typing."""
    place = {"channel": "webchat", "account": "main"}
    far = BEGIN.replace(year=2100)
    typing = {"agent_types_until": far, "visitor_types_until": far}
    when = {"started_at": BEGIN, "seen_at": BEGIN, "expires_at": far}
    usual = {**place, "value": visitor, "conversation_id": conversation_id(*place.values(), visitor), **when, **typing}
    key = key_hash("resume", *place.values(), word or str(of.key))
    document = {"_id": of.key, "customer_id": of.key, "resume": key} | usual | more
    await make.store.replace(CHATS, [document])
    return of.key


def _requested(amount: str) -> dict[str, Any]:
    place = {"channel": "shop", "account": "main", "value": "p-1", "key": "0" * 32, "status": UNDER_WAY, "tries": 1}
    when = {"requested_at": BEGIN, "due_at": BEGIN, "requested_by": "agent"}
    return place | when | {"amount": money(amount), "total": money(amount), "purchase_id": None}


async def ordered(make: Makers, of: Made, **more: Any) -> RecordId:
    """An order that an agent has placed, of which nobody knows yet."""
    line = {"line": "1", "title": "Thing", "sku": None, "quantity": 1, "unit_price": money("5"), "total": money("5")}
    said = {"lines": [{**line, "product_id": None, "product": None}], "note": "Ring twice"}
    usual = {name: value for name, value in _requested("5").items() if name != "amount"}
    return await make.put(ORDER_REQUESTS, of, **(usual | said | more))


async def asked_to_pay(make: Makers, of: Made, **more: Any) -> RecordId:
    """Money for which an agent has asked the customer."""
    said = {"description": "A lamp", "url": "https://pay.example.com/1", "expires_at": None, "order": None}
    usual = {name: value for name, value in _requested("5").items() if name != "total"}
    return await make.put(PAYMENT_REQUESTS, of, **(usual | said | {"external_id": "1"} | more))


async def past(make: Makers, of: Made, value: str, **more: Any) -> RecordId:
    """What a channel has of the customer's past, which is being fetched."""
    key = {"channel": "acme", "account": "main", "capability": "TICKETS", "identity": key_hash("acme", "main", value)}
    asked = {"asked_channel": "acme", "asked_account": "main", "value": value, "line": "acme/main"}
    far = {"state": "WAITING", "cursor": None, "mark": None, "portions": 0, "unread": 0, "tries": 0, "reason": None}
    when = {"begun_at": BEGIN, "due_at": BEGIN, "complete_since": None, "ended_at": None}
    return await make.put(PASTS, of, **(key | asked | far | when | more))


async def small_things(make: Makers) -> None:
    """One document in each collection that belongs to no customer, or to none that is shown."""
    await label(make)
    await definition(make, "tier")
    await take_turn(make.store, DEFINITIONS)
    await make.store.insert(REMOVED_NOTES, {"_id": new_id(), "removed_at": BEGIN})
    taken = {"digest": "0" * 64, "customer_id": new_id()}
    await make.store.insert(UNLINKED, {"_id": new_id(), "unlinked_at": BEGIN, "unlinked_by": "agent", **taken})
    await make.store.insert(GROUPS, {"_id": new_id(), "name": "Nights"})
    await make.store.insert(STATEMENTS, {"_id": new_id(), "chat_id": new_id(), "expires_at": BEGIN})
    await campaign(make)
    await product(make)
    await topic(make)
    await double(make)
    place: dict[str, Any] = {"channel": "acme", "account": "main"}
    far = {"cursor": None, "mark": None, "portions": 1, "tries": 0, "unread": 0, "seen": [], "reason": None}
    key = ACCOUNT_PASTS.id_of(place)
    await make.store.insert(ACCOUNT_PASTS, {"_id": key, **place, **far, "due_at": BEGIN})
    read = {"cursor": "{}", "tries": 0, "reason": None, "due_at": BEGIN}
    await make.store.insert(COLLECTIONS, {"_id": COLLECTIONS.id_of(place), **place, **read})
    await access(make)
    await act(make)
    await erased(make)
    await stand_ins(make)


async def stand_ins(make: Makers) -> None:
    """What stands for things that are not here: told of before they came, gone at their source, under another id."""
    told: dict[str, Any] = {"status": "FAILED", "failed_at": BEGIN, "failure_reason": "131026", "withdrawn_at": BEGIN}
    told[CLAIMS] = [{"by": new_id(), "direction": "IN", "at": BEGIN}]
    await make.store.insert(MESSAGES, stand_in(MESSAGES, new_id(), BEGIN, **told))
    await make.store.insert(MESSAGES, stand_in(MESSAGES, new_id(), BEGIN, **{UNDER: new_id()}))
    for record in (MESSAGES, CONVERSATIONS, TICKETS, PURCHASES):
        await make.store.insert(record, stand_in(record, new_id(), BEGIN, **{GONE_AT: BEGIN}))
    place = {"channel": "whatsapp", "account": "main"}
    await note_delivery(make.store, *place.values(), BEGIN)
    await make.store.insert(PAUSES, {**place, "_id": PAUSES.id_of(place), "until": BEGIN, "times": 1, "why": "busy"})
    await make.store.insert(EVENT_KEYS, {**place, "_id": new_id(), "key": "0" * 64, "at": BEGIN})
    came = Delivery(method="POST", query={}, headers={}, body=b"{}", received_at=BEGIN)
    kept = delivery_document(came, **place, key="0" * 64, sequence=1)
    aside = {"state": ASIDE, "aside_at": BEGIN, "reasons": ["unread"], "tells_of": []}
    await make.store.insert(DELIVERIES, {**kept, **aside, "customer_ids": [new_id()], "identities": ["0" * 64]})


async def access(make: Makers, *of: RecordId, **more: Any) -> RecordId:
    """An entry of the access ledger."""
    delivered = Delivered(fields={"Note.text"}, customers=set(of), ways={AccessWay.READ})
    viewer = Viewer(subject="anna", role=Role.AGENT)
    (one,) = access_documents(delivered, viewer, at=make.moment(), operation="Panel", question_hash="0" * 64)
    await make.store.insert(ACCESSES, {**one, **more})
    return one["_id"]  # type: ignore[no-any-return]


async def act(make: Makers, *of: RecordId, **more: Any) -> RecordId:
    """An entry of the ledger of acts."""
    done = Act("mergeCustomers", {global_id("Customer", one): None for one in of}, ActOutcome.DONE)
    viewer = Viewer(subject="anna", role=Role.ADMINISTRATOR)
    document = act_document(done, viewer, at=make.moment(), request_id="0" * 32)
    await make.store.insert(ACTS, {**document, **more})
    return document["_id"]  # type: ignore[no-any-return]


async def double(make: Makers, **more: Any) -> RecordId:
    """Two who are probably one person, as a scan found them, which counted one customer in all."""
    await keep_base(make.store, Base(size=1, people=1), BEGIN)
    usual: dict[str, Any] = {"one_id": new_id(), "other_id": new_id(), "bits": 9.0, "probability": 0.998}
    usual |= {"is_sure": True, "reasons": [{"role": "PHONE", "level": "EXACT", "weight": 9.0}], "found_at": BEGIN}
    document = usual | {"is_dismissed": False, "dismissed_at": None, "dismissed_by": None} | more
    document["_id"] = PAIRS.id_of(document)
    await make.store.insert(PAIRS, document)
    return document["_id"]  # type: ignore[no-any-return]


async def erased(make: Makers) -> RecordId:
    """An erasure that is not over."""
    key, former = new_id(), new_id()
    receipt: dict[str, Any] = {"_id": key, "state": "RUNNING", "reason": "REQUESTED", "reference": None}
    receipt |= {"customer_ids": [former], "removed": {"customers": 1}, "emptied": {}, "done_at": None}
    receipt |= {"requested_at": BEGIN, "requested_by": "agent", "quiet_since": BEGIN}
    await make.store.insert(ERASURES, receipt)
    await make.store.insert(ERASING, {"_id": former, "erasure_id": key, "due_at": BEGIN})
    await make.store.insert(FORGOTTEN, {"_id": new_id(), "erased_at": BEGIN, "back_at": None})
    await make.store.insert(DOOMED_FILES, {"_id": new_id(), "is_gone": True})
    return key


async def campaign(make: Makers, name: str = "Spring") -> RecordId:
    """A campaign."""
    document = {"name": name, "starts_at": BEGIN, "ends_at": None}
    document["_id"] = CAMPAIGNS.id_of(document)
    await make.store.insert(CAMPAIGNS, document)
    return document["_id"]  # type: ignore[return-value]


async def product(make: Makers, number: str = "p1", **more: Any) -> RecordId:
    """A product of the shop."""
    usual: dict[str, Any] = {
        "channel": "shop",
        "account": "main",
        "external_id": number,
        "name": "Lamp",
        "sku": f"SKU-{number}",
        "category": "Light",
        "description": None,
        "price": money("19.90"),
        "image_url": None,
    }
    document = usual | more
    document["_id"] = PRODUCTS.id_of(document)
    await make.store.insert(PRODUCTS, document)
    return document["_id"]  # type: ignore[no-any-return]


async def topic(make: Makers, name: str = "Sports", parent: RecordId | None = None) -> RecordId:
    """A place in a taxonomy."""
    document = {"taxonomy": "iab", "external_id": name, "name": name, "path": [name], "parent_id": parent}
    document["_id"] = TOPICS.id_of(document)
    await make.store.insert(TOPICS, document)
    return document["_id"]  # type: ignore[return-value]
