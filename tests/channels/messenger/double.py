"""What Messenger delivers to a page."""

import json
from pathlib import Path
from typing import Any

from tests.channels.meta_graph import AT

PAGE = "112130216863063"
OTHER_PAGE = "112130216863064"
PSID = "7180000000000001"
FOLDER = Path(__file__).parent.parent / "payloads" / "messenger"


def sample(name: str) -> dict[str, Any]:
    """A delivery of the payload folder."""
    found: dict[str, Any] = json.loads((FOLDER / f"webhook_{name}.json").read_text("utf-8"))
    return found


def entry(*items: Any, page: str = PAGE, name: str = "messaging") -> dict[str, Any]:
    """An entry that tells of these."""
    return {"id": page, "time": AT, name: list(items)}


def enveloped(*items: Any, page: str = PAGE, name: str = "messaging") -> dict[str, Any]:
    """A whole delivery that tells of these."""
    return {"object": "page", "entry": [entry(*items, page=page, name=name)]}


def item(*, ours: bool = False, person: str = PSID, at: int = AT, **what: Any) -> dict[str, Any]:
    """Something that happened between the page and a person."""
    sender, recipient = (PAGE, person) if ours else (person, PAGE)
    return {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at, **what}


def message(mid: str = "m_1", text: str | None = "Hello", *, person: str = PSID, at: int = AT, **more: Any) -> Any:
    """A message of a person's."""
    return item(person=person, at=at, message={"mid": mid, **({"text": text} if text is not None else {}), **more})


def echo(mid: str = "m_out", text: str = "Yes", *, at: int = AT, **more: Any) -> dict[str, Any]:
    """A message of the page's, as Messenger tells of it."""
    return item(ours=True, at=at, message={"mid": mid, "text": text, "is_echo": True, **more})
