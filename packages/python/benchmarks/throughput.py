"""What an alert costs: the clients beside a bare loop over the same stubs. Prints JSON.

python benchmarks/throughput.py [--address ADDRESS] [--count COUNT] [--rounds ROUNDS]

Without an address it starts the server with COUNT alerts. Each round runs every variant once, in turn; the figures are
medians, in microseconds an alert. `ratio` is what the client takes to what the bare loop took right before it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from operator import truediv
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from falco_outputs import Client, SyncClient
from falco_outputs._contract import GET, SUB, VERSION_HEADER, OutputsRequest, OutputsResponse

options = [("grpc.default_authority", "localhost"), ("grpc.max_receive_message_length", -1)]
metadata = ((VERSION_HEADER, "1"),)
codec: dict[str, Any] = {
    "request_serializer": OutputsRequest.SerializeToString,
    "response_deserializer": OutputsResponse.FromString,
}


def bare_sync_get(address: str, _: int) -> int:
    with grpc.insecure_channel(address, options=options) as channel:
        get = channel.unary_stream(GET, **codec)
        return sum(1 for _ in get(OutputsRequest(broadcast=True), metadata=metadata))


def sync_get(address: str, _: int) -> int:
    with SyncClient(address) as falco:
        return sum(1 for _ in falco.get(broadcast=True))


def bare_sync_sub(address: str, count: int) -> int:
    with grpc.insecure_channel(address, options=options) as channel:
        call = channel.stream_stream(SUB, **codec)(
            iter([OutputsRequest(broadcast=True, after=0)]), metadata=metadata
        )
        seen = 0
        for _ in call:
            seen += 1
            if seen == count:
                break
        call.cancel()
        return seen


def sync_sub(address: str, count: int) -> int:
    with SyncClient(address) as falco:
        seen = 0
        for _ in falco.sub(broadcast=True, after=0):
            seen += 1
            if seen == count:
                break
        return seen


def sync_batches(address: str, _: int) -> int:
    with SyncClient(address) as falco:
        return sum(len(alerts) for alerts in falco.get(broadcast=True).batches())


async def _bare_async_get(address: str) -> int:
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        seen = 0
        get = channel.unary_stream(GET, **codec)
        async for _ in get(OutputsRequest(broadcast=True), metadata=metadata):
            seen += 1
        return seen


async def _async_get(address: str) -> int:
    async with Client(address) as falco:
        seen = 0
        async for _ in falco.get(broadcast=True):
            seen += 1
        return seen


async def _bare_async_sub(address: str, count: int) -> int:
    async with grpc.aio.insecure_channel(address, options=options) as channel:
        requests = iter([OutputsRequest(broadcast=True, after=0)])
        call = channel.stream_stream(SUB, **codec)(requests, metadata=metadata)
        seen = 0
        async for _ in call:
            seen += 1
            if seen == count:
                break
        call.cancel()
        return seen


async def _async_sub(address: str, count: int) -> int:
    async with Client(address) as falco:
        seen = 0
        async for _ in falco.sub(broadcast=True, after=0):
            seen += 1
            if seen == count:
                break
        return seen


variants: dict[str, Callable[[str, int], int]] = {
    "bare sync get": bare_sync_get,
    "sync get": sync_get,
    "bare sync sub": bare_sync_sub,
    "sync sub": sync_sub,
    "sync get, batches": sync_batches,
    "bare async get": lambda address, _: asyncio.run(_bare_async_get(address)),
    "async get": lambda address, _: asyncio.run(_async_get(address)),
    "bare async sub": lambda address, count: asyncio.run(_bare_async_sub(address, count)),
    "async sub": lambda address, count: asyncio.run(_async_sub(address, count)),
}


def measure(address: str, count: int, rounds: int) -> dict[str, Any]:
    wall: dict[str, list[float]] = {name: [] for name in variants}
    cpu: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, run in variants.items():
            started, used = time.perf_counter(), time.process_time()
            seen = run(address, count)
            wall[name].append((time.perf_counter() - started) / count * 1e6)
            cpu[name].append((time.process_time() - used) / count * 1e6)
            if seen != count:
                raise SystemExit(f"{name}: got {seen} alerts, expected {count}")
    figures = {
        name: {
            "wall_us": round(statistics.median(wall[name]), 2),
            "cpu_us": round(statistics.median(cpu[name]), 2),
            "alerts_per_s": round(1e6 / statistics.median(wall[name])),
        }
        for name in variants
    }
    ratios = {
        name: {
            "wall": round(statistics.median(map(truediv, wall[name], wall[f"bare {name}"])), 3),
            "cpu": round(statistics.median(map(truediv, cpu[name], cpu[f"bare {name}"])), 3),
        }
        for name in variants
        if f"bare {name}" in variants
    }
    return {"count": count, "rounds": rounds, "figures": figures, "ratio": ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.address is not None:
        print(json.dumps(measure(arguments.address, arguments.count, arguments.rounds), indent=2))
        return
    command = ["node", str(Path(__file__).parent / "serve.mjs"), str(arguments.count)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        print(json.dumps(measure(address, arguments.count, arguments.rounds), indent=2))


if __name__ == "__main__":
    main()
