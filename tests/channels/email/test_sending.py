"""Words go out once as a mail that stands in its thread, and what nobody can know is called unknown."""

from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

import pytest
from pydantic import SecretStr

from adapters.channels.email.channel import Email
from adapters.channels.email.examples import EXAMPLES
from adapters.channels.email.threads import own_id, talk_id
from adapters.conformance.post_office import CUTS, HANGS, PostOffice
from adapters.contract.errors import ChannelBusy, ChannelDown, ChannelError, ChannelRefused
from adapters.contract.records import Who
from adapters.contract.sending import Outgoing, SendState, Template
from adapters.mail.servers import server_at
from tests.channels.email.letters import NOW, settings

ANN = Who("email", "support", "ann@example.com")
TALK = talk_id("first@example.com", ANN.value)
ANSWER = {"conversation": TALK, "subject": "The bell", "answers": "third@example.com"}


def outgoing(**more: object) -> Outgoing:
    """A mail to Ann."""
    return Outgoing(**({"who": ANN, "key": "k1", "text": "It does.\nAnna", "now": NOW} | more))  # type: ignore[arg-type]


def posted(office: PostOffice) -> Message:
    """The one mail that was handed over."""
    (mail,) = office.mails
    return message_from_bytes(mail.body)


async def test_answer(email: Email, office: PostOffice) -> None:
    """An answer goes to the person, from the mailbox, into the thread, and no program is told to keep silent."""
    sent = await email.send(outgoing(**ANSWER))
    mail = posted(office)
    assert (office.mails[0].sender, office.mails[0].recipient) == ("support@shop.example", "ann@example.com")
    assert {name: mail[name] for name in ("From", "To", "Subject", "In-Reply-To", "References", "Date")} == {
        "From": "Shop <support@shop.example>",
        "To": "ann@example.com",
        "Subject": "Re: The bell",
        "In-Reply-To": "<third@example.com>",
        "References": "<first@example.com> <third@example.com>",
        "Date": "Tue, 24 Nov 2026 12:00:00 +0000",
    }
    assert mail["Auto-Submitted"] is None
    assert mail.get_payload(decode=True) == b"It does.\r\nAnna\r\n"
    assert (sent.state, sent.external_id, sent.conversation) == (SendState.TAKEN, mail["Message-ID"][1:-1], None)


async def test_names_itself(email: Email, office: PostOffice) -> None:
    """The server is told the mailbox's domain, and customers its name, whatever letters it has."""
    named = email.settings.model_copy(update={"display_name": "Größe, Shop"})
    await Email("support", named, email.equipment).send(outgoing())
    assert office.mails[0].said[0] == "ehlo shop.example"
    assert str(make_header(decode_header(posted(office)["From"]))) == "Größe, Shop <support@shop.example>"


async def test_begins_thread(email: Email, office: PostOffice) -> None:
    """Without a conversation a mail begins one, whose first words are its subject."""
    sent = await email.send(outgoing())
    ours = own_id("k1", None, "shop.example")
    assert (sent.external_id, sent.conversation) == (ours, talk_id(ours, ANN.value))
    assert (posted(office)["Subject"], posted(office)["References"]) == ("It does.", None)


async def test_signed_id(email: Email, office: PostOffice) -> None:
    """Where the settings name secrets, the first of them signs the id."""
    secret = SecretStr("s" * 32)
    signing = email.settings.model_copy(update={"id_secrets": (secret, SecretStr("t" * 32))})
    sent = await Email("support", signing, email.equipment).send(outgoing(**ANSWER))
    assert sent.external_id == own_id("k1", "first@example.com", "shop.example", secret)
    assert posted(office)["Message-ID"] == f"<{sent.external_id}>"


async def test_same_key_same_mail(email: Email, office: PostOffice) -> None:
    """Handed over again, a mail has the same id, so that whoever has both sees that they are one."""
    for _ in range(2):
        await email.send(outgoing(**ANSWER))
    assert office.mails[0].body == office.mails[1].body


