"""Who somebody is on Zendesk, alone and many at once; and how we sign in."""

import asyncio

import pytest
from pydantic import ValidationError

from adapters.channels.zendesk import Zendesk
from adapters.channels.zendesk.asking import SignIn
from adapters.channels.zendesk.settings import ZendeskSettings
from adapters.contract.channel import Capability, KnowsMany
from adapters.contract.errors import BadPayload, ChannelBusy, ChannelDown, ChannelRefused, NoSuchIdentity
from adapters.contract.records import Person, Who
from tests.channels.zendesk.double import Desk, user

ANN = Who("zendesk", "acme", "20978392")


async def person(zendesk: Zendesk, who: Who = ANN) -> Person:
    """The one person that is found."""
    (found,) = (await zendesk.person(who)).records
    assert isinstance(found, Person)
    return found


async def test_user_is_person(desk: Desk, zendesk: Zendesk) -> None:
    """A user's name, addresses, tags, home and own fields are the person's."""
    desk.organizations = [{"id": 57542, "name": "Example Farms"}]
    more = {"phone": "33 12 34 56", "tags": ["vip"], "external_id": "C-7", "organization_id": 57542}
    fields = {"user_fields": {"plan": "gold", "seats": 3, "beta": True, "empty": None}}
    desk.users[20978392] = user(20978392, **more, **fields)
    found = await person(zendesk)
    assert {reach.type: reach.value for reach in found.reaches} == {
        "EMAIL": "customer20978392@example.com",
        "PHONE": "+4533123456",
    }
    assert found.tags == ("vip",)
    assert found.profile == {"name": "Customer 20978392", "locale": "en-US", "time_zone": "Copenhagen"}
    assert found.custom_data == {
        "zendesk_external_id": "C-7",
        "zendesk_organization": "Example Farms",
        "zendesk_plan": "gold",
        "zendesk_seats": "3",
        "zendesk_beta": "true",
    }


async def test_words_for_number_stay(desk: Desk, zendesk: Zendesk) -> None:
    """What an agent wrote where a number belongs is no way to reach anybody, and is not lost."""
    desk.users[20978392] = user(20978392, phone="ask for Ann", email="[email protected]")
    found = await person(zendesk)
    assert found.reaches == ()
    assert found.custom_data == {"zendesk_phone": "ask for Ann", "zendesk_email": "[email protected]"}


@pytest.mark.parametrize("who", ["20978392", "7", "ann", "../tickets", "٣"])
async def test_unknown_user(desk: Desk, zendesk: Zendesk, who: str) -> None:
    """Nobody by that id, one who was deleted, or an id that Zendesk cannot have: nobody is known."""
    desk.users[7] = user(7, active=False)
    with pytest.raises(NoSuchIdentity):
        await zendesk.person(Who("zendesk", "acme", who))


async def test_many_in_one_call(desk: Desk, zendesk: Zendesk) -> None:
    """A hundred people cost one request; who is not known is absent, and who cannot be read is unread."""
    desk.users = {id_: user(id_) for id_ in range(1, 99)} | {99: user(99, tags="none"), 98: user(98, active=False)}
    people = [Who("zendesk", "acme", str(id_)) for id_ in range(1, 101)] + [Who("zendesk", "acme", "ann")]
    assert isinstance(zendesk, KnowsMany)
    found = await zendesk.of_many(Capability.PROFILE, people)
    assert len(found) == 98
    assert desk.asked["/api/v2/users/show_many.json"] == 1
    assert [one.what for one in found[people[98]].unread] == ["user"]
    assert all(len(found[who].records) == 1 for who in people[:97])


async def test_identities_of_each(desk: Desk, zendesk: Zendesk) -> None:
    """Everybody's further addresses are their own; one that cannot be read is unread with its owner alone."""
    users = [user(1), user(2)]
    identities = [
        {"id": 5, "user_id": 1, "type": "phone_number", "value": "+4533123456", "primary": False},
        {"id": 6, "user_id": 2, "type": "email", "value": None},
    ]
    desk.fault("show_many", 200, {"users": users, "identities": identities, "organizations": [{"id": 3}]})
    one, two = (Who("zendesk", "acme", value) for value in "12")
    found = await zendesk.of_many(Capability.PROFILE, [one, two])
    (first,) = found[one].records
    assert isinstance(first, Person)
    assert [reach.value for reach in first.reaches] == ["+4533123456", "customer1@example.com"]
    assert ([u.what for u in found[one].unread], [u.what for u in found[two].unread]) == ([], ["identity"])
    assert len(found[two].records) == 1


async def test_fetch_is_shared(desk: Desk, zendesk: Zendesk) -> None:
    """However many ask at once, the token is fetched once, and kept."""
    desk.users = {id_: user(id_) for id_ in range(1, 9)}
    await asyncio.gather(*(zendesk.person(Who("zendesk", "acme", str(id_))) for id_ in range(1, 9)))
    await zendesk.person(Who("zendesk", "acme", "1"))
    assert desk.asked["/oauth/tokens"] == 1


