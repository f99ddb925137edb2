"""The pool that the stubs register in, instead of protobuf's default one.

A process can hold each symbol once in a pool, and client-py, or a program with stubs of its own, has those of
Falco's contract in the default one.
"""

from google.protobuf import descriptor_pool, timestamp_pb2

_pool = descriptor_pool.DescriptorPool()
_pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)  # type: ignore[no-untyped-call]


def Default() -> descriptor_pool.DescriptorPool:  # noqa: N802, as the stubs call it
    """Our pool."""
    return _pool
