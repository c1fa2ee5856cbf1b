"""Two customers of whom everything is known, with a mark in each value that not everybody may see."""

import re
from dataclasses import dataclass, field
from typing import Any

from adapters.lines import Lines
from adapters.records import RecordId, new_id
from gateway.limits import RateLimit
from resolvers.agents import AGENTS, GROUPS
from resolvers.attribute_rules import AttributeType
from resolvers.campaigns import CAMPAIGNS
from resolvers.channel_standing import note_delivery
from resolvers.channels import CHANNEL_ACCOUNTS
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.labels import LABELS
from resolvers.privacy.receipts import ERASURES
from resolvers.purchases import PURCHASES
from resolvers.relations import RELATION_TYPES
from tests import crowd
from tests.conftest import Asking
from tests.desks import mouth, site, till
from tests.makers import BEGIN, Made, Makers, money

PERSONAL = re.compile(r"zqxvjwkh[ab]\w*|(?:202|303)\W{0,3}555\W?01\d\d", re.IGNORECASE)
"""What stands in personal values alone, by itself or inside them; the numbers are the range kept for fiction."""
OF_FEW = re.compile(r"zqxmjwkh\w*", re.IGNORECASE)
"""What stands in values that administrators alone may see."""
OF_STAFF = re.compile(r"zqxsjwkh\w*", re.IGNORECASE)
"""What stands in values that the staff wrote or that name one of them."""

PHONES = {"a": "+12025550143", "b": "+13035550143"}


def mark(of: str, what: str) -> str:
    """A word that stands in nothing else: of customer `a` or `b`, in what."""
    return f"zqxvjwkh{of}{what}"


def marks_of(of: str) -> re.Pattern[str]:
    """What stands in the values of one of the two customers."""
    return re.compile(rf"zqxvjwkh{of}\w*|{'202' if of == 'a' else '303'}\W{{0,3}}555\W?01\d\d", re.IGNORECASE)


@dataclass
class World:
    """What there is."""

    ask: Asking
    make: Makers
    a: Made
    b: Made
    ids: dict[str, str] = field(default_factory=dict)
    """The id of one thing of each type, of customer `a` where it belongs to one."""
    keys: dict[str, RecordId] = field(default_factory=dict)
    """The storage ids of the same."""
    used: int = 0
    """How many words were made that are nobody's else."""

    def keep(self, type_name: str, key: RecordId) -> RecordId:
        """Remembers a thing."""
        self.keys[type_name], self.ids[type_name] = key, global_id(type_name, key)
        return key


_GONE = {"removed": {"customers": 1}, "emptied": {"merges": 1}}


async def world_of(ask: Asking, make: Makers) -> World:
    """The two customers with everything."""
    world = World(ask, make, *[await make.customer(mark(of, "First"), mark(of, "Last")) for of in "ab"])
    await _company(world)
    for of, person, other in (("b", world.b, world.a), ("a", world.a, world.b)):
        await _person(world, of, person, other)
    doubted = await _doubted(world)
    await _merged(world, doubted)
    await make.store.update_all(CHANNEL_ACCOUNTS, {}, {"$set": {"label": "Ours"}})
    desk = mouth(channel="whatsapp", answered_at=BEGIN, failed_at=BEGIN, failure="DOWN")
    world.ask.lines = Lines([desk, till(), site(greeting="Hello")])
    world.ask.rates = RateLimit()
    await note_delivery(make.store, "whatsapp", "main", BEGIN)
    dismissed = {"is_dismissed": True, "dismissed_at": BEGIN, "dismissed_by": "zqxsjwkhberta"}
    await crowd.double(make, one_id=world.a.key, other_id=world.keys["MergedCustomer"], **dismissed)
    asked = [{"channel": "whatsapp", "account": "main", "found": 1, "missed": 1}]
    by = {"agent_id": world.keys["Agent"], "key_handle": "pgw_1", "look_ups": asked, "searched_by": ["Note.text"]}
    by_key = {"agent_id": world.keys["Agent"], "key_handle": "pgw_1", "code": "CONFLICT"}
    world.keep("AdministrativeAct", await crowd.act(make, world.a.key, world.b.key, doubted.key, **by_key))
    world.keep("Access", await crowd.access(make, world.a.key, world.b.key, doubted.key, **by))
    receipt = world.keep("Erasure", await crowd.erased(make))
    await make.store.update(ERASURES, {"_id": receipt}, {"$set": {"reference": "DSR-1", "done_at": BEGIN, **_GONE}})
    third = await make.customer(None, None)
    await crowd.attributes(make, third, tier="gold")
    world.keep("DuplicateSuggestion", await crowd.double(make, one_id=world.a.key, other_id=third.key))
    return world


