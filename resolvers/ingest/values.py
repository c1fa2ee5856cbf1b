"""Which attribute values does a customer have when a source has said its own?"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from adapters.records import Document, Observation
from resolvers.attribute_rules import checked, is_same_secret
from resolvers.customers import BY_DEFAULT, attributes_of_people, is_default
from resolvers.ingest.report import NotTaken, Visit

_SECRET = "PASSWORD"  # noqa: S105 - the type's name


class Values:
    """Checks attribute values against the configurable schema, each different value once a batch."""

    def __init__(self, visit: Visit) -> None:
        self._region = visit.default_region
        self._definitions = visit.definitions
        # By attribute and kind of value: true is not 1, though they are equal.
        self._checked: dict[tuple[str, type], dict[Any, Any]] = {}
        self._defaults = {name: one["default"] for name, one in visit.definitions.items() if one["default"] is not None}
        self.unsaid = Observation(observed_from=BY_DEFAULT, observed_at=visit.at)
        """Where a value was observed that nobody has said."""
        self._required = [name for name, one in visit.definitions.items() if one["is_required"]]

    @property
    def defaults(self) -> Mapping[str, Any]:
        """The values of a new customer of whom nothing is said."""
        return self._defaults

    def merged(
        self, old: Document, given: Mapping[str, Any], seen: Observation
    ) -> tuple[Mapping[str, Any], Mapping[str, Document]]:
        """The values and where they were observed; the very same where the source says nothing new.

        What a person of the staff said, or took away, stays, however often a source says something else.
        A required value that nobody said is the schema's default, where there is one.
        Raises NotTaken where a value breaks a rule or a required one is missing.
        """
        values: Mapping[str, Any] = old["attributes"]
        kept = attributes_of_people(old)
        # Also what people's word stands against is checked: a source is told of its own mistakes.
        news = {
            name: stored
            for name, value in given.items()
            if value is not None
            # Whoever says what was only the default until now, says it.
            and ((stored := self._stored(name, value, values)) != values.get(name) or is_default(old, name))
            if name not in kept
        }
        unsaid = [name for name in self._required if name not in values and name not in news]
        defaults = {name: self._defaults[name] for name in unsaid if name in self._defaults}
        missing = [name for name in unsaid if name not in self._defaults]
        if missing:
            raise NotTaken(
                f"The customer schema requires {', '.join(map(repr, missing))}, which the source leaves out."
            )
        if not news and not defaults:
            return values, old["observed"]
        seen_where = {**dict.fromkeys(news, seen.document()), **dict.fromkeys(defaults, self.unsaid.document())}
        return {**values, **news, **defaults}, {**old["observed"], **seen_where}

    def _stored(self, name: str, value: Any, values: Mapping[str, Any]) -> Any:
        definition = self._definitions.get(name)
        if definition is None:
            near = get_close_matches(name, self._definitions, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise NotTaken(f"{name!r} is no attribute of the customer schema.{hint} Define it first.")
        if definition["type"] == _SECRET:
            return values[name] if is_same_secret(value, values.get(name)) else self._check(definition, value)
        known = self._checked.setdefault((name, type(value)), {})
        if value not in known:
            known[value] = self._check(definition, value)
        return known[value]

    def _check(self, definition: Document, value: Any) -> Any:
        try:
            return checked(definition, value, self._region)
        except ValueError as error:
            # E-mail's own checker may quote what it found.
            told = "That is not an e-mail address." if definition["type"] == "EMAIL" else str(error)
            raise NotTaken(f"{definition['name']!r} cannot hold its value. {told}") from error
