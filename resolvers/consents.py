"""To what did a customer consent, when and how, and what stands now?

Each word of a customer is written down once and never changed. How things stand with each purpose is kept in the
customer's own document beside it, in the same transaction: it costs no command to read, and lists can ask for it.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated, Any

import strawberry

from adapters.failures import Taken
from adapters.records import Document, Index, Part, Record
from adapters.windows import Strand
from resolvers.aliases import ids_of
from resolvers.channels import require_usable
from resolvers.customers import Customer, require_customer
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_enum, graph_input, graph_type, told
from resolvers.kit.errors import Conflict, InvalidInput, NotFound, Refused, accepted, conflict, invalid
from resolvers.kit.facts import Fact
from resolvers.kit.lists import customer_lists, hidden_from, listing_of
from resolvers.kit.paging import Connection, Page
from resolvers.kit.parts import parts_of
from resolvers.kit.scalars import AttributeScalar
from resolvers.kit.slice import Slice
from resolvers.kit.stored import Node, kept, reader_of
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import EVERYONE, STAFF
from resolvers.versions import Change, write_anew

SLICE = Slice("consents")

_OF_STAFF = frozenset({"recorded_by"})

CONSENT_WORDS = Record(
    name="consent_words",
    # What is sent twice is recorded once.
    key=("customer_id", "purpose", "at", "status"),
    indexes=(Index(("customer_id", "at", "_id")),),
    of_staff=_OF_STAFF,
    news=frozenset({"status"}),
)
CONSENTS = Part(
    name="consents",
    at_most=50,
    of_staff=_OF_STAFF,
    same=("purpose",),
    says=("status",),
    newest="at",
    # Dates often come without the hour: who refuses is not asked again, whatever else was said on that day.
    at_once=("status", ("GRANTED", "DENIED", "WITHDRAWN")),
)

LONGEST_PURPOSE = 100
_MILLISECOND_US = 1000


@graph_enum(
    {
        "GRANTED": "The customer agreed.",
        "DENIED": "The customer was asked and did not agree.",
        "WITHDRAWN": "The customer no longer agrees.",
    }
)
class ConsentStatus(Enum):
    """What a customer said of a purpose."""

    GRANTED = "GRANTED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"


@graph_enum(
    {
        "MESSAGE": "In a message.",
        "FLOW": "In a flow of questions.",
        "AGENT": "To an agent, who noted it.",
        "IMPORT": "Elsewhere; it was imported.",
        "FORM": "In a form.",
    }
)
class ConsentMeans(Enum):
    """How a customer said whether something may be done."""

    MESSAGE = "MESSAGE"
    FLOW = "FLOW"
    AGENT = "AGENT"
    IMPORT = "IMPORT"
    FORM = "FORM"


@SLICE.keeps(CONSENTS, may=EVERYONE)
class Consent:
    """How things stand with one purpose: the customer's last word on it."""

    purpose: str = kept("What it is for, in lower case, as `newsletter`.")
    status: ConsentStatus = kept("What the customer said last.")
    at: datetime = kept("When the customer said it.")
    means: ConsentMeans = kept("How the customer said it.")
    channel: str | None = kept("On which channel; null where it was on none, or nobody knows.")
    recorded_at: datetime = kept("When it was written down here.")
    recorded_by: str | None = kept("Who of the staff wrote it down; null for visitors.")


@SLICE.keeps(CONSENT_WORDS, may=EVERYONE)
class ConsentWord(Node):
    """One word of a customer on one purpose, as it was written down. It is never changed and never removed."""

    purpose: str = kept("What it is for, in lower case, as `newsletter`.")
    status: ConsentStatus = kept("What the customer said.")
    at: datetime = kept("When the customer said it.")
    means: ConsentMeans = kept("How the customer said it.")
    channel: str | None = kept("On which channel; null where it was on none, or nobody knows.")
    recorded_at: datetime = kept("When it was written down here.")
    recorded_by: str | None = kept("Who of the staff wrote it down; null for visitors.")


@SLICE.column(Customer, may=EVERYONE, reads=["consents"])
def consents(
    customers: list[Customer],
    info: Info,
    purposes: Annotated[list[str] | None, about("Only these purposes; an empty list: all.")] = None,
) -> list[list[Consent]]:
    """How things stand with each purpose on which the customer said something, by purpose."""
    asked = {one.strip().casefold() for one in purposes or ()}
    found = _consents(info.context, customers)
    return [[one for one in each if not asked or one.purpose in asked] for each in found]


@SLICE.column(Customer, may=EVERYONE, reads=())
async def consent_history(customers: list[Customer], info: Info, page: Page) -> list[Connection[ConsentWord]]:
    """Every word of the customer on any purpose, the newest first."""
    strand = Strand(record=CONSENT_WORDS, order="at")
    return await customer_lists(info, customers, listing_of(ConsentWord, strand, info), page)


@SLICE.facts
async def consent_facts(customers: list[Customer], context: Context) -> list[list[Fact]]:
    """The consents among the facts."""
    return [[_fact(one) for one in each] for each in _consents(context, customers)]


