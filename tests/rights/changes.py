"""What is sent to each mutation so that it does its work: an input with every field, about a fresh thing."""

from collections.abc import Awaitable, Callable
from typing import Any

from resolvers.attribute_rules import AttributeType
from resolvers.contact_rules import with_ids
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES
from resolvers.kit.ids import global_id
from resolvers.relations import RELATION_TYPES, RELATIONS
from tests import crowd
from tests.makers import BEGIN, Made
from tests.rights.world import World

Input = dict[str, Any]
Change = Callable[[World, Made], Awaitable[Input]]
"""Makes what the mutation needs of a fresh customer, and answers its input."""

CHANGES: dict[str, Change] = {}
REFUSED: dict[str, tuple[str, Change]] = {}
"""By type of refusal: a mutation and what makes it refuse so."""

# Names hold letters alone; these are as long as no other word that begins so.
_NAME, _TEXT, _LINE, _EMAIL = "zqxvjwkhbNew", "zqxvjwkhbText", "zqxvjwkhbLine", "zqxvjwkhbnew@mail.example"


def change(function: Change) -> Change:
    """Notes what is sent to the mutation that the function is named for."""
    words = function.__name__.split("_")
    CHANGES[words[0] + "".join(map(str.capitalize, words[1:]))] = function
    return function


def _plainly(mutation: str, **input: Any) -> None:
    """A change that needs nothing but a customer."""

    async def made(_world: World, of: Made) -> Input:
        return {"customerId": of.id, **input}

    CHANGES[mutation] = made


_postal = dict.fromkeys(("street", "city", "region", "postalCode", "country"), _LINE)
_point = {"type": "POSTAL", "value": _LINE, "postal": _postal, "isPrimary": True, "isVerified": True}
_plainly("addContactPoint", **_point)
_plainly("setChannelPreference", version=1, channel="email", wish="WELCOME", isPreferred=True)
_said = {"status": "GRANTED", "means": "FORM", "channel": "email", "at": "2026-01-01T00:00:00Z"}
_plainly("recordConsent", purpose="offers", **_said)
_plainly("addTag", word="keen")
_plainly("addCustomData", name="shoe", value=_TEXT)
_plainly("addNote", text=_TEXT)
_plainly("mintVisitorToken", minutes=5)
_plainly("verifyCustomer", version=1, isVerified=True)


def _rules(**more: Any) -> Input:
    rules: Input = {"label": "Size", "category": "Body", "order": 9, "isRequired": False, "default": "m"}
    rules |= {"maxLength": 3, "pattern": "[a-z]+", "choices": ["m", "l"], "isPersonal": False, "isSearchable": False}
    return (
        rules
        | {
            "isChannelIdentifier": False,
            "identifiesOn": ["whatsapp"],
            "matchingRole": None,
            "editableBy": ["AGENT"],
            "visibleTo": ["AGENT"],
        }
        | more
    )


def fresh(world: World, word: str) -> str:
    """A word that no other change used."""
    world.used += 1
    letters = "abcdefghij"
    return word + "".join(letters[int(one)] for one in str(world.used))


async def a_definition(world: World) -> str:
    """An attribute that nobody has."""
    kind = {"type": AttributeType.CHOICE, "choices": ["m", "l"], "is_personal": False}
    return global_id("AttributeDefinition", await crowd.definition(world.make, fresh(world, "size"), **kind))


@change
async def add_attribute_definition(world: World, _of: Made) -> Input:
    """An attribute."""
    return {"name": fresh(world, "shirt"), "type": "CHOICE", "rules": _rules()}


@change
async def change_attribute_definition(world: World, _of: Made) -> Input:
    """An attribute's label."""
    return {"id": await a_definition(world), "rules": _rules(), "version": 1}


@change
async def remove_attribute_definition(world: World, _of: Made) -> Input:
    """An attribute that nobody has."""
    return {"id": await a_definition(world), "withValues": True, "version": 1}


@change
async def edit_customer(_world: World, of: Made) -> Input:
    """Another family name."""
    return {"id": of.id, "version": 1, "attributes": [{"name": "lastName", "value": _NAME, "isVerified": True}]}


@change
async def edit_entry_point(_world: World, of: Made) -> Input:
    """Another page."""
    lines = {"page": "https://zqxvjwkhbpage.example", "referrer": "https://zqxvjwkhbreferrer.example"}
    return {"customerId": of.id, "version": 1, "channel": "email", **lines}


@change
async def assign_customer(world: World, of: Made) -> Input:
    """An agent."""
    return {"customerId": of.id, "agentId": world.ids["Agent"], "version": 1}


@change
async def link_identity(world: World, of: Made) -> Input:
    """An identity of nobody's."""
    value = fresh(world, "zqxvjwkhblinked")
    return {"customerId": of.id, "channel": "shop", "account": "main", "value": value, "claim": "ASSERTED"}


async def _identity(world: World, of: Made) -> str:
    await world.make.identity(of, "shop", fresh(world, "zqxvjwkhbheld"))
    found = await world.make.store.find(IDENTITIES, {"customer_id": of.key})
    return global_id("Identity", found[0]["_id"])


@change
async def unlink_identity(world: World, of: Made) -> Input:
    """One identity of two."""
    await world.make.identity(of, "shop", fresh(world, "zqxvjwkhbheld"))
    return {"id": await _identity(world, of)}


@change
async def verify_identity(world: World, of: Made) -> Input:
    """An identity that nobody has proven."""
    held = await _identity(world, of)
    await world.make.store.update(IDENTITIES, {"customer_id": of.key}, {"$set": {"claim": "ASSERTED"}})
    return {"id": held}


