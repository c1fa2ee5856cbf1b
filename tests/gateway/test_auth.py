"""Does a token prove what it claims, and is every other one refused in words?"""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from adapters.mongo import Store
from adapters.records import derived_id, new_id
from gateway import key_sets
from resolvers.agents import AGENTS
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import STAFF, Role
from tests.conftest import Commands
from tests.gateway.conftest import SIGNS, Gate, OpenGate, data_of

WHO = "{ viewer { subject role agent { id name role } } }"


def signed(key: Any = SIGNS, algorithm: str = "HS256", *, kid: str | None = None, **claims: Any) -> str:
    """A token of an agent, good for ten minutes unless the claims say otherwise; None leaves a claim out."""
    whole = {"sub": "anna", "role": "agent", "exp": time.time() + 600} | claims
    kept = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid} if kid else None)


async def with_token(gate: Gate, token: str) -> httpx.Response:
    """Who the token's bearer is."""
    return await gate.ask(WHO, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("role", [role for role in Role if role in STAFF])
async def test_staff_become_agents(gate: Gate, store: Store, role: Role) -> None:
    """A subject of the staff is an agent: made at the first sight of a good token, the same ever after."""
    seen = [await with_token(gate, signed(role=role.value, name="Anna Ruiz", jti=str(n))) for n in range(2)]
    first, second = (response.json()["data"]["viewer"] for response in seen)
    assert first == second
    assert (first["role"], first["agent"]["name"]) == (role.name, "Anna Ruiz")
    assert await store.count(AGENTS, {}) == 1


async def test_visitor_is_one_customer(gate: Gate) -> None:
    """A visitor's token names the customer that the visitor is."""
    customer = new_id()
    token = signed(role="visitor", customer_id=global_id("Customer", customer))
    response = await gate.ask("{ ownId viewer { role agent { id } } }", headers={"Authorization": f"Bearer {token}"})
    assert data_of(response) == {"ownId": str(customer), "viewer": {"role": "VISITOR", "agent": None}}


@pytest.mark.parametrize("given", [None, "junk", 7, global_id("Agent", derived_id("sample"))])
async def test_visitor_needs_customer(gate: Gate, given: object) -> None:
    """Without the id of a Customer a visitor is nobody."""
    response = await with_token(gate, signed(role="visitor", customer_id=given))
    assert response.status_code == 401
    assert "`customer_id`" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("scope", "sees"), [("openid personal", True), (["personal"], True), ("openid", False), (7, False)]
)
async def test_partner_has_scopes(gate: Gate, scope: object, sees: bool) -> None:
    """A partner's token carries its scopes in `scope`, as one string or a list."""
    token = signed(role="partner", scope=scope)
    response = await gate.ask("{ viewer { maySeePersonal } }", headers={"Authorization": f"Bearer {token}"})
    assert response.json()["data"]["viewer"]["maySeePersonal"] is sees


NESTED = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 5_000).decode().rstrip("=")


