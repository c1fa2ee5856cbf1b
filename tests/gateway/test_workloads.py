"""Does the gate add nothing to what the panel and the inbox cost?"""

from functools import partial

import pytest

from adapters.mongo import Store
from tests.conftest import Commands
from tests.counting import counted_alone
from tests.gateway.conftest import Gate
from tests.makers import Makers
from tests.workloads import INBOX_COMMANDS, PANEL_COMMANDS, W1, W2, busy_customers

PANEL = {"channel": "whatsapp", "account": "main", "value": "+1 415 555 0000"}


WORKLOADS = {"panel": (W1, PANEL, PANEL_COMMANDS), "inbox": (W2, {"first": 20}, INBOX_COMMANDS)}


@pytest.mark.parametrize("name", WORKLOADS)
async def test_commands_over_http(gate: Gate, make: Makers, store: Store, commands: Commands, name: str) -> None:
    """Over HTTP, with a token, W1 and W2 send as many commands as the graph alone does."""
    query, variables, cost = WORKLOADS[name]
    await busy_customers(make, 20, 2)
    headers = gate.bearer()
    # The first question makes the agent of the token.
    await gate.ask(query, variables=variables, headers=headers)
    asked = partial(gate.ask, query, variables=variables, headers=headers)
    response, sent = await counted_alone(store, commands, asked)
    assert "errors" not in response.json()
    assert len(sent) == cost
