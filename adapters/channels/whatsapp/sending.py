"""How do words of ours reach somebody on WhatsApp, and what do its errors mean?

Facts: developers.facebook.com/docs/whatsapp/cloud-api, guides/send-messages and support/error-codes.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from adapters.channels.meta import Codes, judge
from adapters.channels.whatsapp.shapes import Id
from adapters.contract.errors import BadPayload, ChannelError, ChannelRefused
from adapters.contract.manners import Manners
from adapters.contract.reply import Reply
from adapters.contract.sending import Outgoing, SendState, Sent, WindowClosed
from adapters.payload import Shape, shaped

_WINDOW: Final = timedelta(hours=24)
_WINDOW_CLOSED: Final = 131047
_ALLOWED: Final = ("template",)
# A country, a dot, and letters and digits; the parent form has `ENT.` between.
_BSUID: Final = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")

_CODES: Final = Codes(
    busy={
        130429: None,
        131048: None,
        # One message to one person every six seconds.
        131056: 6.0,
        133016: None,
        # Out of order: each is told of a message that was not sent, but for 2, the Graph API's own overload.
        2: None,
        131000: None,
        131016: None,
        131057: None,
        133004: None,
    },
    of_person=frozenset({131056}),
    of_account=frozenset({131005, 131031, 131042, 131045}),
    what_to_do={
        130472: "The number is part of an experiment of Meta's: write by another channel.",
        131005: "Grant the app its permissions.",
        131008: "A parameter is missing: look at what was sent.",
        131009: "A parameter is wrong: look at what was sent.",
        131021: "Sender and recipient are one number.",
        131026: "The message cannot be delivered: the person may not have WhatsApp, or an old one.",
        131030: "Add the recipient to the list of the test number.",
        131031: "The business account is locked: look at its quality page.",
        131042: "Mend the payment method of the business account.",
        131045: "Register the phone number.",
        131049: "Meta holds marketing to this person back: do not send it again soon.",
        131050: "The person takes no marketing messages.",
        131051: "WhatsApp does not take this type of message.",
        131052: "Send the file again.",
        131053: "Send a file of a type and size that WhatsApp takes.",
        131062: "This person can only be written to by number for such a template.",
        131063: "Write to this person by number, or by another of their ids.",
        131064: "Write to this person by number, or by another of their ids.",
        132000: "The template has another number of gaps.",
        132001: "There is no approved template of that name in that language.",
        132005: "The template's words became too long.",
        132007: "The template breaks a policy.",
        132008: "A value does not fit its gap of the template.",
        132012: "A value does not fit its gap of the template.",
        132015: "The template is paused for its quality.",
        132016: "The template is disabled for its quality: use another one.",
        135000: "WhatsApp does not say what is wrong: look at what was sent.",
    },
)


def judged(reply: Reply) -> ChannelError | None:
    """What an answer of WhatsApp's means; outside of the window it is WindowClosed."""
    error = judge(reply, _CODES)
    if isinstance(error, ChannelRefused) and error.code == str(_WINDOW_CLOSED):
        return WindowClosed(
            f"The person last wrote more than 24 hours ago ({_WINDOW_CLOSED}). Send a template.", allowed=_ALLOWED
        )
    return error


MANNERS: Final = Manners(judge=judged)


def require_open(outgoing: Outgoing) -> None:
    """Raises WindowClosed where free words are not allowed now: the person wrote over 24 hours ago, or never."""
    if outgoing.template is not None:
        return
    heard_at = outgoing.last_heard_at
    if heard_at is None:
        raise WindowClosed("The person never wrote to this number. Send a template.", allowed=_ALLOWED)
    closed_at = heard_at + _WINDOW
    if outgoing.now >= closed_at:
        raise WindowClosed(
            "The person last wrote more than 24 hours ago. Send a template.", allowed=_ALLOWED, closed_at=closed_at
        )


def request(outgoing: Outgoing) -> dict[str, Any]:
    """The message as WhatsApp takes it; a template goes before words where both are given."""
    # Our key comes back in statuses; WhatsApp does not look whether it has seen it.
    whole: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        _addressed(outgoing.who.value): outgoing.who.value,
        "biz_opaque_callback_data": outgoing.key,
    }
    if outgoing.template is not None:
        return {**whole, "type": "template", "template": _template(outgoing)}
    if outgoing.text is None or not outgoing.text.strip():
        raise ChannelRefused("A message without words is none. Send a text or a template.", code="no_text")
    return {**whole, "type": "text", "text": {"body": outgoing.text, "preview_url": False}}


def _addressed(value: str) -> str:
    """A business-scoped id has a place of its own."""
    return "recipient" if _BSUID.fullmatch(value) else "to"


def _template(outgoing: Outgoing) -> Mapping[str, Any]:
    template = outgoing.template
    if template is None:
        return {}
    named: dict[str, Any] = {"name": template.name, "language": {"code": template.language}}
    if template.values:
        values = [{"type": "text", "text": one} for one in template.values]
        named["components"] = [{"type": "body", "parameters": values}]
    return named


class _SentMessage(Shape):
    id: Id


class _Taken(Shape):
    messages: list[_SentMessage]


def sent(reply: Reply) -> Sent:
    """What became of a message by WhatsApp's good answer; unknown where that names no message."""
    try:
        taken = shaped(_Taken, reply.json()).messages
    except BadPayload as error:
        return Sent(state=SendState.UNKNOWN, why=f"The answer cannot be read: {error.reason}")
    if not taken:
        return Sent(state=SendState.UNKNOWN, why="The answer names no message.")
    return Sent(state=SendState.TAKEN, external_id=taken[0].id)
