"""Is a delivery taken while the vendor's secret is exchanged for another?"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from adapters.conformance.leaks import secrets_in
from adapters.conformance.trial import Trial, raised
from adapters.contract.deliveries import NotProven


def refused_of_list(trial: Trial, body: bytes) -> Iterator[str]:
    """What is wrong where the settings list secrets and the vendor signs with the last, in words.

    Where the examples list one, another is put behind it. Nothing is said where the settings take one alone, or where
    `EXAMPLES.sign` signs with none of a list.
    """
    given = trial.examples.settings if trial.examples else {}
    known = {one for _, one in secrets_in(trial.settings)}
    several = _with_lists(given, known, lambda listed: listed if len(listed) > 1 else [*listed, _another(listed[0])])
    known |= {_another(one) for one in known}
    turned = _with_lists(several, known, lambda listed: listed[::-1])
    if turned == several:
        return
    try:
        channel: Any = trial.channel(settings=trial.settings_with(several))
        settings = trial.settings_with(turned)
    except ValidationError:
        # Its settings take one secret alone, or none of that form.
        return
    delivery = trial.delivery(body, settings=settings)
    if delivery.headers == trial.delivery(body, settings=channel.settings, at=delivery.received_at).headers:
        # By others it is not signed.
        return
    try:
        channel.prove(delivery)
    except NotProven as error:
        trial.heard.error("on a delivery signed with another secret of a list", error)
        yield (
            "The settings list secrets, and a delivery that is signed with the last of them is refused: none would "
            "come in while a secret is exchanged. Try each of them."
        )
    except Exception as error:  # noqa: BLE001  whatever a channel does
        yield f"`prove` of a delivery signed with the last secret: {raised(error)}. Only NotProven may be raised."


def _with_lists(value: Any, secrets: set[str], changed: Callable[[list[str]], list[str]]) -> Any:
    """The settings with other lists in the place of those that hold secrets alone."""
    if isinstance(value, Mapping):
        return {key: _with_lists(one, secrets, changed) for key, one in value.items()}
    if isinstance(value, list | tuple):
        inside = list(value)
        if inside and all(isinstance(one, str) and one in secrets for one in inside):
            return changed(inside)
        return [_with_lists(one, secrets, changed) for one in inside]
    return value


def _another(secret: str) -> str:
    """Another secret of the same alphabet, beginning and length."""
    core = secret.rstrip("=")
    half = len(core) // 2
    return core[:half] + core[half:][::-1] + secret[len(core) :]
