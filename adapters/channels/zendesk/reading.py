"""What do Zendesk's words mean in ours?"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.attached import name_of
from adapters.channels.zendesk.words import (
    Attachment,
    Comment,
    Identity,
    Organization,
    Ticket,
    ToldComment,
    User,
)
from adapters.contract.errors import BadPayload
from adapters.contract.records import Case, File, HandedOver, Person, Reach, Remark, Removal, Talk, Utterance, Who
from adapters.reaching import as_email, as_phone
from adapters.readings import Readings, read

OURS = "profile_gateway_key"
"""The name under which a sent comment carries our own word for it, in the custom metadata of its audit."""

DELETED = "deleted"
"""The status of a ticket that is gone."""

_STATUSES = {
    "new": "NEW",
    "open": "OPEN",
    "pending": "PENDING",
    "hold": "ON_HOLD",
    "on_hold": "ON_HOLD",
    "on-hold": "ON_HOLD",
    "solved": "SOLVED",
    "closed": "CLOSED",
}
# Whose ids say who somebody is.
_PEOPLE = frozenset({"user"})
# Of a number of 64 bits.
_LONGEST_ID = 20
_DONE = frozenset({"SOLVED", "CLOSED"})
# As much as the house keeps of custom data: resolvers/custom_data.py refuses more.
_LONGEST_KEY, _LONGEST_VALUE, _MOST_FIELDS = 100, 2_000, 50
# A tag is one word, so long at most; others are of the desk's own making.
_TAG = re.compile(r"\S{1,50}")


def named(kind: str, value: Any) -> str:
    """The kind and the vendor's id, where the value has one that is short and plain; of people the kind alone."""
    if kind in _PEOPLE:
        return kind
    found = value.get("id") if isinstance(value, Mapping) else None
    is_plain = isinstance(found, int | str) and re.fullmatch(r"[\w-]{1,40}", str(found))
    return f"{kind} {found}" if is_plain else f"{kind} without an id"


def no_readings() -> Readings:
    """What is to come of a list of the vendor's; nothing yet."""
    return Readings(named)


