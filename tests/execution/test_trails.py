"""Is the same noted of personal values, whatever way an answer was come by?"""

import os
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from graphql import parse

from gateway.execution import Known, Plans
from gateway.execution.pacing import walked_fast
from gateway.execution.plan import Plan
from gateway.execution.trails import Place
from resolvers.customers import CUSTOMERS
from resolvers.kit.context import Context
from resolvers.kit.delivered import Delivered
from resolvers.kit.ids import global_id
from resolvers.kit.personal import Kind
from resolvers.kit.viewer import PERSONAL_SCOPE, Role
from tests.conftest import Asking
from tests.crowd import attributes, contact_point, crowd, double, related, small_things
from tests.execution.asking import Asked
from tests.makers import Made, Makers
from tests.workloads import W1, W2, busy_customers

QUESTIONS = int(os.environ.get("DIFFERENTIAL_QUESTIONS", "400")) // 4
# So many of the personal fields must have been met; the larger the schema, the longer that takes.
ENOUGH = 5
ALL = {
    "Customer.displayName",
    "Customer.attributes.firstName",
    "Customer.attributes.lastName",
    "Identity.value",
    "ContactPoint.value",
    "Note.text",
    "Message.text",
    "Ticket.subject",
}


async def _noted(ask: Asking, text: str, context: Context, **variables: Any) -> list[Delivered]:
    """What is noted by a plan and by graphql-core."""
    found = []
    for plans in (Plans(ask.graph, compile_at=1), Plans(ask.graph, is_on=False)):
        own = replace(context, delivered=Delivered(is_watched=True))
        executed = await plans.execute(Known(parse(text)), context=own, variables=variables)
        assert "\0" not in str(executed.result.data)
        found.append(own.delivered)
    return found


@pytest.fixture
async def people(make: Makers) -> list[Made]:
    """Customers with everything, one of them of two who were merged."""
    found = await crowd(make, 3, 2)
    await small_things(make)
    await make.channel("shop")
    for one in found:
        await make.store.update(CUSTOMERS, {"_id": one.key}, {"$set": {"display_name": "Ann"}})
        await attributes(make, one, tier="gold")
        await contact_point(make, one, "a@example.com")
    for one, other in ((0, 1), (1, 2)):
        await double(make, one_id=found[one].key, other_id=found[other].key)
    old = await make.customer("Old", "Lee", display_name="Old")
    await make.note(old)
    await make.merged(old, found[0], "NOTES")
    return found


async def test_random_selections(ask: Asking, people: list[Made]) -> None:
    """Of random selections below customers, a plan and graphql-core note the same fields of the same people."""
    kind = ask.graph._schema.type_map["Customer"]
    given: dict[str, list[Any]] = {"first": [2], "last": [2], "after": [], "top": [3]}
    shown: set[str] = set()
    for seed in range(5 * QUESTIONS):
        if seed >= QUESTIONS and len(shown & ALL) >= ENOUGH:
            break
        asked = Asked(Random(seed), ask.graph._schema, given)
        body = asked.selection(kind, 1)
        declared = ", ".join(f"${name}: {kind}" for name, (kind, _) in asked.variables.items())
        head = f"query Asked{f'({declared})' if declared else ''}"
        text = "\n".join([f"{head} {{ customers(first: 4) {{ nodes {body} }} }}", *asked.fragments])
        variables = {name: value for name, (_, value) in asked.variables.items()}
        scopes = frozenset({PERSONAL_SCOPE}) if seed % 4 == 3 else frozenset()
        role = [Role.ADMINISTRATOR, Role.AGENT, Role.PARTNER, Role.PARTNER][seed % 4]
        planned, plain = await _noted(ask, text, ask.context(role, scopes=scopes), **variables)
        assert planned == plain, f"seed {seed} {role}\n{text}"
        assert not planned.fields or role is not Role.PARTNER or scopes
        assert planned.customers <= {one.key for one in people} | await _others(ask)
        shown |= planned.fields
    assert len(shown & ALL) >= ENOUGH


async def _others(ask: Asking) -> set[Any]:
    return {one["_id"] for one in await ask.store.find(CUSTOMERS, {})}