@pytest.mark.parametrize(
    ("headers", "words", "challenge"),
    [
        ({}, "Nobody is signed in. Send `Authorization: Bearer <token>`, or `X-API-Key: <key>`.", None),
        ({"Authorization": ""}, "Nobody is signed in", None),
        ({"Authorization": "Basic YTpi"}, "That way of signing in is not known", "invalid_request"),
        ({"Authorization": "Bearer"}, "not a token", "invalid_token"),
        ({"Authorization": "Bearer junk"}, "not a token", "invalid_token"),
        ({"Authorization": "Bearer a.b.c"}, "not a token", "invalid_token"),
        ({"Authorization": "Bearer " + "x" * 9_000}, "9000 characters; at most 8192", "invalid_token"),
        ({"Authorization": f"Bearer {NESTED}.e30.x"}, "not a token", "invalid_token"),
        ({"Authorization": "Bearer x", "X-API-Key": "y"}, "Send one of them", "invalid_request"),
    ],
)
async def test_nobody_is_refused(gate: Gate, headers: dict[str, str], words: str, challenge: str | None) -> None:
    """Without a proof the answer is 401, a challenge, and a GraphQL error that says what to send."""
    response = await gate.ask(WHO, headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
    assert words in error["message"]
    expected = 'Bearer realm="profile-gateway"' + (f', error="{challenge}"' if challenge else "")
    assert response.headers["www-authenticate"] == expected


PAST, SOON = time.time() - 600, time.time() + 600


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (signed(exp=PAST), "has expired"),
        (signed(exp=None), "no claim `exp`"),
        (signed(sub=None), "no claim `sub`"),
        (signed(sub=" "), "`sub` must have 1 to 256"),
        (signed(sub="s" * 257), "`sub` must have 1 to 256"),
        (signed(nbf=SOON), "not valid yet"),
        (signed(iat=SOON), "not valid yet"),
        (signed("another secret, and that one long enough too"), "signature does not fit"),
        (signed("", "none"), "not taken here"),
        (signed(algorithm="HS512", key=SIGNS * 2), "not taken here"),
        (signed(role=None), "names no role. It must be one of `administrator`"),
        (signed(role="king"), "names no role"),
        (signed(role=["agent"]), "names no role"),
        (signed(sub=7), "not a valid one"),
        (signed(exp="tomorrow"), "not a token"),
        (signed(exp=10**400), "behind the year 9999"),
        (signed(exp=float("inf")), "not a token"),
        (signed(nbf=float("inf")), "not a token"),
        (signed(exp=float("nan")), "not a token"),
        (signed(sub="\ud800"), "`sub` holds half a character"),
        (signed(sub="an\0na"), "`sub` holds a control character"),
        (signed(sub="anna\nroot"), "`sub` holds a control character"),
        (signed(name="Anna \ud800"), "`name` holds half a character"),
        (signed(role="\ud800"), "names no role"),
        (signed(role="visitor", customer_id="\ud800"), "needs the claim `customer_id`"),
    ],
)
async def test_bad_token_says_why(gate: Gate, token: str, words: str) -> None:
    """A token that is not taken is told why, and not echoed."""
    response = await with_token(gate, token)
    assert response.status_code == 401
    assert words in response.json()["errors"][0]["message"]
    assert not [part for part in token.split(".") if len(part) > 3 and part in response.text]


async def test_changed_claims_refused(gate: Gate) -> None:
    """A token whose claims were changed after signing is refused."""
    head, _, signature = signed().split(".")
    claims = {"sub": "anna", "role": "administrator", "exp": SOON}
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    response = await with_token(gate, f"{head}.{changed}.{signature}")
    assert "signature does not fit" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"iss": "https://id.example", "aud": "gateway"}, None),
        ({"iss": "https://id.example", "aud": ["other", "gateway"]}, None),
        ({"iss": "https://evil.example", "aud": "gateway"}, "someone whom this gateway does not trust"),
        ({"aud": "gateway"}, "no claim `iss`"),
        ({"iss": "https://id.example", "aud": "other"}, "made for another service"),
        ({"iss": "https://id.example"}, "no claim `aud`"),
    ],
)
async def test_issuer_and_audience_checked(open_gate: OpenGate, claims: dict[str, Any], words: str | None) -> None:
    """Where the settings name an issuer and an audience, a token must hold both."""
    response = await with_token(open_gate(jwt_issuer="https://id.example", jwt_audience="gateway"), signed(**claims))
    assert response.status_code == (401 if words else 200)
    assert words is None or words in response.json()["errors"][0]["message"]


async def test_audience_free_unless_set(gate: Gate) -> None:
    """Without an audience in the settings any is meant."""
    assert (await with_token(gate, signed(aud="someone"))).status_code == 200


async def test_clocks_may_differ(open_gate: OpenGate) -> None:
    """A token that ended a moment ago is taken while the clocks may differ by so much."""
    assert (await with_token(open_gate(), signed(exp=time.time() - 10))).status_code == 200
    assert (await with_token(open_gate(jwt_leeway_s=5), signed(exp=time.time() - 10))).status_code == 401


async def test_role_claim_has_a_name(open_gate: OpenGate) -> None:
    """The claim that holds the role is the settings' to name."""
    gate = open_gate(jwt_role_claim="https://shop.example/role")
    response = await with_token(gate, signed(role="agent", **{"https://shop.example/role": "supervisor"}))
    assert response.json()["data"]["viewer"]["role"] == "SUPERVISOR"


async def test_seen_token_costs_nothing(gate: Gate, commands: Commands) -> None:
    """A token that was verified is remembered: the next request costs no database command for it."""
    headers = gate.bearer()
    await gate.ask("{ __typename }", headers=headers)
    with commands.counted() as seen:
        assert (await gate.ask("{ __typename }", headers=headers)).status_code == 200
    assert seen == []


