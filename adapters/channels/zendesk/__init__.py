"""Which customers, tickets and conversations are there on Zendesk Support?"""

from adapters.channels.zendesk.channel import Zendesk

CHANNEL = Zendesk

__all__ = ["CHANNEL", "Zendesk"]
