"""To what did a customer consent, when and how, and what stands now?"""

import asyncio
from typing import Any

import pytest

from resolvers.consents import CONSENT_WORDS, CONSENTS, LONGEST_PURPOSE
from resolvers.customers import CUSTOMERS
from resolvers.kit.viewer import STAFF, Role
from tests.changing import GONE, change, may, refused
from tests.conftest import Asking, Commands
from tests.makers import BEGIN, Made, Makers
from tests.walking import PARTNER, costs, nodes, read, visitor

WORD = "purpose status at means channel recordedBy"
EARLY, LATE = "2026-05-01T10:00:00Z", "2026-06-01T10:00:00Z"


async def say(ask: Asking, of: Made, status: str = "GRANTED", at: str | None = None, **more: Any) -> dict[str, Any]:
    """What the mutation answers that records a consent."""
    given = {"customerId": of.id, "purpose": "newsletter", "status": status, "means": "FORM", "at": at, **more}
    return await change(ask, "recordConsent", f"word {{ id {WORD} }} customer {{ version }}", **given)


async def stands(ask: Asking, of: Made, fields: str = "purpose status at", **who: Any) -> list[Any]:
    """How things stand with the customer's consents."""
    return (await read(ask, of, f"consents {{ {fields} }}", **who))["consents"]  # type: ignore[no-any-return]


async def test_consent_recorded(ask: Asking, make: Makers) -> None:
    """A consent says its purpose, what was said, when, how and on which channel, and who wrote it down."""
    one = await make.customer()
    found = await say(ask, one, at=EARLY, purpose=" Newsletter ", means="MESSAGE", channel="email")
    word = {"purpose": "newsletter", "status": "GRANTED", "at": EARLY, "means": "MESSAGE", "channel": "email"}
    assert found["word"] == {"id": found["word"]["id"], **word, "recordedBy": "agent"}
    assert found["customer"] == {"version": 2}
    assert await stands(ask, one, WORD) == [word | {"recordedBy": "agent"}]


async def test_last_word_stands(ask: Asking, make: Makers) -> None:
    """Of each purpose the word with the latest moment stands, in whatever order they are recorded; all are kept."""
    one = await make.customer()
    await say(ask, one, "WITHDRAWN", LATE)
    assert (await say(ask, one, "GRANTED", EARLY))["customer"] == {"version": 2}
    await say(ask, one, "DENIED", EARLY, purpose="calls")
    assert await stands(ask, one) == [
        {"purpose": "calls", "status": "DENIED", "at": EARLY},
        {"purpose": "newsletter", "status": "WITHDRAWN", "at": LATE},
    ]
    history = await nodes(ask, one, "consentHistory", "purpose status")
    assert [row["status"] for row in history if row["purpose"] == "newsletter"] == ["WITHDRAWN", "GRANTED"]
    assert len(history) == 3


async def test_now_by_default(ask: Asking, make: Makers) -> None:
    """A word is said now where nothing else is told; the newest replaces the one before."""
    one = await make.customer()
    first = (await say(ask, one))["word"]["at"]
    second = (await say(ask, one, "WITHDRAWN"))["word"]["at"]
    assert first < second
    assert await stands(ask, one) == [{"purpose": "newsletter", "status": "WITHDRAWN", "at": second}]


async def test_purposes_asked_for(ask: Asking, make: Makers) -> None:
    """Only the purposes that are asked for, in any case; none asked for means all."""
    one = await make.customer()
    for purpose in ("b", "a"):
        await say(ask, one, purpose=purpose)
    for asked, expected in (('["A "]', ["a"]), ("[]", ["a", "b"]), ('["c"]', [])):
        found = await read(ask, one, f"consents(purposes: {asked}) {{ purpose }}")
        assert [each["purpose"] for each in found["consents"]] == expected


async def test_sent_twice_once(ask: Asking, make: Makers) -> None:
    """The same word sent twice, also at once, is recorded once; consent at the moment of a refusal is refused."""
    one = await make.customer()
    answers = await asyncio.gather(*(say(ask, one, at=EARLY) for _ in range(6)))
    assert len({answer["word"]["id"] for answer in answers}) == 1
    assert await make.store.count(CONSENT_WORDS, {}) == 1
    assert (await say(ask, one, at=EARLY))["customer"] == {"version": 2}
    await say(ask, one, "DENIED", LATE)
    found = await say(ask, one, "GRANTED", LATE)
    assert (found["code"], found["inputPath"]) == ("CONFLICT", ["input", "at"])
    assert [each["status"] for each in await stands(ask, one)] == ["DENIED"]


@pytest.mark.parametrize("refusal", ["DENIED", "WITHDRAWN"])
async def test_refusal_stands(ask: Asking, make: Makers, refusal: str) -> None:
    """Of consent and refusal at one moment the refusal stands, recorded here or merged, either way round."""
    for survivor in (0, 1):
        people = [await make.customer(), await make.customer()]
        for one, status in zip(people, ("GRANTED", refusal), strict=True):
            await say(ask, one, status, EARLY)
        given = {"survivorId": people[survivor].id, "otherIds": [people[1 - survivor].id], "elements": []}
        await change(ask, "mergeCustomers", "__typename", **given)
        for one in people:
            assert [each["status"] for each in await stands(ask, one)] == [refusal]
        assert "word" in await say(ask, people[0], refusal, EARLY)
        assert "word" in await say(ask, people[0], "GRANTED", EARLY), "known already"
        assert [each["status"] for each in await stands(ask, people[0])] == [refusal]
    one = await make.customer()
    await say(ask, one, "GRANTED", EARLY)
    assert "word" in await say(ask, one, refusal, EARLY)
    assert [each["status"] for each in await stands(ask, one)] == [refusal]
    assert len(await nodes(ask, one, "consentHistory", "status")) == 2


