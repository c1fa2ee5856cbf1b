"""Tickets and what was said on them, page by page; and the export of all of them."""

from datetime import UTC, datetime

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.contract.channel import Capability, KnowsEverything
from adapters.contract.errors import BadPayload, ChannelBusy, NoSuchIdentity
from adapters.contract.found import Found, Portion
from adapters.contract.records import Case, File, Person, Remark, Removal, Talk, Utterance, Who
from adapters.quiet import written_out
from tests.channels.zendesk.double import Desk, comment, ticket, user

ANN = Who("zendesk", "acme", "1")


def ids(found: Found, kind: type = Case) -> list[str]:
    """The ids of the records of that kind, in their order."""
    return [one.external_id for one in found.records if isinstance(one, kind)]


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """A desk on which Ann asked for five tickets."""
    desk.users = {1: user(1), 2: user(2, role="end-user"), 900: user(900, name="Anna Agent", role="agent")}
    desk.tickets = {id_: ticket(id_, 1) for id_ in range(11, 16)}
    return desk


@pytest.mark.parametrize("by_number", [False, True], ids=["by cursor", "by number"])
async def test_pages_hold_each_once(busy: Desk, zendesk: Zendesk, by_number: bool) -> None:
    """Page after page gives every ticket once, and ends, though the last page names a next one."""
    busy.pages_by_number = by_number
    seen, after = [], None
    while True:
        found = await zendesk.tickets(ANN, Portion(at_most=2, after=after))
        seen.append(ids(found))
        if (after := found.after) is None:
            break
    assert seen == [["12", "11"], ["14", "13"], ["15"]]


async def test_cursor_that_loops_ends(busy: Desk, zendesk: Zendesk) -> None:
    """A cursor that leads to itself is not followed."""
    looping = {"tickets": [], "meta": {"has_more": True, "after_cursor": "2"}}
    busy.fault("requested", 200, looping)
    assert (await zendesk.tickets(ANN, Portion(after="2"))).after is None


async def test_ticket_is_case(busy: Desk, zendesk: Zendesk) -> None:
    """A ticket is a case, with the colleague whom the settings name, and its moments."""
    busy.tickets = {11: ticket(11, 1, assignee_id=900, status="hold"), 12: ticket(12, 1, assignee_id=901)}
    other, mine = (await zendesk.tickets(ANN, Portion())).records
    assert isinstance(mine, Case)
    assert isinstance(other, Case)
    assert (mine.who, mine.number, mine.status, mine.agent, other.agent) == (ANN, "11", "ON_HOLD", "anna", None)
    assert mine.updated_at == datetime(2026, 2, 1, 10, tzinfo=UTC)


async def test_half_a_character(busy: Desk, zendesk: Zendesk) -> None:
    """A page on which one text was cut within a character is read whole, that text without the half."""
    busy.tickets[11]["subject"] = "Broken \ud83d"
    busy.tickets[12]["subject"] = "Broken \0"
    subjects = {one.subject for one in (await zendesk.tickets(ANN, Portion())).records if isinstance(one, Case)}
    assert {"Broken \ufffd", "Ticket 13"} <= subjects
    assert len(subjects) == 4


async def test_unreadable_ticket_is_unread(busy: Desk, zendesk: Zendesk) -> None:
    """One ticket that cannot be read spoils none of the others, and the reason quotes nothing."""
    busy.tickets[13] = ticket(13, 1, created_at="yesterday", subject="Ann's secret")
    busy.tickets[14] = ticket(14, 1, status="deleted")
    found = await zendesk.tickets(ANN, Portion())
    assert ids(found) == ["15", "12", "11"]
    assert ids(found, Removal) == ["14", "14"]
    assert [(one.what, "created_at" in one.why, "yesterday" in one.why) for one in found.unread] == [
        ("ticket 13", True, False)
    ]


