"""Makes the calls that stdin asks for with the client for threads, each call in a thread of its own."""

import json
import sys
import threading

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
from falco_outputs import CancelledError, Client, FalcoError
from protocol import target_of, write


def serve():
    client, target, running = None, None, {}
    for text in sys.stdin:
        line = json.loads(text)
        if line.get("cancel"):
            if line["id"] in running:
                running[line["id"]].cancel()
            continue
        if target_of(line) != target:
            if client is not None:
                client.close()
            client, target = None, target_of(line)
        call = Running(line)
        running[line["id"]] = call
        try:
            # Options that a client refuses are the call's result.
            if client is None and line["method"] != "read_alert":
                client = Client(**client_options(line))
        except FalcoError as error:
            running.pop(line["id"])
            write({"id": line["id"], "result": call.failed(error)})
            continue
        threading.Thread(target=call.run, args=(client, running), daemon=True).start()
    if client is not None:
        client.close()


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

    def run(self, client, running):
        try:
            result = self._result(client)
        except CancelledError as error:
            # A `get` that was cut short tells it.
            result = self.stream_call.result(CANCELLED) if self.cancelled else self.failed(error)
        except FalcoError as error:
            result = self.failed(error)
        del running[self.line["id"]]
        write({"id": self.line["id"], "result": result})

    def _result(self, client):
        line, call = self.line, self.stream_call
        if line["method"] == "read_alert":
            return read_alert(line["text"])
        if line["method"] == "version":
            return neutral_version(client.version(**call_options(line)))
        for alert in call.begin(client):
            if call.took(alert):
                self.cancelled = True
                break
        call.acknowledge_when_stopped()
        call.stream.close()
        return call.result(CANCELLED if self.cancelled else OK)
