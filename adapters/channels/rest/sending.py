"""How does a text go out by a mapping's request?"""

from adapters.channels.rest.asking import Asking, gaps_of
from adapters.channels.rest.paths import text_of
from adapters.channels.rest.plan import Send
from adapters.contract.errors import BadPayload, ChannelRefused, OutcomeUnknown
from adapters.contract.sending import Outgoing, SendState, Sent
from adapters.values import BadValue


async def hand_over(send: Send, asking: Asking, outgoing: Outgoing) -> Sent:
    """Hands the text over once; where nobody can know whether it arrived, the outcome is unknown."""
    if outgoing.text is None:
        raise ChannelRefused("A REST channel sends texts, and no templates. Write `text`.", code="no_template")
    gaps: dict[str, str | int] = {**gaps_of(asking, outgoing.who), "key": outgoing.key, "text": outgoing.text}
    if outgoing.conversation is not None:
        gaps["conversation"] = outgoing.conversation
    made = send.request.made(gaps)
    try:
        reply = await asking.sent(made, is_repeatable=False)
    except OutcomeUnknown as error:
        return Sent(state=SendState.UNKNOWN, why=str(error))
    if send.id is None:
        return Sent(state=SendState.TAKEN)
    try:
        named = text_of(send.id.find(reply.json()))
    except (BadPayload, BadValue):
        # It was taken all the same; only its name is not known.
        named = ""
    return Sent(state=SendState.TAKEN, external_id=named or None)
