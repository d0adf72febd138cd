"""Starts the command line: `edgegen`, and `python -m edgegen`.

Importing `cli` takes a moment, in which Ctrl-C is to end the program as it does later.
"""

from __future__ import annotations

import sys


def main() -> None:
    """See `cli.main`."""
    try:
        from edgegen import cli

        cli.main()
    except KeyboardInterrupt:
        sys.exit(130)  # INTERRUPTED_EXIT_CODE of cli, which may not be there yet


if __name__ == "__main__":
    main()
