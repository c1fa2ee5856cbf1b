"""What may be asked with the token of a chat, as long as nobody has proven who the visitor is?"""

from typing import Final

_CHANGES: Final = ("startChat", "sendChatMessage", "typeInChat", "readChat", "identifyVisitor", "endChat")
_OWN: Final = (
    *(f"{one[0].upper()}{one[1:]}{part}" for one in _CHANGES for part in ("Input", "Payload")),
    *("Chat", "ChatFileInput", "ChatMessageWritten", "ChatMessageChanged", "ChatTyping", "ChatAgentChanged"),
    *("Conversation", "EntryPoint", "MessageConnection", "MessageEdge", "PageInfo", "Message", "Attachment"),
    *("NotFound", "InvalidInput", "Conflict", "NotPermitted", "TooOften"),
)

CHAT_FIELDS: Final = frozenset(
    {
        "Query.chat",
        "Query.chatSite",
        "ChatSite.*",
        "Subscription.chatChanged",
        *(f"Mutation.{one}" for one in _CHANGES),
        *(f"{one}.*" for one in _OWN),
    }
)
"""The fields of the graph that a chat is made of. By none of them is there a way to the customer, nor to anything else
of the customer's: whoever comes back by a word that a browser kept is not proven to be who once signed in there."""
