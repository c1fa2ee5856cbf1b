"""Does who sends what takes long to be refused hold up nobody for long, and is a slip of the pen nobody's trouble?"""

import time

import httpx
import pytest

from gateway import cooling, preparing
from resolvers.kit.viewer import Role
from tests.gateway.conftest import Gate, OpenGate, code_of, data_of

LONG = "{ viewer {" + " role" * 1_900 + " } }"
ME = "{ viewer { subject } }"


async def heated(gate: Gate) -> httpx.Response:
    """The refusal of who has sent one long question after the other, each of them new."""
    for n in range(200):
        response = await gate.ask(f"{LONG}#{n}")
        if response.status_code == 429:
            return response
    pytest.fail("However many of them, they are looked at.")


async def test_long_refusals_cool_down(gate: Gate) -> None:
    """Behind long questions that were refused no other new one is looked at for a while; what is known is answered."""
    data_of(await gate.ask(ME))
    assert code_of_any(await gate.ask(LONG)) == {"LIMIT_EXCEEDED"}
    data_of(await gate.ask(ME + "# new"))
    refused = await heated(gate)
    (error,) = refused.json()["errors"]
    assert error["extensions"]["limit"] == "refused"
    assert error["extensions"]["asked"] > error["extensions"]["most"] == 250
    wait_s = int(refused.headers["retry-after"])
    assert 1 <= wait_s <= 10
    assert f"Try again in {wait_s} s." in error["message"]
    assert (await gate.ask(ME + "# newer")).status_code == 429
    data_of(await gate.ask(ME))
    data_of(await gate.ask(ME + "# newer", headers=gate.bearer(subject="bob")))


async def test_waiting_is_enough(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits as long as was said is looked at again, and no sooner."""
    wait_s = int((await heated(gate)).headers["retry-after"])
    now = time.monotonic
    monkeypatch.setattr(cooling.time, "monotonic", lambda: now() + wait_s - 1.5)
    assert (await gate.ask(ME)).status_code == 429
    monkeypatch.setattr(cooling.time, "monotonic", lambda: now() + wait_s)
    data_of(await gate.ask(ME))


async def test_no_long_bodies_meanwhile(gate: Gate) -> None:
    """Nor is a long body read meanwhile, whatever it asks; a short one of what is known is."""
    data_of(await gate.ask(ME))
    data_of(await gate.ask(ME, variables={"a": "x" * 20_000}))
    await heated(gate)
    assert (await gate.ask(ME, variables={"a": "x" * 20_000})).status_code == 429
    data_of(await gate.ask(ME, variables={"a": "x"}))


async def test_new_questions_have_a_share(open_gate: OpenGate) -> None:
    """Whoever asks ever new questions, good ones too or only for their cost, is told to send values as variables."""
    gate = open_gate(new_questions_ms_per_s=1)
    data_of(await gate.ask(ME))
    for n in range(500):
        asked = {"query": f"{{ a{n}: viewer {{ subject }} }}"}
        response = await gate.client.post("/graphql/cost", json=asked, headers=gate.bearer())
        if response.status_code == 429:
            break
    (error,) = response.json()["errors"]
    assert error["extensions"]["limit"] == "new"
    assert "Send values as variables" in error["message"]
    data_of(await gate.ask(ME))
    assert (await gate.ask("{ other: viewer { subject } }")).status_code == 429
    data_of(await gate.ask("{ other: viewer { subject } }", headers=gate.bearer(subject="bob")))


async def test_no_bound_on_new_questions(open_gate: OpenGate) -> None:
    """Without a bound nobody waits."""
    gate = open_gate(new_questions_ms_per_s=0)
    for n in range(30):
        assert code_of_any(await gate.ask(f"{LONG}#{n}")) == {"LIMIT_EXCEEDED"}


async def test_same_slip_is_looked_at_once(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that sends the same bad question again and again hears the same, and it is not looked at again."""
    slip = "query ($o: CustomersOrder) { customers(first: 1, orderBy: $o) { nodes { id } } }"
    first = await gate.ask(slip)
    assert code_of(first) == "GRAPHQL_VALIDATION_FAILED"
    assert "Did you mean" in first.json()["errors"][0]["message"]
    monkeypatch.setattr(preparing, "validate", None)
    for _ in range(50):
        assert (await gate.ask(slip)).json() == first.json()


async def test_slips_are_kept_for_their_readers(open_gate: OpenGate) -> None:
    """Who is told no hints gets none, because another one was given them for the same text."""
    gate = open_gate(profile="production")
    slip = "{ viewer { rol } }"
    with_hints = await gate.ask(slip, headers=gate.bearer(Role.ADMINISTRATOR, subject="root"))
    assert "Did you mean" in with_hints.json()["errors"][0]["message"]
    for _ in range(2):
        assert "Did you mean" not in (await gate.ask(slip)).json()["errors"][0]["message"]


def code_of_any(response: object) -> set[str]:
    """The codes of all errors."""
    return {one["extensions"]["code"] for one in response.json()["errors"]}  # type: ignore[attr-defined]


@pytest.mark.parametrize("slip", ["{{ viewer {{ rol{n} }} }}", "query ($o: Custome{n}) {{ node(id: $o) {{ id }} }}"])
async def test_slips_cool_nothing(gate: Gate, slip: str) -> None:
    """Who slips in short questions, also in a type's name, mends them and goes on at once."""
    for n in range(5):
        assert code_of(await gate.ask(slip.format(n=n))) == "GRAPHQL_VALIDATION_FAILED"
    data_of(await gate.ask(ME + " # mended"))


async def test_strangers_cool_by_address(gate: Gate) -> None:
    """So it is with strangers, by their address."""
    found = set()
    for n in range(200):
        response = await gate.client.post("/graphql", json={"query": f"{LONG}#{n}"})
        found.add(response.status_code)
    assert found == {401, 429}
