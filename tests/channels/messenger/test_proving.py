"""A delivery is taken where Meta signed it, and the address is shown to be ours to who knows the word."""

import pytest
from pydantic import ValidationError

from adapters.channels.messenger import Messenger
from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.deliveries import Delivery, NotProven
from tests.channels.messenger.double import OTHER_PAGE, PAGE, sample
from tests.channels.meta_deliveries import NOW, delivered, signed
from tests.channels.meta_graph import FORMER_SECRET, SECRET, VERIFY_TOKEN


@pytest.mark.parametrize("secret", [SECRET, FORMER_SECRET])
def test_signed_is_taken(messenger: MetaMessaging, secret: str) -> None:
    """Both secrets prove a delivery during their rotation."""
    messenger.prove(signed(sample("echo"), secret))


def test_unsigned_is_refused(messenger: MetaMessaging) -> None:
    """Without a signature of ours nothing is taken."""
    for forged in (delivered(sample("echo")), signed(sample("echo"), "another secret")):
        with pytest.raises(NotProven):
            messenger.prove(forged)


@pytest.mark.parametrize(("token", "status"), [(VERIFY_TOKEN, 200), ("another", 403)])
def test_handshake(messenger: MetaMessaging, token: str, status: int) -> None:
    """Who knows the verify token is given the challenge back, and nobody else."""
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
    answer = messenger.handshake(Delivery(method="GET", query=query, headers={}, body=b"", received_at=NOW))
    assert answer is not None
    assert (answer.status, b"1158201444" in answer.body) == (status, status == 200)


def test_accounts(messenger: MetaMessaging) -> None:
    """It speaks for its own page and those whose deliveries come to its address."""
    assert messenger.accounts() == (PAGE, OTHER_PAGE)
    assert set(messenger.settings.other_accounts()) == {OTHER_PAGE}


@pytest.mark.parametrize(
    "wrong", [{"graph_version": "26"}, {"app_secrets": []}, {"access_token": ""}, {"base_url": "graph"}]
)
def test_settings_are_needed(wrong: dict[str, object]) -> None:
    """Settings that cannot be right are refused by name."""
    good = {"access_token": "t", "app_secrets": ["s"], "verify_token": "v"}
    Messenger.Settings.model_validate(good)
    with pytest.raises(ValidationError) as refused:
        Messenger.Settings.model_validate(good | wrong)
    assert next(iter(wrong)) in str(refused.value)
