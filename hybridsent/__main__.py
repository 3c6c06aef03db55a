"""``python -m hybridsent`` is the command ``hybridsent`` (layer L7)."""

from __future__ import annotations

import sys

from hybridsent.cli import main

if __name__ == "__main__":
    sys.exit(main())
