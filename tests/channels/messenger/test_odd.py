"""Deliveries that stand in no sample, and come all the same."""

from typing import Any

import pytest

from adapters.channels.meta_messaging.reading import Reader
from adapters.contract.deliveries import Event
from adapters.contract.errors import BadPayload
from adapters.contract.records import Person, Progress, Say, Talk, Utterance, Withdrawal
from tests.channels.messenger.double import OTHER_PAGE, PAGE, PSID, echo, entry, enveloped, item, message
from tests.channels.meta_graph import APP, AT

READER = Reader("messenger", PAGE, "page", {OTHER_PAGE}, APP)


def read(*items: Any, **more: Any) -> list[Event]:
    """The events of a delivery that tells of these."""
    return READER.events(enveloped(*items, **more))


def card(payload: Any) -> dict[str, Any]:
    """What a message has beside that shows such a card."""
    return {"attachments": [{"type": "template", "payload": payload}]}


def said(event: Event) -> Utterance:
    """The message of an event."""
    (found,) = (one for one in event.records if isinstance(one, Utterance))
    return found


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, "the body is no object"),
        ([], "the body is no object"),
        ({}, "object is not page"),
        ({"object": "instagram", "entry": []}, "object is not page"),
        ({"object": "page"}, "entry is no list"),
        ({"object": "page", "entry": {}}, "entry is no list"),
    ],
)
def test_no_payload(body: Any, reason: str) -> None:
    """What is no delivery of this channel's is none."""
    with pytest.raises(BadPayload) as refused:
        READER.events(body)
    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (None, "entry[0] is no object"),
        ({"id": PAGE, "time": AT}, "entry[0] has neither messaging nor standby nor changes"),
        ({"id": PAGE, "messaging": {}}, "entry[0].messaging is no list"),
        ({"id": PAGE, "changes": "x"}, "entry[0].changes is no list"),
        ({"id": PAGE, "changes": [7]}, "entry[0].changes[0] names no field"),
        ({"id": PAGE, "changes": [{"field": "messages"}]}, "entry[0].changes[0] has no object as its value"),
        (
            {"id": PAGE, "changes": [{"field": "tomorrow", "value": {"message": {"mid": "m"}}}]},
            "entry[0].changes[0] tells of messages in a field that is not known",
        ),
        (entry(7), "entry[0].messaging[0] is no object"),
    ],
)
def test_odd_entries(part: Any, reason: str) -> None:
    """A part that cannot be read is set aside, and says where and why."""
    (event,) = READER.events({"object": "page", "entry": [part]})
    assert event.unread == reason


@pytest.mark.parametrize("part", [{"id": PAGE, "messaging": []}, {"id": PAGE, "changes": [], "standby": []}])
def test_told_empty(part: dict[str, Any]) -> None:
    """An entry without anything in it is left alone, and says so."""
    (event,) = READER.events({"object": "page", "entry": [part]})
    assert event.left_alone == "an entry in which nothing is told"
    (event,) = READER.events({"object": "page", "entry": []})
    assert event.left_alone == "a delivery without entries"


@pytest.mark.parametrize("key", ["0", 0])
@pytest.mark.parametrize("more", [{"messaging": [message()]}, {"changes": [7]}, {}])
def test_dashboard_tests(key: Any, more: dict[str, Any]) -> None:
    """A test of the dashboard is acknowledged and left alone, whatever its shape; nothing of it is set aside."""
    (event,) = READER.events({"object": "page", "entry": [{"id": key, "time": 1, **more}]})
    assert event.left_alone == "a test of Meta's dashboard"


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (item(), "entry[0].messaging[0] is of no kind that is known"),
        (item(message=None), "entry[0].messaging[0] is of no kind that is known"),
        (item(hologram={}), "entry[0].messaging[0] is of no kind that is known"),
        (item(message={}), "entry[0].messaging[0].message.mid is missing"),
        (item(message=[]), "entry[0].messaging[0].message is no object"),
        (message(mid=""), "entry[0].messaging[0].message.mid is empty"),
        (message(text=7), "entry[0].messaging[0].message.text is no text"),  # type: ignore[arg-type]
        (message(attachments={}), "entry[0].messaging[0].message.attachments is no list"),
        (message(at=10**30), "entry[0].messaging[0].timestamp is no moment of an exchange of messages"),
        (message(at=True), "entry[0].messaging[0].timestamp is no moment of an exchange of messages"),
        (message(at=-1), "entry[0].messaging[0].timestamp is no moment of an exchange of messages"),
        (item(person="", message={"mid": "m"}), "sender.id nor recipient.id is a customer's"),
        (item(person=PAGE, message={"mid": "m"}), "sender.id nor recipient.id is a customer's"),
        (item(reaction={"action": "react"}), "entry[0].messaging[0].reaction.mid is missing"),
        (item(read={}), "entry[0].messaging[0].read names neither a watermark nor a message"),
        (item(read={"watermark": "soon"}), "entry[0].messaging[0].read.watermark is no moment"),
        (item(delivery={"mids": [None]}), "entry[0].messaging[0].delivery.mids[0] is no text"),
    ],
)
def test_odd_items(one: Any, reason: str) -> None:
    """What cannot be read of one part is told by its place, and the parts beside it are read."""
    first, good = read(one, message("m_good"))
    assert reason in (first.unread or "")
    assert said(good).external_id == "m_good"


