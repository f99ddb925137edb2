"""Makes the calls that stdin asks for with the client for asyncio."""

import asyncio
import json
import sys

from calls import (
    CANCELLED,
    OK,
    StreamCall,
    call_options,
    client_options,
    neutral_version,
    read_alert,
    status_of,
)
from falco_outputs import AsyncClient, CancelledError, FalcoError
from protocol import target_of, write


async def serve():
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=16 * 1024 * 1024)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    client, target, running, tasks = None, None, {}, set()
    while text := await lines.readline():
        line = json.loads(text)
        if line.get("cancel"):
            if line["id"] in running:
                running[line["id"]].cancel()
            continue
        if target_of(line) != target:
            if client is not None:
                await client.aclose()
            client, target = None, target_of(line)
        call = Running(line)
        running[line["id"]] = call
        try:
            # Options that a client refuses are the call's result.
            if client is None and line["method"] != "read_alert":
                client = AsyncClient(**client_options(line))
        except FalcoError as error:
            running.pop(line["id"])
            write({"id": line["id"], "result": call.failed(error)})
            continue
        task = asyncio.ensure_future(call.run(client, running))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if client is not None:
        await client.aclose()


class Running:
    """A call, and whether it was cancelled."""

    def __init__(self, line):
        self.line = line
        self.stream_call = StreamCall(line) if line["method"] in ("sub", "get") else None
        self.cancelled = False

    def cancel(self):
        self.cancelled = True
        if self.stream_call is not None and self.stream_call.stream is not None:
            self.stream_call.stream.stop()

    def failed(self, error):
        status = status_of(error)
        return {"status": status} if self.stream_call is None else self.stream_call.result(status)

    async def run(self, client, running):
        try:
            result = await self._result(client)
        except CancelledError as error:
            # A `get` that was cut short tells it.
            result = self.stream_call.result(CANCELLED) if self.cancelled else self.failed(error)
        except FalcoError as error:
            result = self.failed(error)
        del running[self.line["id"]]
        write({"id": self.line["id"], "result": result})

    async def _result(self, client):
        line, call = self.line, self.stream_call
        if line["method"] == "read_alert":
            return read_alert(line["text"])
        if line["method"] == "version":
            return neutral_version(await client.version(**call_options(line)))
        async for alert in call.begin(client):
            if call.took(alert):
                self.cancelled = True
                break
        call.acknowledge_when_stopped()
        await call.stream.aclose()
        return call.result(CANCELLED if self.cancelled else OK)
