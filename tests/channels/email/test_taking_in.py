"""What comes into a mailbox becomes customers and conversations, once; what goes out is told by what comes back."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.channels.email.channel import Email
from adapters.channels.email.threads import own_id
from adapters.conformance.post_office import CUTS, HANGS, PostOffice
from adapters.lines import Lines
from adapters.records import Document
from resolvers.collecting import COLLECTIONS, job_at
from resolvers.conversations import CONVERSATIONS, MESSAGES
from resolvers.customers import CUSTOMERS
from resolvers.deliveries import lane_job
from resolvers.deliveries.waiting import ASIDE, DELIVERIES, lane_of
from resolvers.identities import IDENTITIES
from resolvers.ingest.batch import take
from resolvers.ingest.report import Outcome
from resolvers.kit.ids import global_id
from resolvers.kit.shift import Shift
from tests.channels.email.letters import FOLDER, mail, part, parts
from tests.channels.email.mailbox import MailServer
from tests.conftest import Asking
from tests.sending.conftest import SEND, hand_over

CHECKED = "Authentication-Results: mx.shop.example; dmarc=pass header.from=example.com"
BOB: dict[str, str | None] = {"from": "Bob <bob@example.com>"}


class Desk:
    """A house with the mailbox, at the moment of the clock on the wall: the mailbox has no other."""

    def __init__(self, ask: Asking, email: Email, server: MailServer) -> None:
        self.ask, self.store, self.email, self.server = ask, ask.store, email, server
        ask.lines = Lines([email])
        ask.now = server.now = datetime.now(UTC).replace(microsecond=0)

    def shift(self, later: timedelta = timedelta(), lines: Lines | None = None) -> Shift:
        """A hand in the jobs."""
        now = self.ask.now + later
        lines = self.ask.lines if lines is None else lines
        return Shift(store=self.store, declared=self.ask.graph.declared, clock=lambda: now, lines=lines)

    async def look(self, later: timedelta = timedelta()) -> bool:
        """Looks into the mailbox where that is due, and takes in what came; whether it was due."""
        shift, job = self.shift(later), job_at("email", "support")
        if job.when is None or not await job.when(shift):
            return False
        while await job.work(shift):
            pass
        await self.take_in()
        return True

    async def take_in(self) -> None:
        """Takes in what waits."""
        lane = self.ask.graph.declared.jobs[lane_job(lane_of("email", "support"))]
        while await lane.work(self.shift()):
            pass

    async def hears(self, *raw: bytes) -> None:
        """These mails come, and are taken in."""
        for one in raw:
            self.server.comes(one)
        await self.look()

    async def all(self, record: Any, **where: Any) -> list[Document]:
        """What is stored, the first first."""
        return await self.store.find(record, {"customer_id": {"$ne": None}, **where}, order=[("_id", 1)])

    async def claims(self) -> dict[str, str]:
        """How well each address is founded."""
        return {one["value"]: one["claim"] for one in await self.all(IDENTITIES)}

    async def answer(self, key: str, talk: Document) -> Any:
        """An agent writes in a conversation, and it is handed over."""
        given = {"key": key, "text": "It does.", "conversationId": global_id("Conversation", talk["_id"])}
        answer = await self.ask(SEND, input=given)
        assert not answer.errors
        await hand_over(self.shift())
        return answer.data["sendMessage"]

    async def statuses(self) -> list[str]:
        """How far our mails came."""
        return [one["status"] for one in await self.all(MESSAGES, direction="OUT")]


@pytest.fixture
def desk(ask: Asking, email: Email, server: MailServer) -> Desk:
    """A house with the mailbox."""
    return Desk(ask, email, server)


def now() -> str:
    """A Date of this moment."""
    return datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")


async def test_samples_are_taken(desk: Desk) -> None:
    """Each recorded mail is taken in, left alone, or set aside with a reason; coming again it changes nothing."""
    for path in sorted(FOLDER.glob("*.eml")):
        desk.server.comes(path.read_bytes())
    await desk.look()
    (aside,) = await desk.store.find(DELIVERIES, {"state": ASIDE})
    assert aside["reasons"] == ["the mail names no address of who wrote it"]
    assert len(await desk.all(MESSAGES)) == 8
    for path in sorted(FOLDER.glob("*.eml")):
        desk.server.comes(path.read_bytes())
    await desk.look()
    assert len(await desk.all(MESSAGES)) == 8


async def test_thread_in_any_order(desk: Desk) -> None:
    """A reply that comes before its parent stands with it, in one conversation of one customer."""
    await desk.hears(mail("Two", message_id="<2@x>", references="<first@example.com>"), mail("One"))
    (talk,) = await desk.all(CONVERSATIONS)
    assert {one["conversation_id"] for one in await desk.all(MESSAGES)} == {talk["_id"]}
    assert talk["subject"] == "The bell"


async def test_strangers_see_nothing(desk: Desk) -> None:
    """Whoever names another's thread is another customer, with a conversation of their own."""
    await desk.hears(mail("Mine"), mail("Theirs", message_id="<b@x>", in_reply_to="<first@example.com>", **BOB))
    talks = await desk.all(CONVERSATIONS)
    assert len({one["customer_id"] for one in talks}) == 2
    assert {one["conversation_id"]: one["customer_id"] for one in await desk.all(MESSAGES)} == {
        one["_id"]: one["customer_id"] for one in talks
    }


