"""How is an answer walked at the speed at which it was made: by one generated function for a plan's trail?

An agent's panel has some hundred objects; to call a function for each would cost the panel more than to write down who
read it. The function does what `Walk.along` does (walking.py), which is asked where something lies deeper than Python
nests loops, and where there is no plan.
"""

from typing import Any, Final

from gateway.execution.trails import MARK, Step, Trail
from gateway.execution.walking import NOBODY, Walked
from resolvers.kit.personal import CARRIED

# Python takes no more than 20 loops inside one another.
_DEEPEST: Final = 12


def walked_fast(trail: Trail) -> Walked:
    """The function for a trail: takes the answer, whoever stands around it, and the walk."""
    pace = _Pace()
    pace.object(trail, "d", "p", depth=1, loops=0)
    given = "    add, now, person, found = w.fields.add, w.personal_now, w.person, w.found"
    text = "\n".join(["def walked(d, p, w):", given, *pace.lines])
    # The text holds keys that GraphQL's grammar admits, names of fields, and numbered names.
    exec(compile(text, "<walked>", "exec"), pace.names)  # noqa: S102
    function: Walked = pace.names["walked"]
    return function


class _Pace:
    """The lines of one function, and the things that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[str, Any] = {"N": NOBODY}
        self._count = 0

    def object(self, trail: Trail, shown: str, around: str, *, depth: int, loops: int) -> None:
        """What is done with one object of the answer; `shown` and `around` are variables."""
        source, whose = "None", around
        if trail.is_marked:
            source = self._new("s")
            self._say(depth, f"{source} = {shown}.pop({MARK!r}, None)")
            self._say(depth, f"if {source} is None: {source} = w.source({shown})")
            if trail.kind.whose is not None:
                whose = self._new("p")
                asked = f"person({self._named(trail)}, {source}, {around})"
                always = trail.kind.is_person or trail.kind.is_particular
                self._say(depth, f"{whose} = {asked if always else f'{around} if {around}.owners else {asked}'}")
        for key, name, only_if in trail.leaves:
            value = self._new("v")
            condition = f" and {only_if!r} in now" if only_if else ""
            self._say(depth, f"{value} = {shown}.get({key!r})")
            self._say(depth, f"if {value} is not None and {value} != []{condition}:")
            self._found(repr(name), trail, source, whose, depth + 1)
        for key in trail.carried:
            self._say(depth, f"if {source}.{CARRIED} is not None and {shown}.get({key!r}) is not None:")
            self._found(f"{source}.{CARRIED}", trail, source, whose, depth + 1)
        for step in trail.steps:
            self._step(step, shown, whose, depth=depth, loops=loops)

    def _found(self, name: str, trail: Trail, source: str, whose: str, depth: int) -> None:
        self._say(depth, f"if {whose} is N: found({name}, N, {self._named(trail)}, {source})")
        self._say(depth, f"else: {whose}.is_shown = True; add({name})")

    def _step(self, step: Step, shown: str, whose: str, *, depth: int, loops: int) -> None:
        value = self._new("v")
        self._say(depth, f"{value} = {shown}.get({step.key!r})")
        self._say(depth, f"if {value} is not None:")
        loops += step.lists
        if loops > _DEEPEST or depth > _DEEPEST * 4:
            self._say(depth + 1, f"w.below({self._named(step)}, {value}, {whose})")
            return
        depth += 1
        for _ in range(step.lists):
            item = self._new("v")
            self._say(depth, f"for {item} in {value}:")
            self._say(depth + 1, f"if {item} is None: continue")
            value, depth = item, depth + 1
        if step.trail is not None:
            self.object(step.trail, value, whose, depth=depth, loops=loops)
            return
        kind = self._new("k")
        self._say(depth, f"{kind} = w.kind({value})")
        for cls, trail in step.trails.items():
            self._say(depth, f"if {kind} is {self._named(cls)}:")
            self.object(trail, value, whose, depth=depth + 1, loops=loops)

    def _say(self, depth: int, line: str) -> None:
        self.lines.append(f"{'    ' * depth}{line}")

    def _new(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"

    def _named(self, thing: Any) -> str:
        name = self._new("t")
        self.names[name] = thing
        return name
