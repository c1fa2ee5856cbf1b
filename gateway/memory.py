"""How often does Python look for objects that nobody holds any more, while questions are answered?"""

import gc
from typing import Final

# An answer makes thousands of objects and drops them all; Python's usual 700 would look through the young ones several
# times in each. With these, W1 and W2 take a tenth to a fifth less of the processor (benchmarks.peers).
_THRESHOLDS: Final = (50_000, 20, 50)


def settle_memory() -> None:
    """To be called once the process is ready: what is there by now stays, and is looked through no more."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
