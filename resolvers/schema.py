"""Which slices make the graph, and in which order do they stand?

A slice imports only slices above it in this list. To add a concept, write its file and add one line here.
"""

from resolvers import (
    accounts,
    agents,
    assignment,
    attachments,
    attribute_preview,
    attributes,
    campaigns,
    channels,
    consents,
    contacts,
    conversations,
    custom_data,
    customers,
    directory,
    duplicates,
    editing,
    facts,
    history,
    identification,
    identities,
    interests,
    labels,
    linking,
    lookalikes,
    merging,
    nodes,
    notes,
    preferences,
    products,
    purchases,
    relations,
    relinking,
    tags,
    tickets,
    verification,
    visitors,
)
from resolvers.kit.graph import Graph

SLICES = (
    attributes.SLICE,
    agents.SLICE,
    products.SLICE,
    campaigns.SLICE,
    channels.SLICE,
    customers.SLICE,
    attribute_preview.SLICE,
    editing.SLICE,
    verification.SLICE,
    assignment.SLICE,
    identities.SLICE,
    linking.SLICE,
    visitors.SLICE,
    contacts.SLICE,
    preferences.SLICE,
    consents.SLICE,
    labels.SLICE,
    tags.SLICE,
    custom_data.SLICE,
    relations.SLICE,
    accounts.SLICE,
    notes.SLICE,
    conversations.SLICE,
    tickets.SLICE,
    attachments.SLICE,
    purchases.SLICE,
    interests.SLICE,
    identification.SLICE,
    # Views across panels, which read what the slices above declare.
    directory.SLICE,
    facts.SLICE,
    history.SLICE,
    lookalikes.SLICE,
    duplicates.SLICE,
    merging.SLICE,
    relinking.SLICE,
    nodes.SLICE,
)


def graph() -> Graph:
    """The graph of this house."""
    return Graph(SLICES)
