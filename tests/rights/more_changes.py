"""The rest of what is sent to mutations: accounts, notes, identities, merges, conversations; and what is refused."""

from typing import Any

from adapters.records import new_id
from resolvers.attribute_schema import DEFINITIONS
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.webchat.limits import SIGNS_PER_MINUTE
from tests import crowd
from tests.changing import GONE
from tests.desks import LATE
from tests.makers import BEGIN, Made
from tests.rights.changes import REFUSED, Input, a_definition, a_label, a_relation_type, change, fresh
from tests.rights.world import World, mark

_TEXT = "zqxvjwkhbText"
_data = [{"name": "meter", "value": _TEXT}]


@change
async def add_customer_account(world: World, of: Made) -> Input:
    """An account."""
    return {"customerId": of.id, "name": "gas", "number": fresh(world, "zqxvjwkhbnumber"), "data": _data}


async def _account(world: World, of: Made) -> tuple[str, str]:
    number = fresh(world, "zqxvjwkhbkept")
    return number, global_id("CustomerAccount", await crowd.account(world.make, of, number))


@change
async def edit_customer_account(world: World, of: Made) -> Input:
    """An account's data."""
    return {"id": (await _account(world, of))[1], "version": 1, "name": "water", "data": _data}


@change
async def link_customer_account(world: World, of: Made) -> Input:
    """The account of somebody else."""
    return {"customerId": of.id, "number": (await _account(world, world.b))[0]}


@change
async def unlink_customer_account(world: World, of: Made) -> Input:
    """The customer's own account."""
    return {"customerId": of.id, "id": (await _account(world, of))[1]}


async def _note(world: World, of: Made) -> str:
    return global_id("Note", await world.make.note(of, _TEXT, author_id=world.ask.agent_id))


@change
async def edit_note(world: World, of: Made) -> Input:
    """A note of whoever asks."""
    return {"id": await _note(world, of), "version": 1, "text": f"{_TEXT} again"}


@change
async def remove_note(world: World, of: Made) -> Input:
    """A note of whoever asks."""
    return {"id": await _note(world, of)}


@change
async def identify_customer(world: World, _of: Made) -> Input:
    """Somebody new."""
    profile = dict.fromkeys(("name", "username", "gender", "locale", "timeZone"), _TEXT)
    profile["pictureUrl"] = "https://pics.example/zqxvjwkhbpicture.png"
    place = {"channel": "shop", "account": "main", "value": fresh(world, "zqxvjwkhbcame")}
    return place | {"profile": profile, "entryPoint": {"page": "https://shop.example", "referrer": "a link"}}


@change
async def add_channel_account(world: World, _of: Made) -> Input:
    """A mailbox of ours."""
    return {"channel": "email", "account": fresh(world, "box"), "label": "Box"}


@change
async def remove_channel_account(world: World, _of: Made) -> Input:
    """A mailbox that nobody wrote to."""
    document = channel_account_document("email", fresh(world, "unused"))
    await world.make.store.insert(CHANNEL_ACCOUNTS, document)
    return {"id": global_id("ChannelAccount", document["_id"])}


@change
async def dismiss_duplicate(world: World, of: Made) -> Input:
    """Two who are different people."""
    return {"id": global_id("DuplicateSuggestion", await crowd.double(world.make, one_id=of.key, other_id=new_id()))}


@change
async def reconsider_duplicate(world: World, of: Made) -> Input:
    """Two who are perhaps one person after all."""
    said = {"is_dismissed": True, "dismissed_at": BEGIN, "dismissed_by": "zqxsjwkhberta"}
    made = await crowd.double(world.make, one_id=of.key, other_id=new_id(), **said)
    return {"id": global_id("DuplicateSuggestion", made)}


@change
async def merge_customers(world: World, of: Made) -> Input:
    """Two who are one."""
    other = await world.make.customer("zqxvjwkhbTwin", "zqxvjwkhbLee")
    chosen = [{"name": "firstName", "choice": "TAKE", "fromId": other.id}]
    return {
        "survivorId": of.id,
        "otherIds": [other.id],
        "elements": ["NOTES"],
        "attributes": chosen,
        "reason": "zqxvjwkhbReason",
        "versions": [{"id": of.id, "version": 1}],
    }


