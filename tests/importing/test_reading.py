"""What do cells and files come to, written as people and programs write them?"""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.values import BadValue, days, decimals, flags, moments, numbers, wholes
from gateway.importing.layouts import Layout
from gateway.importing.tables import open_table
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.purchases import PURCHASES
from tests.importing.conftest import SALES


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("$90,000 ", ".", "90000"),
        ("1.234,56 €", ",", "1234.56"),
        ("(12.50)", ".", "-12.50"),
        ("-$3", ".", "-3"),
        ("3.00-", ".", "-3.00"),
        ("USD 1,000.5", ".", "1000.5"),
        ("1 234 567,8 EUR", ",", "1234567.8"),
        (".5", ".", "0.5"),
        ("007", ".", "7"),
    ],
)
def test_money_is_exact(text: str, mark: str, value: str) -> None:
    """Amounts are exact, whatever symbols and separators stand around the digits."""
    assert str(decimals(mark)(text)) == value


@pytest.mark.parametrize("text", ["1,99", "12,34,567", "1.2.3", "ten", "$", "1e5", "NaN", "--3", "1,2345"])
def test_doubtful_numbers_refused(text: str) -> None:
    """What may mean two numbers is taken for none."""
    with pytest.raises(BadValue):
        decimals(".")(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**12), max_value=10**12))
def test_written_numbers_return(value: Decimal) -> None:
    """Every number that is written with thousands and a sign is read as itself."""
    assert decimals(".")(f"{value:,}") == value
    swapped = f"{value:,}".translate(str.maketrans(",.", ".,"))
    assert decimals(",")(swapped) == value


def test_moments_of_styles() -> None:
    """Each style of a column is tried, and what has no offset is of the column's zone."""
    read = moments(["%d.%m.%Y %H:%M", "iso", "unix", "unix_ms"], ZoneInfo("America/Bogota"))
    noon = datetime(2026, 1, 3, 12, tzinfo=UTC)
    for text in ("03.01.2026 07:00", "2026-01-03T12:00:00Z", "2026-01-03 07:00", "1767441600", "1767441600000"):
        if text != "1767441600000":
            assert read(text) == noon
    assert moments(["unix_ms"], None)("1767441600000") == noon


STYLES = ["%m/%d/%Y", "%m-%d-%y", "%Y%m%d", "%d.%m.%Y %H:%M:%S", "%Y-%m-%dT%H:%M"]


DAYS = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31))  # noqa: DTZ001 - styles have no zone


@given(st.sampled_from(STYLES), DAYS, st.text("0123456789/-.", max_size=9))
def test_styles_as_strptime(style: str, moment: datetime, junk: str) -> None:
    """A style means what Python's own `strptime` reads by it, whether the text fits or not."""
    for text in (moment.strftime(style), junk, moment.strftime(style).replace("0", "")):
        try:
            said = datetime.strptime(text, style).replace(tzinfo=UTC)
        except ValueError:
            with pytest.raises(BadValue):
                moments([style], ZoneInfo("UTC"))(text)
        else:
            assert moments([style], ZoneInfo("UTC"))(text) == said


def test_zone_is_needed() -> None:
    """A moment without an offset is refused where no zone is said."""
    with pytest.raises(BadValue, match="Set `zone`"):
        moments(["iso"], None)("2026-01-03T12:00:00")


def test_values_never_quoted() -> None:
    """No reader tells the value that it cannot read."""
    for read in (moments(["iso"], None), days(["iso"]), decimals("."), numbers("."), wholes("."), flags()):
        with pytest.raises(BadValue) as caught:
            read("zz9secret")
        assert "zz9" not in str(caught.value)


@pytest.mark.parametrize(("text", "value"), [("Yes", True), ("0", False), ("TRUE", True), ("off", False)])
def test_truths(text: str, value: bool) -> None:
    """Truths are read in the words in which programs write them."""
    assert flags()(text) is value


def _rows(path: Path, content: bytes, layout: Layout, wanted: tuple[str, ...] = ()) -> list[list[str]]:
    path.write_bytes(content)
    table = open_table(path, layout, wanted)
    return [list(table.columns), *(list(row.cells) for row in table.rows() if not row.trouble)]


