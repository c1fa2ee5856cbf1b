"""A shop in a folder of the test's own, and a way to import it."""

import io
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adapters.mongo import Store
from gateway.importing import IMPORTS, CannotImport, Options, Summary, run_import

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)

SHOP = """
[source]
channel = "shop"
account = "main"
currency = "USD"
zone = "UTC"

[[import]]
record = "people"
files = "people*"
[import.fields]
who = "id"
attributes.firstName = "first"
attributes.lastName = "last"
email = "email"
tags = { column = "tags", split = ";" }

[[import]]
record = "orders"
files = "sales*"
[import.fields]
id = "order"
who = "customer"
placed_at = { column = "day", styles = ["%d.%m.%Y"] }
line.title = "product"
line.quantity = "pieces"
line.total = "price"
"""
PEOPLE = "id,first,last,email,tags\n1,Ann,Lee,ann@example.org,vip;loyal\n2,Bob,Poe,,\n"
SALES = (
    "order,customer,day,product,pieces,price\n"
    'A1,1,03.01.2026,Bell,2,"$1,010.10"\n'
    "A2,2,04.01.2026,Lamp,1,$5\n"
    "A1,1,03.01.2026,Lamp,1,5.25\n"
)


@dataclass
class Shop:
    """Writes files and imports them."""

    folder: Path
    store: Store
    mapping: str = SHOP
    files: dict[str, str | bytes] = field(default_factory=lambda: {"people.csv": PEOPLE, "sales.csv": SALES})
    printed: io.StringIO = field(default_factory=io.StringIO)

    async def bring_in(self, **options: Any) -> Summary:
        """Imports everything that stands in the folder by the mapping."""
        paths = [self.write(name, content) for name, content in self.files.items()]
        mapping = self.write("shop.toml", self.mapping)
        way = Options(**{"rejects_folder": self.folder / "rejects", "at": AT} | options)
        console = Console(file=self.printed, width=200)
        summary = await run_import(self.store, mapping, paths, console=console, options=way)
        summary.show(console)
        return summary

    async def problems(self) -> str:
        """Why nothing can be imported, after which nothing was."""
        with pytest.raises(CannotImport) as caught:
            await self.bring_in()
        assert not any([await self.store.count(record, {}) for record in self.store.records.values()])
        return str(caught.value)

    def write(self, name: str, content: str | bytes) -> Path:
        """A file of the folder."""
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rejected(self, name: str) -> list[str]:
        """The lines of a file of rejected rows, without the header."""
        return (self.folder / "rejects" / name).read_text().splitlines()[1:]


@pytest.fixture
async def shop(tmp_path: Path, store: Store) -> AsyncIterator[Shop]:
    """A shop of two customers and two orders, three lines."""
    yield Shop(tmp_path, store)
    await store.delete(IMPORTS, {})


@pytest.fixture
def counted() -> Callable[[Summary], dict[str, int]]:
    """How many records came to each outcome, those that none came to left out."""
    return lambda summary: {
        name: sum(one.counts.get(name, 0) for one in summary.sections)
        for name in ("inserted", "updated", "unchanged", "rejected")
        if any(one.counts.get(name) for one in summary.sections)
    }
