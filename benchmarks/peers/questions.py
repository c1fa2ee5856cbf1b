"""What are the servers asked, as whom, and when are two answers the same?"""

import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import httpx
import jwt
import orjson

from benchmarks.peers.people import AGENT_SUBJECT, identity_of
from benchmarks.peers.processes import Probe, Running
from tests.workloads import W1, W2

WORKLOADS: Mapping[str, tuple[str, str]] = {"W1": ("Panel", W1), "W2": ("Inbox", W2)}
TITLES = {"W1": "the agent panel", "W2": "the inbox of 50 customers"}
# More customers than a round asks for at once; at a million, more than the database's cache holds would be slower.
_MOST_ASKED_FOR = 2_000
# The gateway's cursors are encrypted and the others' are not: that there is one is compared, not what it holds.
_CURSORS = frozenset({"cursor", "startCursor", "endCursor"})
_SHOWN_OF_A_DIFFERENCE = 200


def headers(secret: str) -> dict[str, str]:
    """What an agent who is signed in sends."""
    claims = {"sub": AGENT_SUBJECT, "name": "Anna", "role": "agent", "exp": int(time.time()) + 24 * 3600}
    token = jwt.encode(claims, secret, algorithm="HS256")
    return {"authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}


def bodies(workload: str, customers: int, seed: int) -> list[str]:
    """The requests of one workload, in the order in which a connection sends them: the same for every server."""
    name, text = WORKLOADS[workload]
    if workload == "W2":
        return [_body(name, text, {"first": 50})]
    asked = Random(seed).sample(range(customers), min(customers, _MOST_ASKED_FOR))
    identities = (identity_of(n) for n in asked)
    return [_body(name, text, {"channel": one[0], "account": one[1], "value": one[2]}) for one in identities]


def _body(name: str, text: str, variables: Mapping[str, Any]) -> str:
    return orjson.dumps({"query": text, "variables": variables, "operationName": name}).decode()


def probe(secret: str) -> Probe:
    """A small inbox."""
    name, text = WORKLOADS["W2"]
    return Probe(_body(name, text, {"first": 1}), headers(secret))


def samples(customers: int, seed: int, count: int = 24) -> list[str]:
    """Requests whose answers are compared: panels of known and unknown people, inboxes short and long."""
    name, text = WORKLOADS["W1"]
    nobody = {"channel": "messenger", "account": "main", "value": "nobody"}
    inbox, inbox_text = WORKLOADS["W2"]
    # Hand-written endpoints know lists of W2's length in their text, and customers as many as asked for.
    sizes = (1, 2, 20, 50, 100)
    return [
        *bodies("W1", customers, seed)[:count],
        _body(name, text, nobody),
        *(_body(inbox, inbox_text, {"first": size}) for size in sizes),
    ]


async def compared(servers: Sequence[Running], requests: Sequence[str], secret: str) -> int:
    """Asks every server everything; how many answers were found equal. Raises RuntimeError at the first difference."""
    count = 0
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for request in requests:
            first: Any = None
            for one in servers:
                answer = await client.post(one.url, content=request, headers=headers(secret))
                found = _comparable(orjson.loads(answer.content))
                if "errors" in found:
                    raise RuntimeError(f"{one.server.title} answers with errors: {found['errors']}")
                if first is None:
                    first = found
                elif difference := _difference(first, found, "data"):
                    raise RuntimeError(
                        f"{one.server.title} and {servers[0].server.title} differ in {difference}\nfor {request[-300:]}"
                    )
                count += 1
    return count


def _comparable(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _comparable(one, key) for key, one in value.items()}
    if isinstance(value, list):
        return [_comparable(one) for one in value]
    return bool(value) if name in _CURSORS else value


def _difference(a: Any, b: Any, where: str) -> str | None:
    """The first place in which two answers differ; the order of fields counts too, as the specification demands."""
    if isinstance(a, dict) and isinstance(b, dict) and list(a) == list(b):
        return next((found for key in a if (found := _difference(a[key], b[key], f"{where}.{key}"))), None)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return next((found for n, (x, y) in pairs if (found := _difference(x, y, f"{where}[{n}]"))), None)
    if isinstance(a, dict) and isinstance(b, dict):
        return f"{where}: {list(a)} and {list(b)}"
    if type(a) is not type(b) and not (isinstance(a, int | float) and isinstance(b, int | float)):
        return f"{where}: {a!r} and {b!r}"[:_SHOWN_OF_A_DIFFERENCE]
    return None if a == b else f"{where}: {a!r} and {b!r}"[:_SHOWN_OF_A_DIFFERENCE]
