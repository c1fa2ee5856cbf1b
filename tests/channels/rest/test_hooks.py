"""Are deliveries proven and taken apart as the mapping says?"""

import base64
import copy
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from adapters.contract.channel import Capability
from adapters.contract.deliveries import Delivery, NotProven
from adapters.contract.errors import BadPayload
from adapters.contract.records import Case, Person, Removal, Who
from tests.channels.rest.test_loading import GOOD

NOW = datetime(2024, 2, 26, 22, 16, 40, tzinfo=UTC)
NOW_MS = str(int(NOW.timestamp() * 1000))
VECTOR = json.loads(
    (Path(__file__).parent.parent / "payloads" / "rest" / "standard_webhooks_sign_vector.json").read_text()
)
EVENT = {
    "eventId": 567890123,
    "subscriptionType": "contact.creation",
    "occurredAt": 1708986598741,
    "objectId": 65059681032,
}


def delivery(body: Any, *, at: datetime = NOW, **headers: str) -> Delivery:
    """A delivery as the house hands it over."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    return Delivery(method="POST", query={}, headers=named, body=raw, received_at=at)


@pytest.fixture
def crm(make):
    """HubSpot by the shipped mapping."""
    return make("crm", "hubspot")


@pytest.fixture
def desk(make):
    """A mapping whose deliveries carry a hexadecimal signature of the body."""

    def made(**signature: Any):
        mapping = copy.deepcopy(GOOD)
        mapping["webhook"]["signature"] |= signature
        return make("desk", mapping, previous_webhook_secret=SecretStr("the old one"))

    return made


def signed_by_hubspot(body: bytes, secret: str = "secret of webhook_secret", stamp: str = NOW_MS) -> dict[str, str]:
    """The headers that HubSpot sends (version 3)."""
    text = b"POSThttps://here.example/hook" + body + stamp.encode()
    digest = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    return {"x_hubspot_signature_v3": digest, "x_hubspot_request_timestamp": stamp}


def test_hubspot_is_proven(crm) -> None:
    """Method, URL, body and moment are signed in base64."""
    body = json.dumps([EVENT]).encode()
    crm.prove(delivery(body, **signed_by_hubspot(body)))


@pytest.mark.parametrize(
    ("body", "headers", "at"),
    [
        (b"[1]", signed_by_hubspot(b"[]"), NOW),
        (b"[]", signed_by_hubspot(b"[]", secret="another"), NOW),
        (b"[]", signed_by_hubspot(b"[]"), NOW + timedelta(minutes=6)),
        (b"[]", signed_by_hubspot(b"[]"), NOW - timedelta(minutes=6)),
        (b"[]", signed_by_hubspot(b"[]") | {"x_hubspot_request_timestamp": "soon"}, NOW),
        (b"[]", {"x_hubspot_request_timestamp": NOW_MS}, NOW),
        (b"[]", signed_by_hubspot(b"[]") | {"x_hubspot_signature_v3": "é\udcff"}, NOW),
        (b"[]", {}, NOW),
    ],
)
def test_forgeries_are_refused(crm, body, headers, at) -> None:
    """A wrong body, secret, moment or none at all is not the vendor's, and the words quote nothing."""
    with pytest.raises(NotProven) as caught:
        crm.prove(delivery(body, at=at, **headers))
    assert "secret of" not in str(caught.value)
    assert caught.value.status == 401


@pytest.mark.parametrize("secret", ["secret of webhook_secret", "the old one"])
def test_two_secrets_while_changing(desk, secret) -> None:
    """While one secret replaces another, both are good."""
    digest = hmac.new(secret.encode(), b"{}", hashlib.sha256).hexdigest()
    channel = desk(prefix="sha256=")
    channel.prove(delivery(b"{}", x_signature=f"sha256={digest}"))
    with pytest.raises(NotProven):
        channel.prove(delivery(b"{}", x_signature=digest))


def test_stamp_is_signed(desk) -> None:
    """A moment before the body is signed with it."""
    channel = desk(over="{timestamp}.{body}", timestamp="X-Stamp", timestamp_style="iso")
    text = f"{NOW.isoformat()}.{{}}".encode()
    digest = hmac.new(b"secret of webhook_secret", text, hashlib.sha256).hexdigest()
    channel.prove(delivery(b"{}", x_signature=digest, x_stamp=NOW.isoformat()))
    with pytest.raises(NotProven):
        channel.prove(delivery(b"{}", x_signature=digest, x_stamp=(NOW + timedelta(seconds=1)).isoformat()))


def test_plain_token(desk) -> None:
    """A token in a header is compared as it is, and refused with the status that the mapping names."""
    channel = desk(scheme="token", header="X-Token", status=403)
    channel.prove(delivery(b"{}", x_token="secret of webhook_secret"))
    with pytest.raises(NotProven) as caught:
        channel.prove(delivery(b"{}", x_token="guess"))
    assert caught.value.status == 403
    # It is asked before a body is read; of a signature over one that cannot be.
    assert (channel.is_proven_by_headers, desk().is_proven_by_headers) == (True, False)


