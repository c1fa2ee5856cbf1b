"""Several collections read as one list: the same rows that sorting all of them in Python gives."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.loads import CategoryLoad
from adapters.mongo import Store
from adapters.records import Facts, Record, RecordId, Timeline
from adapters.windows import Owner, Position, Row, Strand, Window
from gateway.mongod import Mongod
from tests.conftest import Commands

NAMES = ("apples", "birds", "clouds")
RECORDS = [
    Record(name=name, timeline=Timeline(kind=name.upper(), at="at"), facts=Facts(at="at", category="color", score="at"))
    for name in NAMES
]
WHERES: tuple[Mapping[str, Any], ...] = ({}, {"color": "red"}, {"at": {"$gte": 1}})
# One kind sorts ahead of the others as the empty word does.
KINDS = ("B", "", "A")
KEYS = [RecordId(bytes([n] * 12)) for n in range(3)]


@pytest.fixture(scope="session")
async def shelf(mongod: Mongod, commands: Commands) -> AsyncIterator[Store]:
    """A store of these three collections."""
    store = await Store.open(mongod.url, "windows", RECORDS, observer=commands)
    await store.prepare()
    yield store
    await store.close()


ROW = st.fixed_dictionaries(
    {
        "_id": st.binary(min_size=12, max_size=12).map(RecordId),
        "of": st.integers(0, 2),
        "customer_id": st.sampled_from(KEYS),
        "at": st.integers(0, 2),
        "color": st.sampled_from(["red", "blue"]),
    }
)
ROWS = st.lists(ROW, min_size=6, max_size=24, unique_by=lambda row: row["_id"])
OWNER = st.fixed_dictionaries({name: st.lists(st.sampled_from(KEYS), min_size=1, unique=True) for name in NAMES})
OWNERS = st.lists(OWNER, min_size=1, max_size=3)
CHOSEN = st.lists(st.tuples(st.integers(0, 2), st.sampled_from(WHERES)), min_size=2, unique_by=lambda one: one[0])
PLACE = st.builds(
    Position, st.integers(-1, 3), st.sampled_from([*KINDS, "C"]), st.binary(min_size=12, max_size=12).map(RecordId)
)


@dataclass
class Model:
    """The lists as Python makes them: everything read, filtered and sorted."""

    rows: Sequence[Mapping[str, Any]]
    chosen: Sequence[tuple[int, Mapping[str, Any]]]

    @property
    def strands(self) -> list[Strand]:
        """What the store is asked for."""
        return [Strand(record=RECORDS[n], order="at", kind=KINDS[n], where=where) for n, where in self.chosen]

    def keys(self, owner: Owner) -> list[tuple[Any, str, RecordId]]:
        """An owner's rows by what they are sorted by."""
        found = [
            (row["at"], KINDS[n], row["_id"])
            for n, where in self.chosen
            for row in self.rows
            if row["of"] == n and row["customer_id"] in owner[NAMES[n]] and _matches(row, where)
        ]
        return sorted(found)


def _matches(row: Mapping[str, Any], where: Mapping[str, Any]) -> bool:
    return row["color"] == where.get("color", row["color"]) and row["at"] >= where.get("at", {"$gte": -1})["$gte"]


async def _model(store: Store, rows: Sequence[Mapping[str, Any]], chosen: Any) -> Model:
    for n, record in enumerate(RECORDS):
        await store.delete(record, {})
        mine = [row for row in rows if row["of"] == n]
        if mine:
            await store.insert(record, *mine)
    return Model(rows, chosen)


def _keys(rows: Sequence[Row]) -> list[tuple[Any, str, RecordId]]:
    return [row.position for row in rows]


@given(ROWS, CHOSEN, OWNERS, st.integers(1, 30), st.booleans())
async def test_first_window(
    shelf: Store, rows: list[Any], chosen: Any, owners: list[Owner], limit: int, is_descending: bool
) -> None:
    """Each owner's first rows in order, whatever the aliases, filters and equal moments, of all owners at once."""
    model = await _model(shelf, rows, chosen)
    found = await shelf.windows(owners, model.strands, Window(limit=limit, is_descending=is_descending))
    for owner, mine in zip(owners, found, strict=True):
        wanted = model.keys(owner)
        assert _keys(mine) == (wanted[::-1] if is_descending else wanted)[:limit]