async def _merge(world: World, of: Made, **said: Any) -> str:
    """A merge that changed the first name, which was changed again since."""
    other = await world.make.customer("zqxvjwkhbTwin", "zqxvjwkhbLee")
    key = new_id()
    changed = [{"path": "attributes.firstName", "before": "zqxvjwkhbBefore", "after": "zqxvjwkhbAfter"}]
    more: dict[str, Any] = {"_id": key, "others": [{"id": other.key, "carried": []}], "changed": changed}
    more |= {"heard_at": {"before": BEGIN, "after": BEGIN}, "undone_at": None, "undone_by": None}
    await crowd.merge(world.make, of, **more, **said)
    await world.make.merged(other, of, "NOTES")
    marks = {"merge_id": key, "merged_at": BEGIN}
    await world.make.store.update(CUSTOMERS, {"_id": other.key}, {"$set": marks})
    await world.make.store.update(CUSTOMERS, {"_id": of.key}, {"$set": {"aliases.0.merge_id": key}})
    return global_id("Merge", key)


@change
async def confirm_merge(world: World, of: Made) -> Input:
    """A merge that a machine has made and that is right."""
    return {"mergeId": await _merge(world, of, is_inferred=True, confirmed_at=None)}


@change
async def unmerge_customers(world: World, of: Made) -> Input:
    """A merge that was wrong."""
    said = {"field": "attributes.firstName", "choice": "CUSTOM", "value": "zqxvjwkhbCustom"}
    return {**await _undoing(world, of), "resolutions": [said]}


async def _undoing(world: World, of: Made) -> dict[str, Any]:
    merge_id = await _merge(world, of)
    document = await world.make.store.first(CUSTOMERS, {"_id": of.key}) or {}
    return {"mergeId": merge_id, "version": document["version"]}


@change
async def relink_conversation(world: World, of: Made) -> Input:
    """A conversation that is somebody else's, who is anonymous."""
    known = await world.make.store.find(DEFINITIONS, {"default": {"$ne": None}})
    nobody = await world.make.customer(None, None, attributes={one["name"]: one["default"] for one in known})
    key = await world.make.conversation(nobody, "zqxvjwkhbHello")
    return {"id": global_id("Conversation", key), "customerId": of.id}


@change
async def give_toy(_world: World, of: Made) -> Input:
    """A toy."""
    return {"customerId": of.id, "name": "zqxvjwkhbBear"}


# What is refused


async def _nobody(_world: World, _of: Made) -> Input:
    return {"customerId": GONE, "text": _TEXT}


async def _twice(world: World, of: Made) -> Input:
    held = (await world.make.store.find(IDENTITIES, {"customer_id": world.b.key}))[0]
    place = {"channel": held["channel"], "account": held["account"], "value": held["value"]}
    return {"customerId": of.id, **place}


async def _empty(_world: World, of: Made) -> Input:
    return {"customerId": of.id, "text": "   "}


async def _anothers(world: World, of: Made) -> Input:
    note = await world.make.note(of, _TEXT, author_id=world.keys["Agent"])
    return {"id": global_id("Note", note), "version": 1, "text": _TEXT}


async def _stale(_world: World, of: Made) -> Input:
    return {"id": of.id, "version": 0, "attributes": [{"name": "lastName", "value": "zqxvjwkhbName"}]}


async def _stale_note(world: World, of: Made) -> Input:
    return {"id": await _note(world, of), "version": 9, "text": _TEXT}


async def _stale_account(world: World, of: Made) -> Input:
    return {"id": (await _account(world, of))[1], "version": 9}


async def _stale_definition(world: World, _of: Made) -> Input:
    return {"id": await a_definition(world), "version": 9, "rules": {"label": "Other"}}


async def _stale_label(world: World, _of: Made) -> Input:
    return {"id": (await a_label(world))[1], "version": 9, "priority": 9}


async def _stale_relation_type(world: World, _of: Made) -> Input:
    return {"id": await a_relation_type(world), "version": 9, "name": "other"}


async def _edited(world: World, of: Made) -> Input:
    return await _undoing(world, of)


async def _message(world: World, of: Made) -> Input:
    await world.make.identity(of, "whatsapp", fresh(world, "talker"))
    talk = await world.make.conversation(of, "zqxvjwkhbHello", channel="whatsapp")
    place = {"conversationId": global_id("Conversation", talk), "identityId": None}
    return {"key": fresh(world, "key"), **place, "asHumanAgent": True}


@change
async def send_message(world: World, of: Made) -> Input:
    """An answer in words that the channel has approved."""
    template = {"name": "zqxvjwkhbhello", "language": "en", "values": [_TEXT]}
    return {**await _message(world, of), "text": None, "template": template}


async def _late(world: World, of: Made) -> Input:
    return {**await _message(world, of), "text": LATE}


