"""How are customers on WhatsApp heard and answered? By Meta's Cloud API."""

from adapters.channels.whatsapp.channel import WhatsApp

CHANNEL = WhatsApp

__all__ = ["CHANNEL"]