async def _contact_point(world: World, of: Made) -> Input:
    # A postal address: whoever does not see numbers or mail addresses changes none.
    postal = dict.fromkeys(("street", "city", "region", "postal_code", "country"), _LINE)
    await crowd.contact_point(world.make, of, _LINE, "POSTAL", postal=postal)
    (document,) = await world.make.store.find(CUSTOMERS, {"_id": of.key})
    (point,) = with_ids(of.key, document["contact_points"])
    return {"customerId": of.id, "id": global_id("ContactPoint", point["id"]), "version": document["version"]}


@change
async def edit_contact_point(world: World, of: Made) -> Input:
    """Another address."""
    return await _contact_point(world, of) | {"value": "zqxvjwkhbMoved", "postal": _postal}


@change
async def verify_contact_point(world: World, of: Made) -> Input:
    """A contact point."""
    return await _contact_point(world, of) | {"isVerified": True}


@change
async def choose_primary_contact_point(world: World, of: Made) -> Input:
    """A contact point."""
    return await _contact_point(world, of)


@change
async def remove_contact_point(world: World, of: Made) -> Input:
    """A contact point."""
    return await _contact_point(world, of)


async def _with(world: World, of: Made, **fields: Any) -> None:
    await world.make.store.update(CUSTOMERS, {"_id": of.key}, {"$set": fields})


@change
async def remove_channel_preference(world: World, of: Made) -> Input:
    """A wish that is kept."""
    wish = {"channel": "email", "wish": "WELCOME", "is_preferred": True, "set_at": BEGIN, "set_by": None}
    await _with(world, of, channel_preferences=[wish])
    return {"customerId": of.id, "channel": "email", "version": 1}


@change
async def add_label(world: World, _of: Made) -> Input:
    """A label."""
    return {"name": fresh(world, "Class "), "color": "#123456", "priority": 2, "description": "Some"}


async def a_label(world: World) -> tuple[Any, str]:
    """A label that nobody has."""
    key = await crowd.label(world.make, fresh(world, "Made "))
    return key, global_id("Label", key)


@change
async def edit_label(world: World, _of: Made) -> Input:
    """Another name, and all else."""
    more = {"color": "#654321", "priority": 3, "description": "Others", "version": 1}
    return {"id": (await a_label(world))[1], "name": fresh(world, "Renamed "), **more}


@change
async def remove_label(world: World, _of: Made) -> Input:
    """A label that nobody has."""
    return {"id": (await a_label(world))[1]}


@change
async def label_customer(world: World, of: Made) -> Input:
    """A label."""
    return {"customerId": of.id, "labelId": (await a_label(world))[1]}


@change
async def unlabel_customer(world: World, of: Made) -> Input:
    """The customer's label."""
    key, label = await a_label(world)
    await _with(world, of, labels=[{"label_id": key, "added_at": BEGIN, "added_by": None}])
    return {"customerId": of.id, "labelId": label}


@change
async def remove_tag(world: World, of: Made) -> Input:
    """The customer's tag."""
    await _with(world, of, tags=[{"word": "keen", "added_at": BEGIN, "added_by": None}])
    return {"customerId": of.id, "word": "keen"}


@change
async def remove_custom_data(world: World, of: Made) -> Input:
    """The customer's datum."""
    await _with(world, of, custom_data=[{"name": "shoe", "value": _TEXT, "added_at": BEGIN, "added_by": None}])
    return {"customerId": of.id, "name": "shoe", "version": 1}


@change
async def edit_custom_data(world: World, of: Made) -> Input:
    """The customer's datum."""
    return await remove_custom_data(world, of) | {"value": f"{_TEXT} again"}


@change
async def add_relation_type(world: World, _of: Made) -> Input:
    """A type."""
    return {"name": fresh(world, "parent of "), "inverseName": "child of"}


@change
async def remove_relation_type(world: World, _of: Made) -> Input:
    """A type that is in no use."""
    return {"id": await a_relation_type(world)}


@change
async def edit_relation_type(world: World, _of: Made) -> Input:
    """A type's names."""
    more = {"inverseName": "none", "version": 1}
    return {"id": await a_relation_type(world), "name": fresh(world, "renamed "), **more}


async def a_relation_type(world: World) -> str:
    """A type that is in no use."""
    kind: dict[str, Any] = {"name": fresh(world, "unused "), "inverse_name": "unused"}
    kind["_id"] = RELATION_TYPES.id_of(kind)
    await world.make.store.insert(RELATION_TYPES, kind)
    return global_id("RelationType", kind["_id"])


@change
async def relate_customers(world: World, of: Made) -> Input:
    """Two who belong together."""
    ends = {"customerId": of.id, "otherId": world.b.id}
    return ends | {"typeId": world.ids["RelationType"], "tags": ["close"]}


async def _relation(world: World, of: Made) -> str:
    key, back = [await crowd.related(world.make, one, other_id=other.key) for one, other in _both(of, world.b)]
    await world.make.store.update(RELATIONS, {"_id": key}, {"$set": {"back_id": back}})
    return global_id("Relation", key)


def _both(one: Made, other: Made) -> list[tuple[Made, Made]]:
    return [(one, other), (other, one)]


@change
async def tag_relation(world: World, of: Made) -> Input:
    """A relation."""
    return {"id": await _relation(world, of), "add": ["close"], "remove": ["far"]}


@change
async def remove_relation(world: World, of: Made) -> Input:
    """A relation."""
    return {"id": await _relation(world, of)}
