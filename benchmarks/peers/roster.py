"""Which servers are compared, and how is each started?"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.settings import Settings

NODE = Path(__file__).parent / "node"
_PYTHON = sys.executable
_GATEWAY = str(Path(sys.executable).with_name("profile-gateway"))


@dataclass(frozen=True, slots=True)
class Server:
    """One row of the table."""

    name: str
    title: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    may_speak_any: bool = True
    """Whether it answers any question of its schema; the endpoints written by hand know two."""


def _module(name: str) -> tuple[str, ...]:
    return _PYTHON, "-m", f"benchmarks.peers.{name}"


def _node(script: str) -> tuple[str, ...]:
    return "node", str(NODE / script)


def _unplanned() -> Server:
    """The gateway answering by graphql-core: by its setting, where there is one."""
    if "plans" in Settings.model_fields:
        return Server("gateway-unplanned", "Gateway, plans off", (_GATEWAY, "serve"), {"GATEWAY_PLANS": "off"})
    return Server("gateway-unplanned", "Gateway, plans off", _module("unplanned"))


OURS = "gateway"
BEST_MERCURIUS = ("mercurius-loaders", "mercurius-dataloader")
"""The idiomatic ones: the goal is set against the better of them, workload by workload."""

SERVERS: Mapping[str, Server] = {
    one.name: one
    for one in (
        Server(OURS, "Gateway", (_GATEWAY, "serve")),
        _unplanned(),
        Server("strawberry", "Strawberry", _module("python.plain_strawberry")),
        Server("strawberry-caches", "Strawberry, its caches", _module("python.plain_strawberry"), {"CACHES": "on"}),
        Server("apollo", "Apollo Server 5", _node("apollo.js")),
        Server("yoga", "GraphQL Yoga 5", _node("yoga.js")),
        Server("mercurius-loaders", "Mercurius JIT, its loaders", _node("mercurius.js"), {"WAY": "loaders"}),
        Server("mercurius-dataloader", "Mercurius JIT, DataLoader", _node("mercurius.js"), {"WAY": "dataloader"}),
        Server("mercurius-fused", "Mercurius JIT, one command", _node("mercurius.js"), {"WAY": "fused"}),
        Server("by-hand", "By hand", _module("python.handwritten"), may_speak_any=False),
        Server(
            "by-hand-fused", "By hand, one command", _module("python.handwritten"), {"FUSED": "on"}, may_speak_any=False
        ),
    )
}
