"""Which customers are probably one person, and why? Rules without I/O, the same for every base."""

from resolvers.matching.base import Base, counted
from resolvers.matching.doubles import Doubles, doubles_among
from resolvers.matching.evidence import Evidence, evidence_of
from resolvers.matching.keys import blocking_keys
from resolvers.matching.levels import Level
from resolvers.matching.scoring import Against, Reason, Score, score_of
from resolvers.matching.weights import DEFAULT, Weight, Weights

__all__ = [
    "DEFAULT",
    "Against",
    "Base",
    "Doubles",
    "Evidence",
    "Level",
    "Reason",
    "Score",
    "Weight",
    "Weights",
    "blocking_keys",
    "counted",
    "doubles_among",
    "evidence_of",
    "score_of",
]
