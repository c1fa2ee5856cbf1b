"""How much does each agreement and disagreement tell?

Weights are logarithms to the base of 2 of likelihood ratios, after Fellegi and Sunter (1969): how much more often one
person's two records agree like that than the records of two people do. They are data: a set that was learned from
decisions takes the place of this one, and no code changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from resolvers.attribute_rules import MatchingRole
from resolvers.matching.levels import Level


class Weight(NamedTuple):
    """What one level of one role tells.

    `stranger` and `relative` say how much more often it is seen of one person than of two strangers, or of two people
    of one household, who share their home, name, phone and often mail. `rarity` is how far the weight against strangers
    follows the value's own frequency: 1 wholly, 0 not at all.
    """

    stranger: float
    relative: float
    rarity: float = 0.0


@dataclass(frozen=True)
class Weights:
    """A whole set: of levels, of what is assumed beforehand, and from where on is suggested and merged.

    Both thresholds are in bits over an even chance: 6 is 98 in 100. They may be compared with any base's scores,
    since the base's size is in the score.
    """

    levels: Mapping[MatchingRole, Mapping[Level, Weight]]
    typical: Mapping[MatchingRole, float]
    # However rare a value is, it alone makes it so likely at most, in bits over an even chance: it does not merge.
    alone_at_most: float = 5.0
    # A name is no identity: given and family name alone make it so likely at most, in bits over an even chance.
    names_at_most: float = 1.0
    suggest_at: float = 0.0
    merge_at: float = 6.0
    # Two whom a single role speaks against by so much are different people, and are joined by no third,
    contradiction_at: float = -4.0
    # unless their evidence as a whole speaks for them by as much as this.
    proven_at: float = 1.5


_ROLE = MatchingRole

DEFAULT = Weights(
    levels=MappingProxyType(
        {
            _ROLE.GIVEN_NAME: {
                Level.EXACT: Weight(7.5, 5.5, 1.0),
                Level.VARIANT: Weight(4.0, 4.0, 0.5),
                Level.NEAR: Weight(3.5, 4.0, 1.0),
                Level.SWAPPED: Weight(6.0, 6.0, 1.0),
                Level.PARTIAL: Weight(1.5, 1.0),
                # Twins, brothers and sisters are named like this; and a slip seldom makes a name of another.
                Level.LIKE: Weight(0.5, -4.0),
                Level.FAR: Weight(-5.5, -7.5),
            },
            _ROLE.FAMILY_NAME: {
                Level.EXACT: Weight(9.0, 0.3, 1.0),
                Level.VARIANT: Weight(5.0, 0.0, 0.5),
                Level.NEAR: Weight(4.5, 0.3, 1.0),
                Level.SWAPPED: Weight(8.0, 0.5, 1.0),
                Level.PARTIAL: Weight(2.5, 0.0),
                # Many take another name at marriage.
                Level.FAR: Weight(-3.5, -0.5),
            },
            _ROLE.BIRTH_DATE: {
                Level.EXACT: Weight(13.5, 6.5, 1.0),
                Level.NEAR: Weight(5.8, 3.5, 1.0),
                Level.PARTIAL: Weight(0.0, 0.0),
                Level.FAR: Weight(-5.5, -7.5),
            },
            _ROLE.PHONE: {
                Level.EXACT: Weight(14.0, 0.7, 1.0),
                Level.NEAR: Weight(4.0, 0.3),
                Level.FAR: Weight(-1.0, -0.5),
            },
            _ROLE.EMAIL: {
                # What bears the given name is one person's; other addresses are often the family's.
                Level.OWN: Weight(14.0, 4.5, 1.0),
                Level.EXACT: Weight(14.0, 1.6, 1.0),
                Level.NEAR: Weight(9.0, 1.0, 0.7),
                Level.PARTIAL: Weight(2.5, 0.5),
                Level.FAR: Weight(-1.0, -0.7),
            },
            _ROLE.ADDRESS: {
                Level.EXACT: Weight(11.0, 0.3, 0.5),
                Level.NEAR: Weight(9.0, 0.3, 0.5),
                Level.PARTIAL: Weight(3.0, 0.0, 0.3),
                # People move.
                Level.FAR: Weight(-1.5, -0.3),
            },
            _ROLE.IDENTIFIER: {
                Level.EXACT: Weight(18.0, 12.0, 1.0),
                # Who is registered together gets numbers that are neighbours.
                Level.NEAR: Weight(8.0, 0.0),
                Level.PARTIAL: Weight(2.0, 0.0),
                Level.FAR: Weight(-6.0, -6.0),
            },
        }
    ),
    typical=MappingProxyType(
        {
            _ROLE.GIVEN_NAME: 1 / 300,
            _ROLE.FAMILY_NAME: 1 / 1_500,
            _ROLE.BIRTH_DATE: 1 / 20_000,
            _ROLE.PHONE: 1 / 100_000,
            _ROLE.EMAIL: 1 / 100_000,
            # Of everything that two addresses share.
            _ROLE.ADDRESS: 2.0**-20,
            _ROLE.IDENTIFIER: 1 / 1_000_000,
        }
    ),
)
