"""Who is told first when the process is asked to end, and who ends with whom?

A server waits for answers under way, and only then for the application. What is answered without an end must hear of
it before.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def told_of_end(tell: Callable[[], None]) -> Iterator[None]:
    """A block in which a signal that asks for the end is told here, too, before the server handles it."""
    if threading.current_thread() is not threading.main_thread():
        # Signals come to the main thread alone.
        yield
        return
    loop = asyncio.get_running_loop()
    found = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # A signal that nobody handles ends the process at once, and shall.
    handled = {number: handler for number, handler in found.items() if callable(handler)}

    def ask(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tell)
        handled[signal.Signals(number)](number, frame)

    for number in handled:
        signal.signal(number, ask)
    try:
        yield
    finally:
        for number, handler in handled.items():
            signal.signal(number, handler)


def end_with_parent() -> None:
    """Ends this worker when the process that started it is gone, even killed: its database is gone then, too."""
    parent = multiprocessing.parent_process()
    if parent is not None:

        def wait() -> None:
            parent.join()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=wait, name="parent", daemon=True).start()
