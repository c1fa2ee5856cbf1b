"""Is a delivery Zendesk's, and which one is it?"""

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime

from pydantic import SecretStr

from adapters.contract.deliveries import Delivery, NotProven
from adapters.contract.errors import BadPayload

EVENTS = "zen:event-type"
"""With which the type of every event begins; what triggers and automations send has none."""
_KEY = re.compile(r"[!-~]{1,200}")


def prove(delivery: Delivery, secrets: Sequence[SecretStr], tolerance_s: float) -> None:
    """Returns where one of the secrets signed timestamp and body, lately; raises NotProven else."""
    signature = delivery.headers.get("x-zendesk-webhook-signature", "")
    timestamp = delivery.headers.get("x-zendesk-webhook-signature-timestamp", "")
    if not signature or not timestamp:
        raise NotProven("The delivery carries no signature. Only what Zendesk signs is taken.")
    signed = timestamp.encode("utf-8", "replace") + delivery.body
    given = signature.strip().encode("utf-8", "replace")
    # Every secret is tried whatever the first one says, so that time tells nothing.
    fits = [hmac.compare_digest(_signature(secret, signed), given) for secret in secrets]
    if not any(fits):
        raise NotProven("The signature is of none of our signing secrets. Compare them with the webhook's.")
    if abs((delivery.received_at - _moment(timestamp)).total_seconds()) > tolerance_s:
        raise NotProven(f"The delivery was signed more than {tolerance_s:g} s ago or ahead. It may be a repeated one.")


def _signature(secret: SecretStr, signed: bytes) -> bytes:
    return base64.b64encode(hmac.new(secret.get_secret_value().encode(), signed, hashlib.sha256).digest())


def _moment(timestamp: str) -> datetime:
    try:
        moment = datetime.fromisoformat(timestamp)
    except ValueError as error:
        raise NotProven("The signature's timestamp is none.") from error
    if moment.tzinfo is None:
        raise NotProven("The signature's timestamp names no time zone.")
    return moment


def delivery_key(delivery: Delivery) -> str | None:
    """The event's id, which stays when a delivery is tried again.

    `X-Zendesk-Webhook-Id` is the id of the webhook itself, the same in each of its deliveries. What a trigger sends
    has no event; it is known by the id of the invocation.
    """
    try:
        told = delivery.json()
    except BadPayload:
        told = None
    if isinstance(told, dict) and str(told.get("type", "")).startswith(EVENTS):
        found = told.get("id")
        if isinstance(found, str) and _KEY.fullmatch(found):
            return found
    invocation = delivery.headers.get("x-zendesk-webhook-invocation-id", "").strip()
    return f"invocation {invocation}" if _KEY.fullmatch(invocation) else None