async def test_unproven_is_asserted(desk: Desk) -> None:
    """An address in From is only asserted, however often it comes, until a trusted server has proven it."""
    await desk.hears(mail("One"), mail("Two", message_id="<2@x>"))
    assert await desk.claims() == {"ann@example.com": "ASSERTED"}
    await desk.hears(mail("Three", message_id="<3@x>", given=[CHECKED]))
    assert await desk.claims() == {"ann@example.com": "VERIFIED"}
    assert len(await desk.store.find(CUSTOMERS, {})) == 1


async def test_forged_changes_nothing(desk: Desk) -> None:
    """A mail that may pretend to be a proven customer's says nothing of who they are; one found out is set aside."""
    await desk.hears(mail("Mine", given=[CHECKED]))
    (before,) = await desk.all(IDENTITIES)
    await desk.hears(mail("Forged", message_id="<f@x>", **{"from": "The Director <ann@example.com>"}))
    (after,) = await desk.all(IDENTITIES)
    assert (after["claim"], after["profile"]) == (before["claim"], before["profile"])
    assert after["profile"]["name"] == "Ann Lee"
    await desk.hears(mail("Found out", message_id="<o@x>", given=[CHECKED.replace("=pass", "=fail")]))
    assert {one["text"] for one in await desk.all(MESSAGES)} == {"Mine", "Forged"}
    # Whoever reads them sees which of them anybody may have written.
    query = (
        "query ($id: ID!) { customer(id: $id) { conversations { nodes { messages { nodes { text isUnproven } } } } } }"
    )
    data = (await desk.ask(query, id=global_id("Customer", after["customer_id"]))).data
    told = [one for talk in data["customer"]["conversations"]["nodes"] for one in talk["messages"]["nodes"]]
    assert {one["text"]: one["isUnproven"] for one in told} == {"Mine": False, "Forged": True}
    (aside,) = await desk.store.find(DELIVERIES, {"state": ASIDE})
    assert "dmarc=fail" in aside["reasons"][0]


@pytest.mark.parametrize("proven_first", [False, True])
async def test_proven_by_any_copy(desk: Desk, proven_first: bool) -> None:
    """Of one mail that came twice it counts that a server vouched for one copy, in whichever order they come."""
    copies = [mail("Mine"), mail("Mine", given=[CHECKED])]
    for raw in reversed(copies) if proven_first else copies:
        await desk.hears(raw)
    (message,) = await desk.all(MESSAGES)
    assert not message.get("is_unproven")


async def test_echo_proves_nobody(desk: Desk) -> None:
    """To whom a colleague writes is known by that, and not proven."""
    sender: dict[str, str | None] = {"from": "support@shop.example", "to": "carol@example.com"}
    desk.server.comes(mail("Hello Carol", message_id="<c@shop.example>", **sender), "Sent")
    await desk.look()
    assert await desk.claims() == {"carol@example.com": "ASSERTED"}
    assert await desk.statuses() == ["SENT"]


