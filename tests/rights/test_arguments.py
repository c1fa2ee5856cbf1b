"""May everyone send the arguments that choose by what they may see, and nobody others?"""

from collections.abc import Iterator

import pytest
from graphql import ExecutionResult, get_named_type, is_leaf_type, is_non_null_type

from tests.changing import GONE
from tests.rights.expecting import FORBIDDEN, SHOWN, UNREACHED, Expecting
from tests.rights.paths import Path, objects_at, shortest, text_of
from tests.rights.samples import Sample, arguments_of, filled, required_of
from tests.rights.viewers import KINDS, Asker, Kind
from tests.rights.world import PHONES, World, mark

Expected = dict[str, dict[str, str]]


def _places(expecting: Expecting) -> Iterator[tuple[str, str, list[Sample]]]:
    """The fields with arguments, and what is sent at once: apart where one refusal takes the others along."""
    for owner, shown in expecting.objects.items():
        for field, known in shown.fields.items():
            samples = arguments_of(expecting.graph, owner, field)
            if samples and is_non_null_type(known.type):
                yield from ((owner, field, [one]) for one in samples)
            elif samples:
                yield owner, field, samples


def _text(expecting: Expecting, path: Path, owner: str, field: str, samples: list[Sample]) -> str:
    """The question that asks for the field once with each of the values."""
    required = required_of(expecting.graph, owner, field)
    is_leaf = is_leaf_type(get_named_type(expecting.objects[owner].fields[field].type))
    asked = []
    for n, one in enumerate(samples):
        name = one.path.partition(".")[0].partition("=")[0]
        given = ", ".join(f"{key}: {value}" for key, value in (required | {name: one.literal}).items())
        asked.append(f"s{n}: {field}({given})" + ("" if is_leaf else " { __typename }"))
    inside = " ".join(asked)
    return text_of(expecting, path, inside)


async def _cursor(expecting: Expecting, world: World, asker: Asker, path: Path, field: str) -> str:
    """A place in the list that the field is."""
    inside = f"{field} {{ pageInfo {{ endCursor }} }}"
    text = text_of(expecting, path, inside)
    result = await asker(filled(text, world), KINDS[0])
    cursors = [found[field]["pageInfo"]["endCursor"] for _, found in objects_at(result.data, path)]
    return str(next(one for one in cursors if one))


def _outcome(result: ExecutionResult, path: Path, n: int) -> str:
    """What came of the n-th value."""
    refused = {str((one.extensions or {}).get("code")) for one in result.errors or () if f"s{n}" in (one.path or ())}
    if refused:
        return FORBIDDEN if refused == {"FORBIDDEN"} else f"error: {refused}"
    return SHOWN if any(f"s{n}" in found for _, found in objects_at(result.data, path)) else UNREACHED


async def test_arguments(expecting: Expecting, expected: Expected, world: World, asker: Asker) -> None:
    """Every argument, every field of an input and every value of an enum is answered or FORBIDDEN, as reviewed."""
    to = {kind.name: shortest(expecting, kind) for kind in KINDS}
    wrong = {}
    for owner, field, samples in _places(expecting):
        for kind in KINDS:
            path = to[kind.name].get(owner, to["administrator"].get(owner))
            assert path is not None, f"Nobody comes to {owner}."
            text, more = _text(expecting, path, owner, field, samples), {}
            if "<cursor>" in text:
                more["cursor"] = await _cursor(expecting, world, asker, to["administrator"][owner], field)
            result = await asker(filled(text, world, **more), kind)
            for n, one in enumerate(samples):
                wanted, got = expected[f"{owner}.{field}({one.path})"][kind.name], _outcome(result, path, n)
                if wanted != got:
                    wrong[f"{owner}.{field}({one.path}) for {kind.name}"] = (wanted, got)
    assert wrong == {}


_HIT, _MISS = mark("a", "first"), mark("a", "nobody")

ORACLES = {
    "search": '{ customers(search: "<word>") { totalCount nodes { id } pageInfo { hasNextPage } } }',
    "filter": (
        '{ customers(first: 1, filter: {attributes: [{name: "passport", anyOf: ["<word>"]}]}) '
        "{ totalCount nodes { id } pageInfo { hasNextPage } } }"
    ),
    "look-up": '{ customerByIdentity(channel: "whatsapp", account: "main", value: "<number>") { kind } }',
    "likely": '{ likelyByIdentity(channel: "whatsapp", account: "main", value: "<number>") { score } }',
    "identify": (
        'mutation { identifyCustomer(input: {channel: "whatsapp", account: "main", value: "<number>"}) { __typename } }'
    ),
}


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize("kind", [one for one in KINDS if not one.sees_personal], ids=lambda one: one.name)
async def test_no_oracle(world: World, asker: Asker, name: str, kind: Kind) -> None:
    """Asking for a personal value is FORBIDDEN in the same words whether somebody has it or not."""
    if name in {"look-up", "identify"} and "lookup" in kind.scopes:
        pytest.skip("Exact look-up is this one's right.")
    hit = filled(ORACLES[name], world, word=mark("a", "Passport") if name == "filter" else _HIT, number=PHONES["a"])
    miss = filled(ORACLES[name], world, word=_MISS, number="+12025550199")
    one, other = await asker(hit, kind), await asker(miss, kind)
    assert [error.extensions for error in one.errors or ()] == [{"code": "FORBIDDEN"}]
    assert (one.data, _told(one)) == (other.data, _told(other))


async def test_names_in_any_order(asker: Asker) -> None:
    """A list sorted by name is refused to who may not see names, and so tells nobody's place in it."""
    text = "{ customers(orderBy: {field: NAME, direction: ASCENDING}) { nodes { id } } }"
    for kind in KINDS:
        result = await asker(text, kind)
        may = kind.sees_personal and kind.name != "visitor"
        assert bool(result.data["customers"]) is may


@pytest.mark.parametrize("field", ["customer", "node"])
async def test_strangers_are_nobody(world: World, asker: Asker, field: str) -> None:
    """To a visitor another customer's id is one that nobody has."""
    visitor = KINDS[-1]
    texts = [f'{{ {field}(id: "{one}") {{ __typename id }} }}' for one in (world.b.id, GONE)]
    one, other = [await asker(text, visitor) for text in texts]
    assert (one.data, one.errors) == (other.data, other.errors) == ({field: None}, None)


def _told(result: ExecutionResult) -> list[str]:
    return [error.message for error in result.errors or ()]
