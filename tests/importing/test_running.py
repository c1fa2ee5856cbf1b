"""Does an import come to the same whether run once, twice, in pieces or over broken rows?"""

import asyncio
import gzip
import re
from decimal import Decimal

import pytest
from rich.console import Console

from adapters.failures import StoreError
from adapters.mongo import Store
from adapters.records import decimal_of
from gateway.importing import IMPORTS, Summary, run, taking
from resolvers.customers import CUSTOMERS
from resolvers.purchases import PURCHASES
from tests.conftest import Commands


async def _totals(store: Store) -> dict[str, Decimal]:
    found = await store.find(PURCHASES, {})
    return {one["external_id"]: decimal_of(one["total"]["amount"]) for one in found}


async def test_rows_become_records(shop, counted) -> None:
    """Columns become fields, and several rows one order, though others stand between."""
    summary = await shop.bring_in()
    assert counted(summary) == {"inserted": 4}
    assert (summary.rows, summary.exit_code) == (5, 0)
    assert await _totals(shop.store) == {"A1": Decimal("1015.35"), "A2": Decimal(5)}


async def test_second_run_unchanged(shop, counted) -> None:
    """A second run over the same files changes nothing."""
    await shop.bring_in()
    before = await shop.store.find(CUSTOMERS, {}, order=[("_id", 1)])
    assert counted(await shop.bring_in()) == {"unchanged": 4}
    assert await shop.store.find(CUSTOMERS, {}, order=[("_id", 1)]) == before


async def test_file_named_twice(shop, counted) -> None:
    """A file that is named twice, in whatever words, is read once."""
    way = shop.folder / ".." / shop.folder.name / "people.csv"
    paths = [shop.write("people.csv", shop.files["people.csv"]), way]
    summary = await run.run_import(
        shop.store, shop.write("shop.toml", shop.mapping), paths, console=Console(quiet=True)
    )
    assert (counted(summary), summary.rows) == ({"inserted": 2}, 2)


async def test_changed_row_updated(shop, counted) -> None:
    """A changed row updates its record and no other."""
    await shop.bring_in()
    shop.files["sales.csv"] = shop.files["sales.csv"].replace("5.25", "6.25")
    assert counted(await shop.bring_in()) == {"updated": 1, "unchanged": 3}
    assert (await _totals(shop.store))["A1"] == Decimal("1016.35")


async def test_bad_row_set_aside(shop, counted) -> None:
    """A row that cannot be read is set aside with its line and reason; the others are taken."""
    shop.files["people.csv"] = PEOPLE_WITH_BAD
    summary = await shop.bring_in()
    assert (counted(summary), summary.exit_code) == ({"inserted": 3, "rejected": 1}, 1)
    assert shop.rejected("people.people.rejected.csv") == [
        "people.csv,3,The e-mail address cannot be one.,2,Bob,Poe,bob at home,"
    ]


PEOPLE_WITH_BAD = "id,first,last,email,tags\n1,Ann,Lee,ann@example.org,\n2,Bob,Poe,bob at home,\n"


async def test_order_never_half(shop) -> None:
    """An order with one bad row is not taken at all, and all of its rows are set aside."""
    shop.files["sales.csv"] = shop.files["sales.csv"].replace("5.25", "cheap")
    await shop.bring_in()
    assert list(await _totals(shop.store)) == ["A2"]
    lines = shop.rejected("sales.orders.rejected.csv")
    assert [line.split(",")[1] for line in lines] == ["2", "4"]
    assert all("line.total" in line for line in lines)


async def test_rejected_file_imports(shop, counted) -> None:
    """A file of rejected rows, mended, is imported by the same mapping."""
    shop.files["sales.csv"] = shop.files["sales.csv"].replace("5.25", "cheap")
    await shop.bring_in()
    mended = (shop.folder / "rejects" / "sales.orders.rejected.csv").read_text().replace("cheap", "5.25")
    shop.files = {"sales.csv": mended}
    assert counted(await shop.bring_in()) == {"inserted": 1}
    assert (await _totals(shop.store))["A1"] == Decimal("1015.35")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('A3,1,05.01.2026,"Bell,1,2', "a quote opens"),
        ('A3,1,05.01.2026,"Be"ll,1,2', "a quote opens"),
        ("A3,1,05.01.2026,Bell,1", "5 cells where the header has 6"),
        ("A3,1,05.01.2026,Bell,1,2,3", "7 cells where the header has 6"),
        ("A3,1,2026-01-05,Bell,1,2", "`placed_at`: no moment of the styles %d.%m.%Y"),
        ("A3,1,05.01.2026,Bell,half,2", "`line.quantity`: it is no number"),
        ("A3,1,05.01.2026,Bell,1.5,2", "`line.quantity`: the number there is not whole"),
        ("A3,1,05.01.2026,,1,2", "`line.title` is empty"),
        (",1,05.01.2026,Bell,1,2", "`id` is empty"),
        ("A2,1,04.01.2026,Bell,1,2", "disagree about `who`"),
    ],
)
async def test_broken_line(shop, line: str, reason: str) -> None:
    """Each broken line is told with its number, and the rows behind it are read as if it were not there."""
    first, *others = SALES_LINES
    shop.files["sales.csv"] = "\n".join([first, line, *others]) + "\n"
    summary = await shop.bring_in()
    assert summary.exit_code == 1
    rejected = shop.rejected("sales.orders.rejected.csv")
    assert rejected[0].startswith("sales.csv,2,")
    assert reason in rejected[0]
    assert (await _totals(shop.store))["A1"] == Decimal("1015.35")