async def test_sent_to_several(desk: Desk) -> None:
    """What a colleague writes to several stands with each, where their answers come, too; a colleague is none."""
    sender: dict[str, str | None] = {"from": "support@shop.example", "to": "carol@example.com, ann@example.com"}
    desk.server.comes(
        mail("To all", message_id="<c@shop.example>", cc="Bob <bob@example.com>, eve@shop.example", **sender), "Sent"
    )
    await desk.hears(mail("Thanks", in_reply_to="<c@shop.example>"))
    assert set(await desk.claims()) == {"carol@example.com", "ann@example.com", "bob@example.com"}
    sent = await desk.all(MESSAGES, direction="OUT")
    assert len({one["customer_id"] for one in sent if one["text"] == "To all"}) == 3
    assert len(await desk.all(CONVERSATIONS)) == 3


async def test_several_addresses(desk: Desk) -> None:
    """Whoever writes from two addresses is two customers until people link them, and one with one history then."""
    await desk.hears(mail("From home"), mail("From work", message_id="<w@x>", **{"from": "ann@work.example"}))
    home = next(one for one in await desk.all(IDENTITIES) if one["value"] == "ann@example.com")
    given = {"customerId": global_id("Customer", home["customer_id"]), "claim": "ASSERTED"}
    third = {"channel": "email", "account": "support", "value": "ann@third.example"}
    link = "mutation ($input: LinkIdentityInput!) { linkIdentity(input: $input) { ... on Refusal { code message } } }"
    answer = await desk.ask(link, input=given | third)
    assert (answer.errors, answer.data["linkIdentity"]) == ([], {})
    await desk.hears(mail("From the third", message_id="<t@x>", **{"from": "ann@third.example"}))
    said = {one["text"]: one["customer_id"] for one in await desk.all(MESSAGES)}
    assert said["From the third"] == said["From home"] != said["From work"]


async def test_files(desk: Desk) -> None:
    """Files of a mail are told with their names, kinds and sizes."""
    file = part("image/png", "12345", 'Content-Disposition: attachment; filename="bell.png"')
    await desk.hears(parts(part("text/plain", "See"), file))
    found = await desk.store.find(desk.store.records["attachments"], {})
    assert [(one["name"], one["media_type"], one["size_bytes"]) for one in found] == [("bell.png", "image/png", 5)]


async def test_answers_stand_together(desk: Desk, office: PostOffice) -> None:
    """An answer is told what it answers, and what answers it stands in the same conversation."""
    await desk.hears(mail("One", date=now()))
    (talk,) = await desk.all(CONVERSATIONS)
    await desk.answer("first", talk)
    assert b"In-Reply-To: <first@example.com>\r\n" in office.mails[0].body
    assert b"Subject: Re: The bell\r\n" in office.mails[0].body
    (ours,) = await desk.all(MESSAGES, direction="OUT")
    await desk.hears(mail("Thanks", message_id="<3@x>", in_reply_to=f"<{ours['external_id']}>"))
    assert [one["_id"] for one in await desk.all(CONVERSATIONS)] == [talk["_id"]]
    assert ours["status"] == "SENT"


async def test_copy_settles(desk: Desk, office: PostOffice) -> None:
    """A mail of which nobody knows whether it went out is known to have by its copy, and stands there once."""
    office.replies = {".": HANGS}
    await desk.hears(mail("One", date=now()))
    (talk,) = await desk.all(CONVERSATIONS)
    await desk.answer("first", talk)
    assert await desk.statuses() == ["UNKNOWN"]
    desk.server.comes(office.mails[0].body, "Sent")
    await desk.look()
    assert await desk.statuses() == ["SENT"]
    assert len(await desk.all(CONVERSATIONS)) == 1


async def test_bounce_fails(desk: Desk) -> None:
    """A report fails the mail that it names, with a reason, and makes no customer."""
    await desk.hears(mail("One", date=now()))
    (talk,) = await desk.all(CONVERSATIONS)
    await desk.answer("first", talk)
    (ours,) = await desk.all(MESSAGES, direction="OUT")
    blocks = "Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ann@example.com\nAction: failed\nStatus: 5.1.1\n"
    returned = part("text/rfc822-headers", f"Message-ID: <{ours['external_id']}>\n")
    sender: dict[str, str | None] = {"from": "MAILER-DAEMON@example.com"}
    report = parts(
        part("message/delivery-status", blocks), returned, kind="multipart/report", message_id="<r@x>", **sender
    )
    await desk.hears(report)
    (failed,) = await desk.all(MESSAGES, direction="OUT")
    assert (failed["status"], failed["failure_reason"][:5]) == ("FAILED", "5.1.1")
    assert len(await desk.store.find(CUSTOMERS, {})) == 1


