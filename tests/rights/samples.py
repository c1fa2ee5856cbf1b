"""What is sent as each argument: `<Ticket>` stands for the id of one, `<cursor>` for a place in the list."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from resolvers.kit.graph import Graph
from tests.rights.world import PHONES, World, mark


@dataclass(frozen=True, slots=True)
class Sample:
    """One value for one argument, or for one field inside it."""

    path: str
    """`filter.tagged`; where each value counts, it stands behind an equals sign."""
    literal: str


MOMENT = '"2026-01-01T00:00:00Z"'

_BY_PLACE = {
    "Query.chatSite.account": '"main"',
    "Query.chatSite.channel": '"webchat"',
    "Query.customer.id": '"<Customer>"',
    "Query.customerByIdentity.channel": '"whatsapp"',
    "Query.customerByIdentity.account": '"main"',
    "Query.customerByIdentity.value": '"<phone>"',
    "Query.likelyByIdentity.channel": '"shop"',
    "Query.likelyByIdentity.account": '"main"',
    "Query.likelyByIdentity.value": f'"{mark("a", "Passport")}"',
    "Query.node.id": '"<Customer>"',
    "Query.nodes.ids": '"<Customer>"',
    "Query._entities.representations": '{__typename: "Customer", id: "<Customer>"}',
    "Query.topics.taxonomy": '"iab"',
    "Query.topics.parentId": '"<Topic>"',
    "Query.products.words": '"lamp"',
    "Query.products.channel": '"shop"',
    "Query.products.account": '"main"',
    "Query.customers.search": f'"{mark("a", "first")}"',
    "Customer.conversations.channels": '"whatsapp"',
    "Customer.consents.purposes": '"newsletter"',
    "Customer.interests.categories": '"Sports"',
    "CustomerFilter.onChannels": '"whatsapp"',
    "CustomerFilter.labelled": '"<Label>"',
    "CustomerFilter.tagged": '"vip"',
    "CustomerFilter.notedAs": '"pet"',
    "CustomerFilter.drawnTo": '"<Topic>"',
    "CustomerFilter.assignedTo": '"<Agent>"',
    "CustomerFilter.givenToys": '"top"',
    "Query.previewErasure.customerId": '"<Doubted>"',
    "AccessFilter.customerId": '"<Customer>"',
    "AccessFilter.viewer": '"anna"',
    "AdministrativeActFilter.id": '"<Customer>"',
    "AdministrativeActFilter.act": '"mergeCustomers"',
    "AdministrativeActFilter.viewer": '"anna"',
    "TicketFilter.campaignId": '"<Campaign>"',
    "TicketFilter.agentId": '"<Agent>"',
    "FactFilter.categories": '"Sports"',
    "HistoryFilter.channels": '"whatsapp"',
    "MergeCustomersInput.survivorId": '"<Customer>"',
    "MergeCustomersInput.otherIds": '"<other>"',
    "MergeCustomersInput.reason": f'"{mark("a", "Why")}"',
}
_BY_TYPE = {"Int": ["1"], "Boolean": ["true", "false"], "DateTime": [MOMENT]}
_PAGING = {"after": '"<cursor>"', "before": '"<cursor>"'}

# Inputs that are sent whole, each under a word that tells it from the others.
_WHOLE = {
    "AttributeCondition": {
        "tier": '{name: "tier", anyOf: ["gold"]}',
        "mail": '{name: "mail", anyOf: ["zqxmjwkhamail@mail.example"]}',
        "passport": f'{{name: "passport", anyOf: ["{mark("a", "Passport")}"]}}',
    },
    "AttributeChoiceInput": {"tier": '{name: "tier", choice: KEEP}'},
    "PreviewAttributeDefinitionInput": {
        "new": '{name: "shirtsize", type: STRING, rules: {isRequired: true}}',
        "changed": '{id: "<AttributeDefinition>", rules: {isSearchable: true}}',
        "removed": '{id: "<AttributeDefinition>", isRemoved: true}',
    },
    "CustomerVersionInput": {"other": '{id: "<other>", version: 1}'},
}

_PERSONAL = re.compile(
    r"Query\.customers\((?:search|orderBy\.field=NAME|filter\.(?:attributes=passport|notedAs))\)",
)
"""What chooses or sorts by personal values, and so is for those alone who may see them."""


def needs_personal(owner: str, field: str, path: str) -> bool:
    """Whether an argument asks for personal values."""
    return _PERSONAL.fullmatch(f"{owner}.{field}({path})") is not None


_LOOK_UPS = re.compile(r"Query\.customers\(filter\.attributes=tier\)")
"""What asks for somebody by a value that is one person's own, and so takes the right to look people up."""
_OF_FEW = re.compile(r"Query\.customers\(filter\.attributes=mail\)")
"""What chooses by a value that administrators alone may see."""


