"""How are customers heard and answered by e-mail? By IMAP or a webhook, and by SMTP."""

from adapters.channels.email.channel import Email

CHANNEL = Email

__all__ = ["CHANNEL"]
