"""Who wrote a mail, how sure that is, and when."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.contract.records import Person, Reach, Utterance
from tests.channels.email.letters import NOW, mail, only, told

CHECKED = "Authentication-Results: mx.shop.example; spf=pass; dmarc=pass (p=none) header.from=example.com"

FORMS_CHECKED = CHECKED.replace("example.com", "shopify.com")


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"from": "ANN@Example.COM"}, "ann@example.com"),
        ({"from": "Shop: ann@example.com, bob@example.com;"}, "ann@example.com"),
        ({"from": "ann@example.com, Bob <bob@example.com>"}, "ann@example.com"),
        ({"from": "undisclosed:;, <@relay.example,@b.example:ann@example.com>"}, "ann@example.com"),
        ({"from": '"bob@example.com" <ann@example.com>'}, "ann@example.com"),
        ({"from": "bob@example.com <ann@example.com>"}, "ann@example.com"),
        ({"from": "(bob@example.com) ann@example.com"}, "ann@example.com"),
        ({"from": "Ann Lee", "sender": "ann@example.com"}, "ann@example.com"),
        ({"from": None, "sender": "Ann <ann@example.com>"}, "ann@example.com"),
        ({"from": "änn@exämple.com"}, "änn@exämple.com"),
    ],
)
def test_who_wrote(headers: dict[str, str | None], address: str) -> None:
    """The first address in From is who wrote, else that in Sender, however it is written."""
    assert only(Person, told(mail(**headers))).who.value == address


@pytest.mark.parametrize(
    "sender", ["", "Ann", "<>", "undisclosed-recipients:;", "@example.com", "ann@", "a b@example.com", "<" * 5_000]
)
def test_nobody_wrote(sender: str) -> None:
    """A mail that names nobody is set aside, with a reason that quotes nothing."""
    assert told(mail(**{"from": sender})).unread == "the mail names no address of who wrote it"


@pytest.mark.parametrize(
    ("given", "is_proven"),
    [
        ([], False),
        ([CHECKED], True),
        ([CHECKED.replace("mx.shop.example", "MX.shop.example 1")], True),
        ([CHECKED.replace("mx.shop.example", "mx.other.example")], False),
        (["Authentication-Results: mx.other.example; dmarc=fail", CHECKED], True),
        # What our own server wrote stands above what came with the mail.
        ([CHECKED.replace("dmarc=pass", "dmarc=none"), CHECKED], False),
        (["Authentication-Results: mx.shop.example; dkim=pass", CHECKED], False),
        ([CHECKED.replace("dmarc=pass", 'x="a; dmarc=pass"')], False),
        ([CHECKED.replace("=example.com", "=evil.example")], False),
        ([CHECKED.replace("; spf", "; (; dmarc=pass")], False),
        ([CHECKED, "From: bob@example.com"], False),
        ([CHECKED.replace(" header.from=example.com", "")], False),
        ([CHECKED.replace("spf=pass;", "spf=pass x=\\;")], False),
    ],
    ids=range(13),
)
def test_asserted_unless_proven(given: list[str], is_proven: bool) -> None:
    """A From proves nothing, unless a mail server that the settings trust says that its domain stands behind it."""
    person = only(Person, told(mail(given=given)))
    assert person.is_asserted is not is_proven
    assert person.reaches == (Reach(type="EMAIL", value=person.who.value, is_verified=is_proven),)


FAILED = CHECKED.replace("dmarc=pass", "dmarc=fail")
OF_SHOP = CHECKED.replace("; dmarc", " smtp.mailfrom=a@shop.example; dkim=pass header.d=shop.example; dmarc")
LISTED = {"list_id": "<help.shop.example>"}


@pytest.mark.parametrize(
    "given",
    [
        [FAILED],
        [FAILED.replace("p=none", "p=reject"), CHECKED],
        ["Authentication-Results: mx.shop.example; dmarc/1 = fail"],
        ["Authentication-Results: mx.shop.example; dkim=pass", FAILED],
        [f"{FAILED}; dmarc=pass header.from=example.com"],
        [FAILED, "From: bob@example.com"],
        [CHECKED.replace("spf=pass; dmarc=pass", 'x="a; dmarc=pass header.from=example.com ; b"@e; dmarc=fail')],
        [CHECKED.replace("dmarc=pass (", "dmarc=fail (p \\) ; dmarc=pass header.from=example.com (x) ) (")],
    ],
    ids=range(8),
)
def test_failed_is_set_aside(given: list[str]) -> None:
    """What a mail server that the settings trust found to be another's is nobody's words, and stands aside for them."""
    event = told(mail(given=given))
    assert "dmarc=fail" in (event.unread or "")
    assert event.records == ()
    assert event.who is not None
    assert only(Person, told(mail(given=given), trusted_servers=["mx.other.example"])).is_asserted


def test_failed_by_lists() -> None:
    """A list of the company's own breaks seals, and says so by its domain's; whoever only names it is believed nothing.

    What a form wrote proves nothing anyway.
    """
    by_list = OF_SHOP.replace("dmarc=pass", "dmarc=fail")
    own = {"own_lists": ["help.shop.example"]}
    assert only(Person, told(mail(given=[by_list], **LISTED), **own)).is_asserted
    of_gmail = by_list.replace("spf=pass", "spf=none").replace("d=shop", "i=@shop")
    assert only(Person, told(mail(given=[of_gmail], **LISTED), **own)).is_asserted
    assert told(mail(given=[by_list.replace("=pass", "=fail")], **LISTED), **own).unread
    assert told(mail(given=[by_list.replace("@shop", "@evil").replace("d=shop", "d=evil")], **LISTED), **own).unread
    assert told(mail(given=[FAILED], **LISTED), **own).unread
    assert told(mail(given=[by_list]), **own).unread
    assert told(mail(given=[FAILED], **LISTED)).left_alone == "a mail to many"
    raw = mail(given=[FAILED], reply_to="bob@example.com", **{"from": "mailer@shopify.com"})
    assert only(Person, told(raw, form_senders=["mailer@shopify.com"])).is_asserted


@pytest.mark.parametrize(
    ("sender", "headers"),
    [
        ("Shop <support@shop.example>", {}),
        ("mailer@shopify.com", {"precedence": "bulk"}),
        ("Mailer@Shopify.com", {"auto_submitted": "auto-generated", "given": [FORMS_CHECKED]}),
    ],
    ids=range(3),
)
def test_forms(sender: str, headers: dict[str, Any]) -> None:
    """A mail of a form is of the visitor whom Reply-To names, of whom nothing is proven."""
    raw = mail("A bell!", reply_to="Bob <bob@shopify.com>", **{"from": sender}, **headers)
    event = told(raw, form_senders=["mailer@shopify.com"])
    person = only(Person, event)
    assert (person.who.value, person.profile["name"], person.is_asserted) == ("bob@shopify.com", "Bob", True)
    assert (person.seen_at, person.reaches[0].is_verified) == (event.at, False)
    assert only(Utterance, event).who == person.who


@pytest.mark.parametrize(
    ("sender", "is_proven"),
    [
        ("Ann <ann@example.com>", True),
        ('"bob@example.com" <ann@example.com>', True),
        ("ann@example.com <ann@example.com>", True),
        ("ann@example.com (bob@example.com)", True),
        ("<ann@example.com> <bob@example.com>", False),
        ("Ann <ann@example.com> via X <bob@example.com>", False),
        ("bob@example.com <ann@example.com>", False),
        ("=?utf-8?q?=3Cann=40example=2Ecom=3E?= bob@example.com", False),
        ("=?utf-8?q?ann=40example=2Ecom?=", False),
    ],
)
def test_one_of_several_is_not_proven(sender: str, is_proven: bool) -> None:
    """A domain vouches for whoever its server took for the sender: where a From could be read so and so, for nobody."""
    event = told(mail(given=[CHECKED], **{"from": sender}))
    assert all(one.reaches[0].is_verified is is_proven for one in event.records if isinstance(one, Person))
    assert all(one.is_unproven is not is_proven for one in event.records if isinstance(one, Utterance))


def test_our_address_is_forged() -> None:
    """What a server found not to be ours says nothing in the name of whomever its Reply-To names."""
    ours = CHECKED.replace("dmarc=pass", "dmarc=fail").replace("example.com", "shop.example")
    raw = mail(given=[ours], reply_to="Vic <victim@bank.example>", **{"from": "support@shop.example"})
    assert told(raw).left_alone


@pytest.mark.parametrize("named", ["x_original_from", "reply_to"])
def test_group_in_the_place_of_senders(named: str) -> None:
    """A group of the company's that writes its own address in the place of its senders' makes no person of them all."""
    own = {"own_lists": ["help.shop.example"]}
    passed = CHECKED.replace("example.com", "shop.example")
    for address in ("ann@yahoo.example", "bob@aol.example"):
        raw = mail(given=[passed], **LISTED, **{"from": "'Ann' via Help <help@shop.example>", named: f"A <{address}>"})
        event = told(raw, **own)
        assert (only(Person, event).who.value, only(Utterance, event).is_unproven) == (address, True)
    nameless = mail(given=[passed], reply_to="help@shop.example", **LISTED, **{"from": "Help <help@shop.example>"})
    assert "Reply-To names nobody" in (told(nameless, **own).unread or "")
    both = mail(x_original_from="Bob <bob@x.example>", **LISTED, **{"from": "help@shop.example"})
    assert only(Person, told(both, other_addresses=["help@shop.example"], **own)).who.value == "bob@x.example"


def test_forms_without_visitors() -> None:
    """Where nobody can tell for whom a form wrote, or whether one did, the mail is set aside and not dropped."""
    of_form: dict[str, str | None] = {"from": "mailer@shopify.com"}
    ours: dict[str, str | None] = {"from": "support@shop.example", "reply_to": "sales@shop.example"}
    assert "names nobody" in (told(mail(**of_form), form_senders=["mailer@shopify.com"]).unread or "")
    assert "`form_senders`" in (told(mail(**ours)).unread or "")
    assert only(Person, told(mail(**ours), form_senders=["support@shop.example"])).who.value == "sales@shop.example"
    assert told(mail(**ours), other_addresses=["sales@shop.example"]).left_alone
    assert told(mail(auto_submitted="auto-replied", **ours | {"reply_to": "bob@example.com"})).left_alone


def test_nobody_is_trusted() -> None:
    """Where no server is trusted, nothing is proven."""
    assert only(Person, told(mail(given=[CHECKED]), trusted_servers=[])).is_asserted


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0100", NOW.replace(day=23, hour=9)),
        ("23 Nov 2026 10:00:00", NOW.replace(day=23, hour=10)),
        ("Mon, 23 Nov 2026 10:00:00 EST (odd)", NOW.replace(day=23, hour=15)),
        ("Fri, 20 Apr 2001 19:35:02 -0400", datetime(2001, 4, 20, 23, 35, 2, tzinfo=UTC)),
        ("2026-11-23T10:00:00+01:00", NOW.replace(day=23, hour=9)),
        ("2026-11-23 10:00:00.5Z", NOW.replace(day=23, hour=10)),
        # A clock that is ahead, or a zone that was forgotten.
        ("Tue, 24 Nov 2026 20:00:00 +0000", NOW),
    ],
)
def test_moments(date: str, at: datetime) -> None:
    """A mail was sent when its Date says, and no later than it came."""
    assert only(Utterance, told(mail(date=date))).sent_at == at


@pytest.mark.parametrize(
    "date",
    [None, "", "yesterday", "Mon, 32 Nov 2026 10:00:00 +0000", "1 Jan 1970 00:00:00 +0000", "1 Jan 2099 00:00:00",
     "1 Jan 99999 0:0:0", "2026-13-40T10:00:00Z", "Mon, 23 Nov 2026 10:00:00 +9999999999", "٢٣ Nov 2026 10:00:00",
     f"{'9' * 5_000} Nov 2026 10:00:00"],
    ids=range(11),
)  # fmt: skip
def test_impossible_dates(date: str | None) -> None:
    """Where that cannot be, it is when a server received it, or when it came here."""
    assert only(Utterance, told(mail(date=date))).sent_at == NOW
    received = "Received: from x by y; Mon, 23 Nov 2026 11:00:00 +0000"
    assert only(Utterance, told(mail(date=date, given=[received]))).sent_at == NOW - timedelta(hours=25)
