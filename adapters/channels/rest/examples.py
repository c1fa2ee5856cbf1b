"""With what is the REST channel tried out? A made-up desk that uses each part of a mapping."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from adapters.channels.rest.proving import proof_of
from adapters.contract.deliveries import Delivery
from adapters.contract.examples import Examples

_MAPPING: Final = """
base_url = "https://desk.example.com"
source = { currency = "EUR" }
auth = { scheme = "bearer" }

[[ask]]
capability = "profile"
path = "/people/{who}"

[[ask.records]]
record = "people"
fields = { who = "id", email = "email", created_at = "since" }

[[ask]]
capability = "history"
path = "/people/{who}/chats"

[[ask.records]]
record = "conversations"
list = "chats"
fields = { id = "id", started_at = "begun" }

[[ask.records]]
record = "messages"
list = ["chats", "messages"]

[ask.records.fields]
id = "id"
conversation = { above = "id" }
direction = { path = "is_ours", values = { true = "OUT", false = "IN" } }
sent_at = { path = "at", styles = ["unix"] }
text = "text"

[[ask]]
capability = "tickets"
path = "/people/{who}/tickets"
params = { after = "{after}" }
paging = { kind = "cursor", next = "next" }

[[ask.records]]
record = "tickets"
list = "tickets"
fields = { id = "id", subject = "title", created_at = "opened" }

[[ask]]
capability = "purchases"
path = "/people/{who}/orders"

[[ask.records]]
record = "orders"
list = "orders"
lines = "lines"
fields = { id = "id", placed_at = "at", line = { title = "name", total = "price" } }

[[ask]]
capability = "interests"
path = "/people/{who}/likes"

[[ask.records]]
record = "interests"
list = "likes"

[ask.records.fields]
taxonomy = { constant = "desk" }
topic = "topic"
score = { path = "sure", score_of = 10 }
observed_at = { asked = "as_of" }

[webhook]
signature = { scheme = "hmac", header = "X-Signature", prefix = "sha256=" }
type = "type"
key = "id"
order_by = "ticket.person"
at = "at"

[[webhook.event]]
types = ["ticket.opened"]

[[webhook.event.records]]
record = "tickets"
list = "ticket"
fields = { id = "id", who = "person", subject = "title", created_at = "opened" }

[send]
path = "/people/{who}/messages"
body = { text = "{text}", reference = "{key}" }
id = "id"

[order]
path = "/people/{who}/orders/new"
headers = { Idempotency-Key = "{key}" }
body = { note = "{note}", lines = [{ sku = "{sku}", name = "{title}", count = "{quantity}", price = "{unit_price}" }] }
repeatable = true

[[order.records]]
record = "orders"
list = "order"
lines = "lines"
fields = { id = "id", key = "reference", placed_at = "at", line = { title = "name", total = "price" } }

[payment]
path = "/people/{who}/payments"
body = { amount = "{amount}", currency = "{currency}", text = "{words}", order = "{order}", reference = "{key}" }
id = "id"
url = "page"
expires_at = "ends"
"""
_PERSON: Final = "p-4711"
_MOMENT: Final = "2026-03-01T10:00:00Z"
_MESSAGES: Final = [
    {"id": "m1", "is_ours": False, "at": 1772359200, "text": "Hello"},
    {"id": "m2", "is_ours": True, "at": 1772359260, "text": "Good day"},
]
_TICKET: Final = {"id": 7, "person": _PERSON, "title": "Late", "opened": _MOMENT}
_ORDER: Final = {"id": 9, "at": _MOMENT, "lines": [{"name": "Bell", "price": "9.99"}]}
_ANSWERS: Final[Mapping[str, Any]] = {
    "": {"id": _PERSON, "email": "ada.lovett@example.com", "since": _MOMENT},
    "/chats": {"chats": [{"id": "c1", "begun": _MOMENT, "messages": _MESSAGES}]},
    "/tickets": {"tickets": [_TICKET], "next": None},
    "/orders": {"orders": [_ORDER]},
    "/likes": {"likes": [{"topic": "bells", "sure": 8}]},
    "/orders/new": {"order": {**_ORDER, "reference": "sample-key"}},
    "/payments": {"id": "pay-1", "page": "https://desk.example.com/pay/1", "ends": "2026-03-02T10:00:00Z"},
}


def _sign(delivery: Delivery, settings: Any) -> Mapping[str, str]:
    """As the mapping says that the vendor signs."""
    hook = settings.mapping.hook
    if hook is None or settings.webhook_secret is None:
        return {}
    return proof_of(hook.stated.signature, [settings.webhook_secret], settings.webhook_url).signed(delivery)


EXAMPLES: Final = Examples(
    settings={
        "mapping": tomllib.loads(_MAPPING),
        "token": "made-up-token-1",
        "webhook_secret": "made-up-secret-2",
    },
    address="base_url",
    person=_PERSON,
    answers={f"/people/{_PERSON}{path}": json.dumps(one).encode() for path, one in _ANSWERS.items()},
    deliveries=(
        json.dumps({"id": "e1", "type": "ticket.opened", "at": _MOMENT, "ticket": _TICKET}).encode(),
        json.dumps({"id": "e2", "type": "ticket.opened", "at": _MOMENT, "ticket": {**_TICKET, "id": 8}}).encode(),
    ),
    sign=_sign,
)
