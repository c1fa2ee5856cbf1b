"""Does the schema's text say who may ask for what as the gateway answers it?

What it says is held to the reviewed table, which the gateway is held to by asking (test_fields.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pytest
from graphql import ConstDirectiveNode, DocumentNode, ObjectTypeDefinitionNode, StringValueNode, parse, visit
from graphql.language import Visitor

from resolvers.kit.graph import Graph
from resolvers.kit.viewer import EVERYONE, Role, Roles
from resolvers.webchat import CHAT_FIELDS
from tests.rights.expecting import FORBIDDEN, NOT_THEIRS, SCOPED, UNREACHED, Expecting
from tests.rights.test_fields import Expected
from tests.rights.viewers import KINDS

ROOTS = ("Query", "Mutation", "Subscription")
FEDERATIONS = {("Query", "_entities"), ("Query", "_service")}
"""What routers ask, and never see to."""


@dataclass(frozen=True)
class Told:
    """What a text says."""

    document: DocumentNode

    @cached_property
    def objects(self) -> dict[str, ObjectTypeDefinitionNode]:
        """The object types."""
        return {one.name.value: one for one in self.document.definitions if isinstance(one, ObjectTypeDefinitionNode)}

    @cached_property
    def types(self) -> dict[str, Roles | None]:
        """Who may ask for anything of a type; None where it says nothing."""
        return {name: _roles(one.directives) for name, one in self.objects.items()}

    @cached_property
    def fields(self) -> dict[tuple[str, str], Roles | None]:
        """Who may ask for a field."""
        return {
            (name, field.name.value): _roles(field.directives)
            for name, one in self.objects.items()
            for field in one.fields or ()
        }

    def lets(self, role: Role, owner: str, field: str) -> bool:
        """Whether a router that goes by the text alone lets a role ask for a field."""
        said = (self.types[owner], self.fields[owner, field])
        return all(roles is None or role in roles for roles in said)


def _roles(directives: tuple[ConstDirectiveNode, ...] | None) -> Roles | None:
    found = [_of_directive(one) for one in directives or () if one.name.value in {"authenticated", "policy"}]
    assert len(found) <= 1
    return found[0] if found else None


def _of_directive(one: ConstDirectiveNode) -> Roles:
    if one.name.value == "authenticated":
        return EVERYONE
    words: list[str] = []

    class Words(Visitor):
        def enter_string_value(self, node: StringValueNode, *_: object) -> None:
            words.append(node.value)

    visit(one, Words())
    assert all(word.startswith("role:") for word in words)
    return frozenset(Role(word.removeprefix("role:")) for word in words)


@pytest.fixture(params=[False, True], ids=["told", "enforced"])
def told(request: pytest.FixtureRequest, house: Graph) -> Told:
    """What each of the two texts says."""
    return Told(parse(house.text(is_enforced=request.param)))


def test_text_says_rights(told: Told, house: Graph, expected: Expected) -> None:
    """Whoever is given a field may ask for it by the text, and whoever is forbidden it may not."""
    wrong = {
        (place, kind.name, outcome)
        for place, said in expected.items()
        for kind in KINDS
        if "(" not in place and (outcome := said[kind.name]) != UNREACHED
        # What is open to those who have not signed in is so to every router, and what partners need a scope for stands
        # beside no field.
        if place.partition(".")[2] not in house.declared.open_fields
        if not (tuple(place.split(".")) in SCOPED and kind.role is Role.PARTNER)
        if told.lets(kind.role, *place.split(".")) == (outcome == FORBIDDEN)
    }
    assert wrong == set()


def test_text_guards_types(told: Told, expecting: Expecting, expected: Expected) -> None:
    """Of a type that documents are shown as, the text keeps out every role that never comes by one."""
    by_type: dict[str, set[Role]] = {}
    for place, said in expected.items():
        came = {kind.role for kind in KINDS if said[kind.name] != UNREACHED}
        by_type.setdefault(place.partition(".")[0], set()).update(came)
    # To whom it is null whatever the data, the field may lead all the same.
    for place, roles in NOT_THEIRS.items():
        for name in expecting.below(*place.split(".")):
            by_type[name] |= roles
    # What an unknown visitor's chat shows needs no sign-in.
    of_chats = {one.partition(".")[0] for one in CHAT_FIELDS}
    assert {name: told.types[name] for name in expecting.kept} == {
        name: None if name in of_chats else by_type[name] for name in expecting.kept
    }


def test_text_guards_beginnings(told: Told, house: Graph) -> None:
    """Nothing is asked or changed without a sign-in but what is open to everybody."""
    bare = {place for place, roles in told.fields.items() if place[0] in ROOTS and roles is None}
    assert {field for _, field in bare - FEDERATIONS} == house.declared.open_fields
    of_chats: Mapping[str, Roles | None] = {name: told.types.get(name.partition(".")[0]) for name in CHAT_FIELDS}
    assert {name: roles for name, roles in of_chats.items() if roles is not None} == {}
    assert bare >= FEDERATIONS


def test_text_is_for_objects(told: Told) -> None:
    """Rights stand on object types and their fields, and nowhere else: composition refuses or loses them elsewhere."""
    everywhere: list[str] = []

    class Places(Visitor):
        def enter_directive(self, node: ConstDirectiveNode, *_: object) -> None:
            if node.name.value in {"authenticated", "policy"}:
                everywhere.append(node.name.value)

    visit(told.document, Places())
    there = [roles for said in (told.types, told.fields) for roles in said.values() if roles is not None]
    assert len(everywhere) == len(there) > 100
