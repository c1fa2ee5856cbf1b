"""Can rejected rows be mended in the file that holds them, and that file be imported?"""

import gzip
from pathlib import Path

import orjson
import pytest

from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.purchases import PURCHASES

ANSI = """
[source]
channel = "shop"
account = "main"
currency = "EUR"
zone = "UTC"

[[import]]
record = "people"
files = "*Customers.csv"
encoding = "cp1252"
delimiter = ";"
header = 2
[import.fields]
who = "no"
attributes.firstName = "name"
created_at = { column = "since", styles = ["%d.%m.%Y"] }

[[import]]
record = "orders"
files = "*Sales.jsonl"
explode = "lines"
[import.fields]
id = "order"
who = "customer.no"
placed_at = "at"
line.title = "lines.title"
line.total = "lines.total"
"""
CUSTOMERS_CSV = "exported today\nno;name;since\n1;Zoë;03.01.2026\n2;Jürgen;someday\n3;Ann;04.01.2026\n"


async def _mended(shop, name: str, there: str, instead: str) -> None:
    """The folder's only file is then the rejected one, with something in it corrected."""
    written = (shop.folder / "rejects" / name).read_bytes().decode()
    assert there in written
    shop.files = {name: written.replace(there, instead)}


async def _names(store: Store) -> set[str]:
    return {name for one in await store.find(CUSTOMERS, {}) for name in _texts(one)}


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


async def test_ansi_rows_mended(shop, counted) -> None:
    """Whatever encoding, separator and header the section says, rejected rows come back as UTF-8 CSV."""
    shop.mapping, shop.files = ANSI, {"e_Customers.csv": CUSTOMERS_CSV.encode("cp1252")}
    assert counted(await shop.bring_in()) == {"inserted": 2, "rejected": 1}
    await _mended(shop, "e_Customers.people.rejected.csv", "someday", "05.01.2026")
    assert counted(await shop.bring_in()) == {"inserted": 1}
    assert {"Zoë", "Jürgen", "Ann"} <= await _names(shop.store)


async def test_json_rows_mended(shop, counted) -> None:
    """Rows of JSON Lines come back as CSV whose columns are the dotted names, all rows of an order together."""
    lines = [{"title": "Bell", "total": "ten"}, {"title": "Lamp, red", "total": 5.5}]
    order = {"order": "A1", "customer": {"no": 7}, "at": "2026-01-03T12:00:00Z", "lines": lines}
    shop.mapping, shop.files = ANSI, {"Sales.jsonl": orjson.dumps(order) + b'\n{"order": "A2", broken' * 2}
    assert counted(await shop.bring_in()) == {"rejected": 3}
    broken = (shop.folder / "rejects" / "Sales.orders.rejected.csv").read_text().splitlines()[-1]
    assert broken.endswith('"{""order"": ""A2"", broken"')
    await _mended(shop, "Sales.orders.rejected.csv", ",ten", ",10")
    assert counted(await shop.bring_in())["inserted"] == 1
    (found,) = await shop.store.find(PURCHASES, {})
    assert [one["title"] for one in found["lines"]] == ["Bell", "Lamp, red"]


async def test_words_mended(shop, counted) -> None:
    """Rows of a table of words come back as CSV, and orders are grouped as before."""
    shop.mapping = shop.mapping.replace('files = "sales*"', 'files = "sales*"\nformat = "words"')
    rows = "order customer day product pieces price\nA1 1 03.01.2026 Bell 2 cheap\nA1 1 03.01.2026 Lamp 1 5\n"
    shop.files = {"sales.txt.gz": gzip.compress(rows.encode())}
    assert counted(await shop.bring_in()) == {"rejected": 1}
    await _mended(shop, "sales.orders.rejected.csv", "cheap", "7.25")
    assert counted(await shop.bring_in()) == {"inserted": 1}
    (found,) = await shop.store.find(PURCHASES, {})
    assert len(found["lines"]) == 2


