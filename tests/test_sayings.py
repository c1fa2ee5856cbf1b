"""What becomes of a customer's word on a purpose that a channel hands over?"""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from adapters.contract.records import Person, Say
from adapters.mongo import Store
from resolvers.consents import CONSENT_WORDS, CONSENTS
from resolvers.kit.ids import global_id
from tests.conftest import Asking
from tests.taking_in import ANN, AT, DAY, bring, outcomes, reason_of, the_customer

YES = Say(who=ANN, purpose=" News ", status="GRANTED", at=AT - 2 * DAY)
NO = replace(YES, status="WITHDRAWN", at=AT - DAY)


@pytest.mark.parametrize("told", list(permutations([YES, NO, replace(YES, status="DENIED")])))
async def test_newest_word_stands(store: Store, told: tuple[Say, ...]) -> None:
    """The newest word stands, in whichever order they come; each is written down once."""
    for one in (*told, *told):
        await bring(store, one)
    (stands,) = (await the_customer(store))["consents"]
    assert (stands["purpose"], stands["status"], stands["at"]) == ("news", "WITHDRAWN", NO.at)
    assert await store.count(CONSENT_WORDS, {}) == 3


async def test_refusal_stands_at_once(store: Store) -> None:
    """Of two words of one moment the refusal stands."""
    await bring(store, replace(YES, at=NO.at), NO, replace(YES, at=NO.at))
    (stands,) = (await the_customer(store))["consents"]
    assert stands["status"] == "WITHDRAWN"


async def test_word_makes_customer(ask: Asking) -> None:
    """The word of somebody unknown makes an anonymous customer; the channel stands as who wrote it down."""
    assert outcomes(await bring(ask.store, YES, YES)) == ["inserted", "unchanged"]
    customer = await the_customer(ask.store)
    fields = "consents { purpose status channel means recordedBy } consentHistory { totalCount }"
    query = f"query ($id: ID!) {{ customer(id: $id) {{ {fields} }} }}"
    shown = (await ask(query, id=global_id("Customer", customer["_id"]))).data["customer"]
    word = {"purpose": "news", "status": "GRANTED", "channel": "shop", "means": "MESSAGE", "recordedBy": "test"}
    assert shown == {"consents": [word], "consentHistory": {"totalCount": 1}}
    assert customer["last_interaction_at"] == YES.at


REFUSED = [
    ({"status": "MAYBE"}, "one of GRANTED, DENIED"),
    ({"means": "LETTER"}, "one of MESSAGE, FLOW"),
    ({"purpose": " "}, "purpose"),
    ({"at": AT + DAY}, "lies in the future"),
]


@pytest.mark.parametrize(("more", "words"), REFUSED)
async def test_word_refused(store: Store, more: Any, words: str) -> None:
    """What is no word is refused with a reason, and changes nothing."""
    assert words in await reason_of(store, replace(YES, **more))
    assert await store.count(CONSENT_WORDS, {}) == 0


async def test_bounded(store: Store) -> None:
    """A customer says something on a bounded number of purposes."""
    await bring(store, Person(who=ANN), *(replace(YES, purpose=f"p{n}") for n in range(CONSENTS.at_most)))
    assert "at most 50" in await reason_of(store, NO)