async def test_workloads(ask: Asking, make: Makers) -> None:
    """Of the agent panel and the inbox exactly what they show is noted, by a plan and by graphql-core."""
    await busy_customers(make, 3, 4)
    one = await ask.store.first(CUSTOMERS, {"attributes.firstName": "Ann0"})
    assert one is not None
    names = {"Customer.displayName", "Identity.value"}
    for panel in await _noted(ask, W1, ask.context(), channel="whatsapp", account="main", value="+14155550000"):
        more = {"Customer.attributes.firstName", "Customer.attributes.lastName", "Ticket.subject"}
        # The newest twenty of the history; and the summary, which shows what is known by attributes.
        assert panel.fields >= names | more
        assert panel.fields <= names | more | {"Message.text", "Note.text"}
        assert panel.customers == {one["_id"]}
    for inbox in await _noted(ask, W2, ask.context(), first=3):
        assert (inbox.fields, len(inbox.customers)) == (names, 3)


async def test_deep_lists(ask: Asking, people: list[Made]) -> None:
    """What lies deeper than Python nests loops is noted, too."""
    inner = "displayName"
    for _ in range(9):
        inner = f"displayName suggestions {{ customers {{ {inner} }} }}"
    text = f"{{ customers(first: 4) {{ nodes {{ {inner} }} }} }}"
    planned, plain = await _noted(ask, text, ask.context())
    assert planned == plain
    assert planned.fields == {"Customer.displayName"}
    assert {one.key for one in people} <= planned.customers


async def test_fragment_of_two_places(ask: Asking, make: Makers) -> None:
    """One fragment below a customer and where nobody stands: of each note its own customer is noted."""
    ann, eve = await make.customer("Ann"), await make.customer("Eve")
    await make.note(ann)
    note = global_id("Note", await make.note(eve))
    text = """query ($ann: ID!, $note: ID!) { customer(id: $ann) { notes { nodes { ...N } } } node(id: $note) { ...N } }
      fragment N on Note { text }"""
    for shown in await _noted(ask, text, ask.context(), ann=ann.id, note=note):
        assert (shown.fields, shown.customers) == ({"Note.text"}, {ann.key, eve.key})


async def test_customer_below_customer(ask: Asking, make: Makers) -> None:
    """Below a customer, another's values are that one's: of whom nothing is shown, nothing is noted."""
    ann, eve = await make.customer("Ann"), await make.customer("Eve")
    await related(make, ann, other_id=eve.key)
    await make.note(eve)
    text = "query ($id: ID!) { customer(id: $id) { relations { nodes { other { notes { nodes { text } } } } } } }"
    for shown in await _noted(ask, text, ask.context(), id=ann.id):
        assert (shown.fields, shown.customers) == ({"Note.text"}, {eve.key})


PERSON, PARTICULAR, OWN = Kind(is_person=True), Kind(is_particular=True), Kind(whose=lambda _: ())


@pytest.mark.parametrize(
    ("place", "looked_at"),
    [
        (Place(), [OWN]),
        (Place(is_owned=True), [PERSON, PARTICULAR]),
        (Place(is_owned=True, is_mixed=True), [PERSON, PARTICULAR, OWN, Kind()]),
    ],
)
def test_what_is_looked_at(place: Place, looked_at: list[Kind]) -> None:
    """Below a customer only people, what tells whose it is, and what may be of several types are looked at."""
    assert [one for one in (PERSON, PARTICULAR, OWN, Kind()) if place.must_look(one)] == looked_at


async def test_written_function(ask: Asking, people: list[Made]) -> None:
    """A plan has a function of its own where personal values stand in its answers, and none where there are none."""
    for text, has_one in (("{ customers { nodes { displayName } } }", True), ("{ customers { nodes { id } } }", False)):
        known, plans = Known(parse(text)), Plans(ask.graph, compile_at=1)
        await plans.execute(known, context=ask.context())
        (plan,) = known.plans.values()
        assert isinstance(plan, Plan)
        assert (plan.walked is not None, plan.root.trail is not None) == (has_one, has_one)
        assert plan.root.trail is None or walked_fast(plan.root.trail)
    assert people
