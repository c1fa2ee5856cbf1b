"""What are the tickets of everybody, the earliest changed first?"""

from collections.abc import Mapping
from typing import Any

from adapters.channels.zendesk.asking import Desk, Page, is_cursor
from adapters.channels.zendesk.reading import Reader, no_readings
from adapters.channels.zendesk.words import User
from adapters.contract.found import Found
from adapters.contract.records import HandedOver
from adapters.readings import read

# As many as Zendesk gives at once, for it is asked ten times a minute at most.
_LARGEST_PAGE = 1000


class Export:
    """The incremental export by cursor: the one by time repeats records and can lead to itself."""

    def __init__(self, desk: Desk, reader: Reader) -> None:
        self._desk = desk
        self._reader = reader

    async def portion(self, cursor: str | None) -> Found:
        """The tickets behind the cursor and their requesters; what changed in the last minute comes by deliveries."""
        where = {"cursor": cursor} if cursor else {"start_time": "0"}
        reply = await self._desk.get(
            "/api/v2/incremental/tickets/cursor.json",
            {**where, "per_page": str(_LARGEST_PAGE), "include": "users"},
            is_kept=False,
        )
        page = Page.of(reply, "tickets", None)
        readings = no_readings()
        readings.take("user", _listed(page.whole, "users"), self._customer)
        readings.take("ticket", _latest(page.members), self._reader.ticket)
        after = page.whole.get("after_cursor")
        is_end = page.whole.get("end_of_stream") is not False
        return Found(
            records=tuple(readings.records),
            unread=tuple(readings.unread),
            # A cursor that leads to itself would be followed for ever.
            after=after if is_cursor(after) and after != cursor and not is_end else None,
            as_of=reply.as_of,
        )

    def _customer(self, value: Any) -> tuple[HandedOver, ...]:
        told = read(User, value)
        return (self._reader.person(told),) if told.active and told.role == "end-user" else ()


def _listed(whole: Mapping[str, Any], name: str) -> list[Any]:
    listed = whole.get(name)
    return listed if isinstance(listed, list) else []


def _latest(members: list[Any]) -> list[Any]:
    """Of a ticket that stands there twice the later one, for the export goes by the time of change."""
    seen: dict[str, Any] = {}
    for n, one in enumerate(members):
        found = one.get("id") if isinstance(one, Mapping) else None
        key = f"id {found}" if isinstance(found, int | str) else f"place {n}"
        seen.pop(key, None)
        seen[key] = one
    return list(seen.values())
