"""How does a text go out by a mapping's request?"""

from adapters.channels.rest.asking import Asking, gaps_of
from adapters.channels.rest.paths import text_of
from adapters.channels.rest.plan import Send
from adapters.contract.errors import BadPayload, ChannelDown, ChannelRefused, OutcomeUnknown
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.values import BadValue


def require_text(outgoing: Outgoing) -> str:
    """The text that goes out; raises ChannelRefused where there is none."""
    if outgoing.text is None:
        raise ChannelRefused("A REST channel sends texts, and no templates. Write `text`.", code="no_template")
    return outgoing.text


def require_conversation(send: Send, outgoing: Outgoing) -> None:
    """Raises ChannelRefused where the request cannot be made without a conversation, and none is meant."""
    stated = send.request.stated
    needed = (stated.path, *stated.headers.values())
    if outgoing.conversation is None and any("{conversation}" in one for one in needed):
        raise ChannelRefused("The mapping answers in conversations that there are, and begins none.", code="no_talk")


async def hand_over(send: Send, asking: Asking, outgoing: Outgoing) -> Sent:
    """Hands the text over once, or again where the vendor knows it by its key.

    Where nobody can know whether it arrived, the outcome is unknown.
    """
    text = require_text(outgoing)
    gaps: dict[str, str | int] = {**gaps_of(asking, outgoing.who), "key": outgoing.key, "text": text}
    if outgoing.conversation is not None:
        gaps["conversation"] = outgoing.conversation
    made = send.request.made(gaps)
    try:
        reply = await asking.sent(made, is_repeatable=send.is_repeatable)
    except ChannelDown as error:
        if not (send.is_repeatable or isinstance(error, OutcomeUnknown)):
            # It certainly did not leave.
            raise
        return Sent(state=SendState.UNKNOWN, why=str(error))
    if send.id is None:
        return Sent(state=SendState.TAKEN)
    try:
        named = text_of(send.id.find(reply.json()))
    except (BadPayload, BadValue):
        # It was taken all the same; only its name is not known.
        named = ""
    return Sent(state=SendState.TAKEN, external_id=named or None)
