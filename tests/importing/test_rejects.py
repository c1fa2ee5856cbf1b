"""Are rejected rows kept, each in a file of its own, whatever stops an import?"""

import errno
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from adapters.failures import Overtaken, StoreError
from gateway.importing import IMPORTS, CannotImport, Options, rejects, run, run_import, taking
from gateway.importing.reading import Placed, Unit
from gateway.importing.tables import Row
from tests.importing.conftest import SHOP, Shop

HEAD = "order,customer,day,product,pieces,price\n"
PEOPLE = "id,first,last,email,tags\n"


def _many(shop: Shop) -> None:
    bad = "".join(f"B{n},{n},someday,Bell,1,1\n" for n in range(7))
    rows = "".join(f"C{n},{n},03.01.2026,Bell,1,{n}\n" for n in range(60))
    shop.files = {"sales.csv": HEAD + bad + rows}


async def _interrupted(shop: Shop, monkeypatch: pytest.MonkeyPatch, batches: int, **options) -> None:
    left, real = [batches], taking.take

    async def failing(*args, **more):
        left[0] -= 1
        if left[0] < 0:
            raise StoreError("The database went away.")
        return await real(*args, **more)

    monkeypatch.setattr(run, "BATCH", 10)
    with monkeypatch.context() as patch:
        patch.setattr(taking, "take", failing)
        with pytest.raises(StoreError):
            await shop.bring_in(**options)


async def test_other_folder_refused(shop: Shop, counted, monkeypatch) -> None:
    """Where rejected rows of an interrupted run stand in another folder, people are told it, and both ways out work."""
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    other = shop.folder / "other"
    with pytest.raises(CannotImport) as caught:
        await shop.bring_in(rejects_folder=other)
    assert f"Give --rejects {(shop.folder / 'rejects').resolve()} to go on there, or --restart" in str(caught.value)
    assert counted(await shop.bring_in()) == {"inserted": 60, "rejected": 7}
    assert len(shop.rejected("sales.orders.rejected.csv")) == 7


async def test_other_folder_after_restart(shop: Shop, monkeypatch) -> None:
    """`--restart` begins anew in another folder, and leaves nothing in the old one."""
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    other = shop.folder / "other"
    summary = await shop.bring_in(rejects_folder=other, is_restart=True)
    assert summary.sections[0].reject_files == {other / "sales.orders.rejected.csv": 7}
    assert list((shop.folder / "rejects").iterdir()) == []


async def test_lost_part_told(shop: Shop, counted, monkeypatch) -> None:
    """A part that is gone or was cut is told of, and never filled with nothing."""
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    part = max((shop.folder / "rejects").glob(".*"), key=lambda one: one.stat().st_size)
    kept = part.read_bytes()
    part.write_bytes(kept[:10])
    with pytest.raises(CannotImport, match=r"is gone or was cut\. Put it back, or give --restart"):
        await shop.bring_in()
    part.write_bytes(kept)
    assert counted(await shop.bring_in()) == {"inserted": 60, "rejected": 7}


async def test_batch_done_again(shop: Shop, counted, monkeypatch) -> None:
    """A batch that collided and is done again sets its rejected rows aside once."""
    _many(shop)
    real, collided = taking.keep_position, set()

    async def colliding(store, position, at):
        if (position.lane, position.done) not in collided:
            collided.add((position.lane, position.done))
            raise Overtaken("Someone else changed the same documents.")
        await real(store, position, at)

    monkeypatch.setattr(run, "BATCH", 10)
    monkeypatch.setattr(taking, "keep_position", colliding)
    assert counted(await shop.bring_in()) == {"inserted": 60, "rejected": 7}
    assert len(shop.rejected("sales.orders.rejected.csv")) == 7


def test_part_cut_back(tmp_path: Path) -> None:
    """What was not committed is gone from a part, also where nothing more is rejected."""
    path = tmp_path / "part"
    unit = Unit([Placed(0, Row(2, ["A1"], None), ["A1"])], 0)
    committed = rejects.RejectPart(path, 0).add([(unit, "of a batch that was stored")])
    rejects.RejectPart(path, committed).add([(unit, "of a batch that was not")])
    assert rejects.RejectPart(path, committed).add([]) == path.stat().st_size == committed


async def test_rehearsal_spares_parts(shop: Shop, counted, monkeypatch) -> None:
    """A rehearsal between an interruption and its sequel loses no rejected row."""
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    await shop.bring_in(is_rehearsal=True)
    assert counted(await shop.bring_in()) == {"inserted": 60, "rejected": 7}
    assert len(shop.rejected("sales.orders.rejected.csv")) == 7
    names = sorted(one.name for one in (shop.folder / "rejects").iterdir())
    assert names == ["rehearsal", "sales.orders.rejected.csv"]


