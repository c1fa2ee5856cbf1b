"""How does a client change something, and what is it told?"""

from typing import Any

from graphql import get_nullable_type

from resolvers.kit.ids import global_id
from resolvers.kit.viewer import Role
from tests.conftest import Answer, Asking

GONE = global_id("Customer", "0" * 24)  # type: ignore[arg-type]
"""The id of a customer who is not there."""


async def change(ask: Asking, mutation: str, payload: str, /, as_: Role = Role.AGENT, **input: Any) -> dict[str, Any]:
    """What the mutation answers: its payload, or a refusal with code, message and inputPath."""
    answer = await _asked(ask, mutation, payload, as_, input)
    assert answer.errors == []
    return answer.data["answer"]  # type: ignore[no-any-return]


async def refused(ask: Asking, mutation: str, /, as_: Role = Role.AGENT, **input: Any) -> tuple[str, str]:
    """The code with which a change is refused, and where in the input the cause stands."""
    found = await change(ask, mutation, "__typename", as_, **input)
    assert found["message"]
    return found["code"], ".".join(found["inputPath"] or ())


async def may(ask: Asking, mutation: str, /, **input: Any) -> set[Role]:
    """The roles that are not forbidden to make the change; each tries it."""
    answers = {role: await _asked(ask, mutation, "__typename", role, input) for role in Role}
    return {role for role, answer in answers.items() if answer.codes != ["FORBIDDEN"]}


async def _asked(ask: Asking, mutation: str, payload: str, role: Role, given: dict[str, Any]) -> Answer:
    field = ask.graph._schema.type_map["Mutation"].fields[mutation]  # type: ignore[attr-defined]
    name = mutation[0].upper() + mutation[1:]
    shown = f"... on Refusal {{ code message inputPath }} ... on {_payload(field.type, name)} {{ {payload} }}"
    query = (
        f"mutation($input: {field.args['input'].type}) {{ answer: {mutation}(input: $input) {{ __typename {shown} }} }}"
    )
    return await ask(query, as_=role, input=given)


def _payload(union: Any, name: str) -> str:
    """The one member of what a mutation answers that is no refusal."""
    members = {member.name for member in get_nullable_type(union).types if not member.interfaces}
    assert len(members) == 1, name
    return members.pop()  # type: ignore[no-any-return]
