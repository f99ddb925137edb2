from types import ModuleType

import falco_outputs


def test_what_is_public() -> None:
    # A submodule that a program imports, like falco_outputs.compat, becomes an attribute as well.
    public = sorted(
        name
        for name, value in vars(falco_outputs).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    )
    assert public == sorted(name for name in falco_outputs.__all__ if name != "__version__")
    assert public == [
        "AbortedError",
        "Alert",
        "AlertStream",
        "AsyncAlertStream",
        "AsyncClient",
        "CancelledError",
        "Client",
        "Connected",
        "Connecting",
        "DeadlineExceededError",
        "Disconnected",
        "FailedPreconditionError",
        "FalcoError",
        "FalcoVersion",
        "FieldValue",
        "Filter",
        "InvalidArgumentError",
        "Loss",
        "LossCause",
        "Lost",
        "PermissionDeniedError",
        "Priority",
        "PriorityLike",
        "Reconnect",
        "ResourceExhaustedError",
        "Resumed",
        "StreamStatus",
        "UnauthenticatedError",
        "UnavailableError",
        "UnimplementedError",
    ]


def test_what_is_public_says_what_it_is() -> None:
    for name in falco_outputs.__all__:
        member = getattr(falco_outputs, name)
        if not isinstance(member, type):
            continue
        assert member.__doc__, name
        for attribute, value in vars(member).items():
            if not attribute.startswith("_") and callable(value):
                assert value.__doc__, f"{name}.{attribute}"


def test_both_clients_offer_the_same() -> None:
    def names(kind: type) -> set[str]:
        return {name.removeprefix("a") for name in dir(kind) if not name.startswith("_")}

    assert names(falco_outputs.Client) == names(falco_outputs.AsyncClient)
    assert names(falco_outputs.AlertStream) == names(falco_outputs.AsyncAlertStream)
