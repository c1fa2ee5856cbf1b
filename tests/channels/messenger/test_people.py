"""Who somebody is, as far as Messenger shows it: all of it, some, or nothing."""

import json
from typing import Any

import pytest

from adapters.channels.meta_messaging.channel import MetaMessaging
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelRefused, NoSuchIdentity
from adapters.contract.records import Person, Who
from tests.channels.messenger.double import FOLDER, PAGE, PSID
from tests.channels.meta_graph import TOKEN, Graph

WHO = Who("messenger", PAGE, PSID)
SHOWN = json.loads((FOLDER / "profile_sdk_fixture.json").read_text("utf-8"))


async def person(messenger: MetaMessaging) -> Person:
    """Whom the channel tells of."""
    (found,) = (await messenger.person(WHO)).records
    assert isinstance(found, Person)
    assert found.who == WHO
    return found


async def test_whole_profile(messenger: MetaMessaging, graph: Graph) -> None:
    """Name, picture, gender, language and time zone are the profile; first and last name are the customer's own."""
    graph.people[PSID] = SHOWN
    found = await person(messenger)
    assert found.profile == {
        "name": "Kevin Durant",
        "picture_url": "https://example.com/pic.png",
        "gender": "male",
        "locale": "en_US",
        "time_zone": "UTC+08:00",
    }
    assert found.attributes == {"firstName": "Kevin", "lastName": "Durant"}
    assert graph.tokens == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    ("shown", "profile", "attributes"),
    [
        ({}, {}, {}),
        ({"id": PSID, "name": "Kevin Durant"}, {"name": "Kevin Durant"}, {}),
        ({"first_name": "Kevin"}, {"name": "Kevin"}, {"firstName": "Kevin"}),
        ({"name": None, "first_name": "", "profile_pic": None, "timezone": None}, {}, {}),
        ({"timezone": -3.5}, {"time_zone": "UTC-03:30"}, {}),
        ({"timezone": "Europe/Rome"}, {"time_zone": "Europe/Rome"}, {}),
        ({"timezone": 10**40}, {}, {}),
    ],
)
async def test_partial_profiles(
    messenger: MetaMessaging, graph: Graph, shown: dict[str, Any], profile: dict[str, str], attributes: dict[str, str]
) -> None:
    """What is not shown is not made up, and somebody without a name is none the less somebody."""
    graph.people[PSID] = shown
    found = await person(messenger)
    assert (found.profile, found.attributes) == (profile, attributes)


@pytest.mark.parametrize(
    ("code", "subcode"), [(2018218, None), (100, 2018218), (100, 2018247), (230, None), (9010, None), (230, 7)]
)
async def test_no_profile(messenger: MetaMessaging, graph: Graph, code: int, subcode: int | None) -> None:
    """Without consent, without the right, or of an account without a profile, it is a person without a name."""
    graph.fails("profile", code, subcode, http=403)
    found = await person(messenger)
    assert (found.profile, found.attributes) == ({}, {})
    assert messenger.way.standing().failure is None


async def test_ungranted_fields(messenger: MetaMessaging, graph: Graph) -> None:
    """Where the app has no right to gender, language or time zone, the rest is asked for without them."""
    graph.people[PSID], graph.ungranted = SHOWN, frozenset({"gender"})
    assert set((await person(messenger)).profile) == {"name", "picture_url"}
    assert [one[1]["fields"].count("gender") for one in graph.asked] == [1, 0]


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [(190, None, ChannelRefused), (100, 33, NoSuchIdentity), (4, None, ChannelBusy), (80006, None, ChannelBusy)],
)
async def test_failures(
    messenger: MetaMessaging, graph: Graph, code: int, subcode: int | None, kind: type[Exception]
) -> None:
    """A dead token, an id of nobody and a throttle are no person without a name."""
    graph.fails("profile", code, subcode)
    # A throttle names its time, so that nobody tries again meanwhile.
    graph.used(100, minutes=5)
    with pytest.raises(kind) as failed:
        await messenger.person(WHO)
    assert PSID not in str(failed.value)


@pytest.mark.parametrize("value", ["", "..", "a/b", "a?b", "é", "1" * 200])
async def test_no_id(messenger: MetaMessaging, graph: Graph, value: str) -> None:
    """Nobody is asked for by what can be no id."""
    with pytest.raises(NoSuchIdentity):
        await messenger.person(Who("messenger", PAGE, value))
    assert graph.asked == []


@pytest.mark.parametrize("shown", [[], "Kevin", 7, {"name": 7}, {"timezone": {}}])
async def test_odd_profiles(messenger: MetaMessaging, graph: Graph, shown: Any) -> None:
    """An answer that is no profile is told as one that cannot be read."""
    graph.people[PSID] = shown
    with pytest.raises(BadPayload):
        await messenger.person(WHO)
