"""What Instagram delivers to a professional account."""

import json
from pathlib import Path
from typing import Any

from tests.channels.meta_graph import AT

ACCOUNT = "17841400000000001"
SAMPLE_ACCOUNT = "chatwoot-app-user-id-1"
"""Of whom the samples of others are."""
IGSID = "6290000000000001"
FOLDER = Path(__file__).parent.parent / "payloads" / "instagram"


def sample(name: str) -> dict[str, Any]:
    """A delivery of the payload folder."""
    found: dict[str, Any] = json.loads((FOLDER / f"webhook_{name}.json").read_text("utf-8"))
    return found


def enveloped(*items: Any, name: str = "messaging", account: str = ACCOUNT) -> dict[str, Any]:
    """A whole delivery that tells of these."""
    return {"object": "instagram", "entry": [{"id": account, "time": AT, name: list(items)}]}


def item(*, ours: bool = False, person: str = IGSID, at: int = AT, **what: Any) -> dict[str, Any]:
    """Something that happened between the account and a person."""
    sender, recipient = (ACCOUNT, person) if ours else (person, ACCOUNT)
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at, **what}


def message(mid: str = "m_1", text: str | None = "Hello", *, person: str = IGSID, at: int = AT, **more: Any) -> Any:
    """A message of a person's."""
    return item(person=person, at=at, message={"mid": mid, **({"text": text} if text is not None else {}), **more})


def echo(mid: str = "m_out", text: str = "Yes", *, at: int = AT, **more: Any) -> dict[str, Any]:
    """A message of the account's, as Instagram tells of it."""
    return item(ours=True, at=at, message={"mid": mid, "text": text, "is_echo": True, **more})


def comment(key: str = "c_1", text: str | None = "So bright", *, person: str = IGSID, **more: Any) -> dict[str, Any]:
    """A comment under a post, as a change."""
    told = {"id": key, "from": {"id": person, "username": "kerry"}, "text": text, "media": {"id": "1800"}, **more}
    return {"field": "comments", "value": told}
