"""May the viewer ask by personal values, which an answer tells of even where it does not show them?"""

from resolvers.kit.context import Context
from resolvers.kit.errors import Forbidden


def require_personal(context: Context, what: str, *fields: str) -> None:
    """Raises Forbidden where the viewer may not see personal values, or may not ask for the fields that show them."""
    if not context.viewer.may_see_personal:
        raise Forbidden(f"You have no right to see personal values, and so none to {what}. Ask for another scope.")
    require_fields(context, what, *fields)


def require_fields(context: Context, what: str, *fields: str) -> None:
    """Raises Forbidden where the viewer may not ask for one of the fields."""
    if not context.viewer.may_ask(*fields):
        raise Forbidden(
            f"The key is limited to fields, and {what} would tell of others: {', '.join(fields)}. Ask for a key that "
            "has them."
        )


def unseen_values(what: str) -> Forbidden:
    """The error of one who asks by values that are not shown to them."""
    return Forbidden(f"You have no right to see the values, and so none to {what}. Leave it out, or ask for the right.")