def needs_look_up(owner: str, field: str, path: str) -> bool:
    """Whether an argument looks somebody up."""
    return _LOOK_UPS.fullmatch(f"{owner}.{field}({path})") is not None


def is_of_few(owner: str, field: str, path: str) -> bool:
    """Whether an argument asks for what only administrators see."""
    return _OF_FEW.fullmatch(f"{owner}.{field}({path})") is not None


def arguments_of(graph: Graph, owner: str, field: str) -> list[Sample]:
    """Each argument of a field, and each field of its inputs, with a value; of an enum each of its values."""
    if owner in {"Mutation", "Subscription"}:
        # What is sent to those stands in changes.py, and with the tests of what is followed.
        return []
    shown: Any = graph._schema.type_map[owner]
    return [
        one
        for name, argument in shown.fields[field].args.items()
        for one in _samples(argument, f"{owner}.{field}.{name}", name)
    ]


def required_of(graph: Graph, owner: str, field: str) -> dict[str, str]:
    """The arguments without which a field cannot be asked for."""
    shown: Any = graph._schema.type_map[owner]
    given = shown.fields[field].args.items()
    return {
        name: next(iter(_samples(argument, f"{owner}.{field}.{name}", name))).literal
        for name, argument in given
        if is_required_argument(argument)
    }


def filled(text: str, world: World, **more: str) -> str:
    """The text with ids in the place of their names."""
    known = {"phone": PHONES["a"], "other": world.b.id, **world.ids, **more}
    return re.sub(r"<(\w+)>", lambda found: known[found[1]], text)


def _samples(argument: GraphQLArgument | GraphQLInputField, place: str, path: str) -> Iterator[Sample]:
    named = get_named_type(argument.type)
    if isinstance(named, GraphQLInputObjectType):
        for one in _of_input(named, path):
            yield Sample(one.path, _wrapped(argument.type, one.literal))
    elif isinstance(named, GraphQLEnumType):
        yield from (Sample(f"{path}={value}", _wrapped(argument.type, value)) for value in named.values)
    else:
        name = path.rpartition(".")[2]
        values = [_BY_PLACE[place]] if place in _BY_PLACE else [_PAGING[name]] if name in _PAGING else None
        values = values or _BY_TYPE.get(named.name)
        assert values, f"Say in tests/rights/samples.py what to send as {place}."
        yield from (
            Sample(path if len(values) == 1 else f"{path}={one}", _wrapped(argument.type, one)) for one in values
        )


def _of_input(input: GraphQLInputObjectType, path: str) -> Iterator[Sample]:
    if whole := _WHOLE.get(input.name):
        yield from (Sample(f"{path}={word}", literal) for word, literal in whole.items())
        return
    required = {
        name: next(iter(_samples(one, f"{input.name}.{name}", name))).literal
        for name, one in input.fields.items()
        if is_required_input_field(one)
    }
    for name, one in input.fields.items():
        for sample in _samples(one, f"{input.name}.{name}", f"{path}.{name}"):
            fields = required | {name: sample.literal}
            yield Sample(sample.path, "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}")


def _wrapped(type_: Any, literal: str) -> str:
    if isinstance(type_, GraphQLNonNull):
        return _wrapped(type_.of_type, literal)
    return f"[{_wrapped(type_.of_type, literal)}]" if isinstance(type_, GraphQLList) else literal
