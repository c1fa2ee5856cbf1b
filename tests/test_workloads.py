"""W1 and W2 cost a fixed number of commands, whatever the number of rows."""

from tests.conftest import Asking, Commands
from tests.makers import Makers
from tests.workloads import INBOX_COMMANDS, PANEL_COMMANDS, W1, W2, beyond_held, busy_customers


async def test_panel_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The agent panel asks MongoDB a fixed number of times, however much there is to show."""
    await busy_customers(make, 1, 8)
    await ask(W1, channel="whatsapp", account="main", value="+1 415 555 0000")
    with commands.counted() as sent:
        answer = await ask(W1, channel="whatsapp", account="main", value="+1 415 555 0000")
    assert answer.errors == []
    customer = answer.data["customerByIdentity"]["customer"]
    assert len(customer["history"]["edges"]) == 20
    assert len(customer["purchases"]["nodes"]) == 5
    assert len(beyond_held(ask.store, sent)) == PANEL_COMMANDS


async def test_inbox_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The inbox asks MongoDB as often for two customers as for thirty."""
    await busy_customers(make, 30, 2)
    await ask(W2, first=30)
    lengths = []
    for first in (2, 30):
        with commands.counted() as sent:
            answer = await ask(W2, first=first)
        assert answer.errors == []
        assert len(answer.data["customers"]["nodes"]) == first
        lengths.append(len(beyond_held(ask.store, sent)))
    assert lengths == [INBOX_COMMANDS] * 2
