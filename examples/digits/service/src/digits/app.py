# Written once by edgegen 0.1.0 and yours from then on: `edgegen update` never touches it.
"""The command `digits`: the model's own commands, and yours."""

from __future__ import annotations

import sys

from digits_runtime import cli


def main() -> int:
    """Runs the command that the arguments name; the program's exit code."""
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
