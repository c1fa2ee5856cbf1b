"""What does a message on Telegram say, in words: what somebody wrote, and in brackets what is no writing?

Each part that is odd is left out, and the rest told. Facts: core.telegram.org/bots/api#message.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from adapters.asides import aside
from adapters.contract.errors import BadPayload
from adapters.currencies import DIGITS, written

_WORDS: Final = (
    *("contact", "venue", "location", "poll", "dice", "sticker", "web_app_data", "checklist", "paid_media", "game"),
    *("invoice", "successful_payment", "refunded_payment", "gift", "story", "users_shared", "chat_shared"),
)
_NAMES: Final = (
    *("first_name", "last_name", "phone_number", "title", "address", "latitude", "longitude", "question", "options"),
    *("tasks", "emoji", "value", "button_text", "data", "star_count"),
)
"""Of what is no writing, what is told of it, where that is there."""
_DIGITS: Final = {**DIGITS, "XTR": 0}  # Telegram's stars have no parts.
# What Telegram itself sends is shorter, and the text beside it counts as well.
_LONGEST: Final = 4_096
_LONGEST_URL: Final = 2_000
_MOST_LINKS: Final = 20


def said(raw: Mapping[str, Any], written_text: str | None, *, is_file: bool) -> str | None:
    """All that it says, behind what it quotes; None where its file says it. Raises BadPayload for a kind not known."""
    text = written_text or _in_words(raw, is_file=is_file)
    return "\n".join(filter(None, (*_quoted(raw), text, *_links(raw, written_text or "")))) or None


def label(keys: Any, data: str | None) -> str | None:
    """What stands on the button that was pressed; what it sends where Telegram does not tell."""
    rows = keys if isinstance(keys, list) else []
    all_keys = [one for row in rows if isinstance(row, list) for one in row if isinstance(one, dict)]
    labels = [one.get("text") for one in all_keys if data and one.get("callback_data") == data]
    return next((one for one in labels if isinstance(one, str) and one.strip()), data)


def _quoted(raw: Mapping[str, Any]) -> Iterator[str]:
    """To which part of a message it answers."""
    told = raw.get("quote")
    text = told.get("text") if isinstance(told, dict) else None
    if isinstance(text, str) and text.strip():
        yield aside("quote", text[:_LONGEST])


def _links(raw: Mapping[str, Any], text: str) -> Iterator[str]:
    """The addresses behind words that are links, which the words themselves do not say."""
    told = raw.get("entities" if raw.get("text") else "caption_entities")
    links = [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []
    urls = [(one, one.get("url")) for one in links if one.get("type") == "text_link"]
    for one, url in urls[:_MOST_LINKS]:
        if isinstance(url, str) and url.strip() and url not in text:
            yield aside("link", _part(text, one.get("offset"), one.get("length")), url[:_LONGEST_URL])


def _part(text: str, offset: Any, length: Any) -> str | None:
    """The part of a text that an entity names, which counts in UTF-16."""
    if not (isinstance(offset, int) and isinstance(length, int) and offset >= 0 and length > 0):
        return None
    return text.encode("utf-16-le")[2 * offset : 2 * (offset + length)].decode("utf-16-le", "ignore").strip() or None


def _in_words(raw: Mapping[str, Any], *, is_file: bool) -> str | None:
    """What a message without words says; None where its file says it. Raises BadPayload for a kind not known."""
    for kind in _WORDS:
        if isinstance(told := raw.get(kind), dict):
            listed = [one if isinstance(one, list) else [one] for one in map(told.get, _NAMES)]
            parts = [one.get("text") if isinstance(one, dict) else one for some in listed for one in some]
            words = [str(one) for one in parts if isinstance(one, str | int | float) and not isinstance(one, bool)]
            words.append(written(told.get("total_amount"), told.get("currency"), _DIGITS) or "")
            return aside(kind.replace("_", " "), *words)
    if not is_file:
        raise BadPayload("a message of a kind that is not known")
    return None
