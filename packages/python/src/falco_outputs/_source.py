"""Names of event sources, and the numbers that an older contract had for some."""

from __future__ import annotations

_plugin = 3
_numbers = {
    "": 0,
    "SYSCALL": 0,
    "syscall": 0,
    "Syscall": 0,
    "K8S_AUDIT": 1,
    "k8s_audit": 1,
    "K8s_audit": 1,
    "K8S_audit": 1,
    "INTERNAL": 2,
    "internal": 2,
    "Internal": 2,
}
_names = ("", "k8s_audit", "internal", "plugin")


def deprecated_source(name: str) -> int:
    """The value of `source_deprecated` that Falco sends beside a source's name."""
    return _numbers.get(name, _plugin)


def source_name(source: str, deprecated: int) -> str:
    """The source's name.

    A Falco before the field `source` sent only the number, whose zero cannot be told from nothing: the name is "".
    """
    if source != "" or not 0 <= deprecated < len(_names):
        return source
    return _names[deprecated]
