"""In which ways do customers belong together, and how do these read?"""

import asyncio
from typing import Any

import pytest

from adapters.records import new_id
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.changing import change, may, refused
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.test_relations import a_type, relate
from tests.walking import nodes

ADMIN = Role.ADMINISTRATOR
SHOWN = "relationType { name inverseName version }"


async def _edit(ask: Asking, kind: str, **given: Any) -> dict[str, Any]:
    return await change(ask, "editRelationType", SHOWN, ADMIN, id=kind, **given)


async def _names(ask: Asking, *of: Made) -> list[str]:
    return [row["name"] for one in of for row in await nodes(ask, one, "relations", "name")]


async def test_types_defined(ask: Asking, make: Makers) -> None:
    """Administrators define types, each name once; one of which there are relations stays."""
    kind = await a_type(ask)
    await a_type(ask, "employs", "employed by")
    assert await refused(ask, "addRelationType", ADMIN, name="Parent OF") == ("CONFLICT", "input.name")
    assert await refused(ask, "addRelationType", ADMIN, name=" ") == ("INVALID_INPUT", "input.name")
    refusal = await refused(ask, "addRelationType", ADMIN, name="a", inverseName="\n")
    assert refusal == ("INVALID_INPUT", "input.inverseName")
    answer = await ask("{ relationTypes { name inverseName } }")
    assert [one["inverseName"] for one in answer.data["relationTypes"]] == ["employed by", "child of"]
    key = (await relate(ask, await make.customer(), await make.customer(), kind))["relation"]["id"]
    found = await change(ask, "removeRelationType", "removedId", ADMIN, id=kind)
    assert found["message"] == "Relations of this type: 1. Remove them first."
    await change(ask, "removeRelation", "removedId", id=key)
    assert (await change(ask, "removeRelationType", "removedId", ADMIN, id=kind))["removedId"] == kind
    assert await refused(ask, "removeRelationType", ADMIN, id=kind) == ("NOT_FOUND", "input.id")


async def test_type_edited(ask: Asking, make: Makers) -> None:
    """An edited type is read at both ends of its relations, those that are there and those that come."""
    ann, ben, cleo = await make.customer(), await make.customer(), await make.customer()
    kind = await a_type(ask)
    await relate(ask, ann, ben, kind)
    found = (await _edit(ask, kind, name=" mother of ", inverseName="daughter of"))["relationType"]
    assert found == {"name": "mother of", "inverseName": "daughter of", "version": 2}
    assert await _names(ask, ann, ben) == ["mother of", "daughter of"]
    assert (await relate(ask, cleo, ben, kind))["relation"]["name"] == "mother of"
    assert "'mother of' `customerId`" in (await relate(ask, ben, ann, kind))["message"]
    assert (await _edit(ask, kind, name="parent of", version=2))["relationType"]["inverseName"] == "daughter of"
    assert await _names(ask, cleo) == ["parent of"]


async def test_type_of_its_own(ask: Asking) -> None:
    """No two types have one name in any case; the name that one had before is free for another."""
    kind, other = await a_type(ask), await a_type(ask, "employs", "employed by")
    assert await refused(ask, "editRelationType", ADMIN, id=other, name="PARENT of") == ("CONFLICT", "input.name")
    await _edit(ask, kind, name="mother of")
    assert await refused(ask, "addRelationType", ADMIN, name="Mother of") == ("CONFLICT", "input.name")
    assert await a_type(ask, "parent of") != kind
    names = [one["name"] for one in (await ask("{ relationTypes { name } }")).data["relationTypes"]]
    assert names == ["employs", "mother of", "parent of"]


async def test_direction_stays(ask: Asking, make: Makers) -> None:
    """While there are relations of it, a type keeps its direction, or stays without one."""
    ann, ben = await make.customer(), await make.customer()
    kind, friends = await a_type(ask), await a_type(ask, "friend of", None)
    assert "code" not in await _edit(ask, friends, inverseName="known by")
    assert "code" not in await _edit(ask, friends, inverseName="friend of")
    for one in (kind, friends):
        await relate(ask, ann, ben, one)
    for one, inverse in ((kind, "Parent of"), (friends, "known by")):
        found = await _edit(ask, one, inverseName=inverse)
        assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "inverseName"])
        assert found["message"].startswith("Relations of this type: 1.")
    assert "code" not in await _edit(ask, friends, name="mate of", inverseName="mate of")
    assert await _names(ask, ann) == ["mate of", "parent of"]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"id": global_id("RelationType", new_id())}, ("NOT_FOUND", "input.id")),
        ({"name": ""}, ("INVALID_INPUT", "input.name")),
        ({"inverseName": "x" * 51}, ("INVALID_INPUT", "input.inverseName")),
        ({"version": 2}, ("STALE_VERSION", "input.version")),
    ],
)
async def test_type_edit_refused(ask: Asking, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """What is edited keeps the rules of what is added, and is there at the version that was read."""
    usual: dict[str, Any] = {"id": await a_type(ask), "name": "mother of"}
    assert await refused(ask, "editRelationType", ADMIN, **(usual | given)) == refusal


async def test_type_edits_at_once(ask: Asking) -> None:
    """Of 50 edits at once upon one version one is made, and the others are told of it."""
    kind = await a_type(ask)
    answers = await asyncio.gather(*(_edit(ask, kind, name=f"t{n}", version=1) for n in range(50)))
    assert [one["code"] for one in answers if "code" in one] == ["STALE_VERSION"] * 49
    (made,) = [one["relationType"] for one in answers if "code" not in one]
    assert (await ask("{ relationTypes { name version } }")).data["relationTypes"] == [
        {"name": made["name"], "version": 2}
    ]


async def test_types_by_role(ask: Asking) -> None:
    """Administrators define types, change and remove them."""
    assert await may(ask, "addRelationType", name=" ") == {ADMIN}
    assert await may(ask, "editRelationType", id="x") == await may(ask, "removeRelationType", id="x") == {ADMIN}
