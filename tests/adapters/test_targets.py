"""Are the words that mappings may say those of the graph?"""

from enum import Enum

import pytest

from adapters.targets import TARGETS
from resolvers.conversations import ConversationStatus, MessageDirection, MessageStatus
from resolvers.kit.viewer import STAFF
from resolvers.purchases import PurchaseStatus
from resolvers.tickets import TicketStatus


@pytest.mark.parametrize(
    ("record", "field", "words"),
    [
        ("orders", "status", PurchaseStatus),
        ("tickets", "status", TicketStatus),
        ("conversations", "status", ConversationStatus),
        ("messages", "status", MessageStatus),
        ("messages", "direction", MessageDirection),
    ],
)
def test_words_are_the_graphs(record: str, field: str, words: type[Enum]) -> None:
    """A mapping's words for a status are those of the graph, in its order."""
    assert TARGETS[record].fields[field].choices == tuple(words.__members__)


def test_roles_are_the_graphs() -> None:
    """Colleagues that a mapping brings have roles of staff."""
    assert set(TARGETS["agents"].fields["role"].choices) == set(STAFF)
