"""Which messages wait to be handed to their channel, and what becomes of each?

A message stands in its conversation from the moment at which it was written, and here as long as its channel has not
taken it. One process at a time hands over what waits for a channel account, whatever becomes of other accounts: to each
person their oldest message, and none behind it. Before it hands a message over it writes that down: whoever takes over
from a process that was killed meanwhile knows that this one may have gone out, and hands it over again only where the
vendor tells two of one key apart.
"""

from resolvers.outbox.handing_over import job_at
from resolvers.outbox.upkeep import UPKEEP
from resolvers.outbox.waiting import OUTBOX, PAUSES, SLICE, WAITING, job_name

__all__ = ["OUTBOX", "PAUSES", "SLICE", "UPKEEP", "WAITING", "job_at", "job_name"]
