"""How is a checked question executed at the speed of its data?

graphql-core resolves field by field and object by object. Here an operation is compiled once into a *plan*, and a
plan is executed a level at a time: what only reads its parent is one generated function, what has to be asked for is
asked for all parents at once.

    known.py     which documents were read and checked already
    plans.py     which plan fits a request, and whether one does
    plan.py      what a plan is: for each place of the operation, the fields and how each is come by
    ways.py      how a field is come by: read, asked for as a column, resolved one by one
    writing.py   the generated functions for what is only read
    following.py a subscription, which graphql-core executes event by event
    parting.py   an answer in parts, and deferring.py which parts those are and what is left without them
    admitting.py which values are what their type says, without a second look
    running.py   a plan at work, level by level
    batch.py     who stands together on a level
    reads.py     what an answer reads of documents
    calling.py   with what a field's function is called
    exact.py     whatever is out of the ordinary, as graphql-core does it
    failing.py   what errors make of the answer
    trails.py    where personal values stand in the answer, and walking.py which of them it shows
    pacing.py    the same walk as a generated function
    witnessing.py  of which object each part of an answer was made, where graphql-core makes it

An answer is the same with and without a plan. Errors stand in the order of the answer, which is graphql-core's order
where nothing is waited for.
"""

from gateway.execution.deferring import Labelled
from gateway.execution.following import Following
from gateway.execution.known import Documents, Known, Unplanned, known_as
from gateway.execution.parting import Arrived, Parted, Piece, Place
from gateway.execution.plans import Executed, Plans

__all__ = [
    "Arrived",
    "Documents",
    "Executed",
    "Following",
    "Known",
    "Labelled",
    "Parted",
    "Piece",
    "Place",
    "Plans",
    "Unplanned",
    "known_as",
]
