"""Who does a visitor say to be, and whom has the company signed that the visitor is?

What is typed is only said: it stands with the visitor's own record, suggests to agents who it may be, and opens
nothing. What the company has signed is proven: the visitor is linked to whoever is proven to be that person, or, while
nothing is known of the visitor but this chat, becomes one with them by a merge that people can undo.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from adapters.contract.records import Person, Reach
from adapters.contract.visitors import NotBelieved, Signed
from adapters.records import RecordId
from resolvers.aliases import speaking
from resolvers.contacts import CONTACT_POINTS
from resolvers.ingest.batch import take
from resolvers.ingest.report import TakenIn
from resolvers.kit.context import Context, Info
from resolvers.kit.described import about, graph_input, graph_type, told
from resolvers.kit.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    accepted,
    conflict,
    invalid,
    not_permitted,
)
from resolvers.kit.scalars import canonical_email
from resolvers.kit.settling import settled
from resolvers.kit.texts import plain_line
from resolvers.kit.viewer import Role
from resolvers.webchat.chats import SLICE, STATEMENTS, Chatting, over, require_chat, statement_id, touch_chat
from resolvers.webchat.limits import TooOften, require_identification
from resolvers.webchat.proving import proven_customer
from resolvers.webchat.starting import token_of

LONGEST_NAME, LONGEST_EMAIL = 200, 320
_SIGNED = ("input", "signed")
# Clocks differ, and a statement is believed for some seconds longer than it says.
_REMEMBERED = timedelta(minutes=5)


@graph_input
class IdentifyVisitorInput:
    """Who the visitor is: what was typed, or what the company has signed."""

    name: str | None = told(f"What the visitor is called, of at most {LONGEST_NAME} characters.", default=None)
    email: str | None = told("The visitor's e-mail address.", default=None)
    signed: str | None = told(
        "Instead: the statement that the company's backend has signed for this page, a JSON Web Token with `sub`, "
        "`exp` and `aud` (the site's account), and as it likes `name`, `email`, `email_verified`, `jti` and "
        '`accounts`, the person\'s ids on other channels, as `{"shopify/acme": "7"}`.',
        default=None,
    )


@graph_type
class IdentifyVisitorPayload:
    """What counts from now on."""

    is_verified: bool = told("Whether it is proven who the visitor is; what was typed is only said.")
    token: str = told("What the widget sends from now on. Once proven, it opens whatever is the customer's own.")
    expires_at: datetime = told("When it ends to be good.")


@SLICE.mutation(may=frozenset({Role.VISITOR}))
async def identify_visitor(
    info: Info, input: Annotated[IdentifyVisitorInput, about("What was typed, or what the company has signed.")]
) -> IdentifyVisitorPayload | NotFound | InvalidInput | Conflict | NotPermitted | TooOften:
    """Says who the visitor of a chat is.

    What is typed suggests to agents who it may be, and opens nothing to the visitor. A statement that the company has
    signed proves it: the chat is that customer's then, and the token opens what is the customer's own. One that is
    forged, has ended, is another site's or was shown in another chat is refused; an `email` in it that is no address is
    left out. What is typed in a chat of somebody whom the company has signed takes the place of nothing: a name is kept
    where none is known, an address beside another one.
    """
    context = info.context
    chatting = await require_chat(context)
    if (input.signed is None) == (input.name is None and input.email is None):
        raise invalid("Send either `signed`, or `name` and `email` or one of them.", "input")
    await require_identification(context, chatting)
    if input.signed is None:
        await _say(context, chatting, await _beside_signed(context, chatting, _typed(chatting, input)))
        # Who was proven before in this way goes on to be.
        is_verified = not context.viewer.fields and context.viewer.customer_id is not None
        customer: RecordId = context.viewer.customer_id or chatting.document["customer_id"]
    else:
        customer = await _prove(context, chatting, _believed(context, chatting, input.signed))
        is_verified = True
    token, expires_at = token_of(context, chatting, customer, is_proven=is_verified)
    return IdentifyVisitorPayload(is_verified=is_verified, token=token, expires_at=expires_at)


# What is only said


def _typed(chatting: Chatting, given: IdentifyVisitorInput) -> Person:
    name = given.name
    if name is not None:
        name = accepted(plain_line, name, "input", "name", longest=LONGEST_NAME)
    return Person(who=chatting.who, profile={"name": name} if name else {}, reaches=_reach(given.email))


def _reach(email: str | None) -> tuple[Reach, ...]:
    if email is None:
        return ()
    line = accepted(plain_line, email, "input", "email", longest=LONGEST_EMAIL)
    try:
        address = canonical_email(line)
    except ValueError as error:
        raise invalid(f"`email`: {error}", "input", "email") from error
    return (Reach(type="EMAIL", value=address),)


async def _beside_signed(context: Context, chatting: Chatting, said: Person) -> Person:
    """What may be kept of what was typed: beside what is known of whom the company has signed, never in its place."""
    if "user" not in chatting.document:
        return said
    known = await speaking(context.store, chatting.document["customer_id"])
    if known is None:
        raise over()
    # The first address of somebody is the one to be used.
    has_address = any(one["type"] == "EMAIL" for one in known.get(CONTACT_POINTS.name) or ())
    is_named = known["display_name"] is not None
    return replace(said, profile={} if is_named else said.profile, reaches=said.reaches if has_address else ())


async def _say(context: Context, chatting: Chatting, person: Person, *, is_lenient: bool = False) -> None:
    """Keeps what is said of the visitor, by the rules for what any channel says of a person.

    `is_lenient`: where they take nothing more, nothing more is kept.
    """
    now = context.clock()

    async def along(taken: TakenIn) -> None:
        if taken.reasons and not is_lenient:
            raise conflict(" ".join(taken.reasons), "input")
        await touch_chat(context, chatting, {"seen_at": now})

    region, by = context.limits.default_region, chatting.site.place
    await take(context.store, [person], at=now, by=by, default_region=region, along=along, came_at=[now])


# What is proven


def _believed(context: Context, chatting: Chatting, token: str) -> Signed:
    try:
        signed = chatting.site.line.signed(token, context.clock())
    except NotBelieved as error:
        raise not_permitted(str(error), *_SIGNED) from error
    return replace(signed, email=_address(signed.email))


def _address(text: str | None) -> str | None:
    """The address in its one form; None for what is none: a shop's odd entry keeps nobody from signing in."""
    try:
        return canonical_email(plain_line(text, "It", LONGEST_EMAIL)) if text else None
    except ValueError:
        return None