@pytest.mark.parametrize(
    ("name", "content", "layout"),
    [
        ("a.csv", "no,name\n1,Zoë\n", Layout()),
        ("a.csv", "\ufeffno,name\r\n1,Zoë\r\n", Layout()),
        ("a.csv", "no;name\n1;'Zoë'\n", Layout(delimiter=";", quote="'")),
        ("a.tsv", "no\tname\n1\tZoë\n", Layout()),
        ("a.txt", "written today\nno|name\n1|Zoë", Layout(format="csv", delimiter="|", header=2)),
        ("a.txt", "no  name\n\n 1   Zoë \n", Layout(format="words")),
        ("a.txt", "1Zoë\n", Layout(format="fixed", header=0, columns=("no", "name"), widths=(1, 3))),
        ("a.csv", "1,Zoë\n", Layout(header=0, columns=("no", "name"))),
    ],
)
def test_layouts(tmp_path: Path, name: str, content: str, layout: Layout) -> None:
    """The same rows are read from every way of writing them."""
    assert _rows(tmp_path / name, content.encode(), layout) == [["no", "name"], ["1", "Zoë"]]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "latin-1", "shift_jis"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """Files are read in the encoding in which they were written."""
    text = "no,name\n1,Zoe\n" if encoding == "shift_jis" else "no,name\n1,Zoë\n"
    found = _rows(tmp_path / "a.csv", text.encode(encoding), Layout(encoding=encoding))
    assert found[1] == text.split("\n")[1].split(",")


@given(st.lists(st.lists(st.text("a,\"'\n\r é"), min_size=2, max_size=2), min_size=1, max_size=5))
def test_quoted_cells_return(tmp_path: Path, rows: list[list[str]]) -> None:
    """Whatever stands in cells, quoted as the standard says, is read as it was written."""
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [["no", "name"], *rows]]
    assert _rows(tmp_path / "a.csv", "\n".join(lines).encode(), Layout())[1:] == rows


def test_unclosed_quote_costs_one_line(tmp_path: Path) -> None:
    """A quote that is never closed costs its own line, however many rows follow."""
    path = tmp_path / "a.csv"
    path.write_text('no,name\n1,"Ann\n' + "".join(f"{n},Bob\n" for n in range(500)))
    rows = list(open_table(path, Layout(), ()).rows())
    assert [row.line for row in rows if row.trouble] == [2]
    assert len(rows) == 501
    assert rows[-1].line == 502


def test_json_lines(tmp_path: Path) -> None:
    """An object a line gives cells by dotted names, exact numbers, and a row for each element of a list."""
    order = {"no": 7, "who": {"id": "x"}, "items": [{"sku": "a", "price": 19.9}, {"sku": "b", "price": 1}]}
    content = orjson.dumps(order) + b'\n\n{broken\n[1]\n{"no": true, "items": []}\n'
    wanted = ("no", "who.id", "items.sku", "items.price")
    found = _rows(tmp_path / "a.jsonl", content, Layout(explode="items"), wanted)
    assert found[1:] == [["7", "x", "a", "19.9"], ["7", "x", "b", "1"], ["true", "", "", ""]]


@pytest.mark.parametrize(
    ("written", "cell"),
    [
        ("123456789012345678901234", "123456789012345678901234"),
        ("-18446744073709551616", "-18446744073709551616"),
        ("99999999999999.99", "99999999999999.99"),
        ("123456789.1234567891", "123456789.1234567891"),
        ("19.90", "19.90"),
        ("1e3", "1000"),
        ("25E-1", "2.5"),
        ('{"a":1.10}', '{"a":1.10}'),
        ('["1.5",7]', "1.5\n7"),
    ],
)
def test_json_numbers_exact(tmp_path: Path, written: str, cell: str) -> None:
    """Numbers of JSON keep the digits with which they are written."""
    found = _rows(tmp_path / "a.jsonl", f'{{"no": {written}}}\n'.encode(), Layout(), ("no",))
    assert found[1:] == [[cell]]


@pytest.mark.parametrize("deep", ["[" * 600 + "1.5" + "]" * 600, '{"a":' * 600 + "1" + "}" * 600, "[" * 99_999])
async def test_json_too_deep(shop, counted, deep: str) -> None:
    """A line of lists inside lists without end is rejected, and the others are read."""
    line = '{"id": "%s", "first": %s, "last": "", "email": "", "tags": ""}\n'
    shop.files = {"people.jsonl": line % (1, deep) + line % (2, '"Ann"')}
    assert counted(await shop.bring_in()) == {"inserted": 1, "rejected": 1}