@given(ROWS, CHOSEN, OWNER, st.integers(1, 5), st.booleans())
async def test_windows_walked(
    shelf: Store, rows: list[Any], chosen: Any, owner: Owner, limit: int, is_descending: bool
) -> None:
    """Window after window gives every row once, in order, either way."""
    model = await _model(shelf, rows, chosen)
    walked: list[Row] = []
    for _ in range(len(rows) + 1):
        place = walked[-1].position if walked else None
        window = Window(limit=limit, is_descending=is_descending, beyond=place)
        (found,) = await shelf.windows([owner], model.strands, window)
        walked += found
        if len(found) < limit:
            break
    wanted = model.keys(owner)
    assert _keys(walked) == (wanted[::-1] if is_descending else wanted)


@given(ROWS, CHOSEN, OWNERS, PLACE, st.booleans())
async def test_beyond_any_place(
    shelf: Store, rows: list[Any], chosen: Any, owners: list[Owner], place: Position, is_descending: bool
) -> None:
    """What lies beyond a place is found, also where the row that it names is gone."""
    model = await _model(shelf, rows, chosen)
    window = Window(limit=50, is_descending=is_descending, beyond=place)
    found = await shelf.windows(owners, model.strands, window)
    for owner, mine in zip(owners, found, strict=True):
        wanted = model.keys(owner)
        if is_descending:
            assert _keys(mine) == [key for key in wanted[::-1] if key < place]
        else:
            assert _keys(mine) == [key for key in wanted if key > place]


@given(ROWS, CHOSEN, OWNERS)
async def test_counts(shelf: Store, rows: list[Any], chosen: Any, owners: list[Owner]) -> None:
    """Each owner's rows are counted over all strands."""
    model = await _model(shelf, rows, chosen)
    assert await shelf.counts(owners, model.strands) == [len(model.keys(owner)) for owner in owners]


@given(ROWS, OWNERS, st.integers(1, 3))
async def test_categories(shelf: Store, rows: list[Any], owners: list[Owner], top: int) -> None:
    """Each owner's facts by category: how many, and the strongest, of equal ones the newest and latest id."""
    await _model(shelf, rows, [])
    found = await shelf.categories(owners, RECORDS, top)
    for owner, mine in zip(owners, found, strict=True):
        for n, name in enumerate(NAMES):
            own = [row for row in rows if row["of"] == n and row["customer_id"] in owner[name]]
            wanted = {}
            for color in {row["color"] for row in own}:
                group = sorted((row["at"], row["_id"]) for row in own if row["color"] == color)
                wanted[color] = (len(group), [key for _, key in group[::-1][:top]])
            assert {one["_id"]: (one["count"], [row["_id"] for row in one["top"]]) for one in mine[name]} == wanted


async def test_one_command(shelf: Store, commands: Commands) -> None:
    """Many owners and collections cost one command; no owners or no strands cost none."""
    strands = [Strand(record=record, order="at", kind=record.name) for record in RECORDS]
    owners = [{name: [key] for name in NAMES} for key in KEYS]
    window = Window(limit=5)
    with commands.counted() as sent:
        await shelf.windows(owners, strands, window)
        assert await shelf.windows([], strands, window) == []
        assert await shelf.windows(owners, [], window) == [[]] * 3
        assert await shelf.counts(owners, []) == [0] * 3
        assert await shelf.categories(owners, [], 1) == [{}] * 3
    assert len(sent) == 1


def test_ownerless_strand() -> None:
    """A record that belongs to no customer is read by a field that is said."""
    products = Record(name="products", customer=None)
    assert Strand(record=products, order="at", by="shop_id").owner_field == "shop_id"
    with pytest.raises(ValueError, match="say by which field to read it"):
        _ = Strand(record=products, order="at").owner_field


def test_factless_record() -> None:
    """A record that declares no facts cannot be summarised."""
    with pytest.raises(ValueError, match="'notes' declares no facts"):
        CategoryLoad([], [Record(name="notes")], 1).joins("l0")
