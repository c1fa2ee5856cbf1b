"""What does a profile of Meta's say of a person?

Much of it may be missing, all of it at times: what is not there is not made up, and somebody without a name is none
the less somebody.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from adapters.channels.meta_messaging.shapes import Person as Shown
from adapters.contract.records import Person, Who

_MOST_HOURS: Final = 24
_COUNTED: Final[Mapping[str, str]] = {
    "is_verified_user": "is_verified",
    "follower_count": "followers",
    "is_user_follow_business": "follows_us",
    "is_business_follow_user": "is_followed_by_us",
}
"""What stands beside a customer's own data, by the name of the channel and this one."""


def person_of(who: Who, shown: Shown) -> Person:
    """The record of the person. First and last name are the customer's own; a name in one piece is what is shown."""
    whole = shown.name or " ".join(filter(None, (shown.first_name, shown.last_name)))
    profile = {
        "name": whole,
        "username": shown.username,
        "picture_url": shown.profile_pic,
        "gender": shown.gender,
        "locale": shown.locale,
        "time_zone": _time_zone(shown.timezone),
    }
    names = {"firstName": shown.first_name, "lastName": shown.last_name}
    beside = {
        f"{who.channel}_{name}": str(value).lower() if isinstance(value, bool) else str(value)
        for field, name in _COUNTED.items()
        if (value := getattr(shown, field)) is not None
    }
    return Person(
        who=who,
        attributes={name: value for name, value in names.items() if value and value.strip()},
        profile={name: value for name, value in profile.items() if value and value.strip()},
        custom_data=beside,
    )


def _time_zone(said: float | str | None) -> str | None:
    """Hours from Greenwich, as `UTC-07:00`; a name as it was written."""
    if said is None or isinstance(said, str):
        return said
    if not -_MOST_HOURS < said < _MOST_HOURS:
        return None
    minutes = round(timedelta(hours=abs(said)).total_seconds() / 60)
    return f"UTC{'-' if said < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
