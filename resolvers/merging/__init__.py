"""How do several records of one person become one customer, and several again?

A merge moves no record. The survivor gets an alias for each of the others, with the kinds of records that it brings
along; whoever reads the survivor's records reads those of the aliases too. What stands in the customers' own documents
(attributes, tags, contact points) is joined in the survivor's, and the ledger keeps how that was before.
"""

from resolvers.merging import confirm, merge, preview, undo
from resolvers.merging.ledger import SLICE

__all__ = ["SLICE", "confirm", "merge", "preview", "undo"]
