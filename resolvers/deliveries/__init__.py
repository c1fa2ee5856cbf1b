"""What did vendors deliver, and how does it become records, each thing once and in its order?"""

from resolvers.deliveries.lanes import lane_job
from resolvers.deliveries.waiting import SLICE

__all__ = ["SLICE", "lane_job"]