@pytest.mark.parametrize(
    "odd",
    [
        {"subject": "x\r\nBcc: bob@example.com\r\n\r\nEvil"},
        {"subject": "x\nBcc: bob@example.com"},
        {"subject": "x\u2028Bcc: bob@example.com\x85Bcc: b@example.com"},
        {"subject": None, "text": "x\rBcc: bob@example.com\x0bBcc: b@example.com"},
        {"answers": "a@b>\r\nBcc: bob@example.com\r\nX: <c"},
        {"conversation": "a@b>\r\nBcc: bob@example.com\r\nX: <c/0123456789abcdef"},
        {"key": "k\r\nBcc: bob@example.com"},
    ],
    ids=range(7),
)
async def test_no_header_is_planted(email: Email, office: PostOffice, odd: dict[str, str | None]) -> None:
    """Nobody writes into the headers of a mail of ours, whatever came from outside or is said."""
    await email.send(outgoing(**{**ANSWER, **odd}))
    mail = posted(office)
    assert mail["Bcc"] is None
    assert set(mail.keys()) <= {
        "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding",
    }  # fmt: skip
    assert all(len(line) < 998 for line in office.mails[0].body.splitlines())


async def test_every_letter(email: Email, office: PostOffice) -> None:
    """Whatever is said arrives: letters of all kinds, lines of any length, dots at their beginning."""
    text = f"Größe 🐟\n.\n..two\nFrom here\n{'long ' * 1_000}\n\u2028end\ttab"
    await email.send(outgoing(**{**ANSWER, "text": text, "subject": "Größe " * 60}))
    mail = posted(office)
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode("utf-8").replace("\r\n", "\n") == text.replace("\u2028", "\n") + "\n"
    assert str(make_header(decode_header(mail["Subject"]))).startswith("Re: Größe Größe")
    assert office.mails[0].body.isascii()


@pytest.mark.parametrize(
    ("replies", "error", "is_whole"),
    [
        ({"": "421 4.3.2 closing"}, ChannelBusy, True),
        ({"": "554 5.7.1 ann@example.com you?"}, ChannelRefused, True),
        ({"": CUTS}, ChannelDown, True),
        ({"": "<html>"}, ChannelDown, True),
        ({"": HANGS}, ChannelDown, True),
        ({"EHLO": HANGS}, ChannelDown, True),
        ({"EHLO": CUTS, "HELO": CUTS}, ChannelDown, True),
        ({"AUTH": "535 5.7.8 support@shop.example"}, ChannelRefused, True),
        ({"AUTH": "454 4.7.0 later"}, ChannelBusy, True),
        ({"MAIL": "451 4.3.0 later"}, ChannelBusy, True),
        ({"MAIL": "530 5.7.0 sign in"}, ChannelRefused, True),
        ({"MAIL": "550 5.7.60 not as support@shop.example"}, ChannelRefused, True),
        ({"RCPT": "450 4.2.1 ann@example.com later"}, ChannelBusy, False),
        ({"RCPT": "550 5.1.1 ann@example.com unknown"}, ChannelRefused, False),
        ({"RCPT": CUTS}, ChannelDown, True),
        ({"DATA": "554 5.5.1 no"}, ChannelRefused, False),
        ({"DATA": HANGS}, ChannelDown, True),
        ({".": "452 4.3.1 full"}, ChannelBusy, False),
        ({".": "554 5.6.0 spam from ann@example.com"}, ChannelRefused, False),
    ],
    ids=range(19),
)
async def test_certainly_not_sent(
    email: Email, office: PostOffice, replies: dict[str, str], error: type[ChannelError], *, is_whole: bool
) -> None:
    """Where the server said no, or was not asked yet, nothing went out; its words are not quoted."""
    office.replies = replies
    with pytest.raises(error) as raised:
        await email.send(outgoing())
    assert type(raised.value) is error
    if isinstance(raised.value, ChannelBusy):
        assert raised.value.is_of_person is not is_whole
        assert raised.value.retry_after_s
    if isinstance(raised.value, ChannelRefused):
        assert raised.value.is_of_account is is_whole
    assert "@" not in str(raised.value)


@pytest.mark.parametrize("end", [HANGS, CUTS, "<html>", "25", "null"])
async def test_unknown(email: Email, office: PostOffice, end: str) -> None:
    """Where a mail was handed over whole and no good answer came, nobody knows, and it is not handed over again."""
    office.replies = {".": end}
    sent = await email.send(outgoing())
    assert (sent.state, sent.external_id) == (SendState.UNKNOWN, None)
    assert len(office.mails) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": None, "template": Template(name="x", language="en")},
        {"text": " \n"},
        {"who": ANN._replace(value="ann")},
        {"who": ANN._replace(value="ann@example.com>\r\nRCPT TO:<bob@example.com")},
        {"who": ANN._replace(value="Support@shop.example")},
        {"who": ANN._replace(value="ann@ex\u2028ämple.de")},
        {"who": ANN._replace(value="ann@-ä.de")},
    ],
    ids=range(7),
)
async def test_not_allowed(email: Email, office: PostOffice, wrong: dict[str, object]) -> None:
    """What cannot be written to anybody is refused before the server is asked; also a mail to ourselves."""
    with pytest.raises(ChannelRefused):
        email.require_allowed(outgoing(**wrong))
    with pytest.raises(ChannelRefused):
        await email.send(outgoing(**wrong))
    assert office.commands == []