async def test_long_ids_stay_apart(shop, counted) -> None:
    """Two people whose ids differ in the last of many digits are two customers."""
    line = '{"id": 12345678901234567890123%s, "first": "Ann", "last": "", "email": "", "tags": ""}\n'
    shop.files = {"people.jsonl": line % 4 + line % 5}
    assert counted(await shop.bring_in()) == {"inserted": 2}


CHATS = """
[source]
channel = "chat"
account = "web"

[[import]]
record = "conversations"
files = "chats.jsonl"
[import.fields]
id = "id"
who = "visitor"
started_at = { column = "begun", styles = ["unix"] }
entry_point.channel = { constant = "chat" }
entry_point.page = "page"

[[import]]
record = "messages"
files = "chats.jsonl"
explode = "says"
[import.fields]
id = { template = "{id}-{#}" }
conversation = "id"
who = "visitor"
direction = { column = "says.by", values = { visitor = "IN" }, otherwise = "OUT" }
sent_at = { column = "says.at", styles = ["unix"] }
text = "says.text"
"""


async def test_one_file_two_records(shop, counted) -> None:
    """One file may feed several kinds of records: a chat with its messages."""
    says = [{"by": "visitor", "at": 1767441600, "text": "Hello"}, {"by": "bot", "at": 1767441601, "text": "Hi"}]
    chat = {"id": "c1", "visitor": "v1", "begun": 1767441600, "page": "/cart", "says": says}
    shop.mapping, shop.files = CHATS, {"chats.jsonl": orjson.dumps(chat)}
    assert counted(await shop.bring_in()) == {"inserted": 3}
    (talk,), words = await shop.store.find(CONVERSATIONS, {}), await shop.store.find(MESSAGES, {})
    assert talk["entry_point"]["page"] == "/cart"
    assert {(one["direction"], one["conversation_id"]) for one in words} == {("IN", talk["_id"]), ("OUT", talk["_id"])}


async def test_values_and_defaults(shop) -> None:
    """A table of values translates the source's words, and what it does not know is rejected."""
    shop.mapping = shop.mapping.replace(
        'line.total = "price"', 'line.total = "price"\nstatus = { column = "pieces", values = { 2 = "PAID" } }'
    )
    await shop.bring_in()
    assert [one["status"] for one in await shop.store.find(PURCHASES, {})] == []
    assert "not in `values`" in shop.rejected("sales.orders.rejected.csv")[0]
    shop.mapping = shop.mapping.replace('{ 2 = "PAID" }', '{ 2 = "PAID" }, otherwise = "REFUNDED"')
    await shop.bring_in()
    assert {one["status"] for one in await shop.store.find(PURCHASES, {})} == {"REFUNDED"}


async def test_lookup_in_json_lines(shop, counted) -> None:
    """A table in which others look things up may be JSON Lines, with keys and cells by dotted names."""
    shop.mapping += "\n[[table]]\nname = 'goods'\nfiles = 'goods*'\nkey = 'of.no'\n"
    look = '{ lookup = "goods", by = "product", give = "name.long" }'
    shop.mapping = shop.mapping.replace('line.title = "product"', f"line.title = {look}").replace(
        "line.quantity", 'line.sku = { lookup = "goods", by = "product", give = "sku" }\nline.quantity'
    )
    goods = [{"of": {"no": one}, "name": {"long": f"{one}, red"}, "sku": one[0]} for one in ("Bell", "Lamp")]
    shop.files["goods.jsonl"] = b"\n".join(orjson.dumps(one) for one in goods)
    assert counted(await shop.bring_in()) == {"inserted": 4}
    items = [item for one in await shop.store.find(PURCHASES, {}) for item in one["lines"]]
    assert {(one["title"], one["sku"]) for one in items} == {("Bell, red", "B"), ("Lamp, red", "L")}


async def test_noted_on_orders(shop) -> None:
    """What a column notes on an order stands on it by its name; of several rows the last one that says it counts."""
    shop.mapping = shop.mapping.replace('line.total = "price"', 'line.total = "price"\ncustom_data.wish = "wish"')
    rows = zip(SALES.splitlines(), ("wish", "red", "", "blue"), strict=True)
    shop.files["sales.csv"] = "\n".join(f"{row},{wish}" for row, wish in rows)
    await shop.bring_in()
    kept = {one["external_id"]: one.get("custom_data") for one in await shop.store.find(PURCHASES, {})}
    assert kept == {"A1": [{"name": "wish", "value": "blue"}], "A2": None}
