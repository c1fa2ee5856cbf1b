"""Who did which administrative act: asked by administrators alone."""

from typing import Any

import pytest

from adapters.mongo import Store
from adapters.records import new_id
from resolvers.acts import MOST_IDS, act_document
from resolvers.kit.acts import Act
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role, Viewer
from tests.adapters.test_explain import Scans
from tests.conftest import Asking, Commands
from tests.crowd import act
from tests.makers import BEGIN, Makers

ADMINISTRATOR: dict[str, Any] = {"as_": Role.ADMINISTRATOR}
LIST = """query ($filter: AdministrativeActFilter, $first: Int, $after: String) {
  administrativeActs(filter: $filter, first: $first, after: $after) {
    totalCount nodes { id } pageInfo { endCursor hasNextPage } } }"""


async def test_act_shown(ask: Asking, make: Makers) -> None:
    """An entry says who did what, on what, in which request, and what became of it."""
    ann = await make.customer()
    key = await act(make, ann.key, agent_id=ask.agent_id, at=BEGIN)
    query = """{ administrativeActs { nodes { id at act viewer role keyHandle ids outcome code requestId
      agent { id } } } }"""
    (shown,) = (await ask(query, **ADMINISTRATOR)).data["administrativeActs"]["nodes"]
    assert shown == {
        "id": global_id("AdministrativeAct", key),
        "at": "2026-01-01T00:00:00Z",
        "act": "mergeCustomers",
        "viewer": "anna",
        "role": "ADMINISTRATOR",
        "keyHandle": None,
        "ids": [ann.id],
        "outcome": "DONE",
        "code": None,
        "requestId": "0" * 32,
        "agent": {"id": global_id("Agent", ask.agent_id)},
    }


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.AGENT, Role.PARTNER, Role.VISITOR])
async def test_administrators_alone(ask: Asking, make: Makers, role: Role) -> None:
    """Only administrators read the ledger of acts, by whatever way."""
    key = await act(make)
    assert (await ask(LIST, as_=role)).codes == ["FORBIDDEN"]
    node = await ask("query ($id: ID!) { node(id: $id) { id } }", as_=role, id=global_id("AdministrativeAct", key))
    assert node.data == {"node": None}


async def test_pages(ask: Asking, make: Makers) -> None:
    """The list is paged, newest first, also where several began at one moment."""
    keys = [await act(make, at=BEGIN) for _ in range(5)]
    seen: list[str] = []
    after = None
    for _ in range(3):
        found = (await ask(LIST, first=2, after=after, **ADMINISTRATOR)).data["administrativeActs"]
        seen += [one["id"] for one in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
    assert (found["totalCount"], found["pageInfo"]["hasNextPage"]) == (5, False)
    assert seen == [global_id("AdministrativeAct", key) for key in sorted(keys, reverse=True)]


async def test_conditions(ask: Asking, make: Makers, store: Store, commands: Commands) -> None:
    """Each condition leaves what fulfils it, found along an index by one command."""
    ann, eve = await make.customer("Ann"), await make.customer("Eve")
    one = await act(make, ann.key, viewer="berta", outcome="refused", at=BEGIN)
    two = await act(make, eve.key, act="eraseCustomer")
    for n in range(20):
        await act(make, viewer=f"v{n}", act=f"a{n}")
    scans = Scans(store, commands)
    for condition, key in (
        ({"id": ann.id}, one),
        ({"act": "eraseCustomer"}, two),
        ({"viewer": "berta"}, one),
        ({"outcome": "REFUSED"}, one),
        ({"until": (BEGIN.replace(microsecond=1000)).isoformat()}, one),
    ):
        with commands.counted() as sent:
            answer = await ask(LIST, filter=condition, **ADMINISTRATOR)
        found = answer.data["administrativeActs"]
        assert [one["id"] for one in found["nodes"]] == [global_id("AdministrativeAct", key)], condition
        assert (found["totalCount"], len(sent)) == (1, 2)
        await scans.judge(str(condition), sent)
    assert (scans.found, scans.explained >= 3) == ([], True)


def test_ids_bounded() -> None:
    """However many ids are sent, an entry holds so many and no more."""
    sent = Act("mergeCustomers", {global_id("Customer", new_id()): None for _ in range(MOST_IDS + 1)})
    found = act_document(sent, Viewer(subject="anna", role=Role.AGENT), at=BEGIN, request_id=None)
    assert (len(found["ids"]), len(found["customers"])) == (MOST_IDS, MOST_IDS)
