"""Does every channel that is found behave? The suite of the product, over each of them."""

from pathlib import Path

import pytest

from adapters.channels.whatsapp.channel import WhatsApp
from adapters.channels.whatsapp.examples import EXAMPLES
from adapters.conformance.findings import Outcome
from adapters.conformance.suite import try_out
from adapters.discovery import Adapter, adapters
from gateway.lines import one_way
from tests.channels.example_acme import Acme
from tests.channels.example_club import Club

FOUND = adapters()
EVERY = [*FOUND.usable.values(), *(Adapter(one, "a partner's") for one in (Acme, Club))]
PAYLOADS = Path(__file__).parent / "payloads"


def _name(adapter: Adapter) -> str:
    return adapter.name


def test_all_can_be_used() -> None:
    """Every adapter of the house can be switched on."""
    assert FOUND.unusable == ()


@pytest.mark.parametrize("adapter", EVERY, ids=_name)
async def test_channels_behave(adapter: Adapter) -> None:
    """A channel passes every check; those that its examples leave out are few, and told."""
    await _tried(adapter, mutations=60)


@pytest.mark.deep
@pytest.mark.parametrize("adapter", EVERY, ids=_name)
async def test_spoilt_deliveries(adapter: Adapter) -> None:
    """Of 10,000 spoilt deliveries each is read in part or raises BadPayload."""
    await _tried(adapter, mutations=10_000)


async def _tried(adapter: Adapter, *, mutations: int) -> None:
    report = await try_out(adapter, one_way, payloads=PAYLOADS / adapter.name, mutations=mutations, deadline_s=0.05)
    wrong = [f"{check.name}: {one.words}" for check, one in report.findings if one.outcome is Outcome.FAIL]
    assert wrong == [], "\n".join(wrong)
    assert any(check.name == "made" and one.outcome is Outcome.PASS for check, one in report.findings)


class Alone(WhatsApp):
    """Says that its address takes deliveries of its own number alone, and reads those of others."""

    def accounts(self) -> tuple[str, ...]:
        """Not those that the settings name beside."""
        return (self.account,)


async def test_other_accounts_tried() -> None:
    """Deliveries of our other accounts are tried as they are taken in: by the accounts for which a channel speaks."""
    report = await try_out(Adapter(Alone, "here"), one_way, examples=EXAMPLES, mutations=0, deadline_s=0.05)
    wrong = {check.name: one.words for check, one in report.findings if one.outcome is Outcome.FAIL}
    assert list(wrong) == ["read"]
    assert "is of another channel account." in wrong["read"]
