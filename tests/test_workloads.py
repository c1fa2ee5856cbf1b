"""W1 and W2 cost a fixed number of commands, whatever the number of rows."""

from functools import partial

from tests.conftest import Asking, Commands
from tests.counting import counted_alone
from tests.makers import Makers
from tests.workloads import INBOX_COMMANDS, PANEL_COMMANDS, W1, W2, busy_customers


async def test_panel_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The agent panel asks MongoDB a fixed number of times, however much there is to show."""
    await busy_customers(make, 1, 8)
    panel = partial(ask, W1, channel="whatsapp", account="main", value="+1 415 555 0000")
    answer, sent = await counted_alone(ask.store, commands, panel)
    assert answer.errors == []
    customer = answer.data["customerByIdentity"]["customer"]
    assert len(customer["history"]["edges"]) == 20
    assert len(customer["purchases"]["nodes"]) == 5
    assert [one["assignedAgent"]["name"] for one in customer["tickets"]["nodes"]] == ["Of 0"] * 5
    assert [one["name"] for one in customer["labels"]] == ["VIP"]
    assert len(sent) == PANEL_COMMANDS


async def test_inbox_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The inbox asks MongoDB as often for two customers as for thirty."""
    await busy_customers(make, 30, 2)
    for first in (2, 30):
        answer, sent = await counted_alone(ask.store, commands, partial(ask, W2, first=first))
        assert answer.errors == []
        shown = answer.data["customers"]["nodes"]
        assert len({one["assignedAgent"]["name"] for one in shown}) == first
        assert len(sent) == INBOX_COMMANDS
