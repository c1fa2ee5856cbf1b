"""What Meta hands in, as it comes in: of WhatsApp, Messenger and Instagram alike."""

import json
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from adapters.channels import meta
from adapters.contract.deliveries import Delivery

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


def delivered(body: Any, **headers: str) -> Delivery:
    """A request as it comes in, unsigned unless headers say otherwise."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(method="POST", query={}, headers=named, body=raw, received_at=NOW)


def signed(body: Any, secret: str) -> Delivery:
    """A request that Meta signed with the app secret."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return delivered(raw, x_hub_signature_256=meta.signature(SecretStr(secret), raw))
