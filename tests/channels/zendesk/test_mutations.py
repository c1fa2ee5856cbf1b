"""However Zendesk's words are spoilt: everything is read or unread, and nothing else is raised."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from adapters.channels.zendesk import Zendesk
from adapters.channels.zendesk.proving import delivery_key
from adapters.channels.zendesk.reading import Reader, no_readings
from adapters.channels.zendesk.telling import Telling
from adapters.channels.zendesk.words import User
from adapters.contract.channel import Capability
from adapters.contract.errors import BadPayload, ChannelError
from adapters.contract.found import Portion
from adapters.contract.legible import read_json
from adapters.contract.records import Removal, Utterance, Who
from adapters.readings import read
from tests.channels.misread import assert_storable, misread, misread_answer, misread_bodies
from tests.channels.zendesk.double import Desk, comment, delivery, ticket, user

SAMPLES = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "payloads" / "zendesk").glob("*.json"))]
READER = Reader(channel="zendesk", account="acme", agents={}, region="DK", takes_notes=True)
ANN = Who("zendesk", "acme", "1")


def told_of(count: int) -> None:
    """Reads so many spoilt deliveries."""
    telling = Telling(READER)
    for body in misread_bodies(SAMPLES, count):
        signed = delivery(body)
        delivery_key(signed)
        try:
            event, *_ = telling.events(signed)
        except BadPayload:
            continue
        assert [bool(event.records), bool(event.unread), bool(event.left_alone)].count(True) == 1, body
        json.dumps([event.key, event.order_by, event.unread], ensure_ascii=False).encode()
        assert_storable(event.records)


def listed(count: int) -> None:
    """Reads so many spoilt members of lists."""
    chance = random.Random(20_261_127)
    authors = {"900": read(User, user(900, role="agent"))}
    wholes: list[tuple[str, Any, Any]] = [
        ("user", user(1, phone="33123456", user_fields={"a": 1}), lambda one: (READER.person(read(User, one)),)),
        ("ticket", ticket(11, 1), READER.ticket),
        (
            "comment",
            comment(21, 900, attachments=[{"id": 1, "file_name": "a", "content_type": "b", "size": 1}]),
            lambda one: READER.comment(one, ticket="11", who=ANN, authors=authors),
        ),
    ]
    for n in range(count):
        kind, good, reading = wholes[n % len(wholes)]
        readings = no_readings()
        # As an answer is read.
        members = [good, read_json(json.dumps(misread(good, chance)).encode()), good]
        readings.take(kind, members, reading)
        heads = [one for one in readings.records if not isinstance(one, Removal) and getattr(one, "of_kind", "") == ""]
        assert len(heads) + len(readings.unread) >= len(members), members[1]
        assert any(isinstance(one, Utterance) for one in heads) == (kind == "comment")
        assert_storable(readings.records)


async def answered(desk: Desk, zendesk: Zendesk, count: int) -> None:
    """Asks so many times a desk whose answers are spoilt, as words or as bytes."""
    chance = random.Random(20_261_128)
    page = {"meta": {"has_more": True, "after_cursor": "9"}, "next_page": None}
    tickets = {"tickets": [ticket(11, 1), ticket(12, 1)], **page}
    comments = {"comments": [comment(21, 1), comment(22, 900)], "users": [user(900)], **page}
    export = {"tickets": [ticket(11, 1)], "users": [user(1)], "after_cursor": "9", "end_of_stream": False}
    beside = {"identities": [{"user_id": 1, "type": "email", "value": "a@example.com"}], "organizations": []}
    asks: list[tuple[str, Any, Any]] = [
        ("/api/v2/users/", {"user": user(1), **beside}, zendesk.person),
        ("show_many", {"users": [user(1)], **beside}, lambda who: zendesk.of_many(Capability.PROFILE, [who])),
        ("requested", tickets, lambda who: zendesk.tickets(who, Portion())),
        ("requested", tickets, lambda who: zendesk.past(who, Portion())),
        ("comments", comments, lambda who: zendesk.past(who, Portion())),
        ("incremental", export, lambda _: zendesk.portion_of_all("8")),
        ("/oauth/", {"access_token": "sample-token-1", "expires_in": 0}, zendesk.person),
    ]
    for n in range(count):
        # Each time somebody else: what was answered of one person is kept for a while.
        desk.users, desk.tickets = {n + 1: user(n + 1)}, {n + 1: ticket(n + 1, n + 1)}
        path, good, ask = asks[n % len(asks)]
        if path == "/oauth/":
            desk.token = "another one"
        desk.faults.clear()
        desk.fault(path, 200, misread_answer(good, n, chance))
        try:
            assert_storable(await ask(Who("zendesk", "acme", str(n + 1))))
        except ChannelError as error:
            str(error).encode()
        assert not desk.faults or path == "/oauth/"


async def test_spoilt_answers(desk: Desk, zendesk: Zendesk) -> None:
    """A sample of what `make deep` tries."""
    await answered(desk, zendesk, 210)


@pytest.mark.deep
async def test_spoilt_answers_deep(desk: Desk, zendesk: Zendesk) -> None:
    """Ten thousand spoilt answers."""
    await answered(desk, zendesk, 10_000)


def test_spoilt_deliveries() -> None:
    """A sample of what `make deep` tries."""
    told_of(600)


def test_spoilt_members() -> None:
    """A sample of what `make deep` tries."""
    listed(600)


@pytest.mark.deep
def test_spoilt_deliveries_deep() -> None:
    """Ten thousand spoilt deliveries."""
    told_of(10_000)


@pytest.mark.deep
def test_spoilt_members_deep() -> None:
    """Ten thousand spoilt members of lists."""
    listed(10_000)
