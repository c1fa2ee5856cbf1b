"""Where does a question begin? Slices add the fields."""

from resolvers.kit.described import graph_type


@graph_type
class Query:
    """Everything that can be asked."""


@graph_type
class Mutation:
    """Everything that can be changed. Each change answers what it made, or a Refusal that says why not."""


@graph_type
class Subscription:
    """Everything that can be followed: an answer comes with each event, for as long as the connection is held."""