async def test_rehearsal_spares_rejected(shop: Shop, counted) -> None:
    """What a rehearsal rejects stands apart: the file of a real import stays until an import brings its rows."""
    _many(shop)
    await shop.bring_in()
    kept = shop.rejected("sales.orders.rejected.csv")
    shop.files["sales.csv"] = shop.files["sales.csv"].replace("someday", "03.01.2026")
    assert counted(await shop.bring_in(is_rehearsal=True)) == {"inserted": 7, "unchanged": 60}
    assert shop.rejected("sales.orders.rejected.csv") == kept
    shop.files["sales.csv"] += "Z1,1,never,Bell,1,1\n"
    await shop.bring_in(is_rehearsal=True)
    assert shop.rejected("sales.orders.rejected.csv") == kept
    assert len(shop.rejected("rehearsal/sales.orders.rejected.csv")) == 1


async def test_left_part_told(shop: Shop, monkeypatch) -> None:
    """Rejected rows of a run that was interrupted and whose files have changed since are told of, and left alone."""
    _many(shop)
    await _interrupted(shop, monkeypatch, 3)
    (part,) = [one for one in (shop.folder / "rejects").glob(".*") if one.stat().st_size]
    kept = part.read_bytes()
    shop.files["sales.csv"] += "C99,99,03.01.2026,Bell,1,9\n"
    await shop.bring_in()
    assert f"{part.name} holds rows that another run has rejected" in shop.printed.getvalue().replace("\n", "")
    assert part.read_bytes() == kept


async def test_full_disk(shop: Shop, counted, monkeypatch) -> None:
    """Where the last file cannot be written, the one of before stays, and the same command writes it later."""
    _many(shop)
    kept = shop.folder / "rejects" / "sales.orders.rejected.csv"
    kept.parent.mkdir()
    kept.write_text("of an earlier run\n")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(rejects.csv, "writer", full)
        with pytest.raises(OSError, match="No space left"):
            await shop.bring_in()
    assert kept.read_text() == "of an earlier run\n"
    assert counted(await shop.bring_in()) == {"inserted": 60, "rejected": 7}
    assert len(shop.rejected("sales.orders.rejected.csv")) == 7


async def test_section_done_before_stop(shop: Shop, counted, monkeypatch) -> None:
    """Rejected rows of a section that was done before the interruption are there after the sequel."""
    _many(shop)
    shop.files["people.csv"] = PEOPLE + "1,Ann,,bad@,\n2,Bob,,,\n"
    await _interrupted(shop, monkeypatch, 6)
    assert len(shop.rejected("people.people.rejected.csv")) == 1
    assert counted(await shop.bring_in()) == {"inserted": 61, "rejected": 8}
    assert len(shop.rejected("people.people.rejected.csv")) == 1
    assert await shop.store.count(IMPORTS, {}) == 0


async def _bring_paths(shop: Shop, *paths: Path) -> list[dict[str, int]]:
    options = Options(rejects_folder=shop.folder / "rejects")
    shop.write("shop.toml", shop.mapping)
    console = Console(file=StringIO())
    summary = await run_import(shop.store, shop.folder / "shop.toml", paths, console=console, options=options)
    return [{path.name: number for path, number in one.reject_files.items()} for one in summary.sections]


async def test_same_name_two_folders(shop: Shop) -> None:
    """Files of one name, or of one but for its ending, have a file of rejected rows each, and each imports again."""
    rows = {"a/people.csv": "1,Ann,,bad@,\n", "b/people.csv": "2,Bob,,worse@,\n", "people.tsv": "3\tCy\t\tbad@\t\n"}
    paths = []
    for name, row in rows.items():
        path = shop.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text((PEOPLE.replace(",", "\t") if name.endswith("tsv") else PEOPLE) + row)
        paths.append(path)
    names = ["people.people.rejected.csv", "people.2.people.rejected.csv", "people.3.people.rejected.csv"]
    assert await _bring_paths(shop, *paths) == [dict.fromkeys(names, 1)]
    for name, address in zip(names, ("bad@", "worse@", "bad@"), strict=True):
        path = shop.folder / "rejects" / name
        path.write_text(path.read_text().replace(f",{address},", ",ok@example.org,"))
        assert await _bring_paths(shop, path) == [{}]


async def test_two_sections_one_file(shop: Shop) -> None:
    """Two sections that make the same kind of record of one file keep their rejected rows apart."""
    second = SHOP[SHOP.index("[[import]]") : SHOP.index('[[import]]\nrecord = "orders"')]
    shop.mapping += "\n" + second.replace('who = "id"', 'who = "tags"').replace('email = "email"', 'phone = "email"')
    path = shop.write("people.csv", PEOPLE + "1,Ann,Lee,bad@,x1\n2,Bob,,b@example.org,x2\n3,Cy,,,x3\n")
    assert await _bring_paths(shop, path) == [{"people.people.rejected.csv": 1}, {"people.2.people.rejected.csv": 2}]
    assert "bad@" in shop.rejected("people.people.rejected.csv")[0]