async def _company(world: World) -> None:
    """What belongs to no customer."""
    make = world.make
    for channel in ("whatsapp", "shop", "desk", "email"):
        await make.channel(channel)
    group = world.keep("AgentGroup", new_id())
    await make.store.insert(GROUPS, {"_id": group, "name": "Nights"})
    agent = world.keep("Agent", await make.agent("zqxsjwkhBerta"))
    email = {"email": "berta@zqxsjwkhmail.example", "group_ids": [group]}
    await make.store.update(AGENTS, {"_id": agent}, {"$set": email})
    world.keep("Label", await crowd.label(make))
    await make.store.update(LABELS, {"_id": world.keys["Label"]}, {"$set": {"description": "Those who buy most"}})
    choices = {"type": AttributeType.CHOICE, "choices": ["gold", "tin"], "default": "tin", "max_length": 9}
    rules = choices | {"pattern": "[a-z]+", "matching_role": "IDENTIFIER", "is_personal": False}
    world.keep("AttributeDefinition", await crowd.definition(make, "tier", **rules))
    await crowd.definition(make, "passport", is_channel_identifier=True, identifies_on=["shop"])
    await crowd.definition(make, "secret", type=AttributeType.PASSWORD)
    few = {"is_personal": False, "matching_role": "ADDRESS", "visible_to": ["administrator"], "editable_by": []}
    await crowd.definition(make, "margin", **few)
    # With it every mail address is for administrators alone, wherever it stands.
    await crowd.definition(make, "mail", **few | {"matching_role": "EMAIL"})
    world.keep("Campaign", await crowd.campaign(make))
    await make.store.update(CAMPAIGNS, {}, {"$set": {"ends_at": BEGIN}})
    world.keep("Product", await crowd.product(make, description="A lamp", image_url="https://shop.example/lamp.png"))
    top = world.keep("Top", await crowd.topic(make))
    world.ids["Top"] = global_id("Topic", top)
    world.keep("Topic", await crowd.topic(make, "Cycling", parent=top))


