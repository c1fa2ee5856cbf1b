"""With what is the Zendesk channel tried out? Shapes as Zendesk documents them, with values of our own."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, Final

from adapters.channels.zendesk.settings import ZendeskSettings
from adapters.contract.deliveries import Delivery
from adapters.contract.examples import Examples

_USER: Final = {
    "id": 20978392,
    "name": "Ann Lee",
    "email": "ann@example.com",
    "phone": "+14155550123",
    "role": "end-user",
    "active": True,
    "verified": True,
    "organization_id": 57542,
    "tags": ["vip"],
    "locale": "en-US",
    "time_zone": "Copenhagen",
    "user_fields": {"plan": "gold"},
    "created_at": "2025-01-08T10:00:00Z",
}
_TICKET: Final = {
    "id": 35436,
    "subject": "The printer is on fire",
    "status": "open",
    "requester_id": 20978392,
    "assignee_id": 235323,
    "created_at": "2026-01-02T10:00:00Z",
    "updated_at": "2026-01-03T10:00:00Z",
}
_COMMENT: Final = {
    "id": 1274,
    "type": "Comment",
    "author_id": 20978392,
    "body": "Thanks for your help!",
    "public": True,
    "attachments": [{"id": 498483, "file_name": "fire.png", "content_type": "image/png", "size": 2532}],
    "metadata": {"system": {"ip_address": "203.0.113.7"}, "custom": {}},
    "created_at": "2026-01-02T10:00:00Z",
}
# The last page names a next one, too.
_LAST: Final = {
    "meta": {"has_more": False, "after_cursor": "eyJvIjoibmljZV9pZCJ9", "before_cursor": None},
    "links": {"next": "https://example.zendesk.com/api/v2/tickets.json?page[after]=eyJvIjoibmljZV9pZCJ9", "prev": None},
}
_EVENT: Final = {
    "account_id": 12514403,
    "time": "2026-01-03T10:00:00.123456789Z",
    "zendesk_event_version": "2022-11-06",
    "subject": "zen:ticket:35436",
    "detail": {
        "id": "35436",
        "requester_id": "20978392",
        "assignee_id": "235323",
        "subject": "The printer is on fire",
        "status": "SOLVED",
        "created_at": "2026-01-02T10:00:00Z",
        "updated_at": "2026-01-03T10:00:00Z",
    },
}
_AUTHOR: Final = {"id": "235323", "is_staff": True, "name": "Anna Agent"}


def _sign(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    """As Zendesk signs: timestamp and raw body, by the webhook's secret."""
    if not isinstance(settings, ZendeskSettings):
        raise TypeError(f"These are settings of a {type(settings).__name__}.")
    timestamp = delivery.received_at.isoformat(timespec="seconds")
    secret = settings.signing_secrets[0].get_secret_value().encode()
    signature = hmac.new(secret, timestamp.encode() + delivery.body, hashlib.sha256).digest()
    return {
        "x-zendesk-webhook-signature": base64.b64encode(signature).decode(),
        "x-zendesk-webhook-signature-timestamp": timestamp,
    }


def _event(kind: str, **event: Any) -> bytes:
    whole = {**_EVENT, "type": f"zen:event-type:{kind}", "id": f"sample-{kind}", "event": event}
    return json.dumps(whole).encode()


def _answer(**parts: Any) -> bytes:
    return json.dumps(parts).encode()


EXAMPLES: Final = Examples(
    settings={
        "base_url": "https://example.zendesk.com",
        "access_token": "sample-access-token",
        "signing_secrets": ["sample-signing-secret"],
        "agents": {"235323": "anna"},
    },
    address="base_url",
    person="20978392",
    answers={
        "/api/v2/users/20978392.json": _answer(
            user=_USER, organizations=[{"id": 57542, "name": "Example Farms"}], identities=[]
        ),
        "/api/v2/users/show_many.json": _answer(users=[_USER], organizations=[], identities=[]),
        "/api/v2/users/20978392/tickets/requested.json": _answer(tickets=[_TICKET], **_LAST),
        "/api/v2/tickets.json": _answer(ticket=_TICKET, audit={"id": 1, "events": [{"id": 1276, "type": "Comment"}]}),
        "/api/v2/tickets/35436/comments.json": _answer(comments=[_COMMENT], users=[_USER], **_LAST),
    },
    deliveries=(
        _event("ticket.status_changed", current="SOLVED", previous="OPEN"),
        _event(
            "ticket.comment_added",
            comment={"id": "1275", "body": "It is out again.", "is_public": True, "author": _AUTHOR},
        ),
        _event("ticket.priority_changed", current="HIGH", previous="LOW"),
    ),
    deliveries_named="event_*.json",
    sign=_sign,
    tolerance_s=ZendeskSettings.model_fields["signature_tolerance_s"].default,
)
