"""Is what hidden evidence has spoken for told to nobody once its attribute has lost the role, or left the schema?"""

from typing import Any

import pytest

from adapters.mongo import Store
from resolvers import attribute_upkeep, scanning
from resolvers.kept_pairs import PAIRS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from resolvers.matching import Base
from resolvers.matching_base import keep_base
from resolvers.scanning import scan
from tests import crowd
from tests.changing import change
from tests.conftest import NOW, Asking
from tests.makers import Made, Makers
from tests.test_hidden_evidence import FEW, HOME, NAMES, _person, _seen

_LIST = """query ($isDismissed: Boolean! = false) { duplicateSuggestions(isDismissed: $isDismissed) {
  totalCount nodes { id score isSure customers { id } reasons { role } } } }"""


class Secret:
    """Two who are alike in names and, for supervisors, in a home that an attribute keeps."""

    def __init__(self, ask: Asking, id: str, both: tuple[Made, Made]) -> None:
        self._ask, self._id, self.both = ask, id, both

    async def leaves(self, how: str) -> dict[str, Any]:
        """The attribute loses its role, gets another one, or leaves the schema."""
        if how == "removed":
            given = {"id": self._id, "withValues": True}
            return await change(self._ask, "removeAttributeDefinition", "__typename", Role.ADMINISTRATOR, **given)
        rules = {"matchingRole": {"taken": None, "changed": "IDENTIFIER"}[how]}
        given = {"id": self._id, "rules": rules}
        return await change(self._ask, "changeAttributeDefinition", "__typename", Role.ADMINISTRATOR, **given)

    async def listed(self, *, is_dismissed: bool = False) -> Any:
        """What agents are told of it."""
        found = (await self._ask(_LIST, isDismissed=is_dismissed)).data["duplicateSuggestions"]
        assert found["totalCount"] == len(found["nodes"])
        return found["nodes"]


@pytest.fixture
async def secret(ask: Asking, make: Makers) -> Secret:
    """The two, as a supervisor has had them compared."""
    key = await crowd.definition(make, "secretHome", matching_role="ADDRESS", **FEW)
    await keep_base(make.store, Base(size=1_000, people=1_000), NOW)
    both = await _person(make, *NAMES), await _person(make, *NAMES)
    for one in both:
        await crowd.attributes(make, one, secretHome=HOME)
    assert len(await _seen(ask, both[0], Role.SUPERVISOR)) == 1
    return Secret(ask, global_id("AttributeDefinition", key), both)


@pytest.mark.parametrize("how", ["taken", "changed", "removed"])
async def test_role_left(ask: Asking, secret: Secret, how: str) -> None:
    """What the role spoke for is listed for nobody, and found again by what else speaks for it."""
    assert await secret.listed() == []
    assert "code" not in await secret.leaves(how)
    assert await secret.listed() == []
    (found,) = await _seen(ask, secret.both[0])
    assert {one["role"] for one in found["reasons"]} == {"GIVEN_NAME", "FAMILY_NAME"}
    assert len(await secret.listed()) == 1


@pytest.mark.parametrize("how", ["taken", "changed", "removed"])
async def test_dismissed_tells_nothing(ask: Asking, store: Store, secret: Secret, how: str) -> None:
    """Of two who were told apart neither score nor reasons are left; that they were binds as before."""
    (found,) = await _seen(ask, secret.both[0], Role.SUPERVISOR)
    await change(ask, "dismissDuplicate", "suggestion { id }", Role.SUPERVISOR, id=found["id"])
    await secret.leaves(how)
    (kept,) = await secret.listed(is_dismissed=True)
    assert (kept["id"], kept["score"], kept["isSure"], kept["reasons"]) == (found["id"], 0.5, False, [])
    assert await _seen(ask, secret.both[0]) == []
    await scan(store, at=NOW, tell=lambda *_: None)
    assert await secret.listed() == []


async def test_other_rules(secret: Secret, ask: Asking, store: Store) -> None:
    """A change that leaves the role as it is leaves what it spoke for."""
    for rules in ({"label": "Home"}, {"matchingRole": "ADDRESS"}):
        await change(ask, "changeAttributeDefinition", "__typename", Role.ADMINISTRATOR, id=secret._id, rules=rules)
    assert await store.count(PAIRS, {}) == 1


@pytest.mark.parametrize("how", ["taken", "removed"])
async def test_never_told(secret: Secret, store: Store, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    """Whoever reads meanwhile is told nothing, however much there is to forget, batch by batch."""
    monkeypatch.setattr(attribute_upkeep, "BATCH", 2)
    (kept,) = await store.find(PAIRS, {})
    for n in range(7):
        await crowd.double(Makers(store), reasons=kept["reasons"], is_dismissed=n % 2 == 0)
    told: list[Any] = []
    delete = Store.delete

    async def deleting(*given: Any) -> int:
        told.extend(await secret.listed() if not store.is_transacting else [])
        return await delete(*given)

    monkeypatch.setattr(Store, "delete", deleting)
    await secret.leaves(how)
    assert told == []
    assert [one["reasons"] for one in await store.find(PAIRS, {})] == [[]] * 4


async def test_scanned_meanwhile(secret: Secret, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan that compared by the role before it was taken does not write what it found by it."""
    whole = scanning._apart

    async def apart(*given: Any) -> Any:
        await secret.leaves("taken")
        return await whole(*given)

    monkeypatch.setattr(scanning, "_apart", apart)
    await scan(store, at=NOW, tell=lambda *_: None)
    assert await secret.listed() == []


@pytest.mark.usefixtures("secret")
async def test_by_index(store: Store) -> None:
    """What a role spoke for is found along an index, among however many pairs."""
    command = {"find": PAIRS.name, "filter": {"reasons.role": {"$in": ["ADDRESS"]}}}
    assert "COLLSCAN" not in str((await store.explain(command))["queryPlanner"]["winningPlan"])