async def test_begun_conversation_is_named(desk: Desk, office: PostOffice) -> None:
    """A mail that begins a conversation names it, so that its answer and its copy stand there."""
    await desk.hears(mail("One", date=now()))
    (identity,) = await desk.all(IDENTITIES)
    given = {"key": "new", "text": "News for you", "identityId": global_id("Identity", identity["_id"])}
    assert not (await desk.ask(SEND, input=given)).errors
    await hand_over(desk.shift())
    (ours,) = await desk.all(MESSAGES, direction="OUT")
    desk.server.comes(office.mails[0].body, "Sent")
    await desk.hears(mail("Oh!", message_id="<oh@x>", references=f"<{ours['external_id']}>"))
    assert len(await desk.all(MESSAGES)) == 3
    assert len(await desk.all(CONVERSATIONS)) == 2
    assert len(await desk.all(MESSAGES, conversation_id=ours["conversation_id"])) == 2


# The job


async def test_killed_between(desk: Desk) -> None:
    """Whoever is killed before the cursor went on has lost nothing, and nothing is there twice."""
    desk.server.comes(mail("One"))
    await desk.look()
    await desk.store.delete(COLLECTIONS, {})
    await desk.look()
    assert len(await desk.all(MESSAGES)) == 1
    assert await desk.store.count(DELIVERIES, {}) == 0


async def test_unreadable_stands_aside(desk: Desk) -> None:
    """What is no mail is set aside whole, and stands in no other's way."""
    desk.server.comes(b"no mail at all")
    await desk.hears(mail("One"))
    (aside,) = await desk.store.find(DELIVERIES, {"state": ASIDE})
    assert bytes(aside["body"]) == b"no mail at all"
    assert len(await desk.all(MESSAGES)) == 1


async def test_failure_waits(desk: Desk) -> None:
    """A server that fails is left alone for a while, longer each time, and read on from where it was left."""
    await desk.hears(mail("One"))
    desk.server.faults = {"LOGIN": CUTS}
    await desk.look()
    (standing,) = await desk.store.find(COLLECTIONS, {})
    assert (standing["reason"], standing["tries"]) == ("DOWN", 1)
    assert not await desk.look(timedelta(seconds=20))
    desk.server.faults = {}
    desk.server.comes(mail("Two", message_id="<2@x>"))
    assert await desk.look(timedelta(minutes=2))
    (standing,) = await desk.store.find(COLLECTIONS, {})
    assert (standing["reason"], standing["tries"], len(await desk.all(MESSAGES))) == (None, 0, 2)


async def test_only_who_collects(desk: Desk) -> None:
    """Each mailbox with a server has a job of its own, and no other account has one."""
    webhook_only = Email("other", desk.email.settings.model_copy(update={"imap_url": None}), desk.email.equipment)
    shift = desk.shift(lines=Lines([desk.email, webhook_only]))
    assert [one.name for one in shift.jobs() if one.name.startswith("collecting")] == ["collecting email/support"]


async def test_long_words_are_kept(desk: Desk) -> None:
    """Whatever a mail brings fits what the house keeps."""
    raw = mail("x" * 300_000, subject="s" * 50_000, references=" ".join(f"<{n}@{'x' * 400}>" for n in range(100)))
    events = desk.email.events(replace((await _fetched(desk, raw)), received_at=desk.ask.now))
    records = [record for event in events for record in event.records]
    taken = await take(desk.store, records, at=desk.ask.now, by="email/support")
    assert {one.outcome for one in taken.results} == {Outcome.INSERTED}


async def _fetched(desk: Desk, raw: bytes) -> Any:
    desk.server.comes(raw)
    async with asyncio.timeout(5):
        (found,) = (await desk.email.collect(None)).deliveries
    return found


def test_ids_differ() -> None:
    """Two messages of ours never share an id."""
    assert len({own_id(key, root, "shop.example") for key in ("a", "b") for root in (None, "r@x", "s@x")}) == 6
