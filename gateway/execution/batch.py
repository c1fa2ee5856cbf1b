"""Who stands together on a level: the objects of one type in one place of an operation, with their way back up."""

from dataclasses import dataclass
from typing import Any

from graphql.pyutils import Path

from gateway.execution.failing import Place
from gateway.execution.plan import FieldPlan, Selection


@dataclass(slots=True, eq=False, repr=False)
class Batch:
    """All objects of one type in one place, resolved together."""

    selection: Selection
    sources: list[Any]
    parent: "Batch | None" = None
    field: FieldPlan | None = None
    """The parent's field below which they stand; None for the root."""
    origins: list[tuple[int, int | None]] | None = None
    """For each object its parent's number in the parent's batch, and its own number in the field's list."""
    outs: list[dict[str, Any]] | None = None
    """What the answer shows of each, once it was begun."""

    @property
    def answers(self) -> list[dict[str, Any]]:
        """What the answer shows of each object."""
        return self.outs if self.outs is not None else []

    def path(self, number: int, field: FieldPlan) -> Path:
        """The path of a field of one of the objects, as errors and resolvers show it."""
        return Path(self._path(number), field.key, field.parent_type.name)

    def _path(self, number: int) -> Path | None:
        if self.parent is None or self.field is None or self.origins is None:
            return None
        above, item = self.origins[number]
        path = self.parent.path(above, self.field)
        return path if item is None else path.add_key(item, None)

    def show(self) -> None:
        """Puts what is shown of the objects where their parents show it."""
        if self.parent is None or self.field is None or self.origins is None:
            return
        shown, key = self.parent.answers, self.field.key
        for (above, item), out in zip(self.origins, self.answers, strict=True):
            if item is None:
                shown[above][key] = out
            else:
                shown[above][key][item] = out


@dataclass(frozen=True, slots=True)
class Spot:
    """One object of a batch."""

    batch: Batch
    number: int

    def place(self) -> Place:
        """Where it stands in the answer."""
        batch = self.batch
        if batch.parent is None or batch.field is None or batch.origins is None:
            return ()
        above, item = batch.origins[self.number]
        place = (*Spot(batch.parent, above).place(), batch.field.place)
        return place if item is None else (*place, item)

    def is_all(self) -> bool:
        """Whether a null climbs from here to the whole answer."""
        batch, field = self.batch, self.batch.field
        if batch.parent is None or field is None or batch.origins is None:
            return True
        above, item = batch.origins[self.number]
        if field.shape.is_nullable or (item is not None and field.shape.has_nulls):
            return False
        return Spot(batch.parent, above).is_all()

    def nullify(self) -> Place | None:
        """Makes null of the nearest thing around the object that may be; its place, or None where that is all."""
        batch = self.batch
        field = batch.field
        if batch.parent is None or field is None or batch.origins is None:
            return None
        above, item = batch.origins[self.number]
        shown = batch.parent.answers[above]
        if item is not None and field.shape.has_nulls:
            shown[field.key][item] = None
            return self.place()
        if field.shape.is_nullable:
            shown[field.key] = None
            return (*Spot(batch.parent, above).place(), field.place)
        return Spot(batch.parent, above).nullify()
