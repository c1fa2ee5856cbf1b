"""A process that takes in that an author took a message back, and is killed before the bytes of its file are gone."""

import asyncio
import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent))

from adapters.contract.records import Withdrawal
from adapters.files import COLLECTIONS
from adapters.mongo import Store
from adapters.records import Document
from resolvers.schema import graph
from tests.taking_in import AT, WORD, bring


class _Death:
    """Kills this process at the first command that removes bytes."""

    def command_started(self, name: str, command: Document) -> None:
        """Called by the store before a command leaves."""
        if name == "delete" and command["delete"] in COLLECTIONS:
            os.kill(os.getpid(), signal.SIGKILL)


async def main(url: str, database: str) -> None:
    """Takes it in."""
    store = await Store.open(url, database, graph().declared.records, observer=_Death())
    await bring(store, Withdrawal(channel=WORD.channel, account=WORD.account, external_id=WORD.external_id, at=AT))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