async def test_letters_in_addresses(email: Email, office: PostOffice) -> None:
    """An address beyond ASCII is written to where the server takes such, and nowhere else."""
    bell = outgoing(who=ANN._replace(value="änn@example.com"))
    with pytest.raises(ChannelRefused) as raised:
        await email.send(bell)
    assert raised.value.code == "no_smtputf8"
    office.extensions = (*office.extensions, "SMTPUTF8")
    assert (await email.send(bell)).state is SendState.TAKEN
    assert office.mails[0].recipient == "änn@example.com"
    assert "To: änn@example.com\r\n".encode() in office.mails[0].body


async def test_letters_in_domains(email: Email, office: PostOffice) -> None:
    """A domain beyond ASCII is written as servers look it up, to which every server sends."""
    await email.send(outgoing(who=ANN._replace(value="ann@exämple.de")))
    assert office.mails[0].recipient == posted(office)["To"] == "ann@xn--exmple-cua.de"
    office.extensions = (*office.extensions, "SMTPUTF8")
    office.mails.clear()
    await email.send(outgoing(who=ANN._replace(value="jü@exämple.de")))
    assert office.mails[0].recipient == "jü@xn--exmple-cua.de"
    assert "To: jü@xn--exmple-cua.de\r\n".encode() in office.mails[0].body


async def test_not_in_the_clear(office: PostOffice, email: Email) -> None:
    """Neither a password nor a mail goes unencrypted to another machine, unless the settings allow it."""
    # An address by which this machine is reached, and that does not say so.
    away = email.settings.model_copy(update={"smtp_url": f"smtp://0.0.0.0:{office.port}"})
    email = Email("support", away, email.equipment)
    with pytest.raises(ChannelRefused) as raised:
        await email.send(outgoing())
    assert (raised.value.code, raised.value.is_of_account) == ("no_starttls", True)
    assert office.commands == ["EHLO"]
    plain = away.model_copy(update={"may_be_plain": True})
    assert (await Email("support", plain, email.equipment).send(outgoing())).state is SendState.TAKEN


@pytest.mark.parametrize(
    ("address", "server", "is_here"),
    [
        ("smtps://smtp.shop.example", ("smtp.shop.example", 465, True), False),
        ("smtp://smtp.shop.example", ("smtp.shop.example", 587, False), False),
        ("smtp://localhost:25", ("localhost", 25, False), True),
        ("imaps://[::1]", ("::1", 993, True), True),
        ("imap://127.0.0.2", ("127.0.0.2", 143, False), True),
    ],
)
def test_servers(address: str, server: tuple[str, int, bool], *, is_here: bool) -> None:
    """An address names a server, its port, and whether it is encrypted from the first byte."""
    assert (server_at(address), server_at(address).is_here) == (server, is_here)


@pytest.mark.parametrize(
    "wrong",
    [
        {"smtp_url": "smtp.shop.example"},
        {"smtp_url": "https://smtp.shop.example"},
        {"smtp_url": "smtps://user:word@smtp.shop.example"},
        {"smtp_url": "smtps://"},
        {"smtp_url": "smtps://smtp.shop.example:99999"},
        {"imap_url": "imaps://imap.shop.example/INBOX"},
        {"address": "support"},
        {"address": "Support <support@shop.example>"},
        {"display_name": "x\nBcc: bob@example.com"},
        {"imap_url": "imaps://imap.shop.example", "password": None},
        {"mailboxes": []},
        {"mailboxes": ["INBOX\r\nA1 LOGOUT"]},
        {"sent_mailbox": "Sent\r\n"},
        {"sent_mailbox": "INBOX"},
        {"address": "süpport@shop.example"},
    ],
    ids=range(15),
)
def test_wrong_settings(wrong: dict[str, object]) -> None:
    """A setting of which no use can be made is refused, and none of its words is quoted."""
    with pytest.raises(ValueError, match="validation error") as raised:
        settings(**wrong)
    assert str(EXAMPLES.settings["password"]) not in str(raised.value)
