"""A delivery is taken where Meta signed its very bytes, and the address is shown to be ours to who knows the word."""

import hashlib
import hmac

import pytest
from pydantic import SecretStr, ValidationError

from adapters.channels import meta
from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.settings import WhatsAppSettings
from adapters.contract.deliveries import Delivery, NotProven
from tests.channels.meta_deliveries import NOW, delivered, signed
from tests.channels.whatsapp.double import FORMER_SECRET, SECRET, VERIFY_TOKEN

# Meta escapes what is not ASCII, and slashes.
ESCAPED = rb'{"text":"caf\u00e9 \ud83d\ude00 <a href=\"https:\/\/example.com\"> \u0040"}'


@pytest.mark.parametrize("secret", [SECRET, FORMER_SECRET])
@pytest.mark.parametrize("body", [b"{}", b"", ESCAPED, "é😀".encode(), b"\xff\x00"])
def test_signed_is_taken(whatsapp: WhatsApp, body: bytes, secret: str) -> None:
    """Both secrets prove a delivery during their rotation, whatever bytes it has."""
    whatsapp.prove(signed(body, secret))


def test_signature_as_documented() -> None:
    """The signature is `sha256=` and the HMAC of the raw body with the app secret, in hexadecimal."""
    wanted = "sha256=" + hmac.new(b"key", ESCAPED, hashlib.sha256).hexdigest()
    assert meta.signature(SecretStr("key"), ESCAPED) == wanted


GOOD = meta.signature(SecretStr(SECRET), ESCAPED)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "sha256=",
        GOOD.removeprefix("sha256="),
        GOOD.replace("sha256=", "sha1="),
        GOOD[:-1],
        GOOD + "0",
        "sha256=" + "0" * 64,
        "sha256=\u00ff\u00e9",
        meta.signature(SecretStr("another secret"), ESCAPED),
        meta.signature(SecretStr(""), ESCAPED),
        meta.signature(SecretStr(SECRET), ESCAPED + b" "),
    ],
)
def test_forged_is_refused(whatsapp: WhatsApp, header: str | None) -> None:
    """Without the signature of one of our secrets on these bytes, in SHA-256, nothing is taken."""
    forged = delivered(ESCAPED) if header is None else delivered(ESCAPED, x_hub_signature_256=header)
    with pytest.raises(NotProven) as refused:
        whatsapp.prove(forged)
    assert refused.value.status == 401
    assert SECRET not in str(refused.value)
    assert GOOD[7:] not in str(refused.value)


def test_written_anew_is_refused(whatsapp: WhatsApp) -> None:
    """The same JSON in other bytes has another signature."""
    unescaped = ESCAPED.replace(rb"\/", b"/")
    with pytest.raises(NotProven):
        whatsapp.prove(delivered(unescaped, x_hub_signature_256=GOOD))


def asked(method: str = "GET", **query: str) -> Delivery:
    """A request for a handshake."""
    named = {f"hub.{name}": value for name, value in query.items()}
    return Delivery(method=method, query=named, headers={}, body=b"", received_at=NOW)


def test_handshake_answers_challenge(whatsapp: WhatsApp) -> None:
    """Who knows the verify token is given the challenge back, as plain text."""
    answer = whatsapp.handshake(asked(mode="subscribe", verify_token=VERIFY_TOKEN, challenge="1158201444"))
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"1158201444")
    assert answer.media_type.startswith("text/plain")


@pytest.mark.parametrize(
    "query",
    [
        {"mode": "subscribe", "verify_token": "another", "challenge": "1"},
        {"mode": "subscribe", "verify_token": "\u00e9", "challenge": "1"},
        {"mode": "subscribe", "challenge": "1"},
        {"mode": "unsubscribe", "verify_token": VERIFY_TOKEN, "challenge": "1"},
    ],
)
def test_handshake_refuses(whatsapp: WhatsApp, query: dict[str, str]) -> None:
    """Every other check is answered with 403, and without the challenge."""
    answer = whatsapp.handshake(asked(**query))
    assert answer is not None
    assert answer.status == 403
    assert b"1" not in answer.body


@pytest.mark.parametrize("other", [asked(), asked("POST", mode="subscribe", verify_token=VERIFY_TOKEN)])
def test_other_requests_are_no_handshake(whatsapp: WhatsApp, other: Delivery) -> None:
    """What is no check of the address is none."""
    assert whatsapp.handshake(other) is None


def test_deliveries_have_no_key(whatsapp: WhatsApp) -> None:
    """Meta gives deliveries no id."""
    assert whatsapp.delivery_key(signed(b"{}", SECRET)) is None


@pytest.mark.parametrize("secrets", [[], [""], ["a", "b", "c"]])
def test_secrets_are_needed(secrets: list[str]) -> None:
    """No secret, an empty one, or more than two are no settings."""
    with pytest.raises(ValidationError) as refused:
        WhatsAppSettings.model_validate({"access_token": "t", "verify_token": "v", "app_secrets": secrets})
    assert "app_secrets" in str(refused.value)
