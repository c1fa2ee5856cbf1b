"""What programs write is no customer's word: a report says how our mail fared, and none is answered."""

import base64

import pytest
from pydantic import SecretStr

from adapters.channels.email.threads import own_id
from adapters.contract.records import Person, Progress, Talk, Utterance
from tests.channels.email.letters import events, mail, only, part, parts, sample, settings, told, words

OURS = own_id("k1", "first@example.com", "shop.example")
RETURNED = part("message/rfc822", mail("Ours", message_id=f"<{OURS}>", **{"from": "support@shop.example"}))
FAILED = "Reporting-MTA: dns; mx.example.com\n\nFinal-Recipient: rfc822; ann@example.com\nAction: {}\nStatus: {}\n"


def report(action: str = "failed", status: str = "5.1.1", *, returned: bytes = RETURNED) -> bytes:
    """A report of a mail server's on one recipient."""
    blocks = part("message/delivery-status", FAILED.format(action, status))
    sender: dict[str, str | None] = {"from": "Mail Delivery System <MAILER-DAEMON@mx.example.com>"}
    kind = "multipart/report; report-type=delivery-status"
    return parts(
        part("text/plain", "Sorry, ann@example.com"), blocks, returned, kind=kind, message_id="<r@mx>", **sender
    )


def test_failed() -> None:
    """A report fails the mail of ours that it names, in words that name nobody, and makes no customer."""
    event = told(report())
    progress = only(Progress, event)
    assert event.records == (progress,)
    assert (progress.external_id, progress.key, progress.status) == (OURS, "k1", "FAILED")
    assert progress.reason == "5.1.1: it was refused because of the address"


@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_returned_headers(returned: str) -> None:
    """Of our mail its headers are enough."""
    found = told(report(returned=part(returned, f"Subject: x\nMessage-ID: <{OURS}>\n")))
    assert only(Progress, found).key == "k1"


@pytest.mark.parametrize(
    ("action", "status"), [("delivered", "DELIVERED"), ("delayed", None), ("relayed", None), ("odd", None)]
)
def test_other_reports(action: str, status: str | None) -> None:
    """What is under way is no failure, and what has arrived is told."""
    event = told(report(action, "2.0.0"))
    assert [one.status for one in event.records if isinstance(one, Progress)] == ([status] if status else [])
    assert (event.left_alone is None) is (status is not None)


def test_read_receipt() -> None:
    """Whoever lets us know that they have read it has read it."""
    said = f"Original-Message-ID: <{OURS}>\nDisposition: manual-action/MDN-sent-manually; displayed\n"
    raw = parts(part("text/plain", "Read."), part("message/disposition-notification", said), kind="multipart/report")
    assert only(Progress, told(raw)).status == "READ"


@pytest.mark.parametrize(
    "raw",
    [
        mail(f"550 no such user\n\nMessage-ID: <{OURS}>", **{"from": "MAILER-DAEMON@example.com"}),
        mail("x", given=["X-Failed-Recipients: ann@example.com"], references=f"<{OURS}>"),
    ],
    ids=range(2),
)
def test_bounces_in_words(raw: bytes) -> None:
    """A mail server that reports in words of its own is understood where it names our mail."""
    assert only(Progress, told(raw)).status == "FAILED"


QMAIL = (
    "Hi. This is the qmail-send program at mx.example.\nI could not deliver it.\nThis is a permanent\nerror; no more."
)
# As each server begins when it has given up, without a code.
GIVEN_UP = {
    "qmail": QMAIL,
    "Exim": "This was made by a program.\n\nA message that you sent could not be delivered to\none of its recipients:",
    "Postfix": "I am the mail system at mx.example.\n\nYour message could not be delivered to one or more\nrecipients.",
    "Exchange": "Delivery has failed to these recipients or groups:\n\nann@example.com\nNobody is called so here.",
    "Sendmail": "   ----- The following addresses had permanent fatal errors -----\n<ann@example.com>",
}
SHOWN = f"\n\n--- Your mail:\nMessage-ID: <{OURS}>\nSubject: The bell\n\nThis is a warning only."
LATE = {
    "Exim": "A message that you have sent has not yet been delivered to one of its recipients after 24 hours.",
    "Postfix": "# THIS IS A WARNING ONLY. #\n\nYour message could not be delivered to one or more recipients, so far.",
    "Exchange": "Delivery is delayed to these recipients or groups:\n\nann@example.com",
    "Sendmail": "THIS IS A WARNING MESSAGE ONLY\n<ann@example.com>... Deferred: mx.example does not answer",
}


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@example.com", "postmaster@example.com"])
@pytest.mark.parametrize("server", GIVEN_UP)
def test_given_up_without_code(server: str, sender: str) -> None:
    """A server that has given up says so in its usual words, whatever the mail says that comes back with it."""
    raw = mail(GIVEN_UP[server] + SHOWN, **{"from": sender})
    assert only(Progress, told(raw)).status == "FAILED"


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@example.com", "postmaster@example.com"])
@pytest.mark.parametrize("server", LATE)
def test_late_without_code(server: str, sender: str) -> None:
    """A server that goes on trying fails nothing, and is no customer."""
    shown = SHOWN.replace("This is a warning only.", f"{GIVEN_UP['qmail']} Order 550 of 5.1.1")
    raw = mail(LATE[server] + shown, **{"from": sender})
    assert told(raw).left_alone == "a mail of ours is under way"


