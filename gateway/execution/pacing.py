"""How is an answer walked at the speed at which it was made: by one generated function for a plan's trail?

An agent's panel has some hundred objects; to call a function for each would cost the panel more than to write down who
read it. The function does what `Walk.along` does (walking.py), which is asked where something lies deeper than Python
nests loops, and where there is no plan.
"""

from typing import Any, Final, NamedTuple

from gateway.execution.trails import MARK, Step, Trail
from gateway.execution.walking import Walked
from resolvers.kit.personal import CARRIED

# Python takes no more than 20 loops inside one another.
_DEEPEST: Final = 12


def walked_fast(trail: Trail) -> Walked:
    """The function for a trail: takes the answer and the walk."""
    pace = _Pace()
    pace.object(trail, "d", _Around("p", "x", is_owned=False), depth=1, loops=0)
    # The text holds keys that GraphQL's grammar admits, names of fields, and numbered names.
    exec(compile(pace.text(), "<walked>", "exec"), pace.names)  # noqa: S102
    function: Walked = pace.names["walked"]
    return function


class _Around(NamedTuple):
    """Those who stand around an object, as variables."""

    owners: str
    is_shown: str
    """Whether any of their values was found; of those it is taken note at the end of what they stand around."""
    is_owned: bool
    """Whether that is somebody, whatever is answered."""


class _Pace:
    """The lines of one function, and the things that they name."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self._lines: list[str] = []
        self._count = 0
        # Variables for what is the same in the whole walk: whether a value of that name was found, whether a path is
        # personal now.
        self._found: dict[str, str] = {}
        self._conditions: dict[str, str] = {}

    def text(self) -> str:
        """The function."""
        return "\n".join([
            "def walked(d, w):",
            "    people, seen, p, x = w.customers, w.seen, (), False",
            *(f"    {one} = False" for one in self._found.values()),
            *(f"    {one} = {path!r} in w.personal_now" for path, one in self._conditions.items()),
            *self._lines,
            *(f"    if {one}: w.fields.add({name!r})" for name, one in self._found.items()),
        ])  # fmt: skip

    def object(self, trail: Trail, shown: str, around: _Around, *, depth: int, loops: int, source: str = "") -> None:
        """What is done with one object of the answer; `shown` and `source` are variables."""
        if trail.is_marked and not source:
            source = self._source(shown, depth)
        own = self._own(trail, source, around, depth)
        for key, name, only_if in trail.leaves:
            value, found = self._new("v"), self._found.setdefault(name, f"f{len(self._found)}")
            self._say(depth, f"{value} = {shown}[{key!r}]")
            now = f" and {self._conditions.setdefault(only_if, f'c{len(self._conditions)}')}" if only_if else ""
            # Most values are shown, and then there is no need to compare them.
            self._say(depth, f"if ({value} or {value} is not None and {value} != []){now}:")
            self._note(f"{found} = {own.is_shown} = True", trail, source, own, depth + 1)
        for key in trail.carried:
            self._say(depth, f"if {source}.{CARRIED} is not None and {shown}[{key!r}] is not None:")
            self._note(f"{own.is_shown} = True; w.fields.add({source}.{CARRIED})", trail, source, own, depth + 1)
        for step in trail.steps:
            self._step(step, shown, own, depth=depth, loops=loops)
        if own is not around:
            self._say(depth, f"if {own.is_shown}: people += {own.owners}")

    def _source(self, shown: str, depth: int) -> str:
        """Takes the mark away; the variable of the object that it was."""
        source = self._new("s")
        self._say(depth, f"{source} = {shown}.pop({MARK!r}, None) or seen({shown})")
        return source

    def _own(self, trail: Trail, source: str, around: _Around, depth: int) -> _Around:
        """Whose the object's values are, as walking.py has it."""
        kind = trail.kind
        is_particular = kind.is_person or kind.is_particular
        if kind.whose is None or (around.is_owned and not is_particular):
            return around
        own = _Around(self._new("p"), self._new("x"), is_owned=around.is_owned or kind.is_person)
        told = f"({source} is not None and {self._named(kind.whose)}({source}))"
        whose = f"{told} or {around.owners}" if is_particular else f"{around.owners} or {told} or ()"
        self._say(depth, f"{own.owners} = {whose}; {own.is_shown} = False")
        return own

    def _note(self, noted: str, trail: Trail, source: str, own: _Around, depth: int) -> None:
        self._say(depth, noted)
        if source and not own.is_owned:
            self._say(depth, f"if not {own.owners}: w.found_unowned({self._named(trail)}, {source})")

    def _step(self, step: Step, shown: str, around: _Around, *, depth: int, loops: int) -> None:
        value = self._new("v")
        self._say(depth, f"{value} = {shown}[{step.key!r}]")
        self._say(depth, f"if {value} is not None:")
        loops += step.lists
        if loops > _DEEPEST or depth > _DEEPEST * 4:
            self._say(depth + 1, f"w.below({self._named(step)}, {value}, {around.owners})")
            return
        depth += 1
        for _ in range(step.lists):
            item = self._new("v")
            self._say(depth, f"for {item} in {value}:")
            self._say(depth + 1, f"if {item} is None: continue")
            value, depth = item, depth + 1
        if step.trail is not None:
            self.object(step.trail, value, around, depth=depth, loops=loops)
            return
        source = self._source(value, depth)
        for n, (cls, trail) in enumerate(step.trails.items()):
            self._say(depth, f"{'elif' if n else 'if'} {source}.__class__ is {self._named(cls)}:")
            self.object(trail, value, around, depth=depth + 1, loops=loops, source=source)

    def _say(self, depth: int, line: str) -> None:
        self._lines.append(f"{'    ' * depth}{line}")

    def _new(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _named(self, thing: Any) -> str:
        name = self._new("t")
        self.names[name] = thing
        return name
