"""Compares whole servers over HTTP: `python -m benchmarks.peers --help`."""

import argparse
from pathlib import Path

from benchmarks.peers.questions import WORKLOADS
from benchmarks.peers.roster import SERVERS
from benchmarks.peers.rounds import Course
from benchmarks.peers.running import RESULTS, Options, run


def _options() -> Options:
    words = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    usual = Course()
    words.add_argument("--customers", type=int, default=20_000, help="how many, as 20000 (usual) or 1000000")
    words.add_argument("--seed", type=int, default=1)
    words.add_argument(
        "--servers", nargs="+", choices=SERVERS, default=list(SERVERS), metavar="NAME", help=", ".join(SERVERS)
    )
    words.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=list(WORKLOADS))
    words.add_argument("--connections", nargs="+", type=int, default=list(usual.connections))
    words.add_argument("--rounds", type=int, default=usual.rounds)
    words.add_argument("--seconds", type=float, default=usual.seconds, help="of one window")
    words.add_argument("--quick", action="store_true", help="two short rounds, 8 connections; writes nothing")
    words.add_argument("--check", action="store_true", help="compares the answers and measures nothing")
    words.add_argument("--cache-gb", type=float, default=2.0, help="memory for the database's cache")
    words.add_argument(
        "--data", type=Path, help="where filled databases are kept (else PEERS_DATA, else the user's cache)"
    )
    words.add_argument("--output", type=Path, help="where results are written (benchmarks/results)")
    given = words.parse_args()
    if given.quick:
        course = Course(rounds=2, seconds=2.0, warm_s=1.5, settle_s=0.5, connections=(8,))
    else:
        course = Course(rounds=given.rounds, seconds=given.seconds, connections=tuple(given.connections))
    more = {"folder": given.data} if given.data else {}
    return Options(
        customers=given.customers,
        seed=given.seed,
        servers=given.servers,
        workloads=given.workloads,
        course=course,
        is_check_only=given.check,
        cache_gb=given.cache_gb,
        output=given.output or (None if given.quick else RESULTS),
        **more,
    )


if __name__ == "__main__":
    run(_options())
