"""Is what a channel read shown to its author, in words that say what it means?"""

from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from adapters.conformance.showing import in_words, shown
from adapters.contract.found import Unread
from adapters.contract.records import Progress, Who
from adapters.discovery import Adapter
from gateway.lines import one_way
from tests.channels.example_club import Club
from tests.taking_in import AT, CASE, EVERYTHING, ORDER

READ = """PROFILE:
  person m-501 firstName Ada, lastName Lovett EMAIL ada@club.example profile: name Ada Lovett custom data: points 1240
PURCHASES:
  order p-9 PLACED 8.00 EUR 1 line 2026-03-02T09:00:00Z changed: not said of m-501: 2 x Flat white 8.00 EUR
  order p-8 PLACED 8.00 EUR 1 line 2026-02-02T09:00:00Z changed: not said of m-501: 2 x Flat white 8.00 EUR
  order p-7 PLACED 8.00 EUR 1 line 2026-01-02T09:00:00Z changed: not said of m-501: 2 x Flat white 8.00 EUR
EXAMPLES.deliveries[0]:
  person m-501 firstName Ada, lastName Lovett EMAIL ada@club.example profile: name Ada Lovett custom data: points 1240
EXAMPLES.deliveries[1]:
  order p-9 PLACED 8.00 EUR 1 line 2026-03-02T09:00:00Z changed: not said of m-501: 2 x Flat white 8.00 EUR"""


async def test_everything_read_is_shown() -> None:
    """Whatever is read of the recorded answers, page after page, and of deliveries stands in a line, in no log."""
    with capture_logs() as logged:
        assert "\n".join(await shown(Adapter(Club, "tests"), one_way)) == READ
    assert logged == []


@pytest.mark.parametrize("told", [*EVERYTHING, Unread(what="order 7", why="It has no lines.")])
def test_each_kind_in_a_line(told: Any) -> None:
    """Every record that a channel may hand over is said in one line."""
    words = in_words(told)
    assert "as the contract says" not in words
    assert words.count("\n") == 0
    assert len(words) > len("person")


def test_odd_records_in_words() -> None:
    """What is not of the contract's types is no crash, and long words are cut."""
    assert "not as the contract says" in in_words(replace(ORDER, items=None))
    assert in_words(replace(CASE, subject="x" * 500)).endswith("...")
    told = Progress(
        channel="chat", account="main", external_id="M1", status="READ", at=AT, who=Who("chat", "main", "7")
    )
    assert in_words(told) == "progress external_id M1, status READ, at 2026-11-21T12:00:00Z, who 7"
