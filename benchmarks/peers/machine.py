"""On what was measured: the machine, the versions, the day?"""

import asyncio
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
from pymongo import AsyncMongoClient

from benchmarks.peers.roster import NODE

_PYTHON = ("strawberry-graphql", "graphql-core", "pymongo", "starlette", "uvicorn", "uvloop", "orjson")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and when."""

    date: str
    cpu: str
    cores: int
    memory_gb: float
    system: str
    versions: Mapping[str, str]
    pinned: str
    load_before: float


async def machine(url: str, *, pinned: tuple[int, int] | None) -> Machine:
    """The machine as it is now; `pinned`: the server's core, and that of the database and the load."""
    client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(url)
    try:
        mongodb = (await client.server_info())["version"]
    finally:
        await client.close()
    packages = orjson.loads((NODE / "package.json").read_bytes())["dependencies"]
    node = await asyncio.create_subprocess_exec("node", "--version", stdout=asyncio.subprocess.PIPE)
    told, _ = await node.communicate()
    return Machine(
        date=datetime.now(UTC).isoformat(timespec="minutes").replace("+00:00", "Z"),
        cpu=_cpu(),
        cores=os.cpu_count() or 1,
        memory_gb=round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        versions={
            # Builds of one version differ in speed by a quarter: distributions' own are compiled with profiles.
            "Python": f"{platform.python_version()} (built {platform.python_build()[1][:11]})",
            "Node": told.decode().strip().removeprefix("v"),
            "MongoDB": mongodb,
            **{name: version(name) for name in _PYTHON},
            **packages,
        },
        pinned=(
            f"each server on core {pinned[0]}, database and load generator on core {pinned[1]}"
            if pinned
            else "not pinned: this machine offers one core, or no taskset"
        ),
        load_before=os.getloadavg()[0],
    )


def _cpu() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
