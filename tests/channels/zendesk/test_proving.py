"""Only what Zendesk signed is taken, and a repeated delivery is known."""

from datetime import timedelta

import pytest
from pydantic import SecretStr

from adapters.channels.zendesk.proving import delivery_key, prove
from adapters.contract.deliveries import NotProven
from tests.channels.zendesk.double import NOW, SIGNING_SECRET, TICKET_DETAIL, delivery, told
from tests.planted import ZENDESK_NEXT_SECRET

BODY = told("ticket.created", TICKET_DETAIL | {"subject": "Ærø \\u00e9 </b> 🙂"})
SECRETS = (SecretStr(ZENDESK_NEXT_SECRET), SecretStr(SIGNING_SECRET))


def test_either_secret_proves() -> None:
    """While the secret is changed, deliveries are signed with the old or the new one."""
    prove(delivery(BODY), SECRETS, 3600)
    prove(delivery(BODY, secret=ZENDESK_NEXT_SECRET), SECRETS, 3600)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x_zendesk_webhook_signature", ""),
        ("x_zendesk_webhook_signature", "wxL5Lkx5pktp+TKZyXluPgN3pSKWX2eaP1zhMfh+J6c="),
        ("x_zendesk_webhook_signature", "ünlesbar"),
        ("x_zendesk_webhook_signature_timestamp", ""),
        ("x_zendesk_webhook_signature_timestamp", "2026-11-26T09:29:59Z"),
    ],
)
def test_forged_is_refused(header: str, value: str) -> None:
    """A signature that is missing, is another's, or stands on another timestamp proves nothing."""
    with pytest.raises(NotProven):
        prove(delivery(BODY, **{header: value}), SECRETS, 3600)


def test_body_stands_under_signature() -> None:
    """One byte more, and the delivery is not Zendesk's."""
    signed = delivery(BODY)
    with pytest.raises(NotProven) as refusal:
        prove(
            delivery(signed.body + b" ", **{k.replace("-", "_"): v for k, v in signed.headers.items()}), SECRETS, 3600
        )
    assert SIGNING_SECRET not in str(refusal.value)


@pytest.mark.parametrize("timestamp", ["2026-11-26T08:29:00Z", "2026-11-26T10:31:00Z", "2026-11-26T09:29:58", "soon"])
def test_old_signature_is_refused(timestamp: str) -> None:
    """A signature from another hour proves nothing, nor one without a moment."""
    with pytest.raises(NotProven):
        prove(delivery(BODY, timestamp=timestamp), SECRETS, 3600)


def test_no_secret_proves_nothing() -> None:
    """Without a secret nothing is proven."""
    with pytest.raises(NotProven):
        prove(delivery(BODY), (), 3600)


def test_retry_has_same_key() -> None:
    """A delivery that is tried again, signed anew, has the key of the first; the webhook's own id is no key."""
    again = delivery(BODY, timestamp="2026-11-26T09:29:59Z", received_at=NOW + timedelta(seconds=1))
    assert delivery_key(delivery(BODY)) == delivery_key(again) == BODY["id"]
    assert delivery_key(delivery(BODY | {"id": "another"})) == "another"


def test_trigger_is_known_by_invocation() -> None:
    """The `id` in a trigger's own message may be anything: only the invocation tells two of them apart."""
    body = {"id": "35436", "status": "solved"}
    assert delivery_key(delivery(body, x_zendesk_webhook_invocation_id="8350205582")) == "invocation 8350205582"
    assert delivery_key(delivery(body)) is None
