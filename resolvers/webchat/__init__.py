"""How do visitors of the company's pages chat with it? Our own protocol for the widget, wholly in the graph."""

from resolvers.webchat import following, identifying, signs, starting, writing
from resolvers.webchat.bounded import CHAT_FIELDS
from resolvers.webchat.chats import SLICE, is_open

__all__ = ["CHAT_FIELDS", "SLICE", "following", "identifying", "is_open", "signs", "starting", "writing"]
