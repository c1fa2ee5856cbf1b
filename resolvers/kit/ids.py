"""How is one thing named for ever: by an opaque id that carries its type and nothing personal.

The form is Relay's customary one, base64 of `Type:id`; clients must not take it apart.
"""

import base64
import binascii

import strawberry

from adapters.records import RecordId, parse_id
from resolvers.kit.errors import BadUserInput
from resolvers.kit.texts import text_of


def global_id(type_name: str, key: RecordId) -> strawberry.ID:
    """The id under which `node` finds the thing again."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode().rstrip("="))


def split_id(text: str) -> tuple[str, RecordId] | None:
    """The type and storage id that a global id names; None where it is no id of ours."""
    try:
        words = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    type_name, _, key_text = words.partition(":")
    key = parse_id(key_text)
    # Python reads base64 with junk in it, too; an id is sent back unchanged.
    is_ours = key is not None and type_name and global_id(type_name, key) == text
    return (type_name, key) if key is not None and is_ours else None


def key_of(text: str, type_name: str) -> RecordId | None:
    """The storage id, where the text is a global id of that type."""
    found = split_id(text)
    return found[1] if found and found[0] == type_name else None


def require_key(text: str, type_name: str, argument: str) -> RecordId:
    """The storage id; raises BadUserInput where the text is not a global id of that type."""
    key = key_of(text, type_name)
    if key is None:
        raise BadUserInput(
            # Not quoted, whatever it is: a number or a name may have been sent by mistake.
            f"`{argument}` is no id of type {type_name}, but {text_of(text)}. "
            "Send the `id` of one as this gateway answered it, unchanged."
        )
    return key
