"""How do the staff correct where a customer first came in?"""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from adapters.mongo import Store
from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import STAFF
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking
from tests.makers import Made, Makers
from tests.merging.conftest import Do, merge, unmerge  # noqa: F401 - fixtures
from tests.taking_in import AT, DAY, PERSON, bring, outcomes, the_customer
from tests.walking import PARTNER, forbidden, read, visitor

SHOWN = "entryPoint { channel page referrer }"
EDITED = f"customer {{ version {SHOWN} entryPointEdit {{ at by }} }}"
CAME = {"channel": "web", "page": "/sale", "referrer": "/home"}


async def edit(ask: Asking, of: Made, version: int = 1, **said: Any) -> dict[str, Any]:
    """What the mutation answers that says where a customer came in."""
    return await change(ask, "editEntryPoint", EDITED, customerId=of.id, version=version, **said)


async def test_entry_point_edited(ask: Asking, make: Makers) -> None:
    """What is sent takes the place of what is kept, the rest stays, and the record says who said so, and when."""
    one = await make.customer(entry_point=CAME)
    assert (await read(ask, one, "entryPointEdit { by }"))["entryPointEdit"] is None
    found = (await edit(ask, one, page=" /lamps ", referrer=None))["customer"]
    assert found["entryPointEdit"].pop("at") > "2026-11-21T09:30:00Z"
    assert (found["version"], found["entryPointEdit"]) == (2, {"by": "agent"})
    assert found["entryPoint"] == {"channel": "web", "page": "/lamps", "referrer": None}
    found = (await edit(ask, one, 2, channel="email"))["customer"]
    assert (found["version"], found["entryPoint"]["channel"], found["entryPoint"]["page"]) == (3, "email", "/lamps")


async def test_entry_point_sent_again(ask: Asking, make: Makers) -> None:
    """What is only sent again stays its source's; where nothing is kept, a channel is needed."""
    one, nowhere = await make.customer(entry_point=CAME), await make.customer()
    for said in (CAME, {}):
        found = (await edit(ask, one, **said))["customer"]
        assert (found["version"], found["entryPointEdit"]) == (1, None)
    assert (await edit(ask, nowhere, page="/a"))["inputPath"] == ["input", "channel"]
    assert (await edit(ask, nowhere, page="/a", channel="email"))["customer"]["entryPoint"]["page"] == "/a"


@pytest.mark.parametrize("came", [None, CAME])
async def test_word_outlasts_sources(ask: Asking, store: Store, came: dict[str, Any] | None) -> None:
    """What a person said stays, whatever a source says of it later, and however often."""
    await bring(store, replace(PERSON, entry_point=came))
    one = Made((await the_customer(store))["_id"])
    assert "code" not in await edit(ask, one, channel="email", page="/right")
    told = replace(PERSON, entry_point={"channel": "web", "page": "/wrong"})
    assert outcomes(await bring(store, told, at=AT + DAY)) == ["unchanged"]
    assert (await the_customer(store))["entry_point"]["page"] == "/right"


async def test_entry_points_at_once(ask: Asking, make: Makers) -> None:
    """Of 50 edits at once one is made, and 49 are told of it, and of what was changed."""
    one = await make.customer(entry_point=CAME)
    answers = await asyncio.gather(*(edit(ask, one, page=f"/p{n}") for n in range(50)))
    (made,) = [n for n, answer in enumerate(answers) if "code" not in answer]
    refusals = [answer for answer in answers if "code" in answer]
    assert [answer["code"] for answer in refusals] == ["STALE_VERSION"] * 49
    assert all("Since then were changed: entryPoint." in answer["message"] for answer in refusals)
    assert (await read(ask, one, SHOWN))["entryPoint"]["page"] == f"/p{made}"


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
        ({"version": 2}, ("STALE_VERSION", "input.version")),
        ({"channel": "pigeon"}, ("INVALID_INPUT", "input.channel")),
        ({"page": "\0"}, ("INVALID_INPUT", "input.page")),
        ({"referrer": "x" * 2001}, ("INVALID_INPUT", "input.referrer")),
    ],
)
async def test_entry_point_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """The channel is one of this gateway's, the rest a line, the version the one that was read."""
    usual = {"customerId": (await make.customer(entry_point=CAME)).id, "version": 1, "page": "/a"}
    assert await refused(ask, "editEntryPoint", **(usual | given)) == refusal


async def test_entry_point_by_role(ask: Asking, make: Makers) -> None:
    """The staff says where customers came in; who did is told to no partner, and no visitor is shown it."""
    one = await make.customer(None, None)
    assert await may(ask, "editEntryPoint", customerId=GONE, version=1) == STAFF
    await edit(ask, one, channel="email", page="/a")
    assert await forbidden(ask, one, "entryPointEdit { by }", **PARTNER)
    found = await read(ask, one, f"hiddenFields {SHOWN}", **visitor(one))
    assert (found["entryPoint"], found["hiddenFields"]) == (None, ["entryPoint", "createdBy", "updatedBy"])


@pytest.mark.parametrize(("choice", "left"), [("KEEP", "/right"), ("RESTORE", "/source")])
async def test_word_after_merge(
    ask: Asking,
    make: Makers,
    merge: Do,  # noqa: F811
    unmerge: Do,  # noqa: F811
    choice: str,
    left: str,
) -> None:
    """A word on what a merge brought stands against sources, and is told as an edit when the merge is undone."""
    await bring(make.store, PERSON)
    one = Made((await the_customer(make.store))["_id"])
    other = await make.customer(entry_point=CAME)
    merged = await merge(one, other)
    assert (await read(ask, one, SHOWN))["entryPoint"]["page"] == "/sale"
    assert "code" not in await edit(ask, one, merged["customer"]["version"], page="/right")
    told = replace(PERSON, entry_point={"channel": "web", "page": "/source"})
    for _ in range(2):
        await bring(make.store, told)
        assert (await read(ask, one, SHOWN))["entryPoint"]["page"] == "/right"
    found = await unmerge(merged)
    assert (found["code"], [edit["field"] for edit in found["edits"]]) == ("EDITED_SINCE", ["entryPoint"])
    assert "survivor" in await unmerge(merged, resolutions=[{"field": "entryPoint", "choice": choice}])
    pages = [(await make.store.first(CUSTOMERS, {"_id": of.key}) or {})["entry_point"]["page"] for of in (one, other)]
    assert pages == [left, "/sale"]
