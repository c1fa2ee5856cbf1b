"""With what is the e-mail channel tried out?"""

from collections.abc import Mapping
from typing import Any, Final

from adapters.channels.email.opening import SIGNATURE, TIMESTAMP, signed_part
from adapters.contract.deliveries import Delivery
from adapters.contract.examples import Examples
from adapters.signatures import hmac_sha256_hex

_QUESTION: Final = b"""Return-Path: <ann.lee@example.com>\r
Authentication-Results: mx.shop.example; dmarc=pass header.from=example.com\r
From: "Lee, Ann" <ann.lee@example.com>\r
To: Shop <support@shop.example>\r
Subject: =?utf-8?Q?Gr=C3=B6=C3=9Fe?= of the bell\r
Date: Mon, 23 Nov 2026 10:15:00 +0100\r
Message-ID: <sample-question@example.com>\r
MIME-Version: 1.0\r
Content-Type: text/plain; charset=utf-8\r
\r
Does the bell come in another size?\r
"""
_ANSWERED: Final = b"""From: ann.lee@example.com\r
To: support@shop.example\r
Subject: Re: the bell\r
Date: Mon, 23 Nov 2026 11:15:00 +0100\r
Message-ID: <sample-second@example.com>\r
In-Reply-To: <sample-answer@shop.example>\r
References: <sample-question@example.com> <sample-answer@shop.example>\r
\r
Thank you!\r
"""


def sign(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    """The headers by which whoever hands mails over proves a delivery."""
    at = str(int(delivery.received_at.timestamp()))
    signature = hmac_sha256_hex(settings.webhook_secrets[0], signed_part(at, delivery.body))
    return {TIMESTAMP: at, SIGNATURE: f"sha256={signature}"}


EXAMPLES: Final = Examples(
    settings={
        "address": "support@shop.example",
        "display_name": "Shop",
        "smtp_url": "smtps://smtp.shop.example",
        "password": "sample-password-of-mail",
        "webhook_secrets": ["sample-webhook-secret", "sample-former-secret"],
        "trusted_servers": ["mx.shop.example"],
    },
    address="smtp_url",
    scheme="smtp",
    person="ann.lee@example.com",
    deliveries=(_QUESTION, _ANSWERED),
    deliveries_named="*.eml",
    sign=sign,
    tolerance_s=300.0,
)
