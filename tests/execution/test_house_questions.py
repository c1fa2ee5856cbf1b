"""The house's own graph answers the same with plans as without, whatever is asked."""

import os
from dataclasses import replace
from random import Random
from typing import Any

from graphql import parse, specified_rules
from strawberry.schema.schema import validate_document

from gateway.execution import Known, Plans
from resolvers.kit.delivered import Delivered
from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Asking
from tests.crowd import crowd, small_things
from tests.execution.asking import Asked
from tests.execution.comparing import require_same
from tests.makers import Makers

QUESTIONS = int(os.environ.get("DIFFERENTIAL_QUESTIONS", "400")) // 2
ROLES = [Role.AGENT, Role.ADMINISTRATOR, Role.PARTNER, Role.VISITOR]


async def _references(ask: Asking) -> list[Any]:
    """References of another subgraph to one thing of each type, and two that name nothing."""
    found: list[Any] = [5, {"__typename": "Customer", "id": "junk"}]
    for name, keeping in ask.graph.declared.entities.items():
        stored = await ask.store.find(keeping.record, {}, limit=1)
        found.append({"__typename": name, "id": global_id(name, stored[0]["_id"])})
    return found


async def test_same_answers(ask: Asking, make: Makers) -> None:
    """Data, errors and what is noted of personal values are equal for random questions of every role."""
    people = await crowd(make, 4, 3)
    await small_things(make)
    await make.channel("shop")
    ids = [global_id("Customer", one.key) for one in people]
    given: dict[str, list[Any]] = {
        "id": ids,
        "ids": [*ids, "junk"],
        "references": await _references(ask),
        "channel": ["whatsapp", "shop"],
        "account": ["main"],
        "value": ["+14155550000", "+14155550001"],
        "first": [1, 2, 3],
        "last": [2],
        "after": [],
        "search": ["ann"],
        "top": [1, 3],
    }
    counts = 0
    for seed in range(QUESTIONS):
        text, variables = Asked(Random(seed), ask.graph._schema, given).question()
        document = parse(text)
        assert validate_document(ask.graph._schema, document, tuple(specified_rules)) == [], text
        role = ROLES[seed % len(ROLES)]
        context = ask.context(role, **({"customer_id": people[0].key} if role is Role.VISITOR else {}))
        known = Known(document)
        planned = (await Plans(ask.graph, compile_at=1).execute(known, context=context, variables=variables)).result
        off = Plans(ask.graph, is_on=False)
        again = replace(context, delivered=Delivered(is_watched=True))
        plain = (await off.execute(Known(document), context=again, variables=variables)).result
        counts += all(not hasattr(one, "reason") for one in known.plans.values())
        shown = f"seed {seed} {role}\n{text}\n{variables}\n{planned.errors}\n{plain.errors}"
        require_same(planned, plain, shown)
        assert context.delivered == again.delivered, shown
    assert counts > QUESTIONS * 0.9
