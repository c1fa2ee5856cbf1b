"""Where does the command line begin? `profile-gateway`, or `python -m gateway`."""

import sys


def main() -> None:
    """Runs the command; Ctrl-C while its modules are still being read ends it as later, without a traceback."""
    try:
        from gateway.cli import main as run  # noqa: PLC0415 - a second's work, that may be broken off

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
