"""How many rows a second does an import take in, and who is busy meanwhile: the importer or the database?

The whole sets are read where they lie beside the checkout (`IMPORT_DATA` names another place). Run as
`python -m benchmarks.importing`; two cores are used where there are more, the database's among them.
"""

import io
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import uvloop
from rich.console import Console

from adapters.mongo import Store
from benchmarks.bench import judged
from gateway.importing import LANES, Crew, Options, run_import
from gateway.importing.position import IMPORTS
from gateway.mongod import Mongod
from resolvers.schema import graph

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("IMPORT_DATA", ROOT.parent / "shared" / "data"))
ROUNDS = 3
GOAL = 10_000
# The kernel counts a process's time in these.
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Task:
    """One import that is measured; each stands on what those before it left."""

    name: str
    mapping: str
    files: Sequence[str]


TASKS = (
    Task("AdventureWorks customers", "adventureworks", ["adventureworks/*Customers.csv"]),
    Task("AdventureWorks sales", "adventureworks", ["adventureworks/*Sales_*.csv"]),
    Task("CDNOW purchases", "cdnow", ["cdnow/CDNOW_master.txt"]),
    Task("CDNOW again, unchanged", "cdnow", ["cdnow/CDNOW_master.txt"]),
    Task("IAB audience taxonomy", "iab_audience", ["iab_taxonomies/Audience*.tsv"]),
)


@dataclass(frozen=True)
class Figures:
    """What one import took."""

    rows: int
    seconds: float
    importer_s: float
    database_s: float


async def main(crew: Crew) -> None:
    """Measures every task in several rounds, each on an empty database, and prints medians."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:2]))
    found: dict[str, list[Figures]] = {task.name: [] for task in TASKS}
    with tempfile.TemporaryDirectory() as folder:
        async with Mongod(Path(folder) / "data", cache_gb=1.0) as server:
            for n in range(ROUNDS):
                store = await Store.open(server.url, f"bench{n}", [*graph().declared.records, IMPORTS])
                await store.prepare()
                for task in TASKS:
                    found[task.name].append(await _measured(task, store, server, Path(folder), crew))
                await store.drop()
                await store.close()
    _report(found)


async def _measured(task: Task, store: Store, server: Mongod, folder: Path, crew: Crew) -> Figures:
    files = _files(task)
    importer_s, database_s, begun = _importer_s(), _cpu_s(server.pid), time.perf_counter()
    summary = await run_import(
        store,
        ROOT / "mappings" / f"{task.mapping}.toml",
        files,
        console=Console(file=io.StringIO()),
        options=Options(rejects_folder=folder, crew=crew),
    )
    return Figures(
        rows=summary.rows,
        seconds=time.perf_counter() - begun,
        importer_s=_importer_s() - importer_s,
        database_s=_cpu_s(server.pid) - database_s,
    )


def _files(task: Task) -> Sequence[Path]:
    return sorted(path for pattern in task.files for path in DATA.glob(pattern))


def _importer_s() -> float:
    """The time that this process and its crew have had."""
    return time.process_time() + sum(_cpu_s(one.pid) for one in multiprocessing.active_children())


def _cpu_s(pid: int | None) -> float:
    """The time that a process has had on any core; 0 where the system does not tell."""
    stat = Path(f"/proc/{pid}/stat")
    if not stat.exists():
        return 0.0
    # Fields 14 and 15 of proc(5), counted behind the command's name, which may hold blanks.
    words = stat.read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS_A_SECOND


def _report(found: dict[str, list[Figures]]) -> None:
    print(f"importing: rows a second on two cores, the database's work included; the goal is {GOAL:,}")
    print(f"  {'':<26}{'rows':>8}{'rows/s':>9}{'importer us/row':>17}{'mongod us/row':>15}")
    for name, figures in found.items():
        _line(name, figures)
    # The last task is a handful of rows and the one before writes nothing: neither belongs to the whole.
    shops = [
        Figures(*(sum(values) for values in zip(*(_values(found[task.name][n]) for task in TASKS[:3]), strict=True)))
        for n in range(ROUNDS)
    ]
    pace = _line("both shops, new", shops)
    print(f"  {judged(pace >= GOAL)}: both shops {pace:,.0f} rows/s; at least {GOAL:,}")


def _values(one: Figures) -> tuple[float, ...]:
    return one.rows, one.seconds, one.importer_s, one.database_s


def _line(name: str, figures: Sequence[Figures]) -> float:
    """Prints the medians of one task; its rows a second."""

    def median(each: Sequence[float]) -> float:
        return statistics.median(each)

    rows = figures[0].rows
    pace = median([one.rows / one.seconds for one in figures])
    importer = median([one.importer_s / one.rows * 1e6 for one in figures])
    database = median([one.database_s / one.rows * 1e6 for one in figures])
    print(f"  {name:<26}{rows:>8,}{pace:>9,.0f}{importer:>17.0f}{database:>15.0f}")
    return pace


if __name__ == "__main__":
    with Crew(LANES) as hands:
        uvloop.run(main(hands))
