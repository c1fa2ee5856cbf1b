"""Merging, as agents ask for it."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import Asking
from tests.makers import Made

MERGE = """mutation Merge($input: MergeCustomersInput!) { mergeCustomers(input: $input) {
  ... on MergeCustomersPayload { customer { id version } merge { id } } ... on Refusal { code message inputPath } } }"""
UNMERGE = """mutation Unmerge($input: UnmergeCustomersInput!) { unmergeCustomers(input: $input) {
  ... on UnmergeCustomersPayload { survivor { id } others { id } merge { undoneAt undoneBy } }
  ... on EditedSince { code edits { field before now isHidden } } ... on Refusal { code message inputPath } } }"""
_UNDOING = "query($id: ID!) { node(id: $id) { ... on Merge { survivor { version } } } }"

Do = Callable[..., Awaitable[dict[str, Any]]]


async def undoing(ask: Asking, merge_id: str) -> dict[str, Any]:
    """The input of who undoes a merge upon what stands there now."""
    found = (await ask(_UNDOING, id=merge_id)).data["node"]
    survivor = (found or {}).get("survivor") or {"version": 0}
    return {"mergeId": merge_id, "version": survivor["version"]}


@pytest.fixture
def merge(ask: Asking) -> Do:
    """Merges the others into the first customer; what the graph answers."""

    async def do(survivor: Made, *others: Made, **more: Any) -> dict[str, Any]:
        given = {"survivorId": survivor.id, "otherIds": [one.id for one in others], **more}
        answer = await ask(MERGE, input=given)
        assert not answer.errors
        found: dict[str, Any] = answer.data["mergeCustomers"]
        return found

    return do


@pytest.fixture
def unmerge(ask: Asking) -> Do:
    """Undoes a merge by what `merge` answered; what the graph answers."""

    async def do(merged: dict[str, Any], **more: Any) -> dict[str, Any]:
        answer = await ask(UNMERGE, input=await undoing(ask, merged["merge"]["id"]) | more)
        assert not answer.errors
        found: dict[str, Any] = answer.data["unmergeCustomers"]
        return found

    return do