def test_postmaster_in_person() -> None:
    """People write from that address, too."""
    assert told(mail("Is the bell still there?", **{"from": "postmaster@example.com"})).left_alone is None


@pytest.mark.parametrize(
    "said",
    [
        "It has not yet been delivered after 24 hours on the queue of 5.9.12.4.",
        "THIS IS A WARNING MESSAGE ONLY\n451 4.4.1 reply: read error. Will keep trying for 5 days, 500 tries.",
        "421 try again",
    ],
    ids=range(3),
)
def test_delays_in_words(said: str) -> None:
    """A mail server that says that ours is late, and not that it was refused, fails nothing; one that gave up does."""
    late: dict[str, str | None] = {"from": "Mailer-Daemon@example.com", "in_reply_to": f"<{OURS}>"}
    assert told(mail(said, **late)).left_alone == "a mail of ours is under way"
    assert only(Progress, told(mail(said, given=["X-Failed-Recipients: ann@example.com"], **late))).status == "FAILED"
    assert (
        only(Progress, told(mail(f"{said} (#5.1.1)", **late))).reason == "5.1.1: it was refused because of the address"
    )


@pytest.mark.parametrize(
    "raw",
    [
        report(returned=part("message/rfc822", mail("Not ours"))),
        mail("x", **{"from": "MAILER-DAEMON <>"}),
        mail("x", **{"from": "mailer-daemon@example.com"}),
        mail("x", auto_submitted="auto-generated"),
        mail("x", auto_submitted="auto-replied (vacation)"),
        mail("x", precedence="auto_reply"),
        mail("x", return_path="<>"),
        mail("x", return_path=r"< > (nobody \) at all)"),
        mail("x", x_autoreply="yes"),
        mail("x", x_vacation="yes"),
        mail("x", x_mail_autoreply="1"),
        mail("x", x_autogenerated="Reply"),
        mail("x", x_auto_response_suppress="All", subject="Out of Office: the bell"),
        mail("x", x_auto_response_suppress="All", subject="=?utf-8?Q?R=C3=A9ponse_automatique_:_x?="),
        mail("x", precedence="Bulk"),
        mail("x", list_id="Shop talk <talk.example.com>"),
        mail("x", list_unsubscribe="<mailto:x@example.com>"),
        mail("x", **{"from": "support@shop.example"}),
        mail("x", **{"from": "Support <SUPPORT@Shop.Example>"}),
        sample("cpython_msg_02.eml"),
        sample("cpython_msg_16.eml"),
        sample("cpython_msg_43.eml"),
    ],
    ids=range(22),
)
def test_left_alone(raw: bytes) -> None:
    """What a program sent unasked, what went to many and what pretends to be ours is counted and dropped."""
    assert [one.left_alone is not None for one in events(raw)] == [True]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"auto_submitted": "no"},
        {"return_path": "<ann@example.com>"},
        {"precedence": "normal"},
        {"x_autoreply": "no"},
        {"x_auto_response_suppress": "DR, OOF, AutoReply"},
        {"x_auto_response_suppress": "All", "subject": "Out of office chairs?"},
    ],
    ids=range(7),
)
def test_people_are_heard(headers: dict[str, str | None]) -> None:
    """A person's mail is theirs, and they were heard of."""
    event = told(mail(**headers))
    assert only(Person, event).seen_at == event.at
    assert not only(Utterance, event).is_by_other


def test_automatic_reply() -> None:
    """What a program answers to a mail of ours stands in the conversation, and is no word of the person's."""
    # As programs for people who are away have long said that nobody is to answer.
    headers = {"auto_submitted": "auto-replied", "precedence": "bulk", "in_reply_to": f"<{OURS}>"}
    event = told(mail("I am away.", message_id="<a@x>", **headers))
    utterance = only(Utterance, event)
    assert (utterance.is_by_other, utterance.author_name, utterance.text) == (True, "automatic reply", "I am away.")
    assert only(Person, event).seen_at is None
    assert only(Talk, event).external_id == only(Talk, told(mail())).external_id


