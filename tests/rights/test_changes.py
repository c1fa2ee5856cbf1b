"""May those change things who are to, and nobody else; and what are they shown of what they changed?"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from adapters.mongo import Store
from gateway.acts import ActLedger
from resolvers.acts import ACTS
from resolvers.kit.acts import administrative
from tests.rights import more_changes  # noqa: F401 - fills the tables
from tests.rights.changes import CHANGES, REFUSED, Change
from tests.rights.expecting import FORBIDDEN, SHOWN, Expecting
from tests.rights.paths import EMPTY, Seen, of_object, whole
from tests.rights.viewers import KINDS, Asker, Kind
from tests.rights.walking import Walked
from tests.rights.world import PERSONAL, World

Expected = dict[str, dict[str, str]]
_AGENT = KINDS[2]
_ADMINISTRATOR = KINDS[0]
_DEFINING = ("Definition", "Label", "RelationType")


def text_of_change(expecting: Expecting, mutation: str) -> str:
    """The mutation, asking for everything that it may answer."""
    field = expecting.objects["Mutation"].fields[mutation]
    members = expecting.below("Mutation", mutation)
    shown = " ".join(f"... on {name} {{ {whole(expecting, name, deeper=True)} }}" for name in members)
    return f"mutation($input: {field.args['input'].type}) {{ it: {mutation}(input: $input) {{ __typename {shown} }} }}"


async def _changed(
    expecting: Expecting, world: World, asker: Asker, kind: Kind, mutation: str, change: Change
) -> Walked:
    of = await world.make.customer("zqxvjwkhbFresh", "zqxvjwkhbPerson")
    text, given = text_of_change(expecting, mutation), await change(world, of)
    result = await asker(text, kind, {"input": given})
    return Walked((), text, kind, result.data, result.errors or [])


def _seen(expecting: Expecting, one: Walked) -> tuple[str, list[Seen]]:
    """Of which type the answer is, and what was given of it."""
    found = one.data["it"]
    name = found["__typename"]
    return name, list(of_object(expecting, name, found, prefix=f"{name}_"))


@pytest.fixture
async def changed(expecting: Expecting, world: World, asker: Asker) -> list[tuple[str, Walked]]:
    """What everyone was answered who tried each change, each upon a fresh customer."""
    world.ask.acts = ActLedger(world.make.store, world.make.moment)
    return [
        (mutation, await _changed(expecting, world, asker, kind, mutation, change))
        for mutation, change in sorted(CHANGES.items())
        for kind in KINDS
    ]


def test_every_change_is_tried(expecting: Expecting) -> None:
    """Each mutation and each type of refusal has a sample in changes.py."""
    refusals = {one.name for one in expecting.possible(expecting.types["Refusal"])}  # type: ignore[arg-type]
    assert set(CHANGES) == set(expecting.objects["Mutation"].fields)
    assert set(REFUSED) == refusals


async def test_changes(
    expecting: Expecting, expected: Expected, changed: list[tuple[str, Walked]], store: Store
) -> None:
    """Each change is made for those who may make it, whole and without refusal, and FORBIDDEN to the others.

    Of each that is an administrative act, whoever tried it and what became of it is written down, and of no other.
    """
    acts: Counter[tuple[str, str, str, str | None]] = Counter()
    shown: dict[str, set[str]] = defaultdict(set)
    for mutation, one in changed:
        where = f"{mutation} for {one.kind.name}"
        is_forbidden = expected[f"Mutation.{mutation}"][one.kind.name] == FORBIDDEN
        if mutation in administrative(expecting.graph.declared):
            acts[mutation, one.kind.role.value, *(("refused", "FORBIDDEN") if is_forbidden else ("done", None))] += 1
        if is_forbidden:
            assert (one.data, _codes(one)) == ({"it": None}, ["FORBIDDEN"]), where
            continue
        name, seen = _seen(expecting, one)
        assert name.endswith("Payload"), (where, one.data)
        assert one.errors == [], where
        assert {known.outcome for known in seen} <= {SHOWN, EMPTY}, where
        shown[name] |= {known.field for known in seen if known.outcome == SHOWN}
    assert await _acts(store) == acts
    missing = {name: set(expecting.objects[name].fields) - fields for name, fields in shown.items()}
    assert {name: fields for name, fields in missing.items() if fields} == {}
    assert set(shown) | set(REFUSED) >= expecting.changed - expecting.asked - {"Mutation"}
    assert [(name, one.text) for name, one in changed if not one.kind.sees_personal and one.found(PERSONAL)] == []


async def _acts(store: Store) -> Counter[tuple[str, str, str, str | None]]:
    """What was written down of these changes."""
    found = await store.find(ACTS, {"request_id": None})
    assert PERSONAL.findall(str(found)) == []
    return Counter((one["act"], one["role"], one["outcome"], one["code"]) for one in found)


def _codes(one: Walked) -> list[Any]:
    return [(error.extensions or {}).get("code") for error in one.errors]


@pytest.mark.parametrize("name", sorted(REFUSED))
async def test_refusals(expecting: Expecting, world: World, asker: Asker, name: str) -> None:
    """Each type of refusal is answered as data, with everything that it has, and its words hold no personal value."""
    mutation, change = REFUSED[name]
    # What agents may not do at all is refused to administrators.
    kind = _ADMINISTRATOR if mutation.endswith(_DEFINING) else _AGENT
    one = await _changed(expecting, world, asker, kind, mutation, change)
    found, seen = _seen(expecting, one)
    assert (found, one.errors) == (name, [])
    assert [known.field for known in seen if known.outcome not in {SHOWN, EMPTY}] == []
    assert PERSONAL.findall(one.data["it"][f"{name}_message"]) == []


async def test_every_input_is_sent(expecting: Expecting, world: World) -> None:
    """The samples send every field of every mutation's input: the rights of none are left untried."""
    missing = set()
    for mutation, change in CHANGES.items():
        shape = get_named_type(expecting.objects["Mutation"].fields[mutation].args["input"].type)
        missing |= set(_unsent(shape, await change(world, await world.make.customer()), mutation))
    assert missing == set()


def _unsent(shape: Any, given: Any, path: str) -> Iterator[str]:
    for name, field in shape.fields.items():
        inner, value = get_named_type(field.type), given.get(name)
        if name not in given:
            yield f"{path}.{name}"
        elif isinstance(inner, GraphQLInputObjectType):
            for one in value if isinstance(value, list) else [value]:
                yield from _unsent(inner, one, f"{path}.{name}")