def _consents(context: Context, customers: Sequence[Customer]) -> list[list[Consent]]:
    """Each customer's last words by purpose: of two on one purpose, as after a merge, the newer, or the refusal."""
    found: list[list[Consent]] = parts_of(context, customers, CONSENTS, Consent)
    newest = [{one.purpose: one for one in sorted(each, key=_place)} for each in found]
    return [[words[purpose] for purpose in sorted(words)] for words in newest]


def _place(consent: Consent) -> tuple[Any, int]:
    return CONSENTS.place_in_time({"at": consent.at, "status": consent.status.value})


def _fact(consent: Consent) -> Fact:
    return Fact(
        category="Consents",
        name=consent.purpose,
        value=AttributeScalar(consent.status.value),
        observed_from=consent.channel,
        observed_at=consent.at,
    )


@graph_input
class RecordConsentInput:
    """A customer's word on a purpose."""

    customer_id: strawberry.ID = told("The customer.")
    purpose: str = told(f"What it is for, at most {LONGEST_PURPOSE} characters; case does not matter.")
    status: ConsentStatus = told("What the customer said.")
    means: ConsentMeans = told("How the customer said it.")
    channel: str | None = told(
        "On which channel: one of this gateway's, or `email`, `phone`, `post` or `sms`.", default=None
    )
    at: datetime | None = told("When the customer said it; left out: now.", default=None)


@graph_type
class RecordConsentPayload:
    """What was recorded, and the customer as it is now."""

    word: ConsentWord = told("The customer's word as it was written down.")
    customer: Customer = told("The customer.")


@SLICE.mutation(may=STAFF)
async def record_consent(
    info: Info, input: Annotated[RecordConsentInput, about("What the customer said.")]
) -> RecordConsentPayload | NotFound | InvalidInput | Conflict:
    """Writes down that a customer granted, denied or withdrew consent to a purpose; nothing before is changed.

    The word with the latest `at` stands, in whatever order they are recorded; of two of one moment the refusal. The
    same word sent twice is recorded once.
    """
    context = info.context
    customer = await require_customer(context, input.customer_id)
    said = await _said(context, input)

    async def work() -> tuple[Document, Customer]:
        written: Document = {}

        async def stands(document: Document) -> Change | None:
            nonlocal written
            same = {"customer_id": {"$in": ids_of(document)}, "purpose": said["purpose"], "at": said["at"]}
            known = {one["status"]: one for one in await context.store.find(CONSENT_WORDS, same)}
            if said["status"] in known:
                written = known[said["status"]]
                return None
            if known.keys() - {ConsentStatus.GRANTED.value}:
                raise _other_word(next(iter(known.keys() - {ConsentStatus.GRANTED.value})))
            written = {"customer_id": document["_id"], **said}
            written = {"_id": CONSENT_WORDS.id_of(written), **written}
            await context.store.insert(CONSENT_WORDS, written)
            return _change(document, said)

        after = await write_anew(context, customer.key, stands)
        return written, after

    try:
        word, after = await context.store.transact(work)
    except Taken:
        # The same word came twice at once; now it is there.
        word, after = await context.store.transact(work)
    read = reader_of(ConsentWord).reading(hidden_from(context.viewer, CONSENT_WORDS))
    return RecordConsentPayload(word=read(word), customer=after)


async def _said(context: Context, input: RecordConsentInput) -> Document:
    """The word as it is stored, without whose it is."""
    now = _whole(context.clock())
    at = now if input.at is None else _whole(input.at)
    if at > now:
        raise invalid(
            f"`at` is {at.isoformat()}, which lies in the future. Send when the customer said it, or leave it out.",
            *("input", "at"),
        )
    purpose = accepted(plain_line, input.purpose, "input", "purpose", longest=LONGEST_PURPOSE)
    channel = await require_usable(context, input.channel, "input", "channel") if input.channel is not None else None
    return {
        "purpose": purpose.casefold(),
        "status": input.status.value,
        "at": at,
        "means": input.means.value,
        "channel": channel,
        "recorded_at": now,
        "recorded_by": context.viewer.subject,
    }


def _whole(moment: datetime) -> datetime:
    """The moment as MongoDB keeps it, to the millisecond."""
    return moment.replace(microsecond=moment.microsecond // _MILLISECOND_US * _MILLISECOND_US)


def _other_word(status: str) -> Refused:
    return conflict(
        f"For that moment {status} is recorded for this purpose already, which stays. Send the moment at "
        "which the customer said something else.",
        "input",
        "at",
    )


def _change(document: Document, said: Document) -> Change | None:
    """What makes the word stand; None where a later one does."""
    standing: Sequence[Document] = document.get(CONSENTS.name, ())
    others = [one for one in standing if one["purpose"] != said["purpose"]]
    place = CONSENTS.place_in_time(said)
    if any(one["purpose"] == said["purpose"] and CONSENTS.place_in_time(one) > place for one in standing):
        return None
    if len(others) >= CONSENTS.at_most:
        raise conflict(
            f"The customer said something on {CONSENTS.at_most} purposes already, the most that are kept. Use one of "
            "those: `Customer.consents` says which.",
            "input",
            "purpose",
        )
    return {"$set": {CONSENTS.name: [*others, dict(said)]}}
