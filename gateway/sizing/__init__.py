"""How large is a question, what may it cost, and how large may it be?"""

from gateway.sizing.bounds import Bounds, told_beyond
from gateway.sizing.costs import Cost, Costs, cost_of
from gateway.sizing.shape import Shape, shapes

__all__ = ["Bounds", "Cost", "Costs", "Shape", "cost_of", "shapes", "told_beyond"]