async def _person(world: World, of: str, person: Made, other: Made) -> None:
    make, at, agent = world.make, BEGIN, world.keys["Agent"]
    await make.identity(person, "whatsapp", PHONES[of])
    await make.identity(person, "email", f"zqxmjwkh{of}box@mail.example")
    await _document(world, of, person)
    profile = {name: mark(of, name) for name in ("name", "username", "gender", "locale", "time_zone")}
    profile["picture_url"] = f"https://pics.example/{mark(of, 'picture')}.png"
    proof = {"claimed_by": "zqxsjwkhimport", "verified_by": "zqxsjwkhberta", "verified_at": at, "profile": profile}
    identity = await make.store.update(IDENTITIES, {"customer_id": person.key, "channel": "whatsapp"}, {"$set": proof})
    world.keep("Identity", (identity or {})["_id"])
    conversation = await make.conversation(
        person,
        channel="webchat",
        external_id=mark(of, "visitor"),
        subject=mark(of, "Subject"),
        entry_point=_entry(of),
        resolved_at=at,
        # Visitors are told who serves them.
        assigned_agent_id=await make.agent("Carla"),
    )
    world.keep("Conversation", conversation)
    await make.identity(person, "webchat", mark(of, "visitor"))
    await crowd.chat(make, person, mark(of, "visitor"))
    await make.message(person, conversation, mark(of, "In"))
    words = {"direction": "OUT", "author_name": "Berta"}
    words |= {"status": "FAILED", "failed_at": BEGIN, "failure_reason": "131026 undeliverable"}
    # No message has all of it; here one has, so that each field shows something.
    words |= {"is_by_other": True, "other_author": mark(of, "Copied")}
    message = world.keep("Message", await make.message(person, conversation, mark(of, "Out"), **words))
    ticket = await make.ticket(
        person, subject=mark(of, "Ticket"), assigned_agent_id=agent, campaign_id=world.keys["Campaign"]
    )
    world.keep("Ticket", ticket)
    await crowd.attachment(make, person, ticket, name=f"{mark(of, 'bill')}.pdf")
    url = f"https://files.example/{mark(of, 'file')}"
    world.keep("Attachment", await crowd.attachment(make, person, message, name=f"{mark(of, 'photo')}.png", url=url))
    note = await make.note(person, f"zqxsjwkhnote {mark(of, 'Note')}", author_id=agent, edited_at=at, editor_id=agent)
    world.keep("Note", note)
    bought = world.keep("Purchase", await _purchase(world, person))
    order_note = f"zqxsjwkhnote {mark(of, 'Word')}"
    lines = (await make.store.by_ids(PURCHASES, [bought]))[bought]["lines"]
    done = {"status": "DONE", "purchase_id": bought}
    world.keep("OrderRequest", await crowd.ordered(make, person, note=order_note, lines=lines, **done))
    words = {"description": mark(of, "For"), "url": f"https://pay.example/{mark(of, 'pay')}", "expires_at": at}
    world.keep("PaymentRequest", await crowd.asked_to_pay(make, person, **words, **done))
    interest = await make.interest(person, topic_id=world.keys["Topic"])
    world.keep("Interest", interest)
    world.keep("Toy", await crowd.given_toy(make, person, name=mark(of, "Toy")))
    world.keep(
        "Relation", await crowd.related(make, person, other_id=other.key, created_by="zqxsjwkhberta", tags=["twin"])
    )
    world.keep("RelationType", (await make.store.find(RELATION_TYPES, {}))[0]["_id"])
    data = [{"name": "meter", "value": mark(of, "Meter")}]
    words = {"data": data, "created_by": "zqxsjwkhberta", "updated_by": "zqxsjwkhberta"}
    world.keep("CustomerAccount", await crowd.account(make, person, mark(of, "Account"), **words))
    word = await crowd.consent_word(make, person, channel="email", recorded_by="zqxsjwkhberta", at=at)
    world.keep("ConsentWord", word)
    world.keep("ChannelAccount", (await make.store.find(CHANNEL_ACCOUNTS, {"channel": "whatsapp"}))[0]["_id"])
    world.keep("Customer", person.key)


def _entry(of: str) -> dict[str, str]:
    page = f"https://shop.example/lamps?mail={mark(of, 'page')}"
    return {"channel": "whatsapp", "page": page, "referrer": f"https://search.example/?q={mark(of, 'referrer')}"}


async def _document(world: World, of: str, person: Made) -> None:
    """What stands in the customer's own document."""
    staff, at = "zqxsjwkhberta", BEGIN
    values = {
        "tier": "gold",
        "passport": mark(of, "Passport"),
        "secret": "scrypt:00:zqxvjwkhsecret",
        "margin": f"zqxmjwkhargin{of}",
        "phoneNumber": PHONES[of],
    }
    await crowd.attributes(world.make, person, **values)
    postal = {name: mark(of, name) for name in ("street", "city", "region", "postal_code", "country")}
    proof = {"is_verified": True, "verified_at": at, "verified_by": staff, "observed_by": staff}
    for kind, value, parts in (
        ("EMAIL", f"zqxmjwkh{of}mail@mail.example", None),
        ("PHONE", PHONES[of], None),
        ("POSTAL", " ".join(postal.values()), postal),
    ):
        await crowd.contact_point(world.make, person, value, kind, is_primary=True, postal=parts, **proof)
    preference = {"channel": "email", "wish": "WELCOME", "is_preferred": True, "set_at": at, "set_by": staff}
    consent = {"purpose": "newsletter", "status": "GRANTED", "at": at, "means": "FORM", "channel": "email"}
    added = {"added_at": at, "added_by": staff, "observed_from": "staff"}
    corrected = {"observed_from": "staff", "observed_at": at, "observed_by": staff}
    fields: dict[str, Any] = {
        "entry_point": {**_entry(of), **corrected},
        "created_by": staff,
        "updated_by": staff,
        "assigned_agent_id": world.keys["Agent"],
        "verified": {"at": at, "by": staff, "version": 1},
        "tags": [{"word": "vip", **added}],
        "labels": [{"label_id": world.keys["Label"], "added_at": at, "added_by": staff}],
        "custom_data": [{"name": "pet", "value": mark(of, "Pet"), **added}],
        "channel_preferences": [preference],
        "consents": [consent | {"recorded_at": at, "recorded_by": staff}],
        "search": [mark(of, "first"), mark(of, "last"), f"zqxmjwkh{of}mail"],
        "observed.passport.observed_by": staff,
    }
    await world.make.store.update(CUSTOMERS, {"_id": person.key}, {"$set": fields})


