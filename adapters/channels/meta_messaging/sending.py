"""How do words of ours reach somebody on Messenger or Instagram, and what do the errors mean?

Facts: developers.facebook.com, messenger-platform: reference/send-api, policy and error-codes; instagram-platform.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from adapters.channels.meta import Codes, error_of, judge
from adapters.channels.meta_messaging.comments import is_of_comments
from adapters.channels.meta_messaging.shapes import Id
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelError, ChannelRefused, NoSuchIdentity
from adapters.contract.manners import Manners
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent, WindowClosed
from adapters.payload import Shape, shaped

_WINDOW: Final = timedelta(hours=24)
_WINDOW_OF_PEOPLE: Final = timedelta(days=7)
_AS_PERSON: Final = "human_agent"

# Meta writes these as subcodes, and some as codes.
_OUTSIDE: Final = frozenset({2018065, 2018278, 2534022})
_UNKNOWN_PERSON: Final = frozenset({2018001, 2534014})
_NO_PROFILE: Final = frozenset({230, 9010, 2018218, 2018247})
_OF_PERSON: Final[Mapping[int, str]] = {
    551: "The person takes no messages from the account now.",
    1545041: "The person takes no messages from the account now.",
    2018108: "The person takes no messages from the account now.",
    2018300: "Another app leads the conversation: take it over there.",
    2534037: "Another app leads the conversation: take it over there.",
}
_WAITS_FOR_PERSON: Final[Mapping[int, str]] = {
    2018321: "Messenger itself is asking the person something.",
    2018338: "So many messages to this person are taken for a nuisance.",
}
_OF_ACCOUNT: Final[Mapping[int, str]] = {
    2022: "Look at the account's quality page.",
    2534013: "Link the page to the Instagram account.",
    2534029: "The account is blocked from sending: look at its quality page.",
}
DELETED: Final = "9000001"
"""The code of a message that Meta shows no more."""
_CODES: Final = Codes(
    # A message that could not be sent for the moment was not sent.
    busy={1200: None},
    what_to_do={10: "Grant the app its permissions, and look whether the account is restricted."},
)


class NoProfile(NoSuchIdentity):
    """Meta shows us nothing of the person: no consent, no right, or an account that has no profile."""


def judged(reply: Reply) -> ChannelError | None:
    """What an answer means: by a word of these channels' own where it has one, as on all of Meta's channels else."""
    error = error_of(reply) or {}
    said = (error.get("error_subcode"), error.get("code"))
    codes = [one for one in said if isinstance(one, int) and not isinstance(one, bool)]
    told = ", ".join(map(str, reversed(codes)))
    own = next(filter(None, (_own(one, str(error.get("code")), told) for one in codes)), None)
    return own or judge(reply, _CODES)


def _own(one: int, code: str, told: str) -> ChannelError | None:
    """What one code or subcode means where it is of these channels alone."""
    if one in _OUTSIDE:
        return WindowClosed(f"The person last wrote too long ago ({told}).", allowed=(_AS_PERSON,))
    if one in _UNKNOWN_PERSON:
        return NoSuchIdentity(f"It knows nobody by that id ({told}).")
    if one in _NO_PROFILE:
        return NoProfile(f"It shows nothing of the person ({told}).")
    if why := _WAITS_FOR_PERSON.get(one):
        return ChannelBusy(f"{why} ({told})", is_of_person=True)
    why = _OF_PERSON.get(one) or _OF_ACCOUNT.get(one)
    words = f"It refused the request ({told}). {why}"
    return ChannelRefused(words, code=code, is_of_account=one in _OF_ACCOUNT) if why else None


MANNERS: Final = Manners(judge=judged)


def not_of_profile(error: NoProfile) -> ChannelRefused:
    """What the same codes mean where no profile was asked for: a right is missing."""
    return ChannelRefused(f"{error} Grant the app its permissions.", is_of_account=True)


def require_allowed(outgoing: Outgoing, longest_bytes: int | None) -> None:
    """Raises WindowClosed where the person last wrote too long ago, and ChannelRefused where nothing can be said."""
    if outgoing.template is not None:
        raise ChannelRefused("This channel knows no templates. Send a text.", code="no_template")
    if outgoing.text is None or not outgoing.text.strip():
        raise ChannelRefused("A message without words is none. Send a text.", code="no_text")
    if longest_bytes is not None and len(outgoing.text.encode("utf-8", "replace")) > longest_bytes:
        raise ChannelRefused(
            f"The text has more than {longest_bytes:,} bytes, the most that are taken. Send it in parts.",
            code="too_long",
        )
    if is_of_comments(outgoing.conversation):
        raise ChannelRefused(
            "Comments are answered where they stand. Write to the person in the conversation of their messages.",
            code="comments",
        )
    _require_open(outgoing)


def _require_open(outgoing: Outgoing) -> None:
    heard_at = outgoing.last_heard_at
    if heard_at is None:
        raise WindowClosed("The person never wrote to this account; nobody may write first.", allowed=())
    if outgoing.now >= heard_at + _WINDOW_OF_PEOPLE:
        raise WindowClosed(
            "The person last wrote more than 7 days ago; nothing may be written until they do again.",
            allowed=(),
            closed_at=heard_at + _WINDOW_OF_PEOPLE,
        )
    if not outgoing.as_human_agent and outgoing.now >= heard_at + _WINDOW:
        raise WindowClosed(
            "The person last wrote more than 24 hours ago. For 7 days a person may answer: send it as a human agent.",
            allowed=(_AS_PERSON,),
            closed_at=heard_at + _WINDOW,
        )


def request(outgoing: Outgoing, *, gives_key_back: bool) -> Mapping[str, Any]:
    """The message as Meta takes it; behind the usual window it is tagged as a person's."""
    heard_at = outgoing.last_heard_at or outgoing.now
    is_late = outgoing.now >= heard_at + _WINDOW
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"} if is_late else {"messaging_type": "RESPONSE"}
    # Our key comes back in the echo; nobody looks whether it was seen before.
    ours = {"metadata": outgoing.key} if gives_key_back else {}
    return {"recipient": {"id": outgoing.who.value}, **tagged, "message": {"text": outgoing.text, **ours}}


class _Taken(Shape):
    message_id: Id


def sent(reply: Reply) -> Sent:
    """What became of a message by Meta's good answer; unknown where that names no message."""
    try:
        taken = shaped(_Taken, reply.json())
    except BadPayload as error:
        return Sent(state=SendState.UNKNOWN, why=f"The answer cannot be read: {error.reason}")
    return Sent(state=SendState.TAKEN, external_id=taken.message_id)