@change
async def create_order(world: World, of: Made) -> Input:
    """A lamp, and something that is no product."""
    await world.make.identity(of, "shop", fresh(world, "buyer"))
    identity = (await world.make.store.find(IDENTITIES, {"customer_id": of.key, "channel": "shop"}))[0]
    price = {"amount": "5", "currency": "USD"}
    item = {"productId": world.ids["Product"], "title": "Lamp", "sku": "L-1", "quantity": 2, "unitPrice": price}
    place = {"channel": "shop", "account": "main", "identityId": global_id("Identity", identity["_id"])}
    return {"key": fresh(world, "key"), "customerId": of.id, **place, "items": [item], "note": _TEXT}


@change
async def request_payment(world: World, of: Made) -> Input:
    """The money for an order."""
    given = await create_order(world, of)
    del given["items"], given["note"]
    bought = global_id("Purchase", await world.make.purchase(of, "5"))
    amount = {"amount": "5", "currency": "USD"}
    return {**given, "amount": amount, "description": _TEXT, "orderId": bought}


async def _chat(world: World, _of: Made) -> str:
    """The chat of the visitor who asks, as it was, and its word."""
    word = fresh(world, "word")
    await crowd.chat(world.make, world.a, mark("a", "visitor"), word)
    return word


@change
async def start_chat(world: World, of: Made) -> Input:
    """The visitor comes back."""
    page = {"page": "https://shop.example/a", "referrer": "https://search.example/", "locale": "en-US"}
    return {"account": "main", "channel": "webchat", **page, "resume": await _chat(world, of), "word": "own-word_" * 5}


@change
async def send_chat_message(world: World, of: Made) -> Input:
    """Words and a file."""
    await _chat(world, of)
    url = "https://files.example/zqxvjwkhafile.png"
    file = {"url": url, "name": "zqxvjwkhafile.png", "mediaType": "image/png", "sizeBytes": 9}
    return {"key": fresh(world, "key"), "text": "zqxvjwkhaHello", "attachments": [file]}


@change
async def identify_visitor(world: World, of: Made) -> Input:
    """What was typed."""
    await _chat(world, of)
    return {"name": "zqxvjwkhaTyped", "email": "zqxmjwkhamail@mail.example", "signed": None}


@change
async def type_in_chat(world: World, of: Made) -> Input:
    """The visitor is typing."""
    await _chat(world, of)
    return {"isTyping": True}


@change
async def type_to_visitor(world: World, of: Made) -> Input:
    """An agent is typing."""
    await _chat(world, of)
    return {"conversationId": world.ids["Conversation"], "isTyping": True}


@change
async def read_chat(world: World, of: Made) -> Input:
    """The visitor has read."""
    await _chat(world, of)
    return {"upTo": world.ids["Message"], "isRead": True}


@change
async def end_chat(world: World, of: Made) -> Input:
    """The visitor has signed out."""
    return {"resume": await _chat(world, of)}


async def _often(world: World, of: Made) -> Input:
    # Whoever asks: an agent.
    rates, agent = world.ask.rates, f"zqxsjwkh{Role.AGENT.value}"
    while rates and await rates.take("signs in chats", agent, SIGNS_PER_MINUTE) is None:
        pass
    return await type_to_visitor(world, of)


async def _busy(world: World, of: Made) -> Input:
    return {**await create_order(world, of), "note": LATE}


REFUSED |= {
    "ChannelFailed": ("createOrder", _busy),
    "NotFound": ("addNote", _nobody),
    "Conflict": ("linkIdentity", _twice),
    "InvalidInput": ("addNote", _empty),
    "NotPermitted": ("editNote", _anothers),
    "StaleVersion": ("editCustomer", _stale),
    "StaleNote": ("editNote", _stale_note),
    "StaleCustomerAccount": ("editCustomerAccount", _stale_account),
    "StaleAttributeDefinition": ("changeAttributeDefinition", _stale_definition),
    "StaleLabel": ("editLabel", _stale_label),
    "StaleRelationType": ("editRelationType", _stale_relation_type),
    "EditedSince": ("unmergeCustomers", _edited),
    "OutsideWindow": ("sendMessage", _late),
    "TooOften": ("typeToVisitor", _often),
}


@change
async def export_customer(_world: World, of: Made) -> Input:
    """Everything about a customer."""
    return {"customerId": of.id}


@change
async def erase_customer(world: World, _of: Made) -> Input:
    """Somebody new, since the others are needed."""
    somebody = await world.make.customer("zqxvjwkhbGoing", "zqxvjwkhbLee")
    return {"customerId": somebody.id, "version": 1, "reason": "REQUESTED", "reference": "DSR-1"}
