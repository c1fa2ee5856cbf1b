"""With what is a channel tried out that a file describes, as a mapping of one's own with what its vendor answered?

    person = "p-4711"                  # of whom the answers are
    deliveries = ["opened.json"]       # bodies of recorded deliveries

    [settings]                         # as an entry of the channels' file, with made-up secrets in plain words
    mapping = "mine.toml"
    token = "made-up-token-1"

    [answers]                          # recorded answers by the path that asks for them
    "/people/p-4711" = "person.json"

What else may stand there, `adapters/contract/examples.py` says. Paths start at the file's folder.
"""

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from adapters.contract.examples import Examples
from adapters.discovery import Adapter
from adapters.hints import did_you_mean
from adapters.quiet import quiet
from adapters.stated_words import rule_broken
from gateway.settings import BadSettings


@quiet
class _Said(BaseModel):
    """What such a file may say."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    settings: dict[str, Any]
    person: str
    account: str = "sample-account"
    persons: dict[str, str] = {}
    address_paths: dict[str, str] = {}
    answers: dict[str, str] = {}
    deliveries: list[str] = []
    tolerance_s: float | None = None
    newest_first: bool = True
    has_token_in_query: bool = False


def read_examples(path: Path, adapter: Adapter) -> Examples:
    """The examples of the file; where the address stands and how is signed, the adapter's own say.

    Raises BadSettings, which tells of every mistake.
    """
    try:
        said = _Said.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"{str(path)!r} cannot be read. Check the path and its rights.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadSettings(f"{path}: this is no TOML: {error}. Mend it there.") from error
    except ValidationError as error:
        wrong = (
            f"{path}, `{'.'.join(map(str, one['loc']))}`: {_in_words(one)}" for one in error.errors(include_url=False)
        )
        raise BadSettings("\n".join(wrong)) from error
    own = adapter.examples if isinstance(adapter.examples, Examples) else Examples(settings={})
    return replace(
        own,
        **said.model_dump(exclude={"answers", "deliveries"}),
        answers={asked: _bytes(path, name) for asked, name in said.answers.items()},
        deliveries=tuple(_bytes(path, name) for name in said.deliveries),
        folder=path.parent,
    )


def _in_words(one: ErrorDetails) -> str:
    if one["type"] == "extra_forbidden":
        return f"there is no such word.{did_you_mean(str(one['loc'][-1]), _Said.model_fields)}"
    return "it is missing." if one["type"] == "missing" else f"{rule_broken(one)}."


def _bytes(path: Path, name: str) -> bytes:
    try:
        return (path.parent / name).read_bytes()
    except OSError as error:
        raise BadSettings(f"{path} names {name!r}, which cannot be read. Check the path and its rights.") from error
