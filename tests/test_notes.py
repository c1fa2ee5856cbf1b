"""What do agents want colleagues to know about a customer?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.contract.bounds import LONGEST_NOTE
from adapters.mongo import Store
from adapters.records import new_id
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from resolvers.notes import NOTES
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.makers import BEGIN, Makers
from tests.taking_in import REMARK, bring
from tests.walking import costs, forbidden, nodes, visitor

NOTE = "note { id text createdAt editedAt version author { name } editedBy { name } }"


async def test_notes_newest_first(ask: Asking, make: Makers) -> None:
    """What agents wrote about the customer, newest first; at one moment the later id first."""
    one = await make.customer()
    keys = [await make.note(one, created_at=BEGIN) for _ in range(3)]
    await make.note(one, "newest")
    await make.note(await make.customer(), "of another")
    found = await nodes(ask, one, "notes", "id text")
    assert found[0]["text"] == "newest"
    assert [row["id"] for row in found[1:]] == [global_id("Note", key) for key in sorted(keys, reverse=True)]


async def test_note_added(ask: Asking, make: Makers) -> None:
    """A note is written in the name of the agent who asks."""
    one = await make.customer()
    note = (await change(ask, "addNote", NOTE, customerId=one.id, text=" Likes blue "))["note"]
    assert note["text"] == "Likes blue"
    assert note["author"] == {"name": "Anna Agent"}
    assert note["editedAt"] is None
    assert await nodes(ask, one, "notes") == [{"id": note["id"]}]


async def test_note_edited(ask: Asking, make: Makers) -> None:
    """Its author changes the text of a note; its moment stays."""
    one = await make.customer()
    old = (await change(ask, "addNote", NOTE, customerId=one.id, text="Likes blue"))["note"]
    new = (await change(ask, "editNote", NOTE, id=old["id"], version=1, text="Likes red"))["note"]
    assert new["editedAt"] > old["createdAt"]
    expected = {"text": "Likes red", "editedAt": new["editedAt"], "version": 2, "editedBy": {"name": "Anna Agent"}}
    assert new == old | expected


async def test_stale_note(ask: Asking, make: Makers) -> None:
    """An edit upon an older version is refused with both versions and the note; whose words it has stands with it."""
    one, boss = await make.customer(), await make.agent("Sven Supervisor")
    key = global_id("Note", await make.note(one, author_id=ask.agent_id))
    edit = """mutation($input: EditNoteInput!) { editNote(input: $input) { __typename ... on EditNotePayload {
      note { text version author { name } editedBy { name } } } } }"""
    given = {"id": key, "version": 1, "text": "Has moved"}
    answer = await ask(edit, as_=Role.SUPERVISOR, viewer={"agent_id": boss}, input=given)
    now = {"text": "Has moved", "version": 2, "author": {"name": "Anna Agent"}, "editedBy": {"name": "Sven Supervisor"}}
    assert answer.data["editNote"]["note"] == now
    stale = "... on StaleNote { sentVersion storedVersion note { text version author { name } editedBy { name } } }"
    found = await ask(edit.replace("... on Edit", f"{stale} ... on Edit"), input=given | {"text": "Likes blue"})
    assert found.data["editNote"] == {"__typename": "StaleNote", "sentVersion": 1, "storedVersion": 2, "note": now}
    assert await refused(ask, "editNote", **(given | {"version": 3})) == ("STALE_VERSION", "input.version")


async def test_note_edits_at_once(ask: Asking, make: Makers) -> None:
    """Of many edits of one version one is kept; the others are told."""
    key = global_id("Note", await make.note(await make.customer(), author_id=ask.agent_id))
    edits = [change(ask, "editNote", "note { version }", id=key, version=1, text=f"v{n}") for n in range(10)]
    codes = [answer.get("code") for answer in await asyncio.gather(*edits)]
    assert sorted(map(str, codes)) == ["None", *["STALE_VERSION"] * 9]


async def test_source_counts_versions(ask: Asking, store: Store) -> None:
    """Whoever read an imported note before its source said something else is told so."""
    await bring(store, REMARK)
    (note,) = await store.find(NOTES, {})
    await bring(store, replace(REMARK, text="Likes red"))
    given = {"id": global_id("Note", note["_id"]), "version": 1, "text": "Likes blue a lot"}
    found = await change(ask, "editNote", "__typename", Role.SUPERVISOR, **given)
    assert found["code"] == "STALE_VERSION"


async def test_note_removed(ask: Asking, make: Makers) -> None:
    """A note is removed for good."""
    one = await make.customer()
    key = (await change(ask, "addNote", NOTE, customerId=one.id, text="Likes blue"))["note"]["id"]
    assert (await change(ask, "removeNote", "removedId", id=key))["removedId"] == key
    assert await nodes(ask, one, "notes") == []
    assert await refused(ask, "removeNote", id=key) == ("NOT_FOUND", "input.id")
    assert await refused(ask, "editNote", id=key, version=1, text="Likes red") == ("NOT_FOUND", "input.id")


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"text": " \n"}, ("INVALID_INPUT", "input.text")),
        ({"text": "\0"}, ("INVALID_INPUT", "input.text")),
        ({"text": "\u200b"}, ("INVALID_INPUT", "input.text")),
        ({"text": "x" * (LONGEST_NOTE + 1)}, ("INVALID_INPUT", "input.text")),
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ({"customerId": "junk"}, ("NOT_FOUND", "input.customerId")),
    ],
)
async def test_note_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """A note has a text of bounded length, about a customer who is there."""
    usual = {"customerId": (await make.customer()).id, "text": "Likes blue"}
    assert await refused(ask, "addNote", **(usual | given)) == refusal


async def test_longest_note(ask: Asking, make: Makers) -> None:
    """A note may be as long as the refusal says."""
    one = await make.customer()
    note = (await change(ask, "addNote", NOTE, customerId=one.id, text="x" * LONGEST_NOTE))["note"]
    assert await refused(ask, "editNote", id=note["id"], version=1, text="") == ("INVALID_INPUT", "input.text")


async def test_note_of_colleague(ask: Asking, make: Makers) -> None:
    """Another agent's note is the author's to change, and administrators' and supervisors'."""
    one = await make.customer()
    for role, is_done in ((Role.AGENT, False), (Role.SUPERVISOR, True), (Role.ADMINISTRATOR, True)):
        key = global_id("Note", await make.note(one, author_id=new_id()))
        for mutation, more in (("editNote", {"version": 1, "text": "Other"}), ("removeNote", {})):
            found = await change(ask, mutation, "__typename", role, id=key, **more)
            assert found.get("code") == (None if is_done else "NOT_PERMITTED")


async def test_note_author_gone(ask: Asking, make: Makers) -> None:
    """The author is null once that agent is gone."""
    one = await make.customer()
    await make.note(one, author_id=new_id())
    assert await nodes(ask, one, "notes", "author { name }") == [{"author": None}]


async def test_notes_by_role(ask: Asking, make: Makers) -> None:
    """Notes are read and written by the staff alone, by no partner of whatever scope."""
    one = await make.customer()
    assert await may(ask, "addNote", customerId=GONE, text="a") == STAFF
    assert await may(ask, "editNote", id="x", version=1, text="a") == STAFF
    assert await may(ask, "removeNote", id="x") == STAFF
    scoped = {"as_": Role.PARTNER, "viewer": {"scopes": frozenset({"personal"})}}
    for who in (scoped, visitor(one)):
        assert await forbidden(ask, one, "notes { nodes { id } }", **who)


@pytest.mark.parametrize("role", [Role.PARTNER, Role.VISITOR])
async def test_notes_nowhere_else(ask: Asking, make: Makers, role: Role) -> None:
    """Nobody but the staff meets a note by its id or in the history."""
    one = await make.customer()
    key = global_id("Note", await make.note(one))
    who = {"as_": role, "viewer": {"customer_id": one.key}}
    answer = await ask("query($id: ID!) { node(id: $id) { id } }", id=key, **who)  # type: ignore[arg-type]
    assert answer.data == {"node": None}
    assert await nodes(ask, one, "history", "kind", **who) == []
    assert await forbidden(ask, one, "history(filter: { kinds: [NOTE] }) { totalCount }", **who)


async def test_author_commands(ask: Asking, make: Makers, commands: Commands) -> None:
    """Authors cost no command more: agents are held."""
    for n in range(30):
        await make.note(await make.customer(f"Ann{n}"), author_id=ask.agent_id)
    assert await costs(ask, commands, "notes(first: 3) { nodes { author { name } } }", 2, 30) == [2, 2]
