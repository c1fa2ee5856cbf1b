"""Where do a channel's secrets stand, and is none of them written into the settings file itself?"""

import os
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

FROM_ENV: Final = "from_env"
FROM_FILE: Final = "from_file"

_REFERENCES: Final = ({FROM_ENV}, {FROM_FILE})
_LISTS: Final = (Sequence, AbstractSet)
_HIDDEN: Final = "…"
_WRITE: Final = '{from_env = "A_VARIABLE"} or {from_file = "/a/path"}'
_WRITE_LIST: Final = '[{from_env = "A_VARIABLE"}], with more between the brackets where there are more'


class Secrets:
    """Takes the secrets of one entry from where it says that they stand."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: list[str] = []
        self.wrong: list[tuple[str, str]] = []
        """Of each mistake the setting and what to do."""

    def taken_in(self, kind: type[BaseModel], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The values with the secrets in their places."""
        return {key: self._of(_fields([kind], key), value, (key,)) for key, value in values.items()}

    def hidden(self, words: str) -> str:
        """The words without any secret that was taken: an adapter's own may quote what they were given."""
        for one in self._taken:
            words = words.replace(one, _HIDDEN)
        return words

    def _of(self, kinds: Sequence[Any], value: Any, path: tuple[str, ...]) -> Any:
        """The value where one of these kinds is expected."""
        inside = _inside(kinds, _LISTS, 0)
        if SecretStr in kinds and isinstance(value, dict) and set(value) in _REFERENCES:
            return self._resolved(value, path)
        if fault := _fault(kinds, inside, value):
            self._say(path, fault)
        elif isinstance(value, list):
            return [self._of(inside, one, (*path, str(n))) for n, one in enumerate(value)]
        elif isinstance(value, dict):
            of_values = _inside(kinds, (Mapping,), 1)
            return {key: self._of([*of_values, *_fields(kinds, key)], one, (*path, key)) for key, one in value.items()}
        return value

    def _resolved(self, reference: Mapping[str, Any], path: tuple[str, ...]) -> SecretStr | None:
        ((way, name),) = reference.items()
        if not isinstance(name, str) or not name:
            self._say(path, f"`{way}` takes a name as text.")
            return None
        found = self._from_file(name, path) if way == FROM_FILE else self._from_environment(name, path)
        if not found:
            return None
        self._taken.append(found)
        return SecretStr(found)

    def _from_environment(self, name: str, path: tuple[str, ...]) -> str | None:
        found = os.environ.get(name, "").strip()
        if not found:
            self._say(path, f"the variable {name} is not set, or empty. Set it for the gateway's process.")
        return found

    def _from_file(self, name: str, path: tuple[str, ...]) -> str | None:
        try:
            found = (self._folder / name).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            self._say(path, f"the file {name!r} cannot be read. Check the path and its rights.")
            return None
        if not found:
            self._say(path, f"the file {name!r} is empty. Write the secret into it.")
        return found

    def _say(self, path: tuple[str, ...], words: str) -> None:
        self.wrong.append((".".join(path), words))


def _fault(kinds: Sequence[Any], inside: Sequence[Any], value: Any) -> str | None:
    """What is wrong with how a secret is written, and what to write; None where none is expected, or nothing is.

    `inside`: what is expected in the lists among the kinds.
    """
    is_one, are_several = SecretStr in kinds and str not in kinds, SecretStr in inside and str not in (*kinds, *inside)
    if not is_one and not are_several:
        return None
    write = _WRITE if is_one else _WRITE_LIST
    if isinstance(value, list):
        return None if inside else f"it is one secret, and no list. Write {write}."
    if not isinstance(value, dict):
        return (
            f"a secret must not stand in this file. Write {write}, and put it there; and choose a new one if others "
            "can read the file."
        )
    if {FROM_ENV, FROM_FILE} <= set(value):
        return f"it stands in one place: name exactly one of `{FROM_ENV}` and `{FROM_FILE}`. Write {write}."
    if are_several and set(value) in _REFERENCES:
        return f"several may stand there, so they stand in a list. Write {write}."
    is_table = bool(_models(kinds)) or bool(_inside(kinds, (Mapping,), 1))
    return None if is_table else f"that is no place where a secret stands. Write {write}."


def is_secret(annotation: Any) -> bool:
    """Whether a setting of that annotation holds a secret."""
    return SecretStr in _leaves(annotation)


def field_of(kind: type[BaseModel], loc: Sequence[int | str]) -> FieldInfo | None:
    """The setting at a place as pydantic tells it, or None; of several models the first that has it."""
    models: list[type[BaseModel]] = [kind]
    field: FieldInfo | None = None
    for part in loc:
        found = next((one for model in models if (one := _by_key(model, str(part)))), None)
        if found is not None:
            field = found
            models = list(models_in(found.annotation))
    return field


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models among the values that an annotation takes, at whatever depth."""
    for one in _leaves(annotation):
        if issubclass(one, BaseModel):
            yield one


def _by_key(model: type[BaseModel], key: str) -> FieldInfo | None:
    return model.model_fields.get(key) or next((one for one in model.model_fields.values() if one.alias == key), None)


def _fields(kinds: Sequence[Any], key: str) -> list[Any]:
    """What is expected under a key of a model among the kinds."""
    return [
        kind for model in _models(kinds) if (field := _by_key(model, key)) for kind in _alternatives(field.annotation)
    ]


def _models(kinds: Sequence[Any]) -> list[type[BaseModel]]:
    """The models among the kinds."""
    return [one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)]


def _inside(kinds: Sequence[Any], holders: tuple[type, ...], place: int) -> list[Any]:
    """What is expected inside the lists or tables among the kinds."""
    found = [one for one in kinds if isinstance(get_origin(one), type) and issubclass(get_origin(one), holders)]
    return [kind for one in found for kind in _alternatives(get_args(one)[place])]


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The annotation taken apart where any of several is expected."""
    if hasattr(annotation, "__metadata__"):
        yield from _alternatives(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, UnionType}:
        for one in get_args(annotation):
            yield from _alternatives(one)
    else:
        yield annotation


def _leaves(annotation: Any) -> Iterator[type]:
    """The classes of values that an annotation takes, at whatever depth."""
    for kind in _alternatives(annotation):
        if get_args(kind) and get_origin(kind) is not Literal:
            for one in get_args(kind):
                yield from _leaves(one)
        elif isinstance(kind, type):
            yield kind
