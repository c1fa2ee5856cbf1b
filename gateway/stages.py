"""How does a command show how far it is, when it does one thing after the other?"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Tell = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and of how much."""

# Often enough to see that it moves; each drawing takes time from the work.
_DRAWN_EACH_S = 4
# A log of an hour's work stays a few screens long.
_LINE_EVERY_S = 10.0


@contextmanager
def stages(console: Console, *, line_every_s: float = _LINE_EVERY_S) -> Iterator[Tell]:
    """What to tell how far the work is: a bar for each stage on a terminal, else a line now and then."""
    if not console.is_terminal:
        yield _lines(console, line_every_s)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, refresh_per_second=_DRAWN_EACH_S) as progress:
        tasks: dict[str, TaskID] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=total)

        yield tell


def _lines(console: Console, every_s: float) -> Tell:
    last = time.monotonic()

    def tell(what: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= every_s:
            last = now
            console.print(f"{what}: {done:,} of {total:,}", highlight=False, soft_wrap=True)

    return tell
