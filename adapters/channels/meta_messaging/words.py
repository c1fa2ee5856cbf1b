"""What does a message on Messenger or Instagram say, in words, and which files came with it?

What somebody wrote stands as it was written. What is no writing is told in square brackets, for whoever reads the
conversation: `[story mention]`. So is an attachment whose type nobody knew when this was written. Files stay at Meta,
at addresses that end in days and are not kept.
"""

import mimetypes
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

from adapters.attached import UNKNOWN_TYPE, name_of
from adapters.channels.meta_messaging.shapes import Attachment, Feedback, Message, Question
from adapters.quiet import quiet

_FILES: Final = frozenset({"image", "audio", "video", "file", "sticker", "ephemeral", "story_mention", "ig_story"})
"""What is a file; of the others there is no more than a title and an address."""
_TOLD: Final = frozenset({"sticker", "ephemeral", "story_mention", "ig_story"})
"""Of files those that are told in words, too."""
_FREE_WORDS: Final = "free_form"
_AROUND_CARDS: Final = ("product", "generic")
_LONGEST_TYPE: Final = 40
_LONGEST_NAME: Final = 200
_LONGEST_URL: Final = 2_000
_LONGEST_TITLE: Final = 1_000
_MOST_CARDS: Final = 10
_NAME: Final = re.compile(r"[\w][\w .()+@-]*\.[A-Za-z0-9]{1,8}")


@quiet
class Attached(NamedTuple):
    """A file that came with a message."""

    name: str
    media_type: str


@quiet
class Said(NamedTuple):
    """What a message says."""

    text: str | None
    files: tuple[Attached, ...] = ()


def said(message: Message) -> Said:
    """What the message says."""
    attachments = _each_once(message.attachments or [])
    text = message.text or (message.quick_reply.payload if message.quick_reply else None)
    lines = [text or None, *(line for one in attachments for line in _lines(one, text or ""))]
    if message.reply_to and message.reply_to.story:
        lines.append("[reply to a story]")
    if message.is_unsupported:
        lines.append("[unsupported]")
    if message.referral and message.referral.product and message.referral.product.id:
        lines.append(bracketed("about the product", message.referral.product.id))
    files = tuple(_attached(one) for one in attachments if one.type in _FILES)
    return Said("\n".join(filter(None, lines)) or None, files)


def _each_once(attachments: Sequence[Attachment]) -> list[Attachment]:
    """Without the pictures by which Meta tells stickers a second time, for apps that know no stickers."""
    stickers = [_sticker(one) for one in attachments if one.type == "sticker"]
    return [one for one in attachments if one.type != "image" or not (_sticker(one) and _sticker(one) in stickers)]


def _sticker(one: Attachment) -> Any:
    return (one.payload or {}).get("sticker_id")


def _lines(one: Attachment, text: str) -> Iterator[str]:
    """What an attachment says in words."""
    payload = one.payload or {}
    if one.type in _TOLD:
        yield bracketed(_spaced(one.type))
    elif one.type == "template":
        yield from _card(payload)
    elif one.type == "location":
        at = payload.get("coordinates")
        spot = [at.get(name) for name in ("lat", "long")] if isinstance(at, dict) else []
        yield bracketed("location", one.title, ", ".join(str(x) for x in spot if isinstance(x, int | float)))
    elif one.type not in _FILES:
        url = _text(one.url or payload.get("url"), _LONGEST_URL)
        # A link stands in the words already from which Meta made a preview.
        yield bracketed(_spaced(one.type), _title(one, payload), None if url and url in text else url)


def _card(payload: dict[str, Any]) -> Iterator[str]:
    """Title and words of each card of a template."""
    # Of a shared product, and on Instagram, the cards stand one step deeper.
    inner = next((payload[one] for one in _AROUND_CARDS if isinstance(payload.get(one), dict)), payload)
    elements, text = inner.get("elements"), payload.get("text") or inner.get("text")
    cards = [one for one in elements if isinstance(one, dict)] if isinstance(elements, list) else []
    told = [_text(one.get("title"), _LONGEST_TITLE) for one in cards[:_MOST_CARDS]]
    yield bracketed("template", _text(text, _LONGEST_TITLE), *told)


def _title(one: Attachment, payload: dict[str, Any]) -> str | None:
    return _text(one.title or payload.get("title"), _LONGEST_TITLE)


def _text(value: Any, longest: int) -> str | None:
    return value[:longest] if isinstance(value, str) and value.strip() else None


def _spaced(kind: str) -> str:
    return kind[:_LONGEST_TYPE].replace("_", " ")


def _attached(one: Attachment) -> Attached:
    name = _name_in(_text((one.payload or {}).get("url"), _LONGEST_URL))
    media_type = mimetypes.guess_type(name)[0] if name else None
    return Attached(name or _spaced(one.type), media_type or UNKNOWN_TYPE)


def _name_in(url: str | None) -> str | None:
    """The file's name, where its address ends in one."""
    try:
        last = PurePosixPath(unquote(urlsplit(url or "").path)).name
    except ValueError:
        return None
    return last if len(last) <= _LONGEST_NAME and _NAME.fullmatch(last) else None


def bracketed(what: str, *parts: str | None) -> str:
    """What is no writing, in square brackets."""
    told = ", ".join(one for one in parts if one)
    return f"[{what}: {told}]" if told else f"[{what}]"


def reaction(emoji: str | None, word: str | None, action: str | None) -> str:
    """What a reaction says, or that it was taken back."""
    if action == "unreact":
        return "[reaction taken back]"
    return bracketed("reaction", (emoji or word or "")[:_LONGEST_TYPE])


def answers(feedback: Feedback) -> str | None:
    """What somebody answered to a survey: each score behind its kind, and what they wrote."""
    asked = [one for screen in feedback.feedback_screens for one in screen.questions.values()]
    return "\n".join(line for one in asked for line in _answered(one)) or None


def _answered(one: Question) -> Iterator[str]:
    said = "" if one.payload is None else str(one.payload).strip()
    kind = (one.type or "").strip()
    if said:
        yield said if kind == _FREE_WORDS else bracketed(_spaced(kind) or "feedback", said[:_LONGEST_TYPE])
    if one.follow_up and (words := (one.follow_up.payload or "").strip()):
        yield words


def filed(told: Sequence[tuple[str | None, str | None]]) -> tuple[Attached, ...]:
    """Files that Meta names by itself, with name and type."""
    return tuple(Attached(name_of(name or "", "file"), media_type or UNKNOWN_TYPE) for name, media_type in told)
