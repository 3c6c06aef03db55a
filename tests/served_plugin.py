"""A plugin for servers under test: backbones that cost nothing, and a witness.

The witness tells, in the file that ``HYBRIDSENT_WITNESS`` names, what the process opens to write,
makes, removes, starts and whom it calls, from the first request on.
"""

from __future__ import annotations

import json
import os
import sys

from fakes import fake

from hybridsent.encoders import register_backbone

BACKBONES = (fake("image", "hostile"), fake("audio", "hostile"))
_TOLD = frozenset(
    {
        "os.mkdir",
        "os.rename",
        "os.remove",
        "os.rmdir",
        "os.link",
        "os.symlink",
        "os.chmod",
        "os.system",
        "os.exec",
        "os.posix_spawn",
        "os.fork",
        "os.putenv",
        "shutil.copyfile",
        "shutil.move",
        "socket.connect",
        "socket.getaddrinfo",
        "subprocess.Popen",
        "tempfile.mkstemp",
        "tempfile.mkdtemp",
        "pickle.find_class",
        "urllib.Request",
    }
)
_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC


def watch(path: str) -> None:
    """Tell of what happens from now on."""
    told = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def hook(event: str, arguments: tuple) -> None:
        if event == "open":
            name, _, flags = arguments
            mine = isinstance(name, str) and name.endswith((".py", ".pyc"))
            if mine and not flags & _FLAGS:
                return
        elif event not in _TOLD:
            return
        line = json.dumps([event, [repr(each)[:300] for each in arguments]])
        os.write(told, f"{line}\n".encode())

    sys.addaudithook(hook)


if "HYBRIDSENT_WITNESS" in os.environ:  # not in the process of the tests, which reads the names
    for _each in BACKBONES:
        register_backbone(_each)
    watch(os.environ["HYBRIDSENT_WITNESS"])
