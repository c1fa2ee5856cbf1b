"""Does a secret or a personal value stand in anything that a channel says to operators?"""

import base64
import contextlib
import io
import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

SHORTEST_SECRET: Final = 8
"""Shorter ones may stand in any text by chance."""

_SHORTEST_NUMBER: Final = 8
_NUMBER: Final = re.compile(r"\+[\d ()./-]{8,}")
_ADDRESS: Final = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")
_OF_PHONES: Final = ("phone", "mobile", "msisdn", "telephone")
_OF_WORDS: Final = re.compile(
    r"(.*_)?(name|username|subject|body|text|note|street|city|address)|(first|last|full|display|user)name",
    re.IGNORECASE,
)
"""Under which keys somebody's name stands, or what somebody wrote."""
_SHORTEST_WORDS: Final = 6
_SHORTEST_PERSON: Final = 4

WHICH: Final = "which record is unread"
QUERY: Final = "the query of an address, which others keep in logs"
_NUMBER_OF: Final = "A person's number or address"
_NAME: Final = "A person's name or words"
_ID: Final = "The person's id"
_VALUE: Final = "A value of a payload"
_MAY_NAME: Final[Mapping[str, frozenset[str]]] = {
    # A record is named by its id, and a person is asked for by theirs.
    _VALUE: frozenset({WHICH, QUERY}),
    _NUMBER_OF: frozenset({QUERY}),
    _NAME: frozenset({QUERY}),
    _ID: frozenset({QUERY}),
}


class Heard:
    """Everything that a channel said while it was tried out, and what must not stand in it."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], None] = {}
        self._secrets: dict[str, str] = {}
        self._personal: dict[str, str] = {}

    def note(self, where: str, *texts: object) -> None:
        """Keeps what was said."""
        self._said.update(dict.fromkeys((where, str(text)) for text in texts))

    def error(self, where: str, error: BaseException) -> None:
        """Keeps an error's words, and how it shows itself."""
        self.note(f"an error ({type(error).__name__}) {where}", error, repr(error))

    def plant(self, secrets: Iterable[tuple[str, str]] = (), payloads: Iterable[bytes] = (), person: str = "") -> None:
        """Says what must not stand in it: secrets by their names, and whatever is a number or address in payloads."""
        self._secrets.update((secret, name) for name, secret in secrets)
        for one in payloads:
            self._personal.update(dict.fromkeys(personal_in(one), _NUMBER_OF))
            self._personal.update(dict.fromkeys(words_in(one), _NAME))
        if person[1:].isdecimal() and len(person) >= _SHORTEST_NUMBER:
            self._personal.update(dict.fromkeys(_forms(person), _NUMBER_OF))
        elif len(person) >= _SHORTEST_PERSON:
            self._personal[person] = _ID

    def plant_values(self, values: Iterable[str]) -> None:
        """Says which values are put into payloads, where a message must not quote them."""
        self._personal.update(dict.fromkeys(values, _VALUE))

    def leaks(self) -> Iterator[str]:
        """Where something stands that must not, without quoting it."""
        for secret, name in self._secrets.items():
            if len(secret) < SHORTEST_SECRET:
                yield (
                    f"The sample secret `{name}` has {len(secret)} characters and could stand anywhere by chance. "
                    f"Write {SHORTEST_SECRET} or more into EXAMPLES."
                )
                continue
            for where in sorted({where for form in _disguises(secret) for where in self._saying(form)}):
                yield f"The secret `{name}` stands in {where}. Keep it a SecretStr, and put it into no message."
        for value, what in self._personal.items():
            for where in self._saying(value):
                if where in _MAY_NAME.get(what, ()):
                    continue
                yield f"{what} stands in {where}. Name the place in the payload, never its value."

    def _saying(self, word: str) -> list[str]:
        alone = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)" if word.isalpha() else re.escape(word))
        return sorted({where for where, text in self._said if word in text and alone.search(text)})


def _disguises(secret: str) -> Iterator[str]:
    """The secret as it stands, and as programs write it."""
    raw = secret.encode()
    yield secret
    yield quote(secret, safe="")
    yield raw.hex()
    for before in range(3):
        # Behind other bytes it looks otherwise; what hangs on its neighbours is cut off.
        coded = base64.b64encode(b"\x00" * before + raw).decode().rstrip("=")
        yield coded[4 if before else 0 : -2]


@contextmanager
def overheard(heard: Heard) -> Iterator[None]:
    """Every log line inside is kept, however unimportant, and whatever is printed."""
    root, ear = logging.getLogger(), _Ear(heard)
    # The house's own have a level of theirs.
    levels = {one: one.level for one in (root, logging.getLogger("adapters"))}
    root.addHandler(ear)
    for one in levels:
        one.setLevel(logging.DEBUG)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield
    finally:
        heard.note("what it prints", printed.getvalue())
        for one, level in levels.items():
            one.setLevel(level)
        root.removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self, heard: Heard) -> None:
        super().__init__(logging.DEBUG)
        self._heard = heard

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the line, with its traceback."""
        self._heard.note(f"a log line of {record.name!r}", self.format(record))


def secrets_in(settings: BaseModel, path: str = "") -> Iterator[tuple[str, str]]:
    """The secrets of settings by their places."""
    for name in type(settings).model_fields:
        yield from _secrets(getattr(settings, name), f"{path}{name}")


def _secrets(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, SecretStr):
        yield path, value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from secrets_in(value, f"{path}.")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _secrets(one, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for n, one in enumerate(value):
            yield from _secrets(one, f"{path}.{n}")


def personal_in(payload: bytes) -> Iterator[str]:
    """The numbers and addresses of a payload, as they stand there and as programs write them."""
    try:
        yield from _personal(json.loads(payload), "")
    except (ValueError, RecursionError):
        text = payload.decode("utf-8", "replace")
        yield from (found[0] for found in _ADDRESS.finditer(text))


def _personal(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _personal(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _personal(one, key)
    elif isinstance(value, str):
        yield from (found[0] for found in _ADDRESS.finditer(value))
        if _NUMBER.fullmatch(value) or _is_of_phones(key.lower()):
            yield from _forms(value)


def _is_of_phones(key: str) -> bool:
    """Whether a number stands under the key; `phone_number_id` is the vendor's id of something."""
    return key == "wa_id" or (not key.endswith("id") and any(word in key for word in _OF_PHONES))


def words_in(payload: bytes) -> Iterator[str]:
    """The names of a payload, and what somebody wrote in it."""
    with contextlib.suppress(ValueError, RecursionError):
        yield from _words(json.loads(payload), "")


def _words(value: Any, key: str) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _words(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one, key)
    elif isinstance(value, str) and len(value) >= _SHORTEST_WORDS and _OF_WORDS.fullmatch(key):
        yield value


def _forms(number: str) -> Iterator[str]:
    digits = "".join(filter(str.isdecimal, number))
    if len(digits) >= _SHORTEST_NUMBER:
        yield digits
        yield number
