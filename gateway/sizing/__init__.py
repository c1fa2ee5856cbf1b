"""How large is a question, what may it cost, and how large may it be?"""

from gateway.sizing.bounds import Bounds, told_beyond, told_too_long
from gateway.sizing.costs import Cost, Costs, Size, size_of
from gateway.sizing.shape import Shape, shapes

__all__ = ["Bounds", "Cost", "Costs", "Shape", "Size", "shapes", "size_of", "told_beyond", "told_too_long"]
