"""Can the channel be made, and does it say truly what it needs and offers?"""

import re
from collections.abc import Iterator
from typing import Any, Final, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from adapters.conformance.findings import Finding, failed, not_checked, passed, summed
from adapters.conformance.trial import EXAMPLES_WANTED, Trial, raised
from adapters.contract.channel import PROTOCOLS, Capability
from adapters.contract.examples import Examples
from adapters.stated_words import rule_broken

# As vendors call what nobody else may know.
_LIKE_SECRET: Final = re.compile(
    r"secret|password|passphrase|api_?key|private_?key|(^|_)token$|credential", re.IGNORECASE
)
_SUITES_OWN: Final = "http://127.0.0.1:9"


async def described(trial: Trial) -> Finding:
    """Each setting says what it is, and none is taken that is not known."""
    wrong = []
    for model in _models(trial.cls.Settings):
        if model.model_config.get("extra") != "forbid":
            wrong.append(f'{model.__name__} takes settings that it does not know. Give it `extra="forbid"`.')
        wrong += [
            f"The setting `{name}` has no description. Write `Field(description=...)`: what it is, where it is found."
            for name, field in model.model_fields.items()
            if not field.description
        ]
    return summed(wrong, f"{len(trial.cls.Settings.model_fields)} settings, each described.")


async def secret(trial: Trial) -> Finding:
    """Whatever is called like a secret is a SecretStr."""
    wrong = [
        f"The setting `{name}` is called like a secret and is none. Make it a SecretStr."
        for model in _models(trial.cls.Settings)
        for name, field in model.model_fields.items()
        if _LIKE_SECRET.search(name) and str in _leaves(field.annotation) and SecretStr not in _leaves(field.annotation)
    ]
    return summed(wrong, "What is called like a secret is a SecretStr.")


async def made(trial: Trial) -> Finding:
    """The made-up settings do, and a channel is made of them without a question to its vendor."""
    if trial.examples is None:
        return not_checked(EXAMPLES_WANTED)
    if not isinstance(trial.examples, Examples):
        return failed(f"EXAMPLES is a {type(trial.examples).__name__}. {EXAMPLES_WANTED}")
    try:
        trial.channel()
        # A vendor of the suite's stands there in the other checks.
        trial.settings_at(_SUITES_OWN)
    except ValidationError as error:
        return failed("\n".join(_refused(one) for one in error.errors(include_url=False)))
    except Exception as error:  # noqa: BLE001  whatever a channel does
        return failed(f"It cannot be made: {raised(error)}. Its __init__ must only take in what it is given.")
    return passed("It is made of the settings of EXAMPLES.")


def _refused(one: ErrorDetails) -> str:
    place = ".".join(map(str, one["loc"]))
    words = {"missing": "it is missing", "extra_forbidden": "there is no such setting"}.get(one["type"])
    return f"The made-up settings are refused{', ' + place if place else ''}: {words or rule_broken(one)}."


async def capable(trial: Trial) -> Finding:
    """It offers something, and has the methods of whatever it offers."""
    channel = trial.channel()
    offered = channel.capabilities()
    wrong = [
        f"It offers {one} without the methods of {PROTOCOLS[one].__name__}. Write them, or leave it out of "
        "`capabilities`."
        for one in offered
        if not isinstance(channel, PROTOCOLS[one])
    ]
    if not offered:
        wrong.append("It offers nothing. Write the methods of a protocol of adapters/contract/channel.py.")
    return summed(wrong, f"It offers {', '.join(one for one in Capability if one in offered)}.")


def _models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """The settings, and the tables inside them."""
    yield model
    for field in model.model_fields.values():
        for one in _leaves(field.annotation):
            if issubclass(one, BaseModel) and one is not model:
                yield from _models(one)


def _leaves(annotation: Any) -> set[type]:
    """The classes that stand in an annotation."""
    inside = get_args(annotation)
    if not inside:
        return {annotation} if isinstance(annotation, type) else set()
    return {leaf for one in inside for leaf in _leaves(one)}