SALES_LINES = (
    "order,customer,day,product,pieces,price",
    'A1,1,03.01.2026,"Bell,\nbrass",2,"$1,010.10"',
    "A2,2,04.01.2026,Lamp,1,$5",
    "A1,1,03.01.2026,Lamp,1,5.25",
)


async def test_nothing_taken_says_so(shop) -> None:
    """Where every row is rejected, the command ends with 2."""
    shop.files = {"sales.csv": SALES_LINES[0] + "\nA1,1,today,Bell,1,1\n"}
    assert (await shop.bring_in()).exit_code == 2


async def test_packed_file_read(shop, counted) -> None:
    """Files packed with gzip are read as they are."""
    shop.files = {"sales.csv.gz": gzip.compress(shop.files["sales.csv"].encode())}
    assert counted(await shop.bring_in()) == {"inserted": 2}


async def test_rehearsal_writes_nothing(shop, counted, commands: Commands) -> None:
    """A rehearsal reads, checks and counts everything, and writes nothing, not even to take it back."""
    shop.mapping += '\n[[attribute]]\nname = "tier"\n'
    shop.mapping = shop.mapping.replace('email = "email"', 'email = "email"\nattributes.tier = "tags"')
    with commands.counted() as sent:
        assert counted(await shop.bring_in(is_rehearsal=True)) == {"inserted": 4}
    written = {command[name] for name, command in sent if name in {"insert", "update", "delete", "findAndModify"}}
    assert written <= {"leases"}
    assert not any([await shop.store.count(record, {}) for record in shop.store.records.values()])
    assert "the database is as it was" in shop.printed.getvalue()


async def _interrupted(shop, monkeypatch, batches: int, *, at: str = "take", **options) -> None:
    """An import whose database goes away after so many batches, as the next is begun or its position is to be kept."""
    left = [batches]
    real = getattr(taking, at)

    async def failing(*args, **more):
        left[0] -= 1
        if left[0] < 0:
            raise StoreError("The database went away.")
        return await real(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(taking, at, failing)
        with pytest.raises(StoreError):
            await shop.bring_in(**options)


def _many(shop) -> None:
    bad = "".join(f"B{n},{n},someday,Bell,1,1\n" for n in range(7))
    rows = "".join(f"C{n},{n},03.01.2026,Bell,1,{n}\n" for n in range(60))
    shop.files = {"sales.csv": SALES_LINES[0] + "\n" + bad + rows}


@pytest.mark.parametrize("at", ["take", "keep_position"])
@pytest.mark.parametrize("batches", [0, 1, 3, 6])
async def test_resumes_where_stopped(shop, monkeypatch, counted, batches: int, at: str) -> None:
    """An interrupted import goes on where it stopped: its end and its counts are those of a whole one."""
    monkeypatch.setattr(run, "BATCH", 10)
    _many(shop)
    await _interrupted(shop, monkeypatch, batches, at=at)
    summary = await shop.bring_in()
    assert counted(summary) == {"inserted": 60, "rejected": 7}
    assert len(shop.rejected("sales.orders.rejected.csv")) == 7
    assert ("interrupted" in shop.printed.getvalue()) == (batches > 0)
    assert await shop.store.count(IMPORTS, {}) == 0


@pytest.mark.parametrize("is_rehearsal", [False, True])
async def test_stopped_by_hand(shop, monkeypatch, counted, is_rehearsal: bool) -> None:
    """Stopped with Ctrl-C, which cancels it, an import goes on where it was; a rehearsal has written nothing."""
    monkeypatch.setattr(run, "BATCH", 10)
    _many(shop)
    name = "judged" if is_rehearsal else "take"
    real, begun = getattr(taking, name), asyncio.Event()

    async def telling(*args, **more):
        begun.set()
        return await real(*args, **more)

    monkeypatch.setattr(taking, name, telling)
    under_way = asyncio.create_task(shop.bring_in(is_rehearsal=is_rehearsal))
    await begun.wait()
    under_way.cancel()
    with pytest.raises(asyncio.CancelledError):
        await under_way
    assert sum(counted(await shop.bring_in()).values()) == 67


async def test_restart_begins_anew(shop, monkeypatch, counted) -> None:
    """`--restart` begins at the first row, whatever was done before."""
    monkeypatch.setattr(run, "BATCH", 10)
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    summary: Summary = await shop.bring_in(is_restart=True)
    found = counted(summary)
    assert found["inserted"] + found["unchanged"] == 60
    assert found["unchanged"] > 0


async def test_restart_forgets(shop, monkeypatch) -> None:
    """A restart that is interrupted before its first batch leaves nothing behind which the next run would go on."""
    monkeypatch.setattr(run, "BATCH", 10)
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    await _interrupted(shop, monkeypatch, 0, is_restart=True)
    assert await shop.store.count(IMPORTS, {}) == 0
    assert list((shop.folder / "rejects").iterdir()) == []


async def test_changed_mapping_begins_anew(shop, monkeypatch, counted) -> None:
    """With a changed mapping the same files are read from their first row: what came by the old one is put right."""
    monkeypatch.setattr(run, "BATCH", 10)
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    shop.mapping = shop.mapping.replace("USD", "EUR")
    found = counted(await shop.bring_in())
    assert (found["inserted"] + found["updated"], found["rejected"]) == (60, 7)
    assert {one["total"]["currency"] for one in await shop.store.find(PURCHASES, {})} == {"EUR"}


async def test_progress_is_shown(shop) -> None:
    """The command shows how far each section is and what became of the rows."""
    await shop.bring_in()
    printed = shop.printed.getvalue()
    for words in (r"people ━+ (\d)/\1 ", r"orders ━+ (\d)/\1 ", "5 rows in"):
        assert re.search(words, printed)
