"""Where does the command line begin? `profile-gateway`, or `python -m gateway`."""

import sys

from gateway.tracebacks import guard_last_words


def main() -> None:
    """Runs the command; Ctrl-C while its modules are still being read ends it as later, without a traceback."""
    # Before typer is read, which goes on to whatever hook it finds.
    guard_last_words()
    try:
        from gateway.cli import main as run  # noqa: PLC0415 - a second's work, that may be broken off

        # Strawberry hangs up a hook of its own when it is read.
        guard_last_words()
        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
