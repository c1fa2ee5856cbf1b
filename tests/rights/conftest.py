"""What the tests of rights stand on: the two customers, who asks, and what is expected."""

import pytest

from adapters.mongo import Store
from resolvers.agents import AGENTS, agent_document
from resolvers.kit.graph import Graph
from resolvers.kit.viewer import Role
from tests.conftest import NOW, Asking
from tests.makers import Makers
from tests.rights.expecting import FILE, Expecting, read
from tests.rights.viewers import Asker
from tests.rights.walking import Walked, walk
from tests.rights.world import World, world_of


@pytest.fixture(scope="session")
def expecting(house: Graph) -> Expecting:
    """What the declarations say."""
    return Expecting(house)


@pytest.fixture(scope="session")
def expected() -> dict[str, dict[str, str]]:
    """What was reviewed, by field and argument and kind of viewer."""
    return read(FILE.read_text("utf-8").splitlines())


@pytest.fixture
async def world(ask: Asking, make: Makers) -> World:
    """Two customers of whom everything is known."""
    return await world_of(ask, make)


@pytest.fixture
def asker(ask: Asking, world: World) -> Asker:
    """Asks as any kind of viewer."""
    return Asker(ask, world.a, world.b)


@pytest.fixture(scope="session")
async def walked(house: Graph, prepared: Store, expecting: Expecting) -> list[Walked]:
    """What everyone was answered on every way through the schema."""
    agent = agent_document(subject="zqxsanna", name="zqxsAnna", role=Role.AGENT, at=NOW)
    await prepared.insert(AGENTS, agent)
    ask = Asking(house, prepared, agent["_id"])
    world = await world_of(ask, Makers(prepared))
    found = await walk(expecting, world, Asker(ask, world.a, world.b))
    for record in prepared.records.values():
        await prepared.delete(record, {})
    return found
