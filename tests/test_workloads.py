"""W1 and W2 cost a fixed number of commands, whatever the number of rows."""

from adapters.records import Document
from tests.conftest import Asking, Commands
from tests.makers import Makers
from tests.workloads import W1, W2


async def _shop(make: Makers, customers: int, rows: int) -> None:
    await make.channel("shop")
    await make.channel("desk")
    for n in range(customers):
        one = await make.customer(f"Ann{n}")
        await make.identity(one, "whatsapp", f"+1415555{n:04}")
        for _ in range(rows):
            await make.purchase(one, "10.00", "2.50")
            await make.ticket(one)
            await make.interest(one)
            await make.note(one)
        await make.conversation(one, *["Hello"] * rows)


def _beyond_held(ask: Asking, sent: list[tuple[str, Document]]) -> list[str]:
    """The commands without loads of held records, whose copies a change stream may call old at any moment."""
    held = {record.name for record in ask.store.records.values() if record.is_held}
    return [name for name, command in sent if command[name] not in held]


async def test_panel_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The agent panel asks MongoDB twice, however much there is to show."""
    await _shop(make, 1, 8)
    await ask(W1, channel="whatsapp", account="main", value="+1 415 555 0000")
    with commands.counted() as sent:
        answer = await ask(W1, channel="whatsapp", account="main", value="+1 415 555 0000")
    assert answer.errors == []
    customer = answer.data["customerByIdentity"]["customer"]
    assert len(customer["history"]["edges"]) == 20
    assert len(customer["purchases"]["nodes"]) == 5
    assert len(_beyond_held(ask, sent)) == 2


async def test_inbox_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """The inbox asks MongoDB twice, for two customers as for thirty."""
    await _shop(make, 30, 2)
    await ask(W2, first=30)
    lengths = []
    for first in (2, 30):
        with commands.counted() as sent:
            answer = await ask(W2, first=first)
        assert answer.errors == []
        assert len(answer.data["customers"]["nodes"]) == first
        lengths.append(len(_beyond_held(ask, sent)))
    assert lengths == [2, 2]
