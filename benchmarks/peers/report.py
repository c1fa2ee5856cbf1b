"""How are the figures told: printed, as a page, as data, as a picture?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from benchmarks.peers.chart import Bar, Panel, drawn
from benchmarks.peers.machine import Machine
from benchmarks.peers.questions import TITLES
from benchmarks.peers.roster import BEST_MERCURIUS, SERVERS
from benchmarks.peers.rounds import Course, Sample, median, of, paired_ratio, plain, spread

# DESIGN.md, section 9: against whom, and what the ratio must be and is hoped to be, by workload.
_GOALS: Sequence[tuple[str, Sequence[str], Mapping[str, tuple[float, float]]]] = (
    ("the best idiomatic Mercurius", BEST_MERCURIUS, {"W1": (1.4, 2.0), "W2": (1.4, 2.0)}),
    ("Apollo Server 5", ("apollo",), {"W1": (1.6, 3.0), "W2": (2.5, 3.0)}),
    ("plain Strawberry", ("strawberry",), {"W1": (6.0, 10.0), "W2": (7.0, 10.0)}),
    ("by hand, as many commands", ("by-hand-fused",), {"W1": (0.75, 1.0), "W2": (0.75, 1.0)}),
)
_JUDGED_AT = 8
_USUAL_CUSTOMERS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one comparison found."""

    machine: Machine
    customers: int
    course: Course
    ours: str
    samples: Sequence[Sample]
    commands: Mapping[str, Mapping[str, float]]
    """Commands that read, a request: by workload and server."""
    memory: Mapping[str, Mapping[str, float]]
    """Megabytes at the end, by server."""
    load_after: float

    @property
    def servers(self) -> list[str]:
        """Those that were measured, in the order of the table."""
        seen = {one.server for one in self.samples}
        return [name for name in SERVERS if name in seen]

    @property
    def workloads(self) -> list[str]:
        """Those that were measured."""
        return list(dict.fromkeys(one.workload for one in self.samples))


def printed(report: Report) -> None:
    """Prints the page."""
    print("\n".join(_page(report)))


def written(report: Report, folder: Path) -> None:
    """Writes data, page and picture; those of an unusual number of customers under a name of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "peers" if report.customers == _USUAL_CUSTOMERS else f"peers-{report.customers}"
    data = {
        "machine": asdict(report.machine),
        "customers": report.customers,
        "course": asdict(report.course),
        "commands": report.commands,
        "memory_mb": report.memory,
        "load_after": report.load_after,
        "samples": plain(report.samples),
    }
    (folder / f"{name}.json").write_bytes(orjson.dumps(data, option=orjson.OPT_INDENT_2) + b"\n")
    (folder / f"{name}.md").write_text("\n".join(_page(report)) + "\n", "utf-8")
    (folder / f"{name}.svg").write_text(_picture(report), "utf-8")
    print(f"written: {name}.json, {name}.md, {name}.svg in {folder.name}/")


def _page(report: Report) -> Iterator[str]:
    on, course = report.machine, report.course
    yield f"# Whole servers over HTTP, {report.customers:,} customers"
    yield ""
    yield f"{on.date} · {on.cpu}, {on.cores} cores, {on.memory_gb} GB · {on.system} · {on.pinned}."
    yield f"Load average {on.load_before:.1f} before and {report.load_after:.1f} after."
    others = median(report.samples, "others_busy")
    yield f"Meanwhile {others:.2f} cores were busy with other work (median of the windows)."
    yield f"{course.rounds} interleaved rounds, windows of {course.seconds:g} s; medians, ratios paired by round."
    yield ""
    yield from _verdicts(report)
    for workload in report.workloads:
        for connections in course.connections:
            yield from _table(report, workload, connections)
    yield from _memory(report)
    yield "Versions: " + ", ".join(f"{name} {number}" for name, number in on.versions.items()) + "."


def _verdicts(report: Report) -> Iterator[str]:
    yield f"| the gateway against, {_JUDGED_AT} connections | workload | ratio | must | goal |"
    yield "|---|---|---|---|---|"
    for title, theirs, goals in _GOALS:
        there = [name for name in theirs if name in report.servers]
        for workload in report.workloads:
            cell = of(report.samples, workload=workload, connections=_JUDGED_AT)
            if there and cell and report.ours in report.servers:
                must, goal = goals[workload]
                ratio = paired_ratio(cell, report.ours, there)
                yield f"| {title} | {workload} | {ratio:.2f} | {must:g} | {goal:g} |"
    yield ""


def _table(report: Report, workload: str, connections: int) -> Iterator[str]:
    cell = of(report.samples, workload=workload, connections=connections)
    yield f"## {workload}, {TITLES[workload]}: {connections} connections"
    yield ""
    yield "| server | req/s | p50 ms | p99 ms | ours to it | from, to | commands | server µs | database µs | busy |"
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|"
    for name in report.servers:
        own = of(cell, workload=workload, connections=connections, server=name)
        ratio, reach = "", ""
        if report.ours in report.servers:
            low, high = spread(cell, report.ours, name)
            ratio, reach = f"{paired_ratio(cell, report.ours, [name]):.2f}", f"{low:.2f}, {high:.2f}"
        yield (
            f"| {SERVERS[name].title} | {median(own, 'per_s'):.1f} | {median(own, 'p50_ms'):.2f} "
            f"| {median(own, 'p99_ms'):.2f} | {ratio} | {reach} | {report.commands[workload][name]:.1f} "
            f"| {median(own, 'server_us'):.0f} | {median(own, 'database_us'):.0f} | {median(own, 'server_busy'):.0%} |"
        )
    yield ""


def _memory(report: Report) -> Iterator[str]:
    yield "## Memory of each process at the end"
    yield ""
    yield "| server | PSS MB | RSS MB |"
    yield "|---|--:|--:|"
    for name in report.servers:
        kept = report.memory.get(name) or {}
        yield f"| {SERVERS[name].title} | {kept.get('pss', 0):.0f} | {kept.get('rss', 0):.0f} |"
    yield ""


def _picture(report: Report) -> str:
    at = _JUDGED_AT if _JUDGED_AT in report.course.connections else report.course.connections[0]
    panels = []
    for workload in report.workloads:
        bars = []
        for name in report.servers:
            own = of(report.samples, workload=workload, connections=at, server=name)
            bars.append(Bar(SERVERS[name].title, median(own, "per_s"), is_ours=name == report.ours))
        panels.append(Panel(f"{workload}, {TITLES[workload]}", bars))
    on = report.machine
    foot = f"{report.customers:,} customers, {at} connections, one core each; {on.cpu}, {on.date[:10]}"
    return drawn("Requests a second", panels, foot)
