"""How does a connection learn its bounds? A server makes its connections itself, and cannot hand them anything."""

from typing import ClassVar

from gateway.limit_settings import LimitSettings


class Bounded:
    """A kind of connection with bounds, those that its `bound` was told last in this process."""

    # The defaults, whatever the environment says: what is wrong in there is told by whoever reads it.
    settings: ClassVar[LimitSettings] = LimitSettings.model_construct()

    @classmethod
    def bound(cls, settings: LimitSettings) -> None:
        """Bounds what comes from now on."""
        cls.settings = settings
