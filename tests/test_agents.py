"""Who serves the customers, and who asks?"""

from adapters.mongo import Store
from adapters.records import new_id
from resolvers.agents import AGENTS, GROUPS, agent_document, agent_of_subject
from resolvers.kit.viewer import Role
from tests.conftest import NOW, Asking
from tests.makers import Makers


async def _agents(store: Store, *names: str) -> None:
    await store.insert(AGENTS, *(agent_document(subject=one, name=one, role=Role.AGENT, at=NOW) for one in names))


async def test_agents_by_name(ask: Asking, store: Store) -> None:
    """Everyone who serves customers, by name."""
    await _agents(store, "Zoe", "Bob")
    answer = await ask("{ agents { name role email createdAt groups { name } } }")
    assert answer.errors == []
    assert [one["name"] for one in answer.data["agents"]] == ["Anna Agent", "Bob", "Zoe"]
    assert answer.data["agents"][0]["role"] == "AGENT"


async def test_groups_by_name(ask: Asking, store: Store) -> None:
    """The groups among which work is divided, by name; an agent shows its own."""
    for name in ("Nights", "Days"):
        await store.insert(GROUPS, {"_id": new_id(), "name": name})
    nights = await store.first(GROUPS, {"name": "Nights"})
    await store.update(AGENTS, {"_id": ask.agent_id}, {"$set": {"group_ids": [nights["_id"], new_id()]}})
    answer = await ask("{ agentGroups { name } agents { groups { name } } }")
    assert answer.data["agentGroups"] == [{"name": "Days"}, {"name": "Nights"}]
    assert answer.data["agents"][0]["groups"] == [{"name": "Nights"}]


async def test_staff_alone_listed(ask: Asking) -> None:
    """Agents and groups are listed for staff alone."""
    for role in Role:
        for field in ("agents { name }", "agentGroups { name }"):
            answer = await ask(f"{{ {field} }}", as_=role)
            assert answer.codes == ([] if role not in {Role.PARTNER, Role.VISITOR} else ["FORBIDDEN"])


async def test_viewer_agent(ask: Asking) -> None:
    """An agent is told its own name and role."""
    answer = await ask("{ viewer { subject role maySeePersonal agent { name } } }")
    assert answer.data["viewer"] == {
        "subject": "agent",
        "role": "AGENT",
        "maySeePersonal": True,
        "agent": {"name": "Anna Agent"},
    }


async def test_viewer_partner(ask: Asking) -> None:
    """A partner is no agent, and sees personal values with the scope alone."""
    query = "{ viewer { maySeePersonal agent { name } } }"
    without = await ask(query, as_=Role.PARTNER)
    assert without.data["viewer"] == {"maySeePersonal": False, "agent": None}
    with_scope = await ask(query, as_=Role.PARTNER, viewer={"scopes": frozenset({"personal"})})
    assert with_scope.data["viewer"]["maySeePersonal"] is True


async def test_viewer_of_agent_gone(ask: Asking, store: Store) -> None:
    """Whose agent was removed is told who they are all the same."""
    await store.delete(AGENTS, {"_id": ask.agent_id})
    answer = await ask("{ viewer { role agent { name } } }")
    assert answer.data["viewer"] == {"role": "AGENT", "agent": None}


async def test_first_sight(store: Store) -> None:
    """A token's subject becomes an agent at first sight; its name stays, its role follows the token."""
    first = await agent_of_subject(store, "okta|7", name="Eve", role=Role.SUPERVISOR, at=NOW)
    again = await agent_of_subject(store, "okta|7", name="Evil", role=Role.ADMINISTRATOR, at=NOW)
    found = await store.find(AGENTS, {})
    assert first == again == found[0]["_id"]
    assert [(one["name"], one["role"]) for one in found] == [("Eve", "administrator")]


async def test_subject_seen_elsewhere(ask: Asking, make: Makers) -> None:
    """A subject that another process saw first is the same agent."""
    # The copy that is held does not know of it yet.
    await make.store.held.all(AGENTS)
    document = agent_document(subject="okta|8", name="Eve", role=Role.AGENT, at=NOW)
    await make.store._database[AGENTS.name].insert_one(dict(document))
    assert await agent_of_subject(make.store, "okta|8", name="Eve", role=Role.AGENT, at=NOW) == document["_id"]
    assert ask.agent_id != document["_id"]