def test_unread_names_its_person() -> None:
    """Whom a part is about that cannot be read is told, so that it goes when they are erased."""
    (came,) = read(item(message={"text": "?"}))
    (went,) = read(item(ours=True, message={"text": "?", "is_echo": True}))
    assert [one.who.value if one.who else None for one in (came, went)] == [PSID, PSID]


@pytest.mark.parametrize("field", [{"messaging": True}, {"changes": True}])
def test_field_tests(field: dict[str, bool]) -> None:
    """A field's test of the dashboard is of nobody, though its entry has our own id."""
    tried = {
        "sender": {"id": "12334"},
        "recipient": {"id": 23245},
        "timestamp": AT,
        "message": {"mid": "m", "text": "?"},
    }
    part = {"messaging": [tried]} if "messaging" in field else {"changes": [{"field": "messages", "value": tried}]}
    (event,) = READER.events({"object": "page", "entry": [{"id": PAGE, "time": AT, **part}]})
    assert event.left_alone == "a test of Meta's dashboard"
    assert read(tried | {"recipient": {"id": PAGE}})[0].records


def test_stickers_once() -> None:
    """A sticker that is told as a picture, too, is one file; a picture beside it is another."""
    kinds = [("image", 1), ("sticker", 1), ("image", 2), ("image", None), ("sticker", None), ("sticker", [])]
    shown = [{"type": kind, "payload": {"url": "https://x/a.png", "sticker_id": one}} for kind, one in kinds]
    (event,) = read(message(text=None, attachments=shown))
    assert len([one for one in event.records if type(one).__name__ == "File"]) == 5


@pytest.mark.parametrize(
    "moment", [AT, float(AT), str(AT), AT // 1000, "2025-11-26T09:30:00+0000", "2025-11-26T09:30:00Z"]
)
def test_moments(moment: Any) -> None:
    """A moment is one in milliseconds, in seconds and in words."""
    (event,) = read(item(message={"mid": "m"}) | {"timestamp": moment})
    assert event.at is not None
    assert event.at.isoformat() == "2025-11-26T09:30:00+00:00"


def test_moment_of_entry() -> None:
    """A part without a moment has that of its entry; without one either, it is set aside."""
    bare = {name: one for name, one in message().items() if name != "timestamp"}
    (event,) = read(bare)
    assert said(event).sent_at.timestamp() * 1000 == AT
    (event,) = READER.events({"object": "page", "entry": [{"id": PAGE, "messaging": [bare]}]})
    assert event.unread == "entry[0].messaging[0].timestamp is missing"


@pytest.mark.parametrize(
    ("page", "recipient", "account"),
    [(PAGE, PAGE, PAGE), (OTHER_PAGE, OTHER_PAGE, OTHER_PAGE), ("?", OTHER_PAGE, OTHER_PAGE), (int(PAGE), PAGE, PAGE)],
)
def test_placed(page: Any, recipient: str, account: str) -> None:
    """What came for a page is of that page; where the entry's id is none of ours, the side of it tells."""
    (event,) = read(message() | {"recipient": {"id": recipient}}, page=page)
    assert said(event).account == account


def test_other_pages() -> None:
    """What came for a page that nobody named is set aside: nobody could answer it."""
    (event,) = read(message() | {"recipient": {"id": "9"}}, page="9")
    assert "also_accounts does not name" in (event.unread or "")


@pytest.mark.parametrize("value", [7180000000000001, 10**40])
def test_ids_as_numbers(value: int) -> None:
    """Ids that are written as numbers are the same words, however large."""
    (event,) = read(message() | {"sender": {"id": value}})
    assert event.who is not None
    assert event.who.value == str(value)


def test_page_without_echo_flag() -> None:
    """What the page itself sent is its own, flag or not."""
    one, other = read(
        item(ours=True, message={"mid": "m", "text": "x"}), item(ours=True, reaction={"mid": "m", "emoji": "x"})
    )
    assert [said(event).direction for event in (one, other)] == ["OUT", "OUT"]
    assert {one.order_by, other.order_by} == {PSID}


def test_company_reads() -> None:
    """That the company itself read something is no news of a message of its own."""
    (event,) = read(item(ours=True, read={"watermark": AT}))
    assert event.left_alone == "the company read it"


def test_same_in_standby() -> None:
    """A message is one event, whoever leads the thread."""
    assert read(message())[0].key == read(message(), name="standby")[0].key


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"is_unsupported": True}, "[unsupported]"),
        ({"attachments": [{"type": "tomorrow"}]}, "[tomorrow]"),
        ({"attachments": [{"type": "location", "payload": {"coordinates": {"lat": 1.5, "long": 2}}}]}, "1.5, 2"),
        ({"attachments": [{"type": "fallback", "payload": None, "title": "Lamp"}]}, "[fallback: Lamp]"),
        *((card({"elements": one}), "[template]") for one in (7, [7], None)),
        *((card({name: {"elements": [{"title": "Bell"}]}}), "[template: Bell]") for name in ("product", "generic")),
        *((card({name: one}), "[template]") for name in ("product", "generic") for one in (7, {}, {"elements": [{}]})),
        (card({"generic": {"text": "Look", "elements": [{"title": "Bell"}, {"title": "Lamp"}]}}), "Look, Bell, Lamp"),
        ({"quick_reply": {"payload": "BLUE"}}, "BLUE"),
    ],
)
def test_parts_missing(more: dict[str, Any], text: str) -> None:
    """Of a message that lacks a part of what it says the rest is told."""
    (event,) = read(message(text=None, **more))
    assert text in (said(event).text or "")


