"""What does a delivery of Zendesk's tell?"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from adapters.channels.zendesk.proving import EVENTS
from adapters.channels.zendesk.reading import Reader
from adapters.channels.zendesk.words import Envelope, Identity, Numbered, Ticket, ToldComment, User
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import HandedOver, Who, Withdrawal
from adapters.readings import read

_NOTHING_HERE = "It changes nothing that is kept here."
# Of each kind of event that is none of the house's business, why.
_LEFT_ALONE: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("ticket.brand_changed", "ticket.csat_received", "ticket.csat_requested", "ticket.custom_field_changed"),
            *("ticket.email_ccs_changed", "ticket.external_id_changed", "ticket.followers_changed"),
            *("ticket.form_changed", "ticket.group_assignment_changed", "ticket.next_sla_breach_changed"),
            *("ticket.ola_policy_changed", "ticket.organization_changed", "ticket.priority_changed"),
            *("ticket.problem_link_changed", "ticket.schedule_changed", "ticket.sla_policy_changed"),
            *("ticket.submitter_changed", "ticket.tags_changed", "ticket.task_due_at_changed", "ticket.type_changed"),
            *("ticket.description_changed", "user.alias_changed", "user.custom_role_changed"),
            *("user.default_group_changed", "user.group_membership_created", "user.group_membership_deleted"),
            *("user.last_login_changed", "user.only_private_comments_changed", "user.password_changed"),
            *("user.organization_membership_created", "user.organization_membership_deleted"),
            *("user.role_changed", "user.suspended_changed"),
        ),
        _NOTHING_HERE,
    ),
    "ticket.attachment_redacted_from_comment": "Files alone cannot be taken back here; the message stays.",
    "user.custom_field_changed": "It names the field by its title; the next look at the person tells its key.",
    "user.details_changed": "Details are the staff's words on the person, for the desk alone.",
    "user.notes_changed": "Notes are the staff's words on the person, for the desk alone.",
    "user.identity_deleted": "What a source no longer says is not taken away here.",
    "user.photo_changed": "The next look at the person tells where the picture is.",
    "user.deleted": "Whom the company keeps is decided here: erase the customer where that is meant.",
}
_OTHER_DOMAINS: Mapping[str, str] = {
    "organization": "Organizations are no customers.",
    "article": "Articles of the help centre are no customers' matters.",
    "community_post": "Posts of the community are no conversations.",
    "agent": "How agents are available is the desk's matter.",
    "omnichannel_config": "How work is routed is the desk's matter.",
    "messaging_metrics": "Figures of the desk are its own matter.",
}
_DELETED_THERE = "The user was deleted on Zendesk. Whom the company keeps is decided here."
# Nobody may be asked while a delivery is read, and a guess would prove an account that is gone, or a stranger's.
_MERGED = (
    "Two users became one, and Zendesk does not say which of them stays. Look there; where both are customers here, "
    "make them one with `mergeCustomers`."
)
_STAFF = "It is about one of the staff, no customer."

Handed = tuple[HandedOver, ...] | str
"""The records; or why it is left alone."""
_LONGEST_SHOWN = 60


class Telling:
    """Reads the deliveries of one Zendesk account."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._by_type: Mapping[str, Callable[[Envelope], Handed]] = {
            **dict.fromkeys(
                (
                    *("ticket.created", "ticket.status_changed", "ticket.custom_status_changed", "ticket.undeleted"),
                    *("ticket.subject_changed", "ticket.agent_assignment_changed", "ticket.requester_changed"),
                    "ticket.merged",
                ),
                self._ticket,
            ),
            **dict.fromkeys(("ticket.soft_deleted", "ticket.permanently_deleted", "ticket.marked_as_spam"), self._gone),
            "ticket.comment_added": self._comment,
            # What became a note among colleagues is no word to the customer any more, whatever arrives later.
            **dict.fromkeys(("ticket.comment_redacted", "ticket.comment_made_private"), self._withdrawn),
            "ticket.attachment_linked_to_comment": self._file,
            **dict.fromkeys(
                (
                    *("user.created", "user.active_changed", "user.external_id_changed", "user.identity_changed"),
                    *("user.identity_created", "user.name_changed", "user.tags_changed", "user.time_zone_changed"),
                ),
                self._user,
            ),
            "user.merged": self._merged,
        }

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """The event of the delivery; raises BadPayload where it is no object, or an event without its parts.

        Of two users who became one it is an event of each.
        """
        told = delivery.json()
        if not isinstance(told, dict):
            raise BadPayload("the payload is no object")
        kind = told.get("type")
        if not isinstance(kind, str) or not kind.startswith(EVENTS):
            # What a trigger or automation sends has the words that an administrator gave it.
            key = hashlib.sha256(delivery.body).hexdigest()
            return [Event(key=key, order_by=key, unread="It is no event of Zendesk's, but a trigger's own message.")]
        envelope = read(Envelope, told)
        event = self._event(envelope)
        return [event, *(self._beside(event, envelope) if event.unread == _MERGED else ())]

    def _event(self, told: Envelope) -> Event:
        # Some types stand in the documentation with a slash.
        kind = told.type.removeprefix(EVENTS).lstrip(":/")
        who = self._whom(kind, told)
        event = Event(
            key=told.id, order_by=who.value if who else told.subject[:_LONGEST_SHOWN] or told.id, at=told.time, who=who
        )
        why = _LEFT_ALONE.get(kind) or _OTHER_DOMAINS.get(kind.partition(".")[0])
        if why is not None:
            return replace(event, left_alone=why)
        reading = self._by_type.get(kind)
        if reading is None:
            return replace(event, unread=f"Events {_shown(kind)} are not known. Look whether they concern customers.")
        try:
            handed = reading(told)
        except BadPayload as error:
            return replace(event, unread=error.reason)
        return replace(event, left_alone=handed) if isinstance(handed, str) else replace(event, records=handed)

    def _whom(self, kind: str, told: Envelope) -> Who | None:
        """Whom it is about: the user, or who asked for the ticket."""
        found = told.detail.get("id" if kind.startswith("user.") else "requester_id")
        try:
            return self._reader.who(read(Numbered, {"id": found}).id)
        except BadPayload:
            return None

    # Tickets

    def _ticket(self, told: Envelope) -> Handed:
        ticket = read(Ticket, told.detail)
        return self._reader.case(ticket), self._reader.talk(ticket)

    def _gone(self, told: Envelope) -> Handed:
        return self._reader.removed(_id_in(told.detail), told.time)

    def _comment(self, told: Envelope) -> Handed:
        comment = read(ToldComment, told.event.get("comment"))
        ticket = read(Ticket, told.detail)
        # A delivery does not say when the comment was written. The ticket changed then, and may have changed since.
        at = min(told.time, max(ticket.updated_at, ticket.created_at))
        last = at if comment.is_public else None
        who = self._reader.who(ticket.requester_id)
        said = self._reader.told_comment(comment, ticket=ticket.id, who=who, at=at)
        return self._reader.case(ticket), self._reader.talk(ticket, last), *said

    def _withdrawn(self, told: Envelope) -> Handed:
        comment = _id_in(told.event.get("comment"))
        reader = self._reader
        return (Withdrawal(channel=reader.channel, account=reader.account, external_id=comment, at=told.time),)

    def _file(self, told: Envelope) -> Handed:
        attachment = told.event.get("attachment")
        if not isinstance(attachment, Mapping):
            raise BadPayload("event.attachment is no object")
        if attachment.get("is_public") is not True:
            return "It is a file of a note among colleagues."
        who = self._reader.who(_id_in(told.detail, "requester_id"))
        return (self._reader.file(attachment, _id_in(told.event.get("comment")), who, told.time),)

    # People

    def _user(self, told: Envelope) -> Handed:
        user = read(User, told.detail)
        if user.role != "end-user":
            return _STAFF
        current = told.event.get("current")
        if told.type.endswith("active_changed") and current is not True:
            return _DELETED_THERE
        said: dict[str, Any] = {"id": user.id}
        if told.type.endswith("name_changed"):
            said["name"] = current
        elif told.type.endswith("time_zone_changed"):
            said["time_zone"] = current
        elif told.type.endswith("tags_changed"):
            added = told.event.get("added")
            said["tags"] = added.get("tags") if isinstance(added, Mapping) else None
        news = read(User, said)
        whole = user.model_copy(update={"name": news.name, "time_zone": news.time_zone, "tags": news.tags})
        return (self._reader.person(whole, identities=self._identities(told)),)

    def _identities(self, told: Envelope) -> tuple[Identity, ...]:
        if ".identity_" not in told.type:
            return ()
        event = told.event
        found = next((event[name] for name in ("identity", "current") if isinstance(event.get(name), Mapping)), None)
        return (read(Identity, found),)

    def _merged(self, told: Envelope) -> Handed:
        if _id_in(told.detail) == _id_in(told.event.get("user")):
            raise BadPayload("event.user is the same user")
        raise BadPayload(_MERGED)

    def _beside(self, whole: Event, told: Envelope) -> list[Event]:
        """The same of the second user of whom it tells, so that the delivery is found by either of them."""
        try:
            other = self._reader.who(_id_in(told.event.get("user")))
        except BadPayload:
            return []
        return [replace(whole, key=f"{whole.key}:user", order_by=other.value, who=other)]


def _id_in(value: Any, name: str = "id") -> str:
    """The id under that name; raises BadPayload."""
    if not isinstance(value, Mapping):
        raise BadPayload(f"{name} is missing, with the object in which it stands")
    return read(Numbered, {"id": value.get(name)}).id


def _shown(kind: str) -> str:
    """The type as it may be shown: words of Zendesk's own, not whatever somebody sends."""
    is_plain = kind.replace("_", "").replace(".", "").isalnum() and kind.isascii() and len(kind) <= _LONGEST_SHOWN
    return repr(kind) if is_plain else "of an odd type"
