"""Which customers are probably one person, and why? Rules without I/O, the same for every base."""

from resolvers.matching.base import Base, Digests, common_values, counted
from resolvers.matching.doubles import Doubles, doubles_among
from resolvers.matching.evidence import Evidence, Reached, Telling, evidence_of, telling
from resolvers.matching.keys import blocking_keys
from resolvers.matching.kinds import Families, Kind
from resolvers.matching.levels import Level
from resolvers.matching.scoring import Against, Reason, Score, named, score_of
from resolvers.matching.sounds import naming_definitions, sounds_kept
from resolvers.matching.steps import Tell, told, untold
from resolvers.matching.weights import DEFAULT, Weight, Weights

__all__ = [
    "DEFAULT",
    "Against",
    "Base",
    "Digests",
    "Doubles",
    "Evidence",
    "Families",
    "Kind",
    "Level",
    "Reached",
    "Reason",
    "Score",
    "Tell",
    "Telling",
    "Weight",
    "Weights",
    "blocking_keys",
    "common_values",
    "counted",
    "doubles_among",
    "evidence_of",
    "named",
    "naming_definitions",
    "score_of",
    "sounds_kept",
    "telling",
    "told",
    "untold",
]