async def test_words_at_once(ask: Asking, make: Makers) -> None:
    """Of many words at once each is kept, and the latest stands."""
    one = await make.customer()
    status = ["GRANTED", "DENIED", "WITHDRAWN"]
    days = range(1, 21)
    await asyncio.gather(*(say(ask, one, status[n % 3], f"2026-05-{n:02}T00:00:00Z") for n in days))
    assert await make.store.count(CONSENT_WORDS, {"customer_id": one.key}) == 20
    assert await stands(ask, one, "at status") == [{"at": "2026-05-20T00:00:00Z", "status": "WITHDRAWN"}]


@pytest.mark.parametrize(
    ("given", "refusal"),
    [
        ({"purpose": " "}, ("INVALID_INPUT", "input.purpose")),
        ({"purpose": "x" * (LONGEST_PURPOSE + 1)}, ("INVALID_INPUT", "input.purpose")),
        ({"channel": "pigeon"}, ("INVALID_INPUT", "input.channel")),
        ({"at": "2999-01-01T00:00:00Z"}, ("INVALID_INPUT", "input.at")),
        ({"customerId": GONE}, ("NOT_FOUND", "input.customerId")),
    ],
)
async def test_consent_refused(ask: Asking, make: Makers, given: dict[str, Any], refusal: tuple[str, str]) -> None:
    """A word has a purpose of bounded length, a channel that there is, and lies in the past."""
    one = await make.customer()
    usual = {"customerId": one.id, "purpose": "newsletter", "status": "GRANTED", "means": "AGENT"}
    assert await refused(ask, "recordConsent", **(usual | given)) == refusal
    assert await make.store.count(CONSENT_WORDS, {}) == 0


async def test_most_purposes(ask: Asking, make: Makers) -> None:
    """A customer consents to a bounded number of purposes; with what is refused nothing is written."""
    usual = {"status": "GRANTED", "at": BEGIN, "means": "FORM", "channel": None, "recorded_at": BEGIN}
    many = [{"purpose": f"p{n}", "recorded_by": None, **usual} for n in range(CONSENTS.at_most)]
    one = await make.customer(consents=many)
    assert (await say(ask, one))["code"] == "CONFLICT"
    assert await make.store.count(CONSENT_WORDS, {}) == 0
    assert (await say(ask, one, "DENIED", purpose="p7"))["word"]["status"] == "DENIED"


async def test_consents_after_merge(ask: Asking, make: Makers) -> None:
    """Of what two customers said who became one, the later word stands, and both are in the history."""
    gone, one = await make.customer(), await make.customer()
    await say(ask, gone, "DENIED", LATE)
    await say(ask, one, "GRANTED", EARLY)
    theirs = (await make.store.first(CUSTOMERS, {"_id": gone.key}))["consents"]  # type: ignore[index]
    aliases = [{"id": gone.key, "elements": ["CONSENTS"]}]
    change_ = {"$set": {"aliases": aliases}, "$push": {"consents": {"$each": theirs}}}
    await make.store.update(CUSTOMERS, {"_id": one.key}, change_)
    await make.store.update(CUSTOMERS, {"_id": gone.key}, {"$set": {"merged_into": one.key}})
    assert [each["status"] for each in await stands(ask, gone)] == ["DENIED"]
    assert [row["status"] for row in await nodes(ask, gone, "consentHistory", "status")] == ["DENIED", "GRANTED"]
    word = (await say(ask, gone, "WITHDRAWN"))["word"]
    assert [each["at"] for each in await stands(ask, one)] == [word["at"]]


async def test_consents_by_role(ask: Asking, make: Makers) -> None:
    """The staff records; partners read; a visitor reads the own words, and not who wrote them down."""
    given = {"customerId": GONE, "purpose": "a", "status": "GRANTED", "means": "FORM"}
    assert await may(ask, "recordConsent", **given) == STAFF
    one, other = await make.customer(), await make.customer()
    word = (await say(ask, one))["word"]
    for who, by in ((PARTNER, "agent"), (visitor(one), None)):
        assert [each["recordedBy"] for each in await stands(ask, one, WORD, **who)] == [by]
        assert [row["recordedBy"] for row in await nodes(ask, one, "consentHistory", WORD, **who)] == [by]
    query = "query($id: ID!) { node(id: $id) { ... on ConsentWord { purpose recordedBy } } }"
    for of, expected in ((one, {"purpose": "newsletter", "recordedBy": None}), (other, None)):
        answer = await ask(query, id=word["id"], as_=Role.VISITOR, viewer={"customer_id": of.key})
        assert answer.data["node"] == expected


async def test_consent_facts(ask: Asking, make: Makers) -> None:
    """How things stand is among the facts."""
    one = await make.customer(None, None)
    await say(ask, one, "DENIED", EARLY, channel="phone")
    found = await read(ask, one, "facts { nodes { category name value observedFrom observedAt } }")
    fact = {"category": "Consents", "name": "newsletter", "value": "DENIED"}
    assert found["facts"]["nodes"] == [fact | {"observedFrom": "phone", "observedAt": EARLY}]


async def test_consents_cost(ask: Asking, make: Makers, commands: Commands) -> None:
    """How things stand costs no command more, and the histories of any number of customers cost one."""
    for _ in range(3):
        await say(ask, await make.customer())
    assert await costs(ask, commands, "consents { purpose }", 1, 3) == [1, 1]
    assert await costs(ask, commands, "consentHistory { nodes { purpose } }", 1, 3) == [2, 2]