async def _prove(context: Context, chatting: Chatting, signed: Signed) -> RecordId:
    """The customer whom the visitor is proven to be; all of it happens or nothing."""
    said = Person(
        who=chatting.who,
        profile={"name": signed.name} if signed.name else {},
        reaches=(Reach(type="EMAIL", value=signed.email, is_verified=signed.is_email_verified),)
        if signed.email
        else (),
    )

    async def work() -> RecordId:
        await _require_first_shown(context, chatting, signed)
        return await proven_customer(context, chatting, signed)

    customer = await settled(context.store, work)
    if said.profile or said.reaches:
        await _say(context, chatting, said, is_lenient=True)
    return customer


async def _require_first_shown(context: Context, chatting: Chatting, signed: Signed) -> None:
    """Keeps that the statement was shown in this chat; refused where another has shown it before."""
    key = statement_id(chatting.site, signed.statement)
    shown = await context.store.first(STATEMENTS, {"_id": key})
    if shown is None:
        until = signed.expires_at + _REMEMBERED
        await context.store.insert(STATEMENTS, {"_id": key, "chat_id": chatting.key, "expires_at": until})
    elif shown["chat_id"] != chatting.key:
        raise not_permitted("The statement was shown in another chat before. Load the page anew.", *_SIGNED)
