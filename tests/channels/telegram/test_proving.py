"""A delivery is taken where it brings the word that setWebhook was told, whole."""

import hmac

import pytest
from pydantic import ValidationError

from adapters.channels.telegram import Telegram, TelegramSettings
from adapters.contract.deliveries import NotProven
from adapters.contract.errors import BadPayload
from tests.channels.telegram.double import FORMER_SECRET, SECRET, TOKEN, delivered, message, update


@pytest.mark.parametrize("secret", [SECRET, FORMER_SECRET])
@pytest.mark.parametrize("body", [b"{}", b"", "é😀".encode(), b"\xff\x00"])
def test_either_word_proves(telegram: Telegram, body: bytes, secret: str) -> None:
    """Both words prove a delivery during their rotation, whatever stands in it."""
    telegram.prove(delivered(body, secret))


def test_proven_by_headers(telegram: Telegram) -> None:
    """The word is asked before a body is read: it stands in a header, whatever is delivered."""
    assert telegram.is_proven_by_headers


@pytest.mark.parametrize(
    "secret", [None, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "another word", "\u00ff\u00e9"]
)
def test_forged_is_refused(telegram: Telegram, secret: str | None) -> None:
    """Without one of them, whole, nothing is taken, and the refusal quotes none."""
    with pytest.raises(NotProven) as refused:
        telegram.prove(delivered(update(message()), secret))
    assert refused.value.status == 401
    assert SECRET not in str(refused.value)


def test_compared_in_constant_time(telegram: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each word is compared whole and in a time that tells nothing, also where the first one fits."""
    compared: list[bytes] = []
    was = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda one, other: compared.append(one) or was(one, other))
    telegram.prove(delivered(b"{}", SECRET))
    assert compared == [SECRET.encode(), FORMER_SECRET.encode()]


def test_no_check_of_address(telegram: Telegram) -> None:
    """Telegram does not check the address: no delivery is answered as such a check."""
    assert telegram.handshake(delivered(b"{}")) is None


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[]", b'{"update_id": null}', b'{"update_id": "7"}'])
def test_no_key_without_id(telegram: Telegram, body: bytes) -> None:
    """An update without its id has no key, by which the house keeps it by what stands in it."""
    with pytest.raises(BadPayload):
        telegram.delivery_key(delivered(body))


@pytest.mark.parametrize(
    "other",
    [
        {"bot_token": ""},
        {"webhook_secrets": []},
        {"webhook_secrets": [""]},
        {"webhook_secrets": ["a", "b", "c"]},
        {"base_url": "https://api.example.com/bot"},
        {"token": "a"},
    ],
)
def test_settings_refused(other: dict[str, object]) -> None:
    """Empty secrets, more than two, a path behind the host and unknown settings are refused, and none is quoted."""
    with pytest.raises(ValidationError) as refused:
        TelegramSettings.model_validate({"bot_token": TOKEN, "webhook_secrets": [SECRET], **other})
    assert TOKEN not in str(refused.value)
