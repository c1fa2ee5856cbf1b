"""What does a mail mean in the house's records: somebody's words, an echo of our own, or a program's?

A mail by a person is their message in the conversation of its thread, with the files that it names; their bytes stay in
the mailbox. What a program answered to a mail of ours stands there, too, and counts for no word of the person's. What
went to many, and what a program sent unasked, is left alone, so that two programs never write to each other.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from adapters.channels.email.letter import Letter, read_letter
from adapters.channels.email.moments import sent_at
from adapters.channels.email.opening import Opened, opened
from adapters.channels.email.people import (
    Finding,
    Mailbox,
    domain_of,
    finding,
    is_automatic,
    is_of_list,
    is_of_mailer,
    is_of_own_list,
    is_of_postmaster,
    mailboxes,
)
from adapters.channels.email.reports import (
    COMPLAINT,
    OF_DOMAIN,
    Place,
    bounce,
    is_on_domain,
    left_alone,
    report_on,
    tells_of_delivery,
)
from adapters.channels.email.settings import EmailSettings
from adapters.channels.email.threads import answers_surely, copy_id, id_of, ids_in, own_in, root_of, tag_of, talk_id
from adapters.contract.deliveries import Delivery, Event
from adapters.contract.records import File, HandedOver, Person, Reach, Talk, Utterance, Who
from adapters.quiet import quiet

PROGRAM: Final = "automatic reply"
"""Who is named as the author of what a program answered in a person's place."""
_NOBODY: Final = "the mail names no address of who wrote it"
_NO_VISITOR: Final = "the mail is of a form, and its Reply-To names nobody else's address"
_OF_WHICH: Final = (
    "the mail comes from our own address, to be answered at another of our domain: a form's or a colleague's (name the "
    "sender in `form_senders`, or the other address in `other_addresses`)"
)
_PRETENDED: Final = (
    "a mail server of ours found that the sender's domain does not stand behind the mail (dmarc=fail): somebody "
    "else may have written it"
)
_MOST_READERS: Final = 20
_LONGEST_SUBJECT: Final = 500
_LONGEST_ID: Final = 990
# What programs put before a subject; some of it is a word or a name, too, as in `Ref: 12` or `SV: a member`.
_AGAIN: Final = re.compile(r"(?:(?:re|aw|antw|odp|fwd?|wg)(?:\[\d{1,3}\])?[ \t]*:[ \t]*)+", re.IGNORECASE)
_AGAIN_IN_ANSWERS: Final = re.compile(
    r"(?:(?:re|aw|antw|odp|fwd?|wg|sv|vs|rv|res|ref|tr|enc|i)(?:\[\d{1,3}\])?[ \t]*:[ \t]*)+", re.IGNORECASE
)


@quiet
@dataclass(frozen=True, slots=True)
class _Mail:
    """A mail, and what is known of it."""

    letter: Letter
    id: str
    at: datetime
    is_sent: bool
    is_cut: bool