async def test_memory_is_bounded(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tokens come, a bounded number is remembered: the last that were verified."""
    monkeypatch.setattr("gateway.auth._REMEMBER_AT_MOST", 3)
    sent = [signed(jti=str(number)) for number in range(6)]
    for token in sent:
        await with_token(gate, token)
    assert list(gate.house.auth._seen) == [hashlib.sha256(token.encode()).digest() for token in sent[3:]]


# A key set


RSA, OTHER_RSA = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
EC = ec.generate_private_key(ec.SECP256R1())


def public(key: Any, kid: str) -> dict[str, Any]:
    """The public half as a provider publishes it."""
    name = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    words = json.loads(jwt.get_algorithm_by_name(name).to_jwk(key.public_key()))
    return words | {"kid": kid, "use": "sig", "alg": name}


class Provider(ThreadingHTTPServer):
    """An identity provider on loopback that gives its keys."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = [public(RSA, "one"), public(EC, "curve")]
        self.status = 200
        self.asked = 0
        super().__init__(("127.0.0.1", 0), _Answers)

    @property
    def url(self) -> str:
        """Where its keys are."""
        return f"http://127.0.0.1:{self.server_address[1]}/keys"


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        """The key set."""
        self.server.asked += 1
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps({"keys": self.server.keys}).encode())

    def log_message(self, *_: object) -> None:
        """Nothing: the tests' output is for the tests."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An identity provider."""
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("key", "algorithm", "kid"), [(RSA, "RS256", "one"), (EC, "ES256", "curve")])
async def test_provider_signs_in(open_gate: OpenGate, provider: Provider, key: Any, algorithm: str, kid: str) -> None:
    """A token signed with a key of the set is taken; the set is fetched once."""
    gate = open_gate(jwt_jwks_url=provider.url, jwt_secret=None)
    for number in range(3):
        response = await with_token(gate, signed(key, algorithm, kid=kid, jti=str(number)))
        assert response.status_code == 200
    assert provider.asked == 1


