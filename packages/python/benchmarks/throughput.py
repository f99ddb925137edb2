"""Takes alerts from the shared queue of a server, for packages/bench.

python benchmarks/throughput.py async|sync|bare-async|bare-sync ADDRESS COUNT

With one of the clients, or with a bare loop over the same stubs. Prints how long that took, and how much of a
processor, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio

from falco_outputs import AsyncClient, Client
from falco_outputs._contract import SUB, VERSION_HEADER, OutputsRequest, OutputsResponse

options = [("grpc.default_authority", "localhost"), ("grpc.max_receive_message_length", -1)]
metadata = ((VERSION_HEADER, "1"),)
codec: dict[str, Any] = {
    "request_serializer": OutputsRequest.SerializeToString,
    "response_deserializer": OutputsResponse.FromString,
}

Received = tuple[int, int]
"""How many alerts, and how many characters their rules' names have."""


async def with_client(address: str, count: int) -> Received:
    alerts = characters = 0
    async with AsyncClient(address) as falco:
        async for alert in falco.sub():
            alerts += 1
            characters += len(alert.rule)
            if alerts == count:
                break
    return alerts, characters


def with_sync_client(address: str, count: int) -> Received:
    alerts = characters = 0
    with Client(address) as falco:
        for alert in falco.sub():
            alerts += 1
            characters += len(alert.rule)
            if alerts == count:
                break
    return alerts, characters


async def bare(address: str, count: int) -> Received:
    alerts = characters = 0
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        call = channel.stream_stream(SUB, **codec)(iter([OutputsRequest()]), metadata=metadata)
        async for alert in call:
            alerts += 1
            characters += len(alert.rule)
            if alerts == count:
                break
        call.cancel()
    return alerts, characters


def bare_sync(address: str, count: int) -> Received:
    alerts = characters = 0
    with grpc.insecure_channel(address, options=options) as channel:
        call = channel.stream_stream(SUB, **codec)(iter([OutputsRequest()]), metadata=metadata)
        for alert in call:
            alerts += 1
            characters += len(alert.rule)
            if alerts == count:
                break
        call.cancel()
    return alerts, characters


variants: dict[str, Callable[[str, int], Received]] = {
    "async": lambda address, count: asyncio.run(with_client(address, count)),
    "sync": with_sync_client,
    "bare-async": lambda address, count: asyncio.run(bare(address, count)),
    "bare-sync": bare_sync,
}


def main() -> None:
    if len(sys.argv) != 4 or sys.argv[1] not in variants:
        sys.exit(f"usage: throughput.py {'|'.join(variants)} ADDRESS COUNT")
    variant, address, count = sys.argv[1:]
    start, start_cpu = time.perf_counter(), time.process_time()
    alerts, characters = variants[variant](address, int(count))
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
    result = {
        "alerts": alerts,
        "ruleCharacters": characters,
        "seconds": seconds,
        "cpuSeconds": cpu_seconds,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