class Reader:
    """Reads the mails of one mailbox."""

    def __init__(self, channel: str, account: str, settings: EmailSettings) -> None:
        self._channel, self._account = channel, account
        self._settings = settings
        self._own = settings.own_addresses
        self._place = Place(channel, account, settings.own_domains)

    def events(self, delivery: Delivery) -> Sequence[Event]:
        """What the mail of a delivery tells; raises BadPayload."""
        found = opened(delivery)
        letter = read_letter(found.raw)
        at = sent_at(letter.headers, found.came_at)
        is_report = letter.is_report or _is_of_program(letter)
        if is_report and (letter.statuses or letter.receipt is not None):
            return report_on(letter, self._place, at)
        if (is_report and letter.complaint is not None) or is_on_domain(letter):
            return [left_alone(letter, COMPLAINT if letter.complaint is not None else OF_DOMAIN, at)]
        return self._of_mail(_Mail(letter, _id(letter, found), at, found.is_sent, found.is_cut))

    def _of_mail(self, mail: _Mail) -> Sequence[Event]:
        headers = mail.letter.headers
        wrote = next(iter([*mailboxes(headers, "from"), *mailboxes(headers, "sender")]), None)
        sender = wrote.address if wrote else None
        by_program = is_automatic(headers)
        is_of_server = is_of_postmaster(sender) and (by_program or tells_of_delivery(mail.letter))
        if is_of_server or is_of_mailer(headers, sender):
            return bounce(mail.letter, self._place, mail.at)
        if mail.is_sent:
            return self._echoes(mail, wrote)
        if wrote is not None and self._is_of_form(mail, wrote):
            return [self._of_form(mail)]
        if (why := self._why_not(mail, wrote, by_program=by_program)) is not None:
            return [left_alone(mail.letter, why, mail.at)]
        if wrote is None:
            return [self._unread(mail, _NOBODY)]
        return [self._heard(mail, wrote, by_program=by_program)]

    def _why_not(self, mail: _Mail, wrote: Mailbox | None, *, by_program: bool) -> str | None:
        """Why it is nobody's word to us; None where it is."""
        headers = mail.letter.headers
        if wrote is not None and wrote.address in self._own:
            return "our own address as the sender: an echo, or somebody who pretends"
        # Whoever answers ours does not write to many, whatever their server or their group puts beside it.
        if answers_surely(headers, self._place.domains, self._settings.id_secrets):
            return None
        if is_of_list(headers, self._settings.own_lists):
            return "a mail to many"
        return "a program's mail that answers none of ours" if by_program else None

    def _is_of_form(self, mail: _Mail, wrote: Mailbox) -> bool:
        """Whether a form on a web page wrote it for a visitor, whom Reply-To names."""
        headers = mail.letter.headers
        if wrote.address in self._settings.forms or is_of_own_list(headers, wrote.address, self._settings.own_lists):
            return True
        if wrote.address not in self._own or own_in(mail.id, self._place.domains) is not None:
            return False
        servers, lists = self._settings.trusted_servers, self._settings.own_lists
        if finding(headers, wrote.address, servers, lists) is Finding.FAILED:
            # Somebody else wrote it in our name.
            return False
        is_marked = is_automatic(headers) or is_of_list(headers, self._settings.own_lists)
        return self._visitor(mail) is not None and not is_marked

    def _visitor(self, mail: _Mail) -> Mailbox | None:
        headers = mail.letter.headers
        # Who wrote to a group, as the group says; else whom an answer is to reach.
        said = [*mailboxes(headers, "x-original-from"), *mailboxes(headers, "reply-to")]
        return next((one for one in said if one.address not in self._own and not self._is_group(one)), None)

    def _is_group(self, one: Mailbox) -> bool:
        return one.address.replace("@", ".") in {name.lower() for name in self._settings.own_lists}

    def _of_form(self, mail: _Mail) -> Event:
        visitor = self._visitor(mail)
        if visitor is None:
            return self._unread(mail, _NO_VISITOR)
        wrote = mailboxes(mail.letter.headers, "from")
        is_named = bool(wrote) and wrote[0].address in self._settings.forms
        if not is_named and domain_of(visitor.address) in self._place.domains:
            # Of a colleague's mail in copy nothing tells it.
            return self._unread(mail, _OF_WHICH)
        return self._heard(mail, visitor, by_program=False, is_by_form=True)

    def _unread(self, mail: _Mail, why: str, who: Who | None = None) -> Event:
        return Event(key=f"unread:{mail.id}", order_by=mail.id, at=mail.at, unread=why, who=who)

    def _heard(self, mail: _Mail, wrote: Mailbox, *, by_program: bool, is_by_form: bool = False) -> Event:
        """What somebody wrote."""
        who = Who(self._channel, self._account, wrote.address)
        found = finding(mail.letter.headers, wrote.address, self._settings.trusted_servers, self._settings.own_lists)
        if found is Finding.FAILED and not is_by_form:
            return self._unread(mail, _PRETENDED, who)
        # What is proven of a form is that it wrote, and anybody may write any address into it.
        is_proven = found is Finding.PASSED and not is_by_form
        person = Person(
            who=who,
            profile={"name": wrote.name} if wrote.name else {},
            reaches=(Reach(type="EMAIL", value=wrote.address, is_verified=is_proven),),
            seen_at=None if by_program else mail.at,
            is_asserted=not is_proven,
        )
        utterance = Utterance(
            channel=self._channel,
            account=self._account,
            external_id=mail.id,
            talk=self._talk(mail, who).external_id,
            who=who,
            direction="IN",
            sent_at=mail.at,
            text=mail.letter.text,
            author_name=PROGRAM if by_program else None,
            is_by_other=by_program,
            is_unproven=not is_proven,
            is_final=True,
        )
        return self._event(mail, who, (person, self._talk(mail, who), utterance, *self._files(mail, who, mail.id)))

    def _echoes(self, mail: _Mail, wrote: Mailbox | None) -> Sequence[Event]:
        """What the company wrote, here or in a mail program, with each to whom."""
        headers = mail.letter.headers
        named = [one for name in ("to", "cc", "bcc") for one in mailboxes(headers, name)]
        others = list(dict.fromkeys(one.address for one in named if one.address not in self._own))
        if not others:
            return [left_alone(mail.letter, "a mail of ours to nobody else", mail.at)]
        # Beside a customer a colleague may read it, who is none.
        also = [one for one in others[1:_MOST_READERS] if domain_of(one) not in self._place.domains]
        return [
            self._echo(mail, wrote, others[0], mail.id),
            *(self._echo(mail, wrote, one, copy_id(mail.id, one)) for one in also),
        ]

    def _echo(self, mail: _Mail, wrote: Mailbox | None, to: str, id_: str) -> Event:
        who = Who(self._channel, self._account, to)
        ours = own_in(mail.id, self._place.domains) if id_ == mail.id else None
        utterance = Utterance(
            channel=self._channel,
            account=self._account,
            external_id=id_,
            talk=self._talk(mail, who).external_id,
            who=who,
            direction="OUT",
            sent_at=mail.at,
            text=mail.letter.text,
            status="SENT",
            author_name=wrote.name if wrote is not None and wrote.name != self._settings.display_name else None,
            key=ours.key if ours is not None else None,
        )
        person = Person(who=who, reaches=(Reach(type="EMAIL", value=to),), is_asserted=True)
        return self._event(mail, who, (person, self._talk(mail, who), utterance, *self._files(mail, who, id_)))

    def _event(self, mail: _Mail, who: Who, records: tuple[HandedOver, ...]) -> Event:
        # An id is written by whoever sends, so that one's mail never hides another's, nor other words of the same.
        words = hashlib.sha256(" ".join((mail.letter.text or "").split()).encode("utf-8", "replace")).hexdigest()[:16]
        key = f"mail:{tag_of(who.value)}:{mail.id}:{words}"
        if any(isinstance(one, Utterance) and one.is_unproven for one in records):
            # A copy that somebody vouches for tells more.
            key += ":unproven"
        return Event(key=key, order_by=who.value, at=mail.at, records=records, who=who)

    def _talk(self, mail: _Mail, who: Who) -> Talk:
        headers = mail.letter.headers
        is_answer = any(ids_in(headers, one) for one in ("in-reply-to", "references"))
        again = _AGAIN_IN_ANSWERS if is_answer else _AGAIN
        said = headers.text("subject").lstrip()
        subject = said[began.end() if (began := again.match(said)) else 0 :].strip()[:_LONGEST_SUBJECT]
        return Talk(
            channel=self._channel,
            account=self._account,
            external_id=talk_id(root_of(headers, mail.id, self._place.domains), who.value),
            who=who,
            started_at=mail.at,
            last_message_at=mail.at,
            subject=subject or None,
        )

    def _files(self, mail: _Mail, who: Who, of: str) -> Sequence[File]:
        return [
            File(
                channel=self._channel,
                account=self._account,
                external_id=f"{of}/{n}",
                who=who,
                of=of,
                of_kind="message",
                name=one.name,
                media_type=one.media_type,
                # Of the last one the end may be missing.
                size_bytes=None if mail.is_cut and n == len(mail.letter.files) else one.size_bytes,
                created_at=mail.at,
            )
            for n, one in enumerate(mail.letter.files, start=1)
        ]


def _is_of_program(letter: Letter) -> bool:
    """Whether no person put the report beside words of their own, as who hands a bounce on does."""
    wrote = next(iter(mailboxes(letter.headers, "from")), None)
    sender = wrote.address if wrote else None
    return is_automatic(letter.headers) or is_of_mailer(letter.headers, sender) or is_of_postmaster(sender)


def _id(letter: Letter, found: Opened) -> str:
    """The mail's own id; of one without, or with one that is too long, what makes it another than all others."""
    told = id_of(letter.headers)
    if told is not None and len(told) <= _LONGEST_ID:
        return told
    if told is not None:
        return f"sha256:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()}"
    # The headers above change on each way that it takes, so that only its own count, and its body.
    said = "\n".join(letter.headers.raw(name) for name in ("from", "to", "date", "subject"))
    body = re.split(rb"\r?\n\r?\n", found.raw, maxsplit=1)[-1]
    whole = said.encode("utf-8", "replace") + b"\n" + b"\n".join(body.split())
    return f"sha256:{hashlib.sha256(whole).hexdigest()}"
