"""Who is somebody of whom nothing but an account on a channel is known: a customer who is there, or a new one?

The new one is made by the code that takes messages in, so that an anonymous customer looks the same however it came.
"""

from datetime import datetime

from adapters.contract.records import Person
from adapters.mongo import Store
from adapters.records import Document
from resolvers.attribute_schema import definitions_by_name
from resolvers.ingest.company import Company
from resolvers.ingest.people import People
from resolvers.ingest.report import Visit, stored_moment
from resolvers.kit.settling import settled


async def new_customer(
    store: Store, person: Person, *, at: datetime, by: str, default_region: str | None, is_vouched: bool
) -> Document | None:
    """The document of an anonymous customer with this identity; None where somebody is known by it by now.

    That is somebody who was, or whom a verified attribute names on the channel, where `is_vouched`: the identity is
    linked to that one then.

    Of the person are taken the identity, what the channel shows, and where they came in. Of many at once one makes the
    customer. `is_vouched`: whether the channel itself says that the person is there; else the identity is asserted
    until it does. Raises NotTaken, in words that quote no personal value.
    """

    async def work() -> Document | None:
        known = await definitions_by_name(store)
        visit = Visit(at=stored_moment(at, "at"), by=by, default_region=default_region, definitions=known)
        people = People(visit, Company(visit))
        await people.load(store, [person.who], is_whole=True, may_link=is_vouched)
        made = people.meet(person, is_vouched=is_vouched)
        await people.write(store)
        return made

    return await settled(store, work)
