"""How do a vendor's answers and deliveries look when a word of them is odd, missing or doubled?"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

ODD = (
    None,
    True,
    -1,
    0,
    10**30,
    1e308,
    "",
    " ",
    "\u0000",
    "\ud800",
    "x" * 3000,
    [],
    {},
    [None],
    {"": None},
    "2026-13-45",
)
_SEED = 20_261_126


def misread(value: Any, chance: random.Random) -> Any:
    """The value with something odd or missing somewhere in it."""
    value = json.loads(json.dumps(value))
    at: Any = value
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return chance.choice(ODD)
        key = chance.choice(keys)
        if isinstance(at[key], dict | list) and at[key] and chance.random() < 0.8:
            at = at[key]
            continue
        if chance.random() < 0.25:
            del at[key]
        else:
            at[key] = chance.choice(ODD)
        return value


def misread_bodies(samples: Sequence[bytes], count: int) -> Iterator[bytes]:
    """So many deliveries that were misread as words, or as bytes."""
    chance = random.Random(_SEED)
    for n in range(count):
        sample = samples[n % len(samples)]
        if n % 4:
            told = json.loads(sample)
            for _ in range(chance.randint(1, 3)):
                told = misread(told, chance) if isinstance(told, dict) else told
            yield json.dumps(told).encode()
        else:
            spot = chance.randrange(len(sample))
            yield sample[:spot] + bytes(chance.randrange(256) for _ in range(chance.randint(0, 4))) + sample[spot + 1 :]


def misread_answer(good: Any, n: int, chance: random.Random) -> str:
    """The n-th answer: with an odd word, or cut off."""
    return json.dumps(misread(good, chance)) if n % 3 else json.dumps(good)[: chance.randrange(99)]


def assert_storable(value: Any) -> None:
    """Every text in it can be kept by a database."""
    if isinstance(value, str):
        value.encode()
    elif is_dataclass(value) and not isinstance(value, type):
        assert_storable([getattr(value, one.name) for one in fields(value)])
    elif isinstance(value, dict):
        assert_storable([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for one in value:
            assert_storable(one)
