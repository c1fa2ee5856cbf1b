"""What becomes of deliveries of Messenger and Instagram to which something was done?"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from adapters.channels.meta_messaging.channel import MetaMessaging
from tests.channels import spoiling
from tests.channels.meta_deliveries import delivered


def _told(body: bytes) -> int:
    """How many parts stand in a body whose envelope can be read."""
    entries = [one for one in json.loads(body)["entry"] if isinstance(one, dict)]
    lists = (
        one.get(name) for one in entries for name in ("messaging", "standby", "changes") if str(one.get("id")) != "0"
    )
    return sum(len(one) for one in lists if isinstance(one, list))


def outcomes(channel: MetaMessaging, bodies: Sequence[bytes], count: int) -> tuple[int, int, int]:
    """Of so many spoilt bodies: how many were no payload, had something unread, and were read whole."""
    return spoiling.outcomes(lambda body: channel.events(delivered(body)), bodies, count, _told)


def siblings_survive(channel: MetaMessaging, enveloped: Callable[..., Any], message: Callable[..., Any]) -> None:
    """Asserts that of messages in any order exactly the broken ones are unread."""
    broken = (message(at=-1), message(text=7), message(mid=""))
    spoiling.siblings_survive(
        lambda told: channel.events(delivered(enveloped(*told))), lambda mid: message(mid=mid), *broken
    )
