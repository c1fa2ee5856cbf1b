"""Does who sends what takes long to be refused hold up nobody for long, and is a slip of the pen nobody's trouble?"""

from tests.gateway.conftest import Gate, code_of, data_of

LONG = "{ viewer {" + " role" * 1_900 + " } }"
ME = "{ viewer { subject } }"


async def test_long_refusals_cool_down(gate: Gate) -> None:
    """Behind a long question that was refused no other new one is looked at for a while; what is known is answered."""
    data_of(await gate.ask(ME))
    assert code_of_any(await gate.ask(LONG)) == {"LIMIT_EXCEEDED"}
    refused = await gate.ask(LONG + "#")
    (error,) = refused.json()["errors"]
    assert (refused.status_code, error["extensions"]["limit"]) == (429, "refused")
    assert 1 <= int(refused.headers["retry-after"]) <= 10
    data_of(await gate.ask(ME))
    data_of(await gate.ask(ME + "#", headers=gate.bearer(subject="bob")))


async def test_no_long_bodies_meanwhile(gate: Gate) -> None:
    """Nor is a long body read meanwhile, whatever it asks; a short one of what is known is."""
    data_of(await gate.ask(ME))
    data_of(await gate.ask(ME, variables={"a": "x" * 20_000}))
    await gate.ask(LONG)
    assert (await gate.ask(ME, variables={"a": "x" * 20_000})).status_code == 429
    data_of(await gate.ask(ME, variables={"a": "x"}))


def code_of_any(response: object) -> set[str]:
    """The codes of all errors."""
    return {one["extensions"]["code"] for one in response.json()["errors"]}  # type: ignore[attr-defined]


async def test_slips_cool_nothing(gate: Gate) -> None:
    """Who slips in a short question mends it and goes on at once."""
    for n in range(3):
        assert code_of(await gate.ask(f"{{ viewer {{ rol{n} }} }}")) == "GRAPHQL_VALIDATION_FAILED"
    data_of(await gate.ask(ME + " # mended"))


async def test_strangers_cool_by_address(gate: Gate) -> None:
    """So it is with strangers, by their address."""
    for wanted in (401, 429):
        response = await gate.client.post("/graphql", json={"query": LONG + " " * wanted})
        assert response.status_code == wanted