def test_standard_webhooks(make) -> None:
    """The vector of the Standard Webhooks libraries is proven, among other signatures, and only in its time."""
    channel = make("shop", "shop", webhook_secret=SecretStr(VECTOR["secret"]))
    at = datetime.fromtimestamp(int(VECTOR["webhook-timestamp"]), UTC)
    headers = {name.replace("-", "_"): text for name, text in VECTOR.items() if name.startswith("webhook-")}
    several = headers | {"webhook_signature": f"v1a,xyz {headers['webhook_signature']} v1,other"}
    body = VECTOR["body"].encode()
    channel.prove(delivery(body, at=at, **headers))
    channel.prove(delivery(body, at=at, **several))
    assert channel.delivery_key(delivery(body, at=at, **headers)) == VECTOR["webhook-id"]
    for forged in (headers | {"webhook_id": "msg_other"}, headers | {"webhook_timestamp": "1614265331"}):
        with pytest.raises(NotProven):
            channel.prove(delivery(body, at=at, **forged))
    with pytest.raises(NotProven):
        channel.prove(delivery(body, at=at + timedelta(minutes=10), **headers))


def test_long_delivery_ids_are_told_apart(make) -> None:
    """Two deliveries whose long ids begin alike are two: the second is no repetition of the first."""
    channel = make("shop", "shop")
    keys = [channel.delivery_key(delivery(b"{}", webhook_id="i" * 300 + end)) for end in "121"]
    assert keys[0] == keys[2] != keys[1]


def test_no_secret_no_deliveries(make) -> None:
    """Without a secret nothing can be proven, and so nothing is taken."""
    channel = make("crm", "hubspot", webhook_secret=None)
    assert Capability.WEBHOOK not in channel.capabilities()
    with pytest.raises(NotProven, match="no `webhook_secret`"):
        channel.prove(delivery(b"[]", **signed_by_hubspot(b"[]", secret="")))


def test_events_are_read(crm) -> None:
    """Each event has its key, turn and moment, and the records that the mapping says."""
    gone = EVENT | {"eventId": 2, "subscriptionType": "ticket.deletion"}
    first, second = crm.events(delivery([EVENT, gone]))
    who = Who("crm", "main", "65059681032")
    at = datetime(2024, 2, 26, 22, 29, 58, 741000, tzinfo=UTC)
    assert (first.key, first.order_by, first.at, first.who) == ("567890123", "65059681032", at, who)
    assert first.records == (Person(who=who, created_at=at),)
    assert second.records == (Removal(channel="crm", account="main", kind="ticket", external_id="65059681032", at=at),)


def test_other_events_are_left_alone(crm) -> None:
    """What the mapping leaves is left alone; what it does not know is unread, and so kept."""
    left, unknown = crm.events(
        delivery(
            [EVENT | {"subscriptionType": "contact.propertyChange"}, EVENT | {"subscriptionType": "quote.creation"}]
        )
    )
    assert left.left_alone == "event of type contact.propertyChange"
    assert unknown.unread == (
        "The mapping names no event of type quote.creation. Add it to a [[webhook.event]], or to `leave`."
    )


@pytest.mark.parametrize("odd", [{}, {**EVENT, "eventId": None}, {**EVENT, "occurredAt": "x"}, "x", 5, None, [EVENT]])
def test_odd_events_are_kept(crm, odd) -> None:
    """An event without a key, or no event at all, is unread under a key of its own; the others are good."""
    unread, good = crm.events(delivery([odd, EVENT]))
    assert unread.unread
    assert len(unread.key) == 64
    assert good.records


def test_ticket_by_delivery(make) -> None:
    """A ticket of a delivery is the one that a live read gives: same channel account and id."""
    data = {"id": 7, "customer": "K-7", "title": "Late", "is_done": False, "opened": 1735066800123}
    told = {"type": "ticket.opened", "timestamp": "2024-12-24T19:00:00Z", "data": data}
    (event,) = make("shop", "shop").events(delivery(told))
    (case,) = event.records
    assert isinstance(case, Case)
    assert (case.external_id, case.status, case.who) == ("7", "OPEN", Who("shop", "main", "K-7"))
    assert event.key == "ticket.opened-7-2024-12-24T19:00:00Z"


@pytest.mark.parametrize("body", [b"", b"{", b"5", b"null", b"[" * 100_000, b"\xff\xfe"])
def test_junk_is_bad_payload(crm, body) -> None:
    """Where nothing can be read, the whole delivery is BadPayload."""
    with pytest.raises(BadPayload):
        crm.events(delivery(body))
