"""A mail stands in the conversation of its thread: its own sender's, whatever comes first, and by no subject."""

import pytest

from adapters.channels.email.threads import own_id
from adapters.contract.records import Progress, Talk, Utterance
from tests.channels.email.letters import mail, only, told

FIRST = "first@example.com"


def talk(raw: bytes) -> str:
    """In which conversation a mail stands."""
    return only(Talk, told(raw)).external_id


def test_reply_joins() -> None:
    """A reply stands where the mail stands with which the thread began, also where it comes before that."""
    later = mail(message_id="<third@example.com>", references="<first@example.com> <second@example.com>")
    assert talk(later) == talk(mail()) == f"{FIRST}/71d4f55f72fa128d"
    assert talk(mail(message_id="<second@example.com>", in_reply_to="<first@example.com>")) == talk(mail())


def test_subject_joins_nobody() -> None:
    """Two mails of one subject are two conversations."""
    assert talk(mail(message_id="<other@example.com>", subject="Re: The bell")) != talk(mail())


def test_strangers_stay_apart() -> None:
    """Whoever names another's thread, as somebody to whom it was forwarded, has a conversation of their own in it."""
    theirs = mail(**{"from": "bob@example.com"}, message_id="<b@example.com>", references="<first@example.com>")
    assert talk(theirs).startswith(f"{FIRST}/")
    assert talk(theirs) != talk(mail())


def test_either_writing() -> None:
    """Whoever's domain is beyond ASCII has one conversation, whichever of its two writings a mail has."""
    written, as_sent = (mail(**{"from": f"ann@{one}"}) for one in ("exämple.de", "xn--exmple-cua.de"))
    assert talk(written) == talk(as_sent)


def test_reply_to_ours() -> None:
    """Our own mails say with which the thread began, to whoever names only the one that is answered."""
    ours = own_id("k1", FIRST, "shop.example")
    for named in ({"in_reply_to": f"<{ours}>"}, {"references": f"<{ours}>"}):
        assert talk(mail(message_id="<next@example.com>", **named)) == talk(mail())
    begun = own_id("k2", None, "shop.example")
    assert talk(mail(message_id="<next@example.com>", in_reply_to=f"<{begun}>")).startswith(f"{begun}/")


@pytest.mark.parametrize(
    "named",
    [
        {"references": "<x2@example.com> <{ours}>", "in_reply_to": "<{ours}>"},
        {"references": "<x2@example.com> <{ours}> <x3@example.com>", "in_reply_to": "<x3@example.com>"},
        {"references": "<x2@example.com>", "in_reply_to": "<{ours}>"},
    ],
)
def test_trimmed_references(named: dict[str, str]) -> None:
    """Where a program left the thread's beginning out, a mail of ours that stands anywhere in it says which that is."""
    ours = own_id("k1", FIRST, "shop.example")
    headers = {name: one.format(ours=ours) for name, one in named.items()}
    assert talk(mail(message_id="<next@example.com>", **headers)) == talk(mail())


def test_ids_of_others_are_theirs() -> None:
    """What only looks like an id of ours is anybody's."""
    theirs = own_id("k1", FIRST, "example.com")
    assert talk(mail(message_id="<next@example.com>", in_reply_to=f"<{theirs}>")).startswith(f"{theirs}/")


@pytest.mark.parametrize("key", ["k1", "with space", "a.b@c", "ключ", "x" * 200])
def test_own_ids(key: str) -> None:
    """An id of ours gives back the key under which it was sent, whatever that is, and is the same each time."""
    ours = own_id(key, FIRST, "shop.example")
    failed = mail(
        content_type="multipart/report", given=["X-Failed-Recipients: ann@example.com"], in_reply_to=f"<{ours}>"
    )
    assert ours == own_id(key, FIRST, "shop.example")
    assert only(Progress, told(failed)).key == key


@pytest.mark.parametrize(
    "written",
    [
        "<first@example.com>",
        "  <first@example.com> (a comment)",
        "=?utf-8?Q?=3Cfirst=40example=2Ecom=3E?=",
        "<first@\n example.com>",
        "first@example.com",
        "<first@example.com",
    ],
)
def test_odd_ids(written: str) -> None:
    """An id is the same however a program writes it."""
    assert only(Utterance, told(mail(message_id=written))).external_id == FIRST


def test_without_id() -> None:
    """A mail without an id has one that is made of what it says, and another one for another mail."""
    first, again, other = (
        only(Utterance, told(mail(body, message_id=None, given=[received]))).external_id
        for body, received in (("Hello", "Received: a"), ("Hello", "Received: b"), ("Hallo", "Received: a"))
    )
    assert first == again != other
    assert first.startswith("sha256:")


def test_endless_ids() -> None:
    """An id of any length is kept in one that has an end."""
    found = told(mail(message_id=f"<{'x' * 5_000}@example.com>", references=f"<{'y' * 1_000}@example.com>"))
    assert len(only(Utterance, found).external_id) < 1_000
    assert len(only(Talk, found).external_id) < 200


def test_anothers_id_hides_nothing() -> None:
    """Whoever takes another's id has an event of their own: neither is taken for a repeat of the other."""
    assert told(mail()).key != told(mail(**{"from": "bob@example.com"})).key
    assert told(mail()).key == told(mail(given=["Received: by another way"])).key


@pytest.mark.parametrize(
    ("subject", "read", "in_answer"),
    [
        ("Re: Re[2]: AW: The bell", "The bell", "The bell"),
        ("Regarding it", "Regarding it", "Regarding it"),
        ("Ref: 12345", "Ref: 12345", "12345"),
        ("I: Robot", "I: Robot", "Robot"),
        ("Your Ref: 12", "Your Ref: 12", "Your Ref: 12"),
        ("Fwd: TR: The bell", "TR: The bell", "The bell"),
        ("Re:", None, None),
        ("", None, None),
        ("  ", None, None),
    ],
)
def test_subjects(subject: str, read: str | None, in_answer: str | None) -> None:
    """A conversation is about what its subject says, without what programs add: what may be a word, in answers."""
    assert only(Talk, told(mail(subject=subject))).subject == read
    assert only(Talk, told(mail(subject=subject, references="<a@x>"))).subject == in_answer
