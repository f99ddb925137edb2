"""Streams in threads: what they wait for blocks.

A signal handler may come in between at any point, in the thread that it interrupts; so what it may touch waits on
`queue.SimpleQueue`, which allows that, and not on `threading.Event` or `queue.Queue`, which do not.
"""

from .io import BlockingIO, Interceptor

__all__ = ["BlockingIO", "Interceptor"]
