"""Whatever is done to a statement, it proves nobody or whom the company has signed, and raises nothing else."""

import base64
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from adapters.contract.visitors import NotBelieved, Signed
from tests.desks import SIGNING_SECRET, site

SEED = 20_261_127
NOW = datetime(2026, 11, 21, tzinfo=UTC)
CLAIMS = {
    "sub": "4711",
    "aud": "main",
    "exp": int((NOW + timedelta(minutes=5)).timestamp()),
    "iat": int(NOW.timestamp()),
    "nbf": int(NOW.timestamp()),
    "jti": "1",
    "name": "Ann Lee",
    "email": "ann@example.com",
    "email_verified": True,
}
ODD: list[Any] = [None, "", " ", 0, -1, 1e308, True, False, [], ["main"], {}, {"a": 1}, "\ud800", "\0", "x" * 5_000]
ODD += [float("nan"), float("inf"), 10**40, "1", "main", "2026-11-21", [[[[]]]]]
HEADS: list[Any] = ["none", "HS256", "HS512", "RS256", "", None, 7, ["HS256"], {"a": 1}, "hs256"]


def _spoilt(chance: random.Random) -> str:
    """A statement with odd claims, an odd head or odd bytes; signed again in most cases."""
    claims: dict[str, Any] = dict(CLAIMS)
    for _ in range(chance.randint(1, 3)):
        claims[chance.choice(list(CLAIMS))] = chance.choice(ODD)
    for _ in range(chance.randint(0, 1)):
        claims.pop(chance.choice(list(CLAIMS)), None)
    head = {"alg": "HS256", "typ": "JWT"}
    if chance.random() < 0.3:
        head[chance.choice(["alg", "typ", "kid", "crit", "b64", "jwk"])] = chance.choice([*HEADS, *ODD])
    text = f"{_part(head)}.{_part(claims)}"
    key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    text += f".{_bytes(key.sign(text.encode(), SIGNING_SECRET.encode()))}"
    if chance.random() < 0.3:
        place = chance.randrange(len(text))
        text = text[:place] + chance.choice(["", ".", "=", "é", "\0", "A", "-"]) + text[place + chance.randint(0, 2) :]
    return text


def _part(value: Any) -> str:
    return _bytes(json.dumps(value).encode())


def _bytes(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _tried(times: int) -> None:
    chance, one, believed = random.Random(SEED), site(), 0
    for _ in range(times):
        try:
            told = one.signed(_spoilt(chance), NOW)
        except NotBelieved:
            continue
        believed += 1
        assert isinstance(told, Signed)
        assert told.user.strip()
        said = [one for one in (told.user, told.name, told.email, told.statement) if one is not None]
        assert all(isinstance(text, str) and text.encode() and "\0" not in text for text in said)
        assert isinstance(told.is_email_verified, bool)
        assert NOW - timedelta(minutes=1) < told.expires_at < NOW + timedelta(hours=1, minutes=1)
    assert 0 < believed < times


def test_spoilt_statements() -> None:
    """Of 200 spoilt statements each proves somebody soundly or nobody."""
    _tried(200)


@pytest.mark.deep
def test_many_spoilt_statements() -> None:
    """And of 10,000."""
    _tried(10_000)
