"""Which commands does one question send, and no other?"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from adapters.mongo import Store
from resolvers.accesses import ACCESSES
from tests.conftest import Commands

T = TypeVar("T")

_TRIES = 100


async def counted_alone(store: Store, commands: Commands, asked: Callable[[], Awaitable[T]]) -> tuple[T, list[str]]:
    """An answer and its commands, in a moment at which the process does nothing else of its own.

    A change stream may call a copy old once more while the changes before the question arrive, and the access ledger
    writes by its own clock what was answered before. A command that each question sends is never let pass.
    """
    beside = {record.name for record in store.records.values() if record.is_held} | {ACCESSES.name}
    for _ in range(_TRIES):
        with commands.counted() as sent:
            answer = await asked()
        if not beside & {command[name] for name, command in sent if isinstance(command[name], str)}:
            return answer, [name for name, _ in sent]
        await asyncio.sleep(0.02)
    raise AssertionError(f"Each question sends what none should: {sent}")
