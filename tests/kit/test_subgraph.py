"""How is the schema told to a federation's routers?"""

import pytest
from graphql import DirectiveDefinitionNode, parse

from resolvers.kit.context import GraphLimits
from resolvers.kit.graph import FEDERATION_VERSION, Graph
from resolvers.kit.permits import permits_of
from resolvers.kit.subgraph import subgraph_text
from tests.conftest import Asking

SDL = "{ _service { sdl } }"
LINK = f'@link(url: "https://specs.apollo.dev/federation/v{FEDERATION_VERSION}", import: '


async def test_routers_text(ask: Asking) -> None:
    """Routers are told the schema as it is committed, or, where they are to see to rights, with Federation's own."""
    assert (await ask(SDL)).data["_service"]["sdl"] == ask.graph.as_str()
    ask.limits = GraphLimits(routers_enforce=True)
    enforced = (await ask(SDL)).data["_service"]["sdl"]
    assert enforced.startswith(f'schema {LINK}["@key", "@authenticated", "@policy"])')
    assert enforced.partition("{")[2] in ask.graph.as_str()


@pytest.mark.parametrize("is_enforced", [True, False])
def test_own_or_imported(house: Graph, is_enforced: bool) -> None:
    """The directives are Federation's, and imported, or the text's own, and defined in it: never both."""
    text = house.text(is_enforced=is_enforced)
    defined = {one.name.value for one in parse(text).definitions if isinstance(one, DirectiveDefinitionNode)}
    assert defined & {"authenticated", "policy"} == (set() if is_enforced else {"authenticated", "policy"})
    assert ('"@policy"' in text) is is_enforced


def test_graph_without_entities(house: Graph) -> None:
    """Where nothing of Federation is imported yet, the import is written."""
    printed = "type Query {\n  viewer: Int\n}"
    permits = permits_of(house._schema, house.declared)
    text = subgraph_text(printed, permits, version="2.9", is_enforced=True)
    assert text == f'extend schema {LINK}["@authenticated", "@policy"])\n\n' + printed.replace(
        "Int", "Int @authenticated"
    )


def test_every_entity(house: Graph) -> None:
    """Other subgraphs may refer to what stands for something outside of this one."""
    named = sorted(house.declared.entities)
    assert f"union _Entity = {' | '.join(named)}\n" in house.as_str()
    assert {"Agent", "Conversation", "Customer", "Product", "Purchase", "Ticket"} <= set(named)
