"""Makes the stubs' classes, and registers them nowhere: protobuf's own builder does, in its default pool."""

from __future__ import annotations

from google.protobuf import message_factory
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.internal.builder import BuildMessageAndEnumDescriptors

__all__ = ["BuildMessageAndEnumDescriptors", "BuildTopDescriptorsAndMessages"]


def BuildTopDescriptorsAndMessages(  # noqa: N802, as the stubs call it
    file: FileDescriptor, module_name: str, module: dict[str, object]
) -> None:
    """Puts the class of each message of a file into its module, and the descriptors that the stubs touch."""
    for name, descriptor in [*file.enum_types_by_name.items(), *file.services_by_name.items()]:
        module[f"_{name.upper()}"] = descriptor
    for name, message_type in file.message_types_by_name.items():
        message = message_factory.GetMessageClass(message_type)
        message.__module__ = f"falco_outputs._gen.{module_name}"
        module[name] = message
