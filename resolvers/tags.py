"""Which words did people put on a customer?"""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from adapters.records import Part
from resolvers.customers import BY_STAFF, Customer, customer_reader, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, invalid, not_found
from resolvers.kit.facts import Fact
from resolvers.kit.parts import add_part, parts_of, remove_part
from resolvers.kit.slice import CUSTOMER_FILTER, Match, Slice
from resolvers.kit.stored import kept
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import STAFF

SLICE = Slice("tags")

TAGS = Part(name="tags", at_most=100, element="TAGS", found_by=("word",), same=("word",))

LONGEST_TAG = 50
_TAKEN = "The customer carries this tag already; there is nothing to do."


@SLICE.keeps(TAGS)
class Tag:
    """One word that someone put on a customer."""

    word: str = kept("The word, in lower case.")
    added_at: datetime = kept("When it was put there.")
    added_by: str | None = kept("Who or what put it there.")
    observed_from: str | None = kept(
        "Where it was observed: `staff`, or a channel with our account there; null where nobody noted it."
    )


def tag_word(text: str) -> str:
    """The word as it is kept, in lower case; raises ValueError."""
    word = plain_line(text, "The tag", LONGEST_TAG).casefold()
    if any(one.isspace() for one in word):
        raise ValueError(f"A tag is one word of at most {LONGEST_TAG} characters. Join words with a hyphen.")
    return plain_line(word, "The tag in lower case", LONGEST_TAG)


@SLICE.column(Customer, reads=["tags"])
def tags(customers: list[Customer], info: Info) -> list[list[Tag]]:
    """The words on the customer, in the order in which they were added."""
    return parts_of(info.context, customers, TAGS, Tag)


@SLICE.facts
async def tag_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The tags among the facts."""
    found: list[list[Tag]] = parts_of(context, customers, TAGS, Tag)
    return [[_fact(tag) for tag in tags] for tags in found]


def _fact(tag: Tag) -> Fact:
    return Fact(
        category="Tags",
        name=tag.word,
        value=None,
        observed_from=tag.observed_from or tag.added_by,
        observed_at=tag.added_at,
    )


@SLICE.condition(CUSTOMER_FILTER)
def tagged(words: list[str], context: Context) -> Match:
    """Customers who carry every one of these tags."""
    del context
    return {"tags.word": {"$all": [word.strip().casefold() for word in words]}}


@graph_input
class TagInput:
    """A word on a customer."""

    customer_id: strawberry.ID = told("The customer.")
    word: str = told(f"One word of at most {LONGEST_TAG} characters; case does not matter.")


@graph_type
class TagPayload:
    """The customer as it is now."""

    customer: Customer = told("The customer.")


@SLICE.mutation(may=STAFF)
async def add_tag(
    info: Info, input: Annotated[TagInput, about("The word and the customer.")]
) -> TagPayload | NotFound | InvalidInput | Conflict:
    """Puts a tag on a customer."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    entry: dict[str, Any] = {
        "word": _checked(input.word),
        "added_at": context.clock(),
        "added_by": context.viewer.subject,
        "observed_from": BY_STAFF,
    }
    document = await add_part(context, customer.key, TAGS, entry, same="word", taken=_TAKEN)
    return TagPayload(customer=(await customer_reader(context))(document))


@SLICE.mutation(may=STAFF)
async def remove_tag(
    info: Info, input: Annotated[TagInput, about("The word and the customer.")]
) -> TagPayload | NotFound | InvalidInput:
    """Takes a tag off a customer."""
    context = info.context
    customer = await require_customer(context, input.customer_id)
    # Whatever stands there can be taken off, also what could not be put there today.
    document = await remove_part(context, customer.key, TAGS, {"word": input.word.strip().casefold()})
    if document is None:
        _checked(input.word)
        raise not_found("tag on this customer", ("input", "word"), check="`Customer.tags` says which there are.")
    return TagPayload(customer=(await customer_reader(context))(document))


def _checked(word: str) -> str:
    try:
        return tag_word(word)
    except ValueError as error:
        raise invalid(str(error), "input", "word") from error