async def test_rejected_again(shop, counted) -> None:
    """What is still wrong goes to another file, with the file and line where it stood first."""
    shop.mapping, shop.files = ANSI, {"e_Customers.csv": CUSTOMERS_CSV.encode("cp1252")}
    await shop.bring_in()
    await _mended(shop, "e_Customers.people.rejected.csv", "someday", "some day")
    assert counted(await shop.bring_in()) == {"rejected": 1}
    again = "e_Customers.again.people.rejected.csv"
    assert shop.rejected(again)[0].startswith("e_Customers.csv,4,")
    await _mended(shop, again, "some day", "05.01.2026")
    assert counted(await shop.bring_in()) == {"inserted": 1}


async def test_columns_of_same_name(shop, counted) -> None:
    """A source may itself have columns `file`, `line` and `reason`."""
    shop.mapping = shop.mapping.replace('line.title = "product"', 'line.title = "line"')
    shop.files = {"sales.csv": "order,customer,day,line,pieces,price\nA1,1,never,Bell,1,2\n"}
    await shop.bring_in()
    await _mended(shop, "sales.orders.rejected.csv", "never", "03.01.2026")
    assert counted(await shop.bring_in()) == {"inserted": 1}


async def test_spreadsheet_spoils_file(shop) -> None:
    """A file of rejected rows that was saved in another way is refused with how to save it."""
    shop.mapping = ANSI
    shop.files = {"e_Customers.people.rejected.csv": "file;line;reason;no;name;since\ne;1;x;2;Ann;3\n"}
    assert "should begin with file,line,reason" in await shop.problems()
    head = "file,line,reason,no,name,since\n"
    shop.files = {"e_Customers.people.rejected.csv": f"{head}e_Customers.csv,1,x,2,Zoë,3\n".encode("cp1252")}
    assert "Save it as CSV in UTF-8" in await shop.problems()
    shop.files = {"e_Customers.people.rejected.csv": head}
    assert "no row says from which file" in await shop.problems()
    shop.files = {"e_Customers.people.rejected.csv": f"{head}other.csv,1,x,2,Ann,3\n"}
    assert "come from 'other.csv', which fits no part" in await shop.problems()


async def test_rejects_beside_source(shop) -> None:
    """Rejected rows and the file that they are from are not imported at once: an order would be there twice."""
    shop.files["sales.csv"] = shop.files["sales.csv"].replace("5.25", "cheap")
    await shop.bring_in()
    rejected = shop.files | {
        "sales.orders.rejected.csv": (shop.folder / "rejects/sales.orders.rejected.csv").read_text()
    }
    shop.files = rejected
    with pytest.raises(Exception, match=r"holds rows of sales\.csv, which is named too"):
        await shop.bring_in()


async def test_counted_rows_mended_in_source(shop) -> None:
    """Where ids count rows, only the whole file tells them: its rejected rows are mended there, and people are told."""
    shop.mapping = shop.mapping.replace('id = "order"', 'id = { template = "{order}-{#}" }') + 'line.sku = "order"\n'
    shop.mapping = shop.mapping.replace('files = "sales*"', 'files = "sales*"\nrows = "single"')
    shop.files["sales.csv"] = shop.files["sales.csv"].replace("5.25", "cheap")
    await shop.bring_in()
    assert "Mend them in the file that they are from" in shop.printed.getvalue().replace("\n", " ")
    shop.files = {"sales.orders.rejected.csv": (shop.folder / "rejects/sales.orders.rejected.csv").read_text()}
    with pytest.raises(Exception, match=r"`id` counts rows.*Mend them in sales\.csv"):
        await shop.bring_in()


async def test_told_where_to_mend(shop) -> None:
    """The end of an import says which file to mend."""
    shop.files["sales.csv"] = shop.files["sales.csv"].replace("5.25", "cheap")
    await shop.bring_in()
    printed = shop.printed.getvalue().replace("\n", "")
    assert f"{Path('rejects') / 'sales.orders.rejected.csv'}. Mend them there and import that file." in printed