async def test_revoked_token_is_renewed(desk: Desk, zendesk: Zendesk) -> None:
    """A token that is not taken any more is fetched anew, once."""
    desk.users = {20978392: user(20978392), 7: user(7)}
    await person(zendesk)
    desk.token = "another one"
    await person(zendesk, Who("zendesk", "acme", "7"))
    assert desk.tokens_given == 2


async def test_token_near_its_end(desk: Desk, zendesk: Zendesk) -> None:
    """A token is not used in its last minute."""
    desk.users[20978392], desk.expires_in = user(20978392), 59
    await person(zendesk)
    await person(zendesk)
    assert desk.tokens_given == 2


async def test_refused_for_good(desk: Desk, zendesk: Zendesk) -> None:
    """Where a new token is not taken either, an operator must look; no message holds the token."""
    desk.fault("users", 401, {"error": "invalid_token"})
    desk.fault("users", 401, {"error": "invalid_token"})
    with pytest.raises(ChannelRefused) as refusal:
        await zendesk.person(ANN)
    assert desk.tokens_given == 2
    assert refusal.value.code == "invalid_token"
    assert "sample-token" not in f"{refusal.value} {zendesk!r} {zendesk.settings!r}"


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ((429, {"error": "APIRateLimitExceeded"}, {"Retry-After": "7"}), ChannelBusy, 7.0),
        ((429, {"error": "APIRateLimitExceeded"}, {"ratelimit-reset": "41"}), ChannelBusy, 41.0),
        ((503, "", {"Retry-After": "3"}), ChannelBusy, 3.0),
        ((409, {"error": "DatabaseConflict"}, {}), ChannelBusy, None),
        ((503, "", {}), ChannelDown, None),
        ((404, {"error": "RecordNotFound", "description": "Not found"}, {}), NoSuchIdentity, None),
        ((422, {"error": "RecordInvalid", "details": {"name": []}}, {}), ChannelRefused, "RecordInvalid"),
        ((400, {"error": {"title": "Invalid", "message": "more than 10,000"}}, {}), ChannelRefused, "Invalid"),
        ((403, "<html>Ann Lee</html>", {}), ChannelRefused, "403"),
        ((200, "<html>", {}), BadPayload, None),
        ((200, "[]", {}), BadPayload, None),
    ],
)
async def test_failures_by_name(desk: Desk, zendesk: Zendesk, answer, error, code) -> None:
    """Each failure has the name by which the caller knows what to do, and quotes nothing of anybody's."""
    status, body, headers = answer
    desk.fault("/api/v2/users", status, body, **headers)
    with pytest.raises(error) as raised:
        await zendesk.person(ANN)
    assert type(raised.value) is error
    assert getattr(raised.value, "retry_after_s", None) == (code if error is ChannelBusy else None)
    assert getattr(raised.value, "code", None) == (code if error is ChannelRefused else None)
    assert "Ann Lee" not in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"client_id": "gateway"},
        {"email": "a@example.com"},
        {"access_token": "t", "client_id": "c", "client_secret": "s"},
    ],
)
def test_one_way_to_sign_in(given: dict[str, str]) -> None:
    """An account is signed in in one way, and wholly."""
    with pytest.raises(ValidationError):
        ZendeskSettings.model_validate(given)


@pytest.mark.parametrize(
    ("given", "header"),
    [
        ({"access_token": "sample-token"}, "Bearer sample-token"),
        ({"email": "a@example.com", "api_token": "sample"}, "Basic YUBleGFtcGxlLmNvbS90b2tlbjpzYW1wbGU="),
    ],
)
async def test_given_credentials(desk: Desk, zendesk: Zendesk, given: dict[str, str], header: str) -> None:
    """A token that is given is used as it is; where it is not taken, nobody can fetch another one."""
    settings = ZendeskSettings.model_validate({"base_url": desk.url, **given})
    assert await SignIn(settings, zendesk.way, desk.url).header() == header
    with pytest.raises(ChannelRefused):
        await Zendesk("acme", settings, zendesk.equipment).person(ANN)
    assert desk.tokens_given == 0
    assert "a@example.com" not in repr(settings)


def test_no_secret_no_webhook(zendesk: Zendesk) -> None:
    """An account offers deliveries where they can be proven, and only there."""
    bare = Zendesk("acme", ZendeskSettings.model_validate({"access_token": "sample-token"}), zendesk.equipment)
    assert set(zendesk.capabilities()) - set(bare.capabilities()) == {Capability.WEBHOOK}
    others = {Capability.PROFILE, Capability.HISTORY, Capability.TICKETS, Capability.SEND, Capability.FILES}
    assert set(bare.capabilities()) == others