def test_taken_back() -> None:
    """Who takes a message back takes their own back, and the page its own."""
    theirs, ours = read(message(is_deleted=True), echo(is_deleted=True))
    for event, direction in ((theirs, "IN"), (ours, "OUT")):
        (gone,) = event.records
        assert isinstance(gone, Withdrawal)
        assert gone.who is not None
        assert (gone.direction, gone.who.value) == (direction, PSID)


@pytest.mark.parametrize(("postback", "text"), [({"title": "Go"}, "Go"), ({"payload": "GO"}, "GO"), ({}, "[postback]")])
def test_postbacks_without_id(postback: dict[str, Any], text: str) -> None:
    """A button without a message's id is a message all the same, the same each time that it is told."""
    (event,), (again,) = read(item(postback=postback)), read(item(postback=postback))
    assert (said(event).text, said(event).external_id) == (text, said(again).external_id)
    assert PSID not in event.key


@pytest.mark.parametrize("edit", [{"num_edit": 0}, {"num_edit": "0", "text": None}, {"num_edit": 0, "text": ""}])
def test_no_edit(edit: dict[str, Any]) -> None:
    """An edit that never was leaves the message alone."""
    (event,) = read(item(message_edit={"mid": "m_1", **edit}))
    assert event.left_alone == "no edit"


@pytest.mark.parametrize("edit", [{}, {"num_edit": 1}, {"num_edit": 2, "text": None}, {"text": " "}])
def test_edit_without_words(edit: dict[str, Any]) -> None:
    """An edit that does not say how the message reads now is set aside, and takes no words away."""
    (event,) = read(item(message_edit={"mid": "m_1", **edit}))
    assert event.unread == "entry[0].messaging[0].message_edit.text is missing"
    assert event.who is not None


@pytest.mark.parametrize(
    ("optin", "status"),
    [
        ({"type": "notification_messages"}, "GRANTED"),
        ({"type": "notification_messages", "notification_messages_status": "RESUME_NOTIFICATIONS"}, "GRANTED"),
        ({"type": "notification_messages", "notification_messages_status": "STOP_NOTIFICATIONS"}, "WITHDRAWN"),
        ({"type": "notification_messages", "notification_messages_status": "STOP NOTIFICATIONS"}, "WITHDRAWN"),
        ({"type": "notification_messages", "notification_messages_status": " stop-notifications"}, "WITHDRAWN"),
        ({"type": "notification_messages", "notification_messages_status": "Resume notifications"}, "GRANTED"),
        ({"type": "one_time_notif_req"}, None),
        ({"ref": "checkout"}, None),
    ],
)
def test_optins(optin: dict[str, Any], status: str | None) -> None:
    """Only who takes marketing messages has said something about them; a reference tells how somebody came."""
    (event,) = read(item(optin=optin))
    assert [one.status for one in event.records if isinstance(one, Say)] == ([status] if status else [])
    came_by = [one.entry_point for one in event.records if isinstance(one, Person)]
    assert (came_by[0] or {}).get("referrer") == optin.get("ref")


