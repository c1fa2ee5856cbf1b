"""Of whom does a delivery tell that is to be set aside, and may it be kept?

Whoever of them is a customer is written into it, and who is none yet by the hashes of their identities: by these an
erasure and an export find it. What came before an erasure and tells of somebody who was erased is not kept at all.
"""

from collections.abc import Mapping

from adapters.mongo import Store
from adapters.records import UNTOLD, Document, RecordId
from resolvers.deliveries.reading import Reading
from resolvers.identities import IDENTITY_KEYS
from resolvers.ingest.forgotten import digests_of
from resolvers.kit.erased import anyone_forgotten, being_erased, marks_of


async def aside_or_gone(
    store: Store, readings: Mapping[RecordId, Reading], region: str | None
) -> tuple[dict[RecordId, Document], list[RecordId]]:
    """What names the people of each delivery, and the deliveries that must go instead.

    Belongs into the transaction that sets them aside, behind whatever of them is taken in.
    """
    if not readings:
        return {}, []
    digests = digests_of({who for one in readings.values() for who in one.people}, region)
    marks = await marks_of(store, digests.values()) if await anyone_forgotten(store) else {}
    owners = await store.by_ids(IDENTITY_KEYS, digests.values())
    erased = await being_erased(store)
    kept: dict[RecordId, Document] = {}
    gone = []
    for key, reading in readings.items():
        named = sorted({digests[who] for who in reading.people if who in digests})
        came_at = reading.document["received_at"]
        if any(came_at <= marks[one].erased_at for one in named if one in marks):
            gone.append(key)
            continue
        customers = {owners[one]["customer_id"] for one in named if one in owners} - erased
        untold = [UNTOLD] if reading.is_untold or not named else []
        kept[key] = {"customer_ids": sorted(customers), "identities": [*named, *untold]}
    return kept, gone
