"""What the runner and a testee say to each other: README.md of this package has it."""

import json
import sys
import threading

_writing = threading.Lock()


def write(line):
    """Writes a line to the runner."""
    text = json.dumps(line)
    with _writing:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def target_of(line):
    """Where and how to connect: a client is kept for as long as the lines name the same."""
    return [line.get(name) for name in ("address", "tls", "authority", "compression")]
