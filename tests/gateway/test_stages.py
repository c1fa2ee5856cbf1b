"""Does a command show how far it is, on a terminal and in a pipe?"""

import re
from io import StringIO

from rich.console import Console

from adapters.mongo import Store
from gateway.doubles import search
from gateway.settings import Settings
from gateway.stages import stages
from tests.crowd import double
from tests.makers import Makers

# What stands before and behind it hangs on the size of the base.
STAGES = ("customers read", "keys made", "customers compared", "compared once more", "batches written")


async def _shown(store: Store, *, is_terminal: bool) -> str:
    console = Console(file=StringIO(), force_terminal=is_terminal, width=120)
    await search(store, Settings(), console, merges=False)
    return str(console.file.getvalue())  # type: ignore[attr-defined]


async def test_bars_to_the_end(make: Makers, store: Store) -> None:
    """On a terminal each stage of a search for doubles has a bar that knows its end and comes to it."""
    await double(make)
    last = (await _shown(store, is_terminal=True)).rpartition("customers read")[2]
    found = dict(re.findall(r"([a-z ]*[a-z]) .*?(\d+/[\d?]+)", f"customers read{last}"))
    assert all(found[stage].split("/")[0] == found[stage].split("/")[1] for stage in STAGES), found


async def test_pipe_spared(make: Makers, store: Store) -> None:
    """A search that is over soon tells a pipe nothing of its way."""
    await double(make)
    assert await _shown(store, is_terminal=False) == ""


def test_lines_now_and_then() -> None:
    """A pipe gets a line now and then that says how far it is, and no signs that draw."""
    console = Console(file=StringIO(), force_terminal=False)
    with stages(console, line_every_s=0) as tell:
        tell("customers compared", 1_200, 8_599)
    with stages(console) as tell:
        tell("customers compared", 1_300, 8_599)
    assert console.file.getvalue() == "customers compared: 1,200 of 8,599\n"  # type: ignore[attr-defined]
