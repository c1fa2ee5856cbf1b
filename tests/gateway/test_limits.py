"""How often may one viewer ask who stands behind an identity?"""

import re
import time

import pytest

from gateway.limits import LookUpLimit
from resolvers.kit.errors import LimitExceeded
from resolvers.kit.viewer import LOOKUP_SCOPE, Role, Viewer
from tests.changing import GONE
from tests.gateway.conftest import Gate, OpenGate, code_of
from tests.makers import Makers

pytestmark = pytest.mark.usefixtures("one_minute")

QUERY = """query { customerByIdentity(channel: "whatsapp", account: "main", value: "+14155550100") { kind } }"""
MUTATION = """mutation { identifyCustomer(input: { channel: "whatsapp", account: "main", value: "+14155550100" }) {
  __typename } }"""


@pytest.fixture
async def gate(open_gate: OpenGate, make: Makers) -> Gate:
    """A gate at which three look-ups a minute are answered."""
    await make.channel("whatsapp")
    return open_gate(lookups_per_minute=3)


SEARCH = '{ customers(search: "Ann +1 (415) 555-0100") { totalCount } }'
ADDRESS = '{ customers(search: "4155550100@example.com") { totalCount } }'
FILTER = """{ customers(filter: { attributes: [{ name: "phoneNumber", anyOf: ["+14155550100"] }] }) { totalCount } }"""
LINK = f"""mutation {{ linkIdentity(input: {{ customerId: "{GONE}", channel: "whatsapp", account: "main",
  value: "+14155550100" }}) {{ __typename }} }}"""


@pytest.mark.parametrize("query", [QUERY, MUTATION, SEARCH, ADDRESS, FILTER, LINK])
async def test_beyond_limit(gate: Gate, query: str) -> None:
    """One more is refused with LIMIT_EXCEEDED, which names the limit and when to try again."""
    for _ in range(3):
        assert "errors" not in (await gate.ask(query)).json()
    response = await gate.ask(query)
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    found = re.search(r"3 times within a minute.*Try again in (\d+) s", error["message"])
    assert found
    assert 1 <= int(found[1]) <= 120
    assert "4155550100" not in response.text


async def test_each_value_counts(gate: Gate) -> None:
    """As many numbers as a filter names, so many look-ups it is; names are none, and beginnings of numbers neither."""
    values = ", ".join(f'"+1415555010{n}"' for n in range(4))
    response = await gate.ask(FILTER.replace('"+14155550100"', values))
    assert code_of(response) == "LIMIT_EXCEEDED"
    for word in ["Ann", "415555", "94103", "12-14"] * 2:
        assert "errors" not in (await gate.ask(f'{{ customers(search: "{word}") {{ totalCount }} }}')).json()


async def test_of_each_viewer(gate: Gate) -> None:
    """Others are not kept from theirs, nor the same viewer from questions that are no look-ups."""
    for _ in range(4):
        response = await gate.ask(QUERY)
    assert code_of(response) == "LIMIT_EXCEEDED"
    assert "errors" not in (await gate.ask(QUERY, headers=gate.bearer(subject="berta"))).json()
    assert "errors" not in (await gate.ask("{ customers { totalCount } }")).json()


async def test_each_alias_counts(gate: Gate) -> None:
    """Several in one question are several."""
    field = 'customerByIdentity(channel: "whatsapp", account: "main", value: "+14155550100") { kind }'
    asked = " ".join(f"a{n}: {field}" for n in range(5))
    errors = (await gate.ask(f"query {{ {asked} }}")).json()["errors"]
    assert [one["extensions"]["code"] for one in errors] == ["LIMIT_EXCEEDED"] * 2


async def test_forbidden_first(gate: Gate) -> None:
    """Who has no right to look people up is told so, however often."""
    for _ in range(5):
        response = await gate.ask(QUERY, headers=gate.bearer(Role.PARTNER))
        assert code_of(response) == "FORBIDDEN"
    assert "errors" not in (await gate.ask(QUERY, headers=gate.bearer(Role.PARTNER, scope=LOOKUP_SCOPE))).json()


async def test_no_limit(open_gate: OpenGate, make: Makers) -> None:
    """0 sets no bound."""
    await make.channel("whatsapp")
    gate = open_gate(lookups_per_minute=0)
    for _ in range(10):
        assert "errors" not in (await gate.ask(QUERY)).json()


async def test_two_hundred_at_once() -> None:
    """By default the whole of a burst is answered, as when a channel is connected."""
    limit = LookUpLimit(600)
    for _ in range(200):
        await limit.take(Viewer(subject="anna", role=Role.AGENT))


async def test_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes later all is free again, and whoever came no more is forgotten."""
    limit = LookUpLimit(1)
    people = [Viewer(subject=f"anna{n}", role=Role.AGENT) for n in range(50)]
    for one in people:
        await limit.take(one)
    with pytest.raises(LimitExceeded):
        await limit.take(people[0])
    later = time.time() + 130
    monkeypatch.setattr(time, "time", lambda: later)
    await limit.take(people[0])
    assert len(limit._rates._here.storage.storage) == 1
