"""How does a delivery look that was spoilt on its way, or that a vendor has changed?"""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any, Final

SEED: Final = 20_261_126
"""Any number does; a fixed one makes a failure come again."""

_DEEP: Final = 3_000
_ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    0,
    10**400,
    1e308,
    "",
    " ",
    "\u0000",
    "\ud800",
    "x" * 5_000,
    "2026-13-45T99:99:99Z",
    "99999999999999999999",
    [],
    {},
    [None],
    [[]],
    {"": None},
)
TELLTALE: Final = ("x" * 40,)
"""Of the odd values those that stand nowhere by chance; others might be a record's id, which may be told."""
WHOLLY_ODD: Final = (
    b"",
    b"null",
    b"0",
    b'""',
    b"[]",
    b"{}",
    b"[null]",
    b"NaN",
    b"\xff\xfe\x00",
    b"\x00" * 64,
    b"<html></html>",
    b"a=b&c=d",
    b"[" * _DEEP,
    b"{" * _DEEP,
    b'{"a":' * _DEEP + b"1" + b"}" * _DEEP,
    b'{"a":1',
)
"""Bodies in which nobody finds anything."""


def spoilt(bodies: list[bytes], count: int) -> Iterator[bytes]:
    """So many spoilt bodies, always the same: first those that are wholly odd."""
    yield from WHOLLY_ODD[:count]
    yield from changed(bodies, count - len(WHOLLY_ODD))


def changed(bodies: list[bytes], count: int) -> Iterator[bytes]:
    """So many bodies that are nearly those, always the same."""
    chance = random.Random(SEED)  # noqa: S311  it hides nothing
    for n in range(count):
        body = bodies[n % len(bodies)] if bodies else b"{}"
        yield _other_value(body, chance) if n % 4 else _other_bytes(body, chance)


def _other_bytes(body: bytes, chance: random.Random) -> bytes:
    """Cut off, or with bytes that are others."""
    if not body:
        return b"\x00"
    if chance.random() < 0.5:  # noqa: PLR2004  one half of them
        return body[: chance.randrange(len(body))]
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _other_value(body: bytes, chance: random.Random) -> bytes:
    """With one to three values that are others, or gone."""
    try:
        whole = json.loads(body)
    except ValueError:
        return _other_bytes(body, chance)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(whole))
        if places:
            holder, key = chance.choice(places)
            if chance.random() < 0.25:  # noqa: PLR2004  one in four
                del holder[key]
            else:
                holder[key] = copy.deepcopy(chance.choice(_ODD))
    return json.dumps(whole).encode("utf-8", "surrogatepass")


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield value, key
        yield from _places(one)