@pytest.mark.parametrize(("good_for_s", "remembered_s"), [(600, 60), (30, 30)])
async def test_memory_ends(
    open_gate: OpenGate, provider: Provider, monkeypatch: pytest.MonkeyPatch, good_for_s: int, remembered_s: int
) -> None:
    """A verified token is remembered for a minute, or until its `exp`; then it is as good as its key is by then."""
    monkeypatch.setattr(key_sets, "_ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(key_sets, "_KEYS_FRESH_S", 0.0)
    begun = datetime.now(UTC).replace(microsecond=0)
    clock = {"now": begun}
    gate = open_gate(clock=lambda: clock["now"], jwt_jwks_url=provider.url)
    token = signed(RSA, "RS256", kid="one", exp=begun.timestamp() + good_for_s)
    assert (await with_token(gate, token)).status_code == 200
    provider.keys = [public(OTHER_RSA, "two")]
    clock["now"] = begun + timedelta(seconds=remembered_s - 1)
    assert (await with_token(gate, token)).status_code == 200
    clock["now"] = begun + timedelta(seconds=remembered_s)
    assert (await with_token(gate, token)).status_code == 401


async def test_both_ways_taken(open_gate: OpenGate, provider: Provider) -> None:
    """With a secret and a key set, a token signed in either way is taken."""
    gate = open_gate(jwt_jwks_url=provider.url)
    for token in (signed(), signed(RSA, "RS256", kid="one")):
        assert (await with_token(gate, token)).status_code == 200


def pem(key: Any) -> str:
    """The public half as everyone can have it."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return str(key.public_key().public_bytes(serialization.Encoding.PEM, form).decode())


def forged(secret: str, algorithm: str, kid: str) -> str:
    """A token whose HMAC was made with a public key, which PyJWT itself refuses to make."""
    head = {"alg": algorithm, "typ": "JWT", "kid": kid}
    claims = {"sub": "anna", "role": "administrator", "exp": SOON}
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in (head, claims)]
    mac = jwt.get_algorithm_by_name("HS256").sign(".".join(parts).encode(), secret.encode())
    return ".".join([*parts, base64.urlsafe_b64encode(mac).decode().rstrip("=")])


@pytest.mark.parametrize("has_secret", [True, False])
@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "none"])
async def test_public_key_is_no_secret(
    open_gate: OpenGate, provider: Provider, has_secret: bool, algorithm: str
) -> None:
    """A public key, used as a shared secret, signs nobody in, whatever algorithm the header claims."""
    gate = open_gate(jwt_jwks_url=provider.url, **({} if has_secret else {"jwt_secret": None}))
    for secret in (pem(RSA), json.dumps(public(RSA, "one"))):
        assert (await with_token(gate, forged(secret, algorithm, "one"))).status_code == 401


async def test_symmetric_key_in_set_refused(open_gate: OpenGate, provider: Provider) -> None:
    """A key set that publishes a shared secret does not make HS256 good."""
    words = base64.urlsafe_b64encode(SIGNS.encode()).decode().rstrip("=")
    provider.keys.append({"kty": "oct", "k": words, "kid": "shared", "alg": "HS256", "use": "sig"})
    gate = open_gate(jwt_jwks_url=provider.url, jwt_secret=None)
    assert (await with_token(gate, signed(kid="shared"))).status_code == 401


@pytest.mark.parametrize(
    ("token", "words"),
    [
        (signed(OTHER_RSA, "RS256", kid="one"), "signature does not fit"),
        (signed(OTHER_RSA, "RS256", kid="unknown"), "does not publish"),
        (signed(RSA, "RS256"), "needs a `kid`"),
        (signed(RSA, "PS256", kid="one"), "Send one signed with HS256 or RS256 or ES256"),
        (signed(RSA, "RS256", kid="curve"), "algorithm that this gateway does not take"),
        (signed(RSA, "RS256", kid="one", exp=PAST), "has expired"),
    ],
)
async def test_bad_provider_token_refused(open_gate: OpenGate, provider: Provider, token: str, words: str) -> None:
    """Another key, no key, another algorithm: refused, and told why."""
    response = await with_token(open_gate(jwt_jwks_url=provider.url), token)
    assert response.status_code == 401
    assert words in response.json()["errors"][0]["message"]


async def test_rsa_token_needs_key_set(gate: Gate) -> None:
    """Without a key set, no asymmetric token is taken."""
    response = await with_token(gate, signed(RSA, "RS256", kid="one"))
    assert "Send one signed with HS256." in response.json()["errors"][0]["message"]


async def test_new_key_is_found(open_gate: OpenGate, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token with a key that the provider has added meanwhile makes the set be fetched again."""
    monkeypatch.setattr(key_sets, "_ASK_AGAIN_S", 0.0)
    gate = open_gate(jwt_jwks_url=provider.url)
    assert (await with_token(gate, signed(RSA, "RS256", kid="one"))).status_code == 200
    provider.keys = [public(OTHER_RSA, "two")]
    assert (await with_token(gate, signed(OTHER_RSA, "RS256", kid="two"))).status_code == 200
    assert (await with_token(gate, signed(RSA, "RS256", kid="one", jti="1"))).status_code == 401


async def test_unknown_keys_do_not_flood(open_gate: OpenGate, provider: Provider) -> None:
    """However many tokens name unknown keys, the provider is asked once in a while."""
    gate = open_gate(jwt_jwks_url=provider.url)
    for number in range(20):
        assert (await with_token(gate, signed(RSA, "RS256", kid=str(number)))).status_code == 401
    assert provider.asked == 1


@pytest.mark.parametrize("status", [500, 404, 302])
async def test_provider_down_is_unavailable(open_gate: OpenGate, provider: Provider, status: int) -> None:
    """While the provider gives no keys nobody can be told good from bad: 503, try again."""
    provider.status = status
    gate = open_gate(jwt_jwks_url=provider.url)
    for _ in range(3):
        response = await with_token(gate, signed(RSA, "RS256", kid="one"))
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
        assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert provider.asked == 1


async def test_old_keys_outlive_provider(
    open_gate: OpenGate, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that was good when last seen stays so while the provider is away."""
    monkeypatch.setattr(key_sets, "_ASK_AGAIN_S", 0.0)
    monkeypatch.setattr(key_sets, "_KEYS_FRESH_S", 0.0)
    gate = open_gate(jwt_jwks_url=provider.url)
    assert (await with_token(gate, signed(RSA, "RS256", kid="one"))).status_code == 200
    provider.status = 500
    assert (await with_token(gate, signed(RSA, "RS256", kid="one", jti="1"))).status_code == 200
    assert provider.asked == 2
