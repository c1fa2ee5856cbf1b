"""How is a channel switched on: what does an entry of the settings file say, with every setting that it knows?"""

import json
import textwrap
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, Final, get_origin

from pydantic.fields import FieldInfo

from adapters.discovery import Adapter
from gateway.channel_secrets import FROM_ENV, is_secret

_WIDTH: Final = 100
_UNKNOWN: Final = "..."


def sample_entry(adapter: Adapter) -> str:
    """The entry in TOML, to be filled in: what is needed stands there, and the rest behind `#`, as it is if left out.

    Values are the adapter's samples; for each secret the name of a variable is proposed.
    """
    settings = adapter.cls.Settings
    # All that its author says of the whole: where the vendor has to be told of us, too.
    told = (settings.__doc__ or "").split("\n\n")
    lines = [line for part in told for line in _comment(part)]
    lines += ["[[channel]]", f"name = {_toml(adapter.name)}"]
    lines.append(f"account = {_toml(adapter.examples.account if adapter.examples else _UNKNOWN)}")
    for name, field in settings.model_fields.items():
        sign = "" if _is_needed(adapter, name, field) else "# "
        lines += ["", *_comment(field.description), f"{sign}{field.alias or name} = {_value(adapter, name, field)}"]
    return "\n".join(lines) + "\n"


def _comment(words: str | None) -> Iterator[str]:
    first = (words or "").strip().partition("\n\n")[0]
    yield from (f"# {line}" for line in textwrap.wrap(" ".join(first.split()), _WIDTH))


def _is_needed(adapter: Adapter, name: str, field: FieldInfo) -> bool:
    """Whether it must be said, or is one of several secrets of which one must be: then the samples say it.

    Of other settings that may be left out, what the samples say is made up, and is nobody's own.
    """
    if field.is_required():
        return True
    # The vendor's address is told to the adapter's tests alone, where it has one of its own.
    if adapter.examples and name == adapter.examples.address:
        return False
    return is_secret(field.annotation) and _sample(adapter, name) is not None


def _value(adapter: Adapter, name: str, field: FieldInfo) -> str:
    if is_secret(field.annotation):
        variable = f"{adapter.name}_{name}".replace("-", "_").upper()
        one = f"{{ {FROM_ENV} = {_toml(variable)} }}"
        return f"[{one}]" if _is_list(field) else one
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if default is not None:
        return _toml(default)
    sample = _sample(adapter, name)
    return _toml(sample if sample is not None else next(iter(field.examples or ()), _UNKNOWN))


def _is_list(field: FieldInfo) -> bool:
    kind = get_origin(field.annotation)
    return isinstance(kind, type) and issubclass(kind, Sequence | AbstractSet)


def _sample(adapter: Adapter, name: str) -> Any:
    """What the adapter is tried out with; None where that is a table, for which a file is named instead."""
    found = adapter.examples.settings.get(name) if adapter.examples else None
    return None if isinstance(found, Mapping) else found


def _toml(value: Any) -> str:
    """The value as TOML writes it."""
    match value:
        case Enum():
            return _toml(value.value)
        case bool() | int() | float():
            return json.dumps(value)
        case Mapping():
            return "{ " + ", ".join(f"{json.dumps(str(key))} = {_toml(one)}" for key, one in value.items()) + " }"
        case Collection() if not isinstance(value, str):
            return f"[{', '.join(map(_toml, sorted(value) if isinstance(value, AbstractSet) else value))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False)
