"""A mail that comes twice is one message, and another one under its id is shown to people and changes nothing."""

import base64

import pytest

from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.deliveries.waiting import ASIDE, DELIVERIES
from tests.channels.email.letters import mail, part, parts
from tests.channels.email.test_taking_in import BOB, Desk, desk

__all__ = ["desk"]

WORDS = "Does the bell ring?\n\nBest, Ann"
OTHER = "Please pay to another account."
COPIES = {
    "other ways": mail(WORDS, given=["Received: from b by c; Mon, 23 Nov 2026 10:00:02 +0000"]),
    "packed": mail(base64.b64encode(WORDS.encode()), content_transfer_encoding="base64"),
    "footer": mail(f"{WORDS}\n\n_____\nShop list\nhttps://lists.example/", subject="[shop] The bell"),
    "banner": mail(f"[External]\n\n{WORDS}\n-- \nScanned"),
}


async def _reasons(desk: Desk) -> list[str]:
    return [reason for one in await desk.store.find(DELIVERIES, {"state": ASIDE}) for reason in one["reasons"]]


@pytest.mark.parametrize("way", COPIES)
async def test_copies_are_one(desk: Desk, way: str) -> None:
    """The same words by another way are the message that stands, with or without what a server puts beside them."""
    await desk.hears(mail(WORDS))
    await desk.hears(COPIES[way])
    (message,), (talk,) = await desk.all(MESSAGES), await desk.all(CONVERSATIONS)
    assert (message["text"], talk["subject"]) == (WORDS, "The bell")
    assert await _reasons(desk) == []


@pytest.mark.parametrize("is_together", [True, False], ids=["together", "later"])
async def test_other_words_stand_aside(desk: Desk, is_together: bool) -> None:
    """Other words under a used id change nothing and bring nothing; their delivery stands aside with the reason."""
    file = part("image/png", "12345", 'Content-Disposition: attachment; filename="bill.png"')
    forged = parts(part("text/plain", OTHER), file, subject="The bill", references="<elsewhere@x>")
    if is_together:
        await desk.hears(mail(WORDS), forged)
    else:
        await desk.hears(mail(WORDS))
        await desk.hears(forged)
    (message,), (talk,) = await desk.all(MESSAGES), await desk.all(CONVERSATIONS)
    assert (message["text"], talk["subject"]) == (WORDS, "The bell")
    assert await desk.store.find(desk.store.records["attachments"], {}) == []
    (reason,) = await _reasons(desk)
    assert reason.startswith("`external_id` is that of a message that says something else")


async def test_files_are_no_others(desk: Desk) -> None:
    """Whoever writes with another's id puts no file beside the other's words."""
    file = part("image/png", "12345", 'Content-Disposition: attachment; filename="bill.png"')
    await desk.hears(mail(WORDS), parts(part("text/plain", OTHER), file, **BOB))
    assert await desk.store.find(desk.store.records["attachments"], {}) == []
    assert len(await _reasons(desk)) == 1


async def test_ours_stays_ours(desk: Desk) -> None:
    """Nobody's mail takes the place of one that the company wrote, whichever id it names."""
    sender: dict[str, str | None] = {"from": "support@shop.example", "to": "ann@example.com"}
    desk.server.comes(mail(WORDS, **sender), "Sent")
    await desk.hears()
    await desk.hears(mail(OTHER))
    (message,) = await desk.all(MESSAGES)
    assert (message["direction"], message["text"], len(await _reasons(desk))) == ("OUT", WORDS, 1)
