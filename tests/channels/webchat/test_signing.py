"""Whom does a site believe, and which settings can be none?"""

import base64
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import ValidationError

from adapters.channels.webchat import WebChatSettings
from adapters.contract.errors import ChannelRefused
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Template
from adapters.contract.visitors import NotBelieved
from tests.desks import SIGNING_SECRET, site

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ORIGINS = {"allowed_origins": ["https://www.shop.example"]}


def _pem(key: Any) -> str:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return str(public.decode())


def _private(key: Any) -> str:
    return str(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """The company's key."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def _claims(**more: Any) -> dict[str, Any]:
    return {"sub": "4711", "aud": "main", "exp": int((NOW + timedelta(minutes=5)).timestamp()), **more}


def test_by_public_key(key: rsa.RSAPrivateKey) -> None:
    """A statement that is signed with the company's RSA key is believed by the public one, also while it rotates."""
    other = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    one = site(identity_secrets=[], identity_public_keys=[_pem(other), _pem(key)])
    told = one.signed(jwt.encode(_claims(jti="a", email="a@b.example", name="Ann"), _private(key), "RS256"), NOW)
    assert (told.user, told.statement, told.email, told.name) == ("4711", "a", "a@b.example", "Ann")
    assert not told.is_email_verified


def _with_public_key(pem: str) -> str:
    """What PyJWT refuses to sign, an attacker signs all the same: with the public key as the secret."""
    head, claims, _ = jwt.encode(_claims(), "x" * 32, "HS256").split(".")
    digest = hmac.digest(pem.encode(), f"{head}.{claims}".encode(), "sha256")
    return f"{head}.{claims}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def test_other_algorithms(key: rsa.RSAPrivateKey) -> None:
    """A statement does not choose how it is verified: neither unsigned nor by the public key as a secret."""
    long = SIGNING_SECRET * 2
    curve = ec.generate_private_key(ec.SECP256R1())
    tokens = [
        jwt.encode(_claims(), one, algorithm) for one, algorithm in ((None, "none"), (long, "HS512"), (curve, "ES256"))
    ]
    tokens.append(_with_public_key(_pem(key)))
    for one in (site(identity_secrets=[long]), site(identity_secrets=[], identity_public_keys=[_pem(key)])):
        for token in tokens:
            with pytest.raises(NotBelieved):
                one.signed(token, NOW)


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "other"},
        {"aud": None},
        {"aud": ["main", "other"]},
        {"exp": None},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": 99_999_999_999},
        {"exp": 1e300},
        {"exp": 253_402_300_799},
        {"sub": " "},
        {"sub": None},
        {"nbf": 99_999_999_999},
        {"iat": 99_999_999_999},
        {"accounts": "shop"},
        {"accounts": {"shop": "17"}},
        {"accounts": {"shop/main": 17}},
        {"email": "x" * 501},
    ],
    ids=range(17),
)
def test_not_believed(wrong: dict[str, Any]) -> None:
    """What has ended, lasts too long, is not good yet or is another site's proves nobody, in words."""
    claims = {name: value for name, value in _claims(**wrong).items() if value is not None}
    with pytest.raises(NotBelieved, match=r"\.$"):
        site().signed(jwt.encode(claims, SIGNING_SECRET, "HS256"), NOW)


def test_rotating_secrets() -> None:
    """During a rotation both secrets count; a site without keys believes nobody."""
    token = jwt.encode(_claims(), SIGNING_SECRET, "HS256")
    both = site(identity_secrets=["a newer secret of thirty-two signs and more", SIGNING_SECRET])
    assert both.signed(token, NOW).user == "4711"
    with pytest.raises(NotBelieved, match="identity_secrets"):
        site(identity_secrets=[]).signed(token, NOW)


def test_statements_without_id() -> None:
    """Without `jti` a statement is known by what it says."""
    both = [jwt.encode(_claims(**more), SIGNING_SECRET, "HS256") for more in ({}, {"iat": int(NOW.timestamp())})]
    one, other = (site().signed(token, NOW).statement for token in both)
    assert one != other
    assert site().signed(both[0], NOW).statement == one


@pytest.mark.parametrize("claim", ["sub", "name", "jti", "email"])
@pytest.mark.parametrize("sign", ["\ud800", "\0", "\u2028", "\n", "\u202e", "\u2066"], ids=ascii)
def test_unreadable_claims(claim: str, sign: str) -> None:
    """What holds half a character, a control, a break or what turns the writing round is refused, and not quoted."""
    with pytest.raises(NotBelieved, match=f"`{claim}` holds") as told:
        site().signed(jwt.encode(_claims(**{claim: f"a{sign}b"}), SIGNING_SECRET, "HS256"), NOW)
    assert sign not in str(told.value)


@pytest.mark.parametrize("accounts", [{"shopify/acme": "7\u202e8"}, {"s\ud800/acme": "7"}, {"a/b": "7\n"}], ids=ascii)
def test_unreadable_accounts(accounts: dict[str, str]) -> None:
    """So is such an account elsewhere: neither its place nor the person's id there may hold any of that."""
    with pytest.raises(NotBelieved, match="`accounts` holds"):
        site().signed(jwt.encode(_claims(accounts=accounts), SIGNING_SECRET, "HS256"), NOW)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "x" * 10_000, "eyJhbGciOiJIUzI1NiJ9.e30."])
def test_no_statements(token: str) -> None:
    """What is no statement proves nobody, and is not quoted."""
    with pytest.raises(NotBelieved) as told:
        site().signed(token, NOW)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"allowed_origins": []}, "allowed_origins"),
        ({"allowed_origins": ["www.shop.example"]}, "allowed_origins"),
        ({"allowed_origins": ["https://www.shop.example/page"]}, "allowed_origins"),
        ({"allowed_origins": ["*"]}, "allowed_origins"),
        ({"identity_secrets": ["a short secret"]}, "identity_secrets"),
        ({"identity_secrets": ["x" * 32] * 3}, "identity_secrets"),
        ({"identity_public_keys": ["no key"]}, "identity_public_keys"),
        ({"token_minutes": 0}, "token_minutes"),
        ({"longest_text": 0}, "longest_text"),
        ({"unknown": 1}, "unknown"),
    ],
    ids=range(10),
)
def test_settings(wrong: dict[str, Any], field: str) -> None:
    """What can be no setting is told by its name, and no secret is quoted."""
    with pytest.raises(ValidationError) as told:
        WebChatSettings.model_validate(ORIGINS | wrong)
    (one,) = told.value.errors()
    assert one["loc"][0] == field
    assert "a short secret" not in str(told.value)


def test_private_keys(key: rsa.RSAPrivateKey) -> None:
    """A private key does not belong here, and both ways of signing at once are none."""
    with pytest.raises(ValidationError, match="private key"):
        WebChatSettings.model_validate(ORIGINS | {"identity_public_keys": [_private(key)]})
    both = {"identity_secrets": [SIGNING_SECRET], "identity_public_keys": [_pem(key)]}
    with pytest.raises(ValidationError, match="not both"):
        WebChatSettings.model_validate(ORIGINS | both)


async def test_sends_words() -> None:
    """Words are taken at once; templates there are none."""
    one = site()
    outgoing = Outgoing(who=Who("webchat", "main", "v_1"), key="k", text="Hello", now=NOW)
    assert (await one.send(outgoing)).state is SendState.TAKEN
    assert one.talk_with(outgoing.who) == "v_1"
    template = Outgoing(who=outgoing.who, key="k", template=Template(name="hello", language="en"), now=NOW)
    with pytest.raises(ChannelRefused, match="templates"):
        one.require_allowed(template)
