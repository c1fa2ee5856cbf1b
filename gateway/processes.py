"""Is another process of this machine still there?"""

import os


def is_alive(pid: int) -> bool:
    """Whether a process has this number, ours or another user's."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
