"""What becomes of a customer's data when the customer asks, or when its time is over?

Everyone of a customer's records is found by what the slices declare: what is exported, erased and kept for a limited
time needs no word here about any kind of it.
"""

from resolvers.privacy import asking, erasing, handing_over, retention
from resolvers.privacy.receipts import SLICE

__all__ = ["SLICE", "asking", "erasing", "handing_over", "retention"]