@dataclass(frozen=True, slots=True, repr=False)
class Reader:
    """Reads the words of one Zendesk account."""

    channel: str
    account: str
    agents: Mapping[str, str]
    """Subjects by Zendesk user id."""
    region: str | None = None
    takes_notes: bool = False

    def who(self, user: str) -> Who:
        """The user as one of this account."""
        return Who(self.channel, self.account, user)

    # People

    def person(
        self, user: User, *, organization: Organization | None = None, identities: Iterable[Identity] = ()
    ) -> Person:
        """The user as a person."""
        reaches, rest = self._reaches(user, identities)
        told = {
            "zendesk_external_id": user.external_id,
            "zendesk_organization": organization.name if organization else None,
            **rest,
            **{f"zendesk_{name}": _as_text(value) for name, value in list(user.user_fields.items())[:_MOST_FIELDS]},
        }
        profile = {
            "name": user.name,
            "picture_url": user.photo.content_url if user.photo else None,
            "locale": user.locale,
            "time_zone": user.time_zone,
        }
        return Person(
            who=self.who(user.id),
            reaches=reaches,
            tags=tuple(dict.fromkeys(tag for tag in user.tags if _TAG.fullmatch(tag))),
            custom_data={
                name[:_LONGEST_KEY]: value[:_LONGEST_VALUE] for name, value in told.items() if value and value.strip()
            },
            profile={name: value for name, value in profile.items() if value},
            created_at=user.created_at,
            seen_at=user.last_login_at,
        )

    def _reaches(self, user: User, identities: Iterable[Identity]) -> tuple[tuple[Reach, ...], dict[str, str]]:
        """How to reach the user, and what stands in their fields that is no address or number."""
        found: dict[tuple[str, str], Reach] = {}
        rest: dict[str, str] = {}
        listed = [(one.type, one.value, one.primary, one.verified) for one in identities]
        own = [("email", user.email, True, user.verified), ("phone_number", user.phone, True, False)]
        for kind, value, is_primary, is_verified in (*listed, *own):
            if not value or kind not in {"email", "phone_number"}:
                continue
            type_ = "EMAIL" if kind == "email" else "PHONE"
            if read_as := as_email(value) if type_ == "EMAIL" else as_phone(value, self.region):
                reach = Reach(type=type_, value=read_as, is_primary=is_primary, is_verified=is_verified)
                found.setdefault((type_, read_as.casefold()), reach)
            else:
                # Agents write all kinds of things there; it stays, as what it is.
                rest[f"zendesk_{type_.lower()}"] = value
        return tuple(found.values()), rest

    # Tickets

    def ticket(self, value: Any) -> tuple[HandedOver, ...]:
        """The ticket as a case; as a removal where it was deleted. Raises BadPayload."""
        told = read(Ticket, value)
        if told.status == DELETED:
            return self.removed(told.id, told.updated_at)
        return (self.case(told),)

    def case(self, told: Ticket) -> Case:
        """The ticket as a case; raises BadPayload where its status is none that is known."""
        return Case(
            channel=self.channel,
            account=self.account,
            external_id=told.id,
            who=self.who(told.requester_id),
            number=told.id,
            subject=told.subject,
            status=_status(told),
            created_at=told.created_at,
            updated_at=told.updated_at,
            agent=self._agent(told.assignee_id),
        )

    def talk(self, told: Ticket, last_message_at: datetime | None = None) -> Talk:
        """The ticket as a conversation; raises BadPayload where its status is none that is known."""
        return Talk(
            channel=self.channel,
            account=self.account,
            external_id=told.id,
            who=self.who(told.requester_id),
            started_at=told.created_at,
            # A later change of the ticket is no message.
            last_message_at=last_message_at or told.created_at,
            status="RESOLVED" if _status(told) in _DONE else "OPEN",
            subject=told.subject,
            agent=self._agent(told.assignee_id),
            updated_at=told.updated_at,
        )

    def removed(self, ticket: str, at: datetime) -> tuple[Removal, ...]:
        """The ticket and its conversation are gone."""
        return tuple(
            Removal(channel=self.channel, account=self.account, kind=kind, external_id=ticket, at=at)
            for kind in ("ticket", "conversation")
        )

    def _agent(self, user: str | None) -> str | None:
        return self.agents.get(user) if user else None

    # Comments

    def comment(self, value: Any, *, ticket: str, who: Who, authors: Mapping[str, User]) -> Iterator[HandedOver]:
        """The comment as a message with its files, or as a note; nothing where notes stay at the desk."""
        told = read(Comment, value)
        author = authors.get(told.author_id)
        # Deliveries bring `body` alone: the same words stand here, whichever way they came.
        text = told.body or told.plain_body
        if not told.public:
            yield from self.note(told.id, who, text, told.created_at, told.author_id)
            return
        is_theirs = told.author_id == who.value
        is_customer = is_theirs or self._is_end_user(told.author_id, author is not None and author.role == "end-user")
        key = told.metadata.custom.get(OURS) if told.metadata else None
        yield self.message(
            told.id,
            ticket=ticket,
            who=who,
            text=text,
            at=told.created_at,
            is_customer=is_customer,
            is_theirs=is_theirs,
            author=author.name if author else None,
            key=_as_text(key),
        )
        for one in told.attachments:
            yield self.file(one, told.id, who, told.created_at)

    def told_comment(self, told: ToldComment, *, ticket: str, who: Who, at: datetime) -> tuple[HandedOver, ...]:
        """The comment of a delivery, as `comment` reads those that are asked for."""
        if not told.is_public:
            return self.note(told.id, who, told.body, at, told.author.id)
        # Whoever is not said to be a customer may be of the staff: words are put into no customer's mouth.
        is_theirs = told.author.id == who.value
        is_customer = is_theirs or self._is_end_user(told.author.id, told.author.is_staff is False)
        return (
            self.message(
                told.id,
                ticket=ticket,
                who=who,
                text=told.body,
                at=at,
                is_customer=is_customer,
                is_theirs=is_theirs,
                author=told.author.name,
            ),
        )

    def _is_end_user(self, author: str, is_said: bool) -> bool:
        """Whether it is no colleague, whom the settings name, or Zendesk."""
        return is_said and author not in self.agents

    def message(  # noqa: PLR0913  a message has as many parts
        self,
        id_: str,
        *,
        ticket: str,
        who: Who,
        text: str | None,
        at: datetime,
        is_customer: bool,
        is_theirs: bool,
        author: str | None,
        key: str | None = None,
    ) -> Utterance:
        """A public comment as a message of the ticket's conversation.

        `is_customer`: whether it came from the customer's side. `is_theirs`: whether who asked for the ticket wrote it,
        and not somebody in copy.
        """
        return Utterance(
            channel=self.channel,
            account=self.account,
            external_id=id_,
            talk=ticket,
            who=who,
            direction="IN" if is_customer else "OUT",
            sent_at=at,
            text=text,
            status="RECEIVED" if is_customer else "SENT",
            author_name=None if is_theirs else author,
            is_by_other=is_customer and not is_theirs,
            key=key,
        )

    def note(self, id_: str, who: Who, text: str | None, at: datetime, author: str) -> tuple[HandedOver, ...]:
        """A comment among colleagues: a note of the staff where those are taken, never a message."""
        if not self.takes_notes or not text or not text.strip():
            return ()
        return (Remark(external_id=id_, who=who, text=text, created_at=at, author=self._agent(author)),)

    def file(self, value: Any, comment: str, who: Who, at: datetime) -> File:
        """A file of a public comment: on Zendesk files come with comments, never with tickets themselves."""
        told = read(Attachment, value)
        return File(
            channel=self.channel,
            account=self.account,
            external_id=told.id,
            who=who,
            of=comment,
            of_kind="message",
            name=name_of(told.name, told.id),
            media_type=told.content_type or "application/octet-stream",
            size_bytes=told.size if told.size is not None and told.size >= 0 else None,
            created_at=at,
        )


def _status(told: Ticket) -> str:
    found = _STATUSES.get(told.status)
    if found is None:
        raise BadPayload(f"status is none of {', '.join(sorted(_STATUSES))}")
    return found


def _as_text(value: Any) -> str | None:
    """A user field as text; None for what is empty or has parts of its own."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) or None if isinstance(value, str | int | float) else None


def is_id(text: str) -> bool:
    """Whether Zendesk can have given that id: its own are decimal numbers."""
    return text.isascii() and text.isdecimal() and len(text) <= _LONGEST_ID
