"""Who is it that a delivery of WhatsApp's tells of, under which ids, and how are they reached?

Somebody is known by a business-scoped user id (BSUID, since April 2026), by a WhatsApp id, which is mostly their phone
number, or by both; who has a username may show no number at all. The BSUID comes first where it is told: it stands in
every delivery, the number only in some. It is scoped to the company's portfolio; its parent form to several of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from adapters.channels.whatsapp.shapes import Contact
from adapters.contract.records import Person, Reach, Who
from adapters.quiet import quiet

# Brazil, Mexico and Argentina write one number with and without a digit after the country code: WhatsApp ids may lack
# it where `from` has it. Of no other country are two numbers one.
_TWO_NOTATIONS: Final = ("52", "54", "55")
_SAME_DIGITS: Final = 8
_FEWEST_DIGITS: Final = 7
_MOST_DIGITS: Final = 15


@quiet
class Ids(NamedTuple):
    """Under which ids a part of a delivery names somebody."""

    number: str | None = None
    user_id: str | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Known:
    """Somebody, as far as one delivery tells."""

    who: Who
    also: tuple[Who, ...]
    number: str | None
    name: str | None
    username: str | None

    def person(self, *, seen_at: datetime | None = None, source_url: str | None = None) -> Person:
        """The record of them; `source_url` is the ad or post by which they came."""
        shown = {"name": self.name, "username": self.username}
        return Person(
            who=self.who,
            also=self.also,
            reaches=(Reach(type="PHONE", value=f"+{self.number}"),) if _is_number(self.number) else (),
            profile={key: value for key, value in shown.items() if value},
            seen_at=seen_at,
            entry_point={"channel": self.who.channel, "page": None, "referrer": source_url} if source_url else None,
        )


@dataclass(frozen=True, slots=True)
class Crowd:
    """Everybody of whom one change tells."""

    channel: str
    account: str
    contacts: Sequence[Contact] = ()

    def known(self, ids: Ids) -> Known | None:
        """Who is meant by these ids; by none of them, the only contact. None where nobody is."""
        contact = self._contact(ids)
        said = contact or Contact()
        values = [ids.user_id or said.user_id, said.wa_id or ids.number, ids.parent or said.parent_user_id]
        ids_of = tuple(Who(self.channel, self.account, one) for one in dict.fromkeys(values) if one)
        if not ids_of:
            return None
        profile = said.profile
        return Known(
            who=ids_of[0],
            also=ids_of[1:],
            number=ids.number or said.wa_id,
            name=profile.name if profile else None,
            username=profile.username if profile else None,
        )

    def who(self, value: str) -> Who:
        """That id on our account."""
        return Who(self.channel, self.account, value)

    def _contact(self, ids: Ids) -> Contact | None:
        if ids.user_id is None and ids.number is None:
            return self.contacts[0] if len(self.contacts) == 1 else None
        found = [one for one in self.contacts if _is_same(one, ids)]
        # Whoever is named by this very id comes before whoever may be meant in another notation.
        exact = (one for one in found if one.wa_id == ids.number or (ids.user_id and one.user_id == ids.user_id))
        return next(exact, found[0] if len(found) == 1 else None)


def _is_same(contact: Contact, ids: Ids) -> bool:
    if ids.user_id is not None and contact.user_id is not None:
        return ids.user_id == contact.user_id
    if ids.number is None or contact.wa_id is None:
        return False
    return ids.number == contact.wa_id or _is_other_notation(ids.number, contact.wa_id)


def _is_other_notation(one: str, other: str) -> bool:
    if not (_is_number(one) and _is_number(other)) or one[:2] != other[:2] or one[:2] not in _TWO_NOTATIONS:
        return False
    # The digit more stands somewhere behind the country code; without it, all else is the same.
    longer, shorter = sorted((one, other), key=len, reverse=True)
    behind = one[-_SAME_DIGITS:] == other[-_SAME_DIGITS:]
    return behind and any(longer[:n] + longer[n + 1 :] == shorter for n in range(2, len(longer) - _SAME_DIGITS))


def _is_number(value: str | None) -> bool:
    return value is not None and value.isascii() and value.isdecimal() and _FEWEST_DIGITS <= len(value) <= _MOST_DIGITS
