"""Is a cell that no field can hold a rejected row with its reason, whatever stands in it?"""

import pytest

from gateway.importing import run
from tests.importing.conftest import Shop

SEEN = """
[source]
channel = "shop"
account = "main"
zone = "{zone}"

[[import]]
record = "people"
files = "people*"
[import.fields]
who = "id"
seen_at = {{ column = "seen", styles = ["{style}"] }}
"""


@pytest.mark.parametrize(
    ("cell", "zone", "style"),
    [
        ("0001-01-01T00:00:00", "Europe/Berlin", "iso"),
        ("9999-12-31T23:59:59", "America/New_York", "iso"),
        ("0001-01-01T00:00:00+14:00", "UTC", "iso"),
        ("0001-01-01", "Europe/Berlin", "%Y-%m-%d"),
        ("0000-01-01", "UTC", "%Y-%m-%d"),
        ("²", "UTC", "unix"),
        ("9" * 400, "UTC", "unix"),
        ("9" * 5000, "UTC", "unix_ms"),
    ],
)
async def test_odd_moment(shop: Shop, counted, cell: str, zone: str, style: str) -> None:
    """A moment that the calendar does not have is the reason of its row, and the rows beside it are taken."""
    shop.mapping = SEEN.format(zone=zone, style=style)
    shop.files = {"people.csv": f"id,seen\n1,\n2,{cell}\n3,\n"}
    assert counted(await shop.bring_in()) == {"inserted": 2, "rejected": 1}
    assert "`seen_at`: " in shop.rejected("people.people.rejected.csv")[0]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("9" * 30, "`line.quantity`: the number there"),
        ("9" * 6000, "`line.quantity`: the number there"),
        ("1099511627776", "`quantity` is 1099511627776; "),
        ("2147483648", "`quantity` is 2147483648; "),
        ("0", "`quantity` is 0; "),
        ("-3", "`quantity` is -3; "),
    ],
)
async def test_odd_quantity(shop: Shop, counted, cell: str, reason: str) -> None:
    """A quantity that nobody can read, or that is none, is the reason of its row."""
    shop.files = {"sales.csv": f"order,customer,day,product,pieces,price\nA1,1,03.01.2026,Bell,{cell},5\n"}
    assert counted(await shop.bring_in()) == {"rejected": 1}
    assert reason in shop.rejected("sales.orders.rejected.csv")[0]


async def test_largest_quantity(shop: Shop, counted) -> None:
    """The largest quantity that clients read is taken."""
    shop.files = {"sales.csv": "order,customer,day,product,pieces,price\nA1,1,03.01.2026,Bell,2147483647,5\n"}
    assert counted(await shop.bring_in()) == {"inserted": 1}


@pytest.mark.parametrize("price", ["1" * 35, "1" * 7000, "0." + "0" * 7000 + "1"])
async def test_odd_amount(shop: Shop, counted, price: str) -> None:
    """An amount with more digits than are kept exactly is the reason of its row."""
    shop.files = {"sales.csv": f"order,customer,day,product,pieces,price\nA1,1,03.01.2026,Bell,1,{price}\n"}
    assert counted(await shop.bring_in()) == {"rejected": 1}
    assert "more than 34 digits" in shop.rejected("sales.orders.rejected.csv")[0]


async def test_sum_is_exact(shop: Shop, counted) -> None:
    """A sum of lines that cannot be kept exactly is a reason too, and is not rounded."""
    row = "A1,1,03.01.2026,Bell,1,{}\n"
    shop.files = {"sales.csv": "order,customer,day,product,pieces,price\n" + row.format("1" * 34) + row.format("0.1")}
    assert counted(await shop.bring_in()) == {"rejected": 1}
    assert "more than 34 digits" in shop.rejected("sales.orders.rejected.csv")[0]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("{x}\t1\t03.01.2026\tBell\t1\t5", "external_id"),
        ("A{n}\t{x}\t03.01.2026\tBell\t1\t5", "who"),
        ("A{n}\t1\t03.01.2026\t{x}\t1\t5", "title"),
    ],
)
async def test_long_text(shop: Shop, counted, row: str, field: str) -> None:
    """A text longer than its field holds is the reason of its row, though the row were larger than any document."""
    head = "order\tcustomer\tday\tproduct\tpieces\tprice\n"
    lines = [row.format(n=1, x="x" * 17_000_000), row.format(n=3, x="x" * 3_000), "A2\t1\t04.01.2026\tBell\t1\t5"]
    shop.files = {"sales.tsv": head + "\n".join(lines) + "\n"}
    assert counted(await shop.bring_in()) == {"inserted": 1, "rejected": 2}
    reasons = [line[:200] for line in shop.rejected("sales.orders.rejected.csv")]
    assert all(f"`{field}` has " in one and "Shorten it" in one for one in reasons)


async def test_long_quoted_cell(shop: Shop, counted) -> None:
    """A quoted cell may be longer than Python's own reader of CSV takes it to be; its length is what is told."""
    long, endless = "x" * 200_000, "x" * 2_000_000
    shop.files = {
        "sales.csv": "order,customer,day,product,pieces,price\n"
        f'A1,1,03.01.2026,"{long}",1,5\n'
        f'A2,1,03.01.2026,"{endless}",1,5\n'
        'A3,1,03.01.2026,"Bell",1,5\n'
    }
    assert counted(await shop.bring_in()) == {"inserted": 1, "rejected": 2}
    reasons = [line[:300] for line in shop.rejected("sales.orders.rejected.csv")]
    assert "`title` has 200000 characters" in reasons[0]
    assert "longer than 1,000,000 characters" in reasons[1]


async def test_unforeseen_number(shop: Shop, counted, monkeypatch) -> None:
    """Arithmetic that nobody foresaw rejects its row and no more."""

    def failing(*_) -> None:
        raise OverflowError

    monkeypatch.setattr(run.SectionReader, "record", failing)
    assert counted(await shop.bring_in()) == {"rejected": 4}
    assert "beyond what can be kept" in shop.rejected("people.people.rejected.csv")[0]