async def test_no_such_customer(zendesk: Zendesk) -> None:
    """Nobody by that id has neither tickets nor a past."""
    for asking in (zendesk.tickets, zendesk.past):
        with pytest.raises(NoSuchIdentity):
            await asking(ANN, Portion())
    assert await zendesk.of_many(Capability.TICKETS, [ANN]) == {}


async def test_many_one_by_one(busy: Desk, zendesk: Zendesk) -> None:
    """Of many people tickets are asked for one by one, which the channel says; who is not known is absent."""
    people = [Who("zendesk", "acme", value) for value in ("1", "2", "3")]
    assert Capability.TICKETS not in zendesk.many_for
    found = await zendesk.of_many(Capability.TICKETS, people)
    assert [(who.value, len(one.records)) for who, one in found.items()] == [("1", 5), ("2", 0)]
    assert sum(busy.asked[path] for path in busy.asked if path.endswith("requested.json")) == 3


async def test_past_newest_first(busy: Desk, zendesk: Zendesk) -> None:
    """Each ticket is a conversation; its comments are messages to and from the customer, the newest first.

    Who is neither the customer nor of the staff is named.
    """
    busy.tickets = {11: ticket(11, 1), 12: ticket(12, 1, status="solved")}
    busy.comments = {11: [comment(21, 1), comment(25, 900)], 12: [comment(23, 2), comment(24, -1)]}
    found = await zendesk.past(ANN, Portion())
    assert ids(found, Talk) == ["11", "12"]
    said = [one for one in found.records if isinstance(one, Utterance)]
    assert [(one.external_id, one.talk, one.direction, one.author_name) for one in said] == [
        ("25", "11", "OUT", "Anna Agent"),
        ("24", "12", "OUT", None),
        ("23", "12", "IN", "Customer 2"),
        ("21", "11", "IN", None),
    ]
    talks = [one for one in found.records if isinstance(one, Talk)]
    assert [(one.status, one.last_message_at) for one in talks] == [
        ("OPEN", said[0].sent_at),
        ("RESOLVED", said[1].sent_at),
    ]
    assert found.after is None


async def test_notes_are_no_messages(busy: Desk, zendesk: Zendesk) -> None:
    """A note among colleagues is a note of the staff, and its files stay at the desk."""
    bill = {"id": 498483, "file_name": "bill.pdf", "content_type": "application/pdf", "size": 2532}
    busy.tickets = {11: ticket(11, 1)}
    busy.comments = {11: [comment(21, 1, attachments=[bill]), comment(22, 900, public=False, attachments=[bill])]}
    found = await zendesk.past(ANN, Portion())
    assert ids(found, Utterance) == ["21"]
    (note,) = [one for one in found.records if isinstance(one, Remark)]
    (file,) = [one for one in found.records if isinstance(one, File)]
    assert (note.external_id, note.author) == ("22", "anna")
    assert (file.of, file.of_kind, file.name, file.size_bytes) == ("21", "message", "bill.pdf", 2532)
    assert "203.0.113.7" not in repr(written_out(found))


async def test_bad_file_keeps_words(busy: Desk, zendesk: Zendesk) -> None:
    """A file that cannot be read is unread; the words with which it came are there."""
    busy.tickets = {11: ticket(11, 1)}
    busy.comments = {11: [comment(21, 1, attachments=[{"id": None}]), comment(22, None)]}
    found = await zendesk.past(ANN, Portion())
    assert ids(found, Utterance) == ["21"]
    assert [one.what for one in found.unread] == ["comment 22", "comment 21"]


async def test_long_talk_is_read_whole(busy: Desk, zendesk: Zendesk) -> None:
    """Comments beyond a portion come with the next one, each once, until there are no more."""
    busy.tickets = {id_: ticket(id_, 1) for id_ in (11, 12, 13)}
    busy.comments = {12: [comment(id_, 1) for id_ in range(20, 27)], 13: [comment(30, 1)]}
    seen, talks, after = [], [], None
    while True:
        found = await zendesk.past(ANN, Portion(at_most=2, after=after))
        seen += ids(found, Utterance)
        talks += ids(found, Talk)
        if (after := found.after) is None:
            break
    assert sorted(seen) == [*map(str, range(20, 27)), "30"]
    assert sorted(talks) == ["11", "12", "13"]


