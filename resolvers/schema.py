"""Which slices make the graph, and in which order do they stand?

A slice imports only slices above it in this list. To add a concept, write its file and add one line here.
"""

from resolvers import agents, attributes, campaigns, customers, notes, products
from resolvers.kit.graph import Graph

SLICES = (
    attributes.SLICE,
    agents.SLICE,
    products.SLICE,
    campaigns.SLICE,
    customers.SLICE,
    notes.SLICE,
)


def graph() -> Graph:
    """The graph of this house."""
    return Graph(SLICES)
