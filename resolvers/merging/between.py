"""Which of those who are to become one has somebody noted as two who belong together: parent and child, spouses?"""

from adapters.records import Record, RecordId
from resolvers.aliases import ids_of
from resolvers.kit.context import Context
from resolvers.kit.lists import hidden_from
from resolvers.kit.stored import Node
from resolvers.merging.asking import People

MOST_TOLD = 100
"""Ten others who are all related to each other, in two ways."""


def other_end(record: Record) -> str | None:
    """The field with the other customer's id of what one customer has to another; None of everything else."""
    mentions = record.mentions
    # What goes as a whole when either of the two is erased is between the two.
    is_between = record.customer is not None and mentions is not None and mentions.emptied is None
    return mentions.fields[0] if is_between and mentions is not None and record.element else None


def everyone(found: People) -> list[RecordId]:
    """The ids of all who become one, also of those whom they have taken in."""
    return [key for one in (found.survivor, *found.others) for key in ids_of(one)]


async def noted_between(context: Context, found: People) -> list[Node]:
    """What is noted between two of them, each once: read from the one who is named first."""
    people = [ids_of(one) for one in (found.survivor, *found.others)]
    places = {key: n for n, keys in enumerate(people) for key in keys}
    told: list[Node] = []
    for keeping in context.declared.keepings:
        what = keeping.what
        field = other_end(what) if isinstance(what, Record) else None
        if isinstance(what, Record) and field and what.customer:
            keys = list(places)
            rows = await context.store.find(what, {what.customer: {"$in": keys}, field: {"$in": keys}}, limit=MOST_TOLD)
            read = keeping.reader.reading(hidden_from(context.viewer, what))
            told += [read(one) for one in rows if places[one[what.customer]] < places[one[field]]]
    return told
