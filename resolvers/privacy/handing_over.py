"""How does an administrator get the export of a customer?"""

from datetime import datetime, timedelta
from typing import Annotated

import strawberry

from resolvers.customers import require_customer
from resolvers.kit.context import Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, NotFound, NotPermitted, not_permitted
from resolvers.kit.viewer import ADMINISTRATORS
from resolvers.privacy.doubting import require_no_doubt
from resolvers.privacy.receipts import SLICE

LINK_S = 600
"""How long a link is good: it opens everything about a person, and is used at once."""


@graph_input
class ExportCustomerInput:
    """A customer whose data is wanted whole."""

    customer_id: strawberry.ID = told("The customer. The id of one who was merged means the survivor with all aliases.")


@graph_type
class ExportCustomerPayload:
    """Where the export can be fetched."""

    path: str = told(
        "The path of the ZIP on this gateway: `customer.json` and the files. Whoever has it reads everything about the "
        "customer; fetch it at once, and pass it on to nobody."
    )
    expires_at: datetime = told("When the path ends to be good.")


@SLICE.mutation(may=ADMINISTRATORS)
async def export_customer(
    info: Info, input: Annotated[ExportCustomerInput, about("Whose data.")]
) -> ExportCustomerPayload | NotFound | Conflict | NotPermitted:
    """Gives a path by which everything that is kept of a customer can be fetched for ten minutes. Administrators only.

    Values of write-only attributes are not in it, and other customers by their ids alone. Refused while a machine alone
    says that the customer is one person (`Merge.isInferred`).
    """
    context = info.context
    customer = await require_customer(context, input.customer_id)
    require_no_doubt(customer.document, "input", "customerId")
    if context.sign_export is None:
        raise not_permitted("Exports are not handed out here. Use `profile-gateway export`.")
    # Whoever holds the path has it: nothing tells later whether it was fetched, and by whom.
    context.delivered.exported(customer.key)
    expires_at = context.clock().replace(microsecond=0) + timedelta(seconds=LINK_S)
    return ExportCustomerPayload(path=context.sign_export(customer.key, expires_at), expires_at=expires_at)
