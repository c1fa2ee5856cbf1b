"""What must not come out of a whole run: the secrets of the doubles, and the persons whom the makers and vendors know.

Doubles, desks and makers take their values from here, so that these are the very values that flow; and whatever else
is written like a person's number or address must not come out either.
"""

from collections.abc import Mapping
from typing import Final

import re2

# The gate's
SEAL: Final = "a sample secret that seals cursors"
SIGNS: Final = "a sample secret that signs tokens, long enough"

# WhatsApp's
WHATSAPP_TOKEN: Final = "sample access token of the number"
WHATSAPP_SECRET: Final = "sample app secret"
WHATSAPP_FORMER_SECRET: Final = "sample former app secret"
WHATSAPP_VERIFY_TOKEN: Final = "sample verify token"

# Zendesk's
ZENDESK_SIGNING_SECRET: Final = "sample signing secret of the desk"
ZENDESK_NEXT_SECRET: Final = "the next secret of the desk"
ZENDESK_CLIENT_SECRET: Final = "sample secret of the client"
ZENDESK_TOKEN: Final = "sample-token-"
"""How each of its tokens begins."""

# Telegram's
TELEGRAM_TOKEN: Final = "7100000001:sample-token-of-the-bot"
TELEGRAM_SECRET: Final = "sample-word-of-the-webhook"
TELEGRAM_FORMER_SECRET: Final = "sample-former-word-of-the-webhook"
# Messenger's and Instagram's
META_TOKEN: Final = "sample access token of the page"
META_SECRET: Final = "sample app secret of the page"
META_FORMER_SECRET: Final = "sample former app secret of the page"
META_VERIFY_TOKEN: Final = "sample verify token of the page"

# Of channels that are stated or written for the tests
REST_SECRETS: Final[Mapping[str, str]] = {
    key: f"secret of {key}" for key in ("token", "password", "client_secret", "webhook_secret")
}
TOY_SECRET: Final = "a sample secret of the toy shop"

# People
CALLER: Final = "16505551234"
"""Who writes on WhatsApp; the vendor writes numbers without a plus."""
FIRST: Final = "Ann"
LAST: Final = "Lee"
"""The customer whom the makers make."""
AGENT_NAME: Final = "Anna Agent"

MARK: Final = "zqxvjwkha"
"""How words begin that tests plant for this alone."""

SECRETS: Final = (
    *(SEAL, SIGNS, WHATSAPP_TOKEN, WHATSAPP_SECRET, WHATSAPP_FORMER_SECRET, WHATSAPP_VERIFY_TOKEN),
    *(META_TOKEN, META_SECRET, META_FORMER_SECRET, META_VERIFY_TOKEN),
    *(ZENDESK_SIGNING_SECRET, ZENDESK_NEXT_SECRET, ZENDESK_CLIENT_SECRET, ZENDESK_TOKEN),
    *(TELEGRAM_TOKEN, TELEGRAM_SECRET, TELEGRAM_FORMER_SECRET),
    *(*REST_SECRETS.values(), TOY_SECRET),
)
PERSONAL: Final = (CALLER, f"{FIRST} {LAST}", AGENT_NAME, MARK)

_SHAPES: Final = (r"\+[1-9][0-9]{8,14}", r"[A-Za-z0-9][\w.+-]*@[A-Za-z0-9][\w-]*\.[A-Za-z]{2,}")
_ANY: Final = re2.compile("|".join((*map(re2.escape, (*SECRETS, *PERSONAL)), *_SHAPES)))
# The house's own samples, by which it says how such a value is written.
_HINTS: Final = {
    "+14155550123": ("with its country code, as ", "Send it as "),
    "ann@example.com": ("Send one such as ",),
}


def planted_in(text: str) -> str | None:
    """The first planted value in the text, or what is written like one; None where there is none."""
    for found in _ANY.finditer(text):
        if not text[: found.start()].endswith(_HINTS.get(found[0], ())):
            return str(found[0])
    return None
