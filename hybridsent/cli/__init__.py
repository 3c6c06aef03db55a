"""The command ``hybridsent`` (layer L7): one file a command, each over one public function.

argparse of the standard library serves; nothing heavy is imported before the arguments are
understood.
"""

from hybridsent.cli._main import main

__all__ = ["main"]