@pytest.mark.parametrize("word", ["PAUSE NOTIFICATIONS", "STOP", ""])
def test_optins_of_tomorrow(word: str) -> None:
    """A word on marketing messages that nobody knows is no consent: it is set aside."""
    (event,) = read(item(optin={"type": "notification_messages", "notification_messages_status": word}))
    assert event.records == ()
    assert "notification_messages_status is none of the values that are known" in (event.unread or "")


def test_optin_of_nobody() -> None:
    """An opt-in of somebody whom Meta names by no id yet is set aside."""
    (event,) = read({"recipient": {"id": PAGE}, "timestamp": AT, "optin": {"ref": "x", "user_ref": "77"}})
    assert "names nobody" in (event.unread or "")


def test_customers_page_is_entry_point() -> None:
    """Who came by a plugin on a page came by that page; what is too long is cut."""
    referral = {"referer_uri": "https://shop.example.com/" + "x" * 3000, "source": "CUSTOMER_CHAT_PLUGIN"}
    (event,) = read(item(referral=referral))
    (talk,) = (one for one in event.records if isinstance(one, Talk))
    assert talk.entry_point is not None
    assert talk.entry_point["referrer"] == "CUSTOMER_CHAT_PLUGIN"
    assert len(talk.entry_point["page"] or "") == 2_000


def test_each_named_message_once() -> None:
    """Each message that a delivery names is told of once."""
    (event,) = read(item(delivery={"mids": ["m_1", "m_2", "m_1"], "watermark": 0}))
    assert [one.external_id for one in event.records if isinstance(one, Progress)] == ["m_1", "m_2"]


def test_field_messages() -> None:
    """What other pages of Meta's show as a change is the same as in `messaging`."""
    change = {"field": "messages", "value": message()}
    (event,) = READER.events({"object": "page", "entry": [{"id": PAGE, "time": AT, "changes": [change]}]})
    assert event.key == read(message())[0].key


def test_keys_of_other_apps() -> None:
    """The word of another app is none of our keys."""
    ours, theirs, nobodys, bare = read(
        echo("m_1", app_id=int(APP), metadata="k"),
        echo("m_2", app_id=7, metadata="k"),
        echo("m_3", metadata="k"),
        echo("m_4", app_id=int(APP)),
    )
    assert [said(one).key for one in (ours, theirs, nobodys, bare)] == ["k", None, None, None]
    assert [said(one).is_echo for one in (ours, theirs, nobodys, bare)] == [False, False, False, True]


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"text": ""},
        {"text": " "},
        {"text": None, "attachments": []},
        {"quick_reply": {}},
        {"is_unsupported": False},
    ],
)
def test_nothing_said(content: dict[str, Any]) -> None:
    """A message with neither words nor a file nor a flag is none: it is left alone, and makes no empty one."""
    (event,) = read(item(message={"mid": "m", **content}))
    assert (event.left_alone, event.records) == ("a message in which nothing is said", ())
    (came,) = read(item(message={"mid": "m", "referral": {"ref": "spring"}, **content}))
    assert [type(one) for one in came.records] == [Person, Talk]


def feedback(*questions: Any) -> dict[str, Any]:
    """A survey that somebody filled in, with these answers."""
    asked = {f"q{n}": one for n, one in enumerate(questions)}
    return item(messaging_feedback={"feedback_screens": [{"screen_id": 0, "questions": asked}]})


WRITTEN = {"type": "free_form", "payload": "It came too late."}


@pytest.mark.parametrize(
    ("questions", "text"),
    [
        ([{"type": "csat", "payload": "5", "follow_up": WRITTEN}], "[csat: 5]\nIt came too late."),
        ([{"type": "nps", "payload": 9}, WRITTEN], "[nps: 9]\nIt came too late."),
        ([{"type": "tomorrow", "payload": "x", "follow_up": None}], "[tomorrow: x]"),
    ],
    ids=["followed", "apart", "unknown"],
)
def test_feedback(questions: list[Any], text: str) -> None:
    """What somebody answers to a survey they have said, and what they wrote there stands as they wrote it."""
    (event,) = read(feedback(*questions))
    assert (said(event).text, said(event).direction, event.who and event.who.value) == (text, "IN", PSID)


@pytest.mark.parametrize("odd", [[], [{}], [7], [{"type": "csat", "payload": []}], [{"follow_up": "text"}]])
def test_odd_feedback(odd: list[Any]) -> None:
    """Answers of which nothing can be read are set aside."""
    (event,) = read(feedback(*odd))
    assert "messaging_feedback" in (event.unread or "")
