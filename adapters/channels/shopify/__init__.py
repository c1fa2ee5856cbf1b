"""Who buys in a Shopify shop, what did they order, and what does the shop sell? By the Admin API and its webhooks."""

from adapters.channels.shopify.channel import Shopify

CHANNEL = Shopify

__all__ = ["CHANNEL"]