async def _purchase(world: World, person: Made) -> RecordId:
    line = {"title": "Lamp", "sku": "L1", "quantity": 1, "unit_price": money("10.00"), "total": money("10.00")}
    tracking = {
        "company": "Post",
        "number": "P1",
        "url": "https://post.example/P1",
        "status": "On its way",
    }
    lines = [line | {"product_id": world.keys["Product"]}]
    data = [{"name": mark("a", "Engraving"), "value": mark("a", "Engraved")}]
    return await world.make.purchase(person, "10.00", lines=lines, tracking=[tracking], custom_data=data)


async def _doubted(world: World) -> Made:
    """Somebody into whom a machine has merged another."""
    gone, key = await world.make.customer(None, None), new_id()
    alias = {"id": gone.key, "elements": ["NOTES"], "at": BEGIN, "merge_id": key, "inferred_by": [key]}
    one = await world.make.customer(None, None, aliases=[alias])
    world.ids["Doubted"] = one.id
    return one


async def _merged(world: World, doubted: Made) -> None:
    """Somebody who went into the first customer, whose name was changed by it and again since."""
    make = world.make
    gone = await make.customer(mark("a", "Former"), mark("a", "Gone"))
    key, of = new_id(), world.a.key
    change = {"path": "attributes.firstName", "before": mark("a", "Before"), "after": mark("a", "After")}
    alias = {"id": gone.key, "elements": ["NOTES"], "at": BEGIN, "merge_id": key}
    few = {"path": "attributes.margin", "before": "zqxmjwkhbefore", "after": "zqxmjwkhafter"}
    heard = {"before": BEGIN, "after": BEGIN}
    more = {"_id": key, "others": [{"id": gone.key, "carried": []}], "changed": [change, few], "heard_at": heard}
    pets = [{"name": "pet", "value": mark("a", name), "added_at": BEGIN, "added_by": None} for name in ("Once", "Then")]
    more["replaced"] = [{"part": "custom_data", "entries": [dict(zip(("before", "after"), pets, strict=True))]}]
    more |= {"reason": mark("a", "Reason"), "merged_by": "zqxsjwkhberta", "undone_at": None, "undone_by": None}
    world.keep("Merge", await crowd.merge(make, world.a, **more))
    merged = {"merged_into": of, "merged_at": BEGIN, "merge_id": key}
    await make.store.update(CUSTOMERS, {"_id": gone.key}, {"$set": merged})
    await make.store.update(CUSTOMERS, {"_id": of}, {"$push": {"aliases": alias}})
    world.keep("MergedCustomer", gone.key)
    world.ids["MergedCustomer"] = gone.id
    # One that was undone, too.
    words = {"reason": mark("a", "Undone"), "merged_by": "zqxsjwkhberta", "undone_by": "zqxsjwkhberta"}
    gone = world.keys["MergedCustomer"]
    said = {"is_dismissed": True, "dismissed_at": BEGIN, "dismissed_by": "zqxsjwkhberta"}
    await crowd.double(make, one_id=world.b.key, other_id=gone, **said)
    words |= {"left_schema": ["shoe"], "is_inferred": True, "confirmed_by": "zqxsjwkhberta", "confirmed_at": BEGIN}
    world.ids["Undone"] = global_id("Merge", await crowd.merge(make, world.a, **words))
    # And one of somebody else's, into whom this customer had gone.
    others = [{"id": one, "carried": []} for one in (of, doubted.key)]
    await crowd.merge(make, await make.customer("Nobody", "Else"), others=others, undone_at=BEGIN)