async def test_deleted_meanwhile_spoils_none(busy: Desk, zendesk: Zendesk) -> None:
    """A ticket that is gone when its comments are asked for is told of; the others are there."""
    busy.fault("/11/comments", 404)
    found = await zendesk.past(ANN, Portion())
    assert [one.what for one in found.unread] == ["comments of ticket 11"]
    assert len(ids(found, Talk)) == 5


async def test_odd_tickets_of_past(busy: Desk, zendesk: Zendesk) -> None:
    """A ticket that was deleted is a removal; one whose id leads elsewhere is unread, and its path is not called."""
    busy.tickets = {11: ticket(11, 1, status="deleted"), 12: ticket(12, 1, id=".."), 13: ticket(13, 1)}
    found = await zendesk.past(ANN, Portion())
    assert (ids(found, Talk), ids(found, Removal)) == (["13"], ["11", "11"])
    assert [one.what for one in found.unread] == ["ticket without an id"]
    assert [path for path in busy.asked if "comments" in path] == ["/api/v2/tickets/13/comments.json"]


async def test_busy_desk_is_waited_for(busy: Desk, zendesk: Zendesk) -> None:
    """A past is whole or not at all where the desk takes no more: it comes later, with what is missing now."""
    busy.fault("/12/comments", 429, **{"Retry-After": "5"})
    with pytest.raises(ChannelBusy) as raised:
        await zendesk.past(ANN, Portion())
    assert raised.value.retry_after_s


async def test_customer_gone_between_portions(busy: Desk, zendesk: Zendesk) -> None:
    """Who is deleted while the past is read is known no more."""
    busy.comments = {11: [comment(id_, 1) for id_ in range(20, 27)]}
    after = (await zendesk.past(ANN, Portion(at_most=2))).after
    busy.users.clear()
    with pytest.raises(NoSuchIdentity):
        await zendesk.past(ANN, Portion(at_most=2, after=after))


@pytest.mark.parametrize("cursor", ["x", "é", "e30=", "W10=", "WzEsMixbWyIuLi8uLiIsIjEiXV1d"])
async def test_foreign_cursor(busy: Desk, zendesk: Zendesk, cursor: str) -> None:
    """A cursor that the channel did not give is refused, and leads nowhere."""
    with pytest.raises(BadPayload):
        await zendesk.past(ANN, Portion(after=cursor))
    assert not busy.asked


async def test_export_gives_all(busy: Desk, zendesk: Zendesk) -> None:
    """The export gives every ticket, those that were deleted as removals, and ends."""
    busy.tickets[12] = ticket(12, 2, status="deleted")
    assert isinstance(zendesk, KnowsEverything)
    cases, removals, people, after = set(), set(), set(), None
    while True:
        found = await zendesk.portion_of_all(after)
        cases |= set(ids(found))
        removals |= set(ids(found, Removal))
        people |= {one.who.value for one in found.records if isinstance(one, Person)}
        if (after := found.after) is None:
            break
    assert (cases, removals, people) == ({"11", "13", "14", "15"}, {"12"}, {"1", "2"})


async def test_export_does_not_loop(busy: Desk, zendesk: Zendesk) -> None:
    """A cursor that stays as it was ends the export; of a ticket that is there twice the later one holds."""
    twice = [ticket(11, 1), ticket(11, 1, status="solved")]
    busy.fault("incremental", 200, {"tickets": twice, "after_cursor": "9", "end_of_stream": False})
    found = await zendesk.portion_of_all("9")
    assert found.after is None
    assert [one.status for one in found.records if isinstance(one, Case)] == ["SOLVED"]
