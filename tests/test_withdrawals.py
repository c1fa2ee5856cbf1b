"""A message is taken back by whoever wrote it and by nobody else, in whichever order it is told."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from adapters.contract.records import HandedOver, Person, Renaming, Utterance, Who, Withdrawal
from adapters.mongo import Store
from adapters.records import Document
from resolvers.attachments import ATTACHMENTS
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.identities import IDENTITIES, IDENTITY_KEYS
from tests.taking_in import AT, DAY, bring, outcomes, reason_of
from tests.taking_in import WORD as THEIRS
from tests.test_told import PICTURE as FILE

MAL = Who("chat", "web", "mal")
AUTHOR = Who("chat", "web", "ann")
WORD = replace(THEIRS, who=AUTHOR)
PICTURE = replace(FILE, who=AUTHOR)
BACK = Withdrawal(channel="chat", account="web", external_id="M1", at=AT - DAY, who=AUTHOR)
ANSWER = replace(WORD, direction="OUT", status="SENT", text="Yes")
HEARD = replace(WORD, external_id="M9", talk="C9", who=MAL, text="Me")


async def the_message(store: Store) -> Document:
    """The message of that name."""
    (found,) = await store.find(MESSAGES, {"external_id": "M1"})
    return found


@pytest.mark.parametrize("told", list(permutations([WORD, PICTURE, BACK])))
async def test_by_author(store: Store, told: tuple[HandedOver, ...]) -> None:
    """What its author takes back has neither text nor files, whichever came first."""
    for one in (*told, WORD, BACK):
        await bring(store, one)
    found = await the_message(store)
    assert (found["text"], found["withdrawn_at"]) == (None, BACK.at)
    assert "taken_back_by" not in found
    assert await store.find(ATTACHMENTS, {}) == []


@pytest.mark.parametrize("told", list(permutations([WORD, HEARD, replace(BACK, who=MAL)])))
async def test_by_another(store: Store, told: tuple[HandedOver, ...]) -> None:
    """What somebody else takes back stays as it is, whichever came first."""
    for one in told:
        await bring(store, one)
    found = await the_message(store)
    assert (found["text"], found.get("withdrawn_at"), found.get("taken_back_by")) == (WORD.text, None, None)


async def test_another_is_told_why(store: Store) -> None:
    """Somebody else's is refused with the reason, in which nobody is named; one's own counts after it."""
    await bring(store, WORD)
    reason = await reason_of(store, replace(BACK, who=MAL))
    assert "takes a message back that is not theirs" in reason
    assert "mal" not in reason
    assert outcomes(await bring(store, BACK)) == ["updated"]


@pytest.mark.parametrize("told", list(permutations([replace(BACK, who=MAL, at=AT - 2 * DAY), BACK])))
async def test_both_before_it_comes(store: Store, told: tuple[HandedOver, ...]) -> None:
    """Of those who take a message back before it comes its author counts."""
    await bring(store, *told)
    await bring(store, WORD)
    assert (await the_message(store))["withdrawn_at"] == BACK.at


@pytest.mark.parametrize("who", [AUTHOR, MAL])
@pytest.mark.parametrize("told", list(permutations([0, 1])), ids=["after", "before"])
async def test_ours_stays(store: Store, who: Who, told: tuple[int, ...]) -> None:
    """What the company wrote no customer takes back; the company itself does."""
    both = (ANSWER, replace(BACK, who=who))
    for n in told:
        await bring(store, both[n])
    assert (await the_message(store))["text"] == "Yes"
    await bring(store, replace(BACK, direction="OUT"))
    assert (await the_message(store))["text"] is None


@pytest.mark.parametrize("is_first", [True, False])
async def test_by_another_id(store: Store, is_first: bool) -> None:
    """One person takes a message back by each of their ids, also before it comes."""
    other = Who("chat", "web", "scoped")
    await bring(store, Person(who=AUTHOR, also=(other,)))
    told: list[HandedOver] = [WORD, replace(BACK, who=other)]
    for one in reversed(told) if is_first else told:
        await bring(store, one)
    assert (await the_message(store))["text"] is None


async def test_by_a_later_id(store: Store) -> None:
    """So does whoever has another id by then."""
    later = Who("chat", "web", "later")
    await bring(store, WORD)
    await bring(store, Renaming(was=AUTHOR, who=later, at=AT - 2 * DAY))
    await bring(store, replace(BACK, who=later))
    assert (await the_message(store))["text"] is None


async def test_id_was_anothers(store: Store) -> None:
    """Who has an id today takes back nothing of whoever had it before."""
    await bring(store, WORD)
    await bring(store, Renaming(was=AUTHOR, who=Who("chat", "web", "later"), at=AT - 2 * DAY))
    await bring(store, replace(HEARD, who=AUTHOR, sent_at=AT - DAY))
    assert "not theirs" in await reason_of(store, BACK)


async def test_vendors_word(store: Store) -> None:
    """Where the vendor itself says that a message is gone, it is, whoever wrote it."""
    await bring(store, ANSWER)
    await bring(store, replace(BACK, who=None))
    assert (await the_message(store))["text"] is None


async def test_nobody_is_made(store: Store) -> None:
    """Whoever takes a message back is no customer for that, and no id of theirs is kept that could be guessed."""
    await bring(store, replace(BACK, who=MAL))
    for record in (CUSTOMERS, IDENTITIES, IDENTITY_KEYS, CONVERSATIONS):
        assert await store.find(record, {}) == []
    (stand_in,) = await store.find(MESSAGES, {})
    ((mark,),) = ([one["by"]] for one in stand_in["taken_back_by"])
    await bring(store, HEARD)
    (key,) = await store.find(IDENTITY_KEYS, {})
    assert not str(key["_id"]).startswith(str(mark))


def edit(of: Utterance, **more: Any) -> Utterance:
    """A later wording."""
    return replace(of, text="Other", updated_at=AT - DAY, **more)


@pytest.mark.parametrize(
    "changed", [edit(ANSWER, direction="IN", status="RECEIVED"), edit(WORD, who=MAL, talk="C9")], ids=["ours", "others"]
)
async def test_edit_of_another(store: Store, changed: Utterance) -> None:
    """Nor does anybody change another's words, or those of the company."""
    original = ANSWER if changed.who == AUTHOR else WORD
    await bring(store, original)
    assert "stays as it is" in await reason_of(store, changed)
    assert (await the_message(store))["text"] == original.text