@pytest.mark.parametrize(
    "headers",
    [
        {"list_unsubscribe": "<mailto:x@example.com>"},
        {"precedence": "bulk"},
        {"precedence": "list", "list_id": "<purchasing.example.com>"},
    ],
    ids=range(3),
)
def test_answers_are_read(headers: dict[str, str | None]) -> None:
    """What answers a mail of ours is read, also from a group or a server that writes as if to many."""
    event = told(mail("Yes, 50 bells.", in_reply_to=f"<{OURS}>", **headers))
    assert (only(Utterance, event).text, only(Utterance, event).is_by_other) == ("Yes, 50 bells.", False)
    assert told(mail("Yes, 50 bells.", **headers)).left_alone == "a mail to many"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (
            parts(part("message/feedback-report", "Feedback-Type: abuse\n"), RETURNED, kind="multipart/report"),
            "a complaint",
        ),
        (mail("PK", subject="Report Domain: shop.example Submitter: x.example Report-ID: <1>"), "a report on a domain"),
        (mail("{}", tls_report_domain="shop.example"), "a report on a domain"),
    ],
    ids=range(3),
)
def test_reports_on_mails(raw: bytes, why: str) -> None:
    """Who reports spam, or what became of a domain's mails, is no customer."""
    assert (told(raw).left_alone or "").startswith(why)


def test_report_handed_on() -> None:
    """Whoever puts a report beside words of their own has written to us: somebody asks what a bounce means."""
    report = "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@example.net\nAction: failed\nStatus: 5.1.1\n"
    for kind in ("message/delivery-status", "message/disposition-notification", "message/feedback-report"):
        raw = parts(part("text/plain", "I got this, please help."), part(kind, report))
        assert words(raw) == "I got this, please help."


def test_packed_report() -> None:
    """A report is read also where it is packed, as it must not be."""
    packed = base64.encodebytes(FAILED.format("failed", "5.1.1").encode())
    block = part("message/delivery-status", packed, "Content-Transfer-Encoding: base64")
    assert only(Progress, told(parts(block, RETURNED, kind="multipart/report"))).key == "k1"


def test_own_lists() -> None:
    """Where customers write to a group of the company's, their mails are theirs."""
    raw = mail("Hello", list_id="Support <support.shop.example>", precedence="list")
    assert told(raw).left_alone
    event = told(raw.replace(b"Precedence: list\n", b""), own_lists=["support.shop.example"])
    assert only(Utterance, event).text == "Hello"


@pytest.mark.parametrize("status", ["", "5", "5.7.26 (Gmail: ann@example.com)", "550", "x" * 10_000])
def test_reasons_name_nobody(status: str) -> None:
    """Why a mail failed is told by its code."""
    reason = only(Progress, told(report(status=status))).reason or ""
    assert "refused" in reason or "deliver" in reason
    assert "@" not in reason
    assert len(reason) < 100


def test_several_recipients() -> None:
    """A report tells of each recipient by itself, and of nobody twice."""
    blocks = FAILED.format("failed", "5.1.1") + "\nFinal-Recipient: rfc822; bob@example.com\nAction: delivered\n\n"
    raw = parts(part("message/delivery-status", blocks * 2), RETURNED, kind="multipart/report")
    assert [only(Progress, one).status for one in events(raw)] == ["FAILED", "DELIVERED"]


SECRET, FORMER, OTHER = (SecretStr(one * 32) for one in "abc")


@pytest.mark.parametrize(
    ("named", "is_heard"),
    [
        (own_id("k1", "first@example.com", "shop.example", SECRET), True),
        (own_id("k1", None, "shop.example", FORMER), True),
        (own_id("k1", None, "shop.example", OTHER), False),
        (OURS, False),
        ("gw.anything@shop.example", False),
        (own_id("k1", None, "shop.example", SECRET).replace("k1", "k2"), False),
        (f"{OURS}> <{own_id('k1', None, 'shop.example', SECRET)}", True),
    ],
    ids=range(7),
)
@pytest.mark.parametrize("header", ["in_reply_to", "references"])
def test_made_up_ids(named: str, is_heard: bool, header: str) -> None:
    """Where our ids are signed nobody makes one up, to have what goes to many taken for an answer."""
    signs = {"id_secrets": [SECRET, FORMER]}
    bulk: dict[str, str | None] = {"precedence": "bulk", "list_id": "<x.y.z>", "auto_submitted": "auto-generated"}
    assert (told(mail("Offers!", **bulk, **{header: f"<{named}>"}), **signs).left_alone is None) is is_heard
    person = told(mail("Yes", **{header: f"<{named}>"}), **signs)
    assert person.records


def test_signed_ids_tell_the_same() -> None:
    """A signed id says what another one does, and a secret that somebody could guess is none."""
    ours = own_id("k1", "first@example.com", "shop.example", SECRET)
    event = told(report(returned=part("message/rfc822", mail("Ours", message_id=f"<{ours}>"))), id_secrets=[SECRET])
    assert (only(Progress, event).key, only(Progress, event).external_id) == ("k1", ours)
    with pytest.raises(ValueError, match="random"):
        settings(id_secrets=["secret"])
