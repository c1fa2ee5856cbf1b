"""Does a colleague see what each channel offers, and whether it answers?"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.contract.way import Breaker
from adapters.lines import Lines
from adapters.mongo import Store
from resolvers.channel_standing import know_accounts, note_delivery
from resolvers.channels import CHANNEL_ACCOUNTS, channel_account_document
from resolvers.kit.viewer import Role
from tests.conftest import NOW, Asking
from tests.desks import desk
from tests.makers import Makers
from tests.waiting import until

AT = NOW - timedelta(hours=1)
WHOLE = """{ channels { name capabilities
    accounts { account capabilities status breaker lastAnswerAt lastDeliveryAt failure { kind message at } } } }"""


async def _one(ask: Asking, **standing: Any) -> Any:
    ask.lines = Lines([desk(**standing)])
    answer = await ask(WHOLE)
    assert answer.errors == []
    return answer.data["channels"][0]["accounts"][0]


async def test_what_is_offered(ask: Asking, make: Makers) -> None:
    """A channel offers what at least one of its accounts does; one without a connection offers nothing."""
    await make.channel("desk", "main")
    await make.channel("desk", "other")
    ask.lines = Lines([desk()])
    answer = await ask(WHOLE)
    (channel,) = answer.data["channels"]
    assert channel["capabilities"] == ["TICKETS"]
    assert [(one["capabilities"], one["status"], one["breaker"]) for one in channel["accounts"]] == [
        (["TICKETS"], "UNTRIED", "CLOSED"),
        ([], "NOT_CONNECTED", None),
    ]


@pytest.mark.parametrize(
    ("standing", "status"),
    [
        ({"answered_at": AT}, "UP"),
        ({"answered_at": AT, "failure": "DOWN"}, "DOWN"),
        ({"failure": "OUTCOME_UNKNOWN"}, "DOWN"),
        ({"failure": "BUSY"}, "BUSY"),
        ({"failure": "REFUSED"}, "REFUSED"),
        ({"failure": "UNREADABLE"}, "UNREADABLE"),
        ({"failure": "OF_ITS_OWN"}, "DOWN"),
        ({"failure": "DOWN", "breaker": Breaker.OPEN}, "RESTING"),
        ({"failure": "DOWN", "breaker": Breaker.HALF_OPEN}, "DOWN"),
    ],
)
async def test_status(ask: Asking, make: Makers, standing: dict[str, Any], status: str) -> None:
    """The status follows how the account answered last, and whether it is asked at all."""
    await make.channel("desk", "main")
    assert (await _one(ask, **standing))["status"] == status


async def test_failures_in_words(ask: Asking, make: Makers) -> None:
    """A failure has its kind, when it was, and what to do."""
    await make.channel("desk", "main")
    failure = (await _one(ask, failure="REFUSED", failed_at=AT))["failure"]
    assert (failure["kind"], datetime.fromisoformat(failure["at"])) == ("REFUSED", AT)
    assert "Check the account's credentials" in failure["message"]
    assert (await _one(ask, answered_at=AT))["failure"] is None


async def test_last_delivery(ask: Asking, make: Makers, store: Store) -> None:
    """The last delivery is the latest, in whichever order they are told."""
    await make.channel("desk", "main")
    assert (await _one(ask))["lastDeliveryAt"] is None
    for minutes in (5, 9, 7):
        await note_delivery(store, "desk", "main", datetime(2026, 1, 1, 8, minutes, tzinfo=UTC))

    async def is_latest() -> bool:
        return (await _one(ask))["lastDeliveryAt"] == "2026-01-01T08:09:00Z"

    await until(is_latest)


async def test_one_command(ask: Asking, make: Makers) -> None:
    """However many accounts there are, their last deliveries are read in one command."""
    for account in "abc":
        await make.channel("desk", account)
    await ask(WHOLE)
    assert ask.commands
    with ask.commands.counted() as sent:
        await ask(WHOLE)
    assert [command["find"] for _, command in sent] == ["channel_facts"]


async def test_partners_see_offers(ask: Asking, make: Makers) -> None:
    """A partner reads what is offered; how the channel answers is the staff's."""
    await make.channel("desk", "main")
    ask.lines = Lines([desk()])
    answer = await ask("{ channels { capabilities accounts { capabilities } } }", as_=Role.PARTNER)
    assert answer.data["channels"] == [{"capabilities": ["TICKETS"], "accounts": [{"capabilities": ["TICKETS"]}]}]
    for field in ("status", "breaker", "lastAnswerAt", "lastDeliveryAt", "failure { kind }"):
        assert (await ask(f"{{ channels {{ accounts {{ {field} }} }} }}", as_=Role.PARTNER)).codes == ["FORBIDDEN"]


async def test_lines_become_accounts(store: Store) -> None:
    """Every account that the settings file names is known; what colleagues call one stays."""
    await store.insert(CHANNEL_ACCOUNTS, channel_account_document("desk", "main", "The old desk"))
    lines = Lines([desk(), desk("other")])
    await know_accounts(store, lines)
    await know_accounts(store, lines)
    found = await store.find(CHANNEL_ACCOUNTS, {})
    assert sorted((one["account"], one["label"]) for one in found) == [("main", "The old desk"), ("other", None)]
