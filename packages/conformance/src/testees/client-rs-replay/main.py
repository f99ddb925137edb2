"""What client-rs says to the oldest service, said again through gRPC's C core, on which it was built.

Over TLS it offers no protocol (ALPN), as the C core that client-rs has (grpcio 0.4).
"""

import json
import sys
import threading
from pathlib import Path

import grpc
from falco_outputs import Alert

sys.path.insert(0, str(Path(__file__).parent.parent / "python"))
from calls import CANCELLED, OK, neutral  # noqa: E402
from protocol import target_of, write  # noqa: E402
from tunnel import tunnel  # noqa: E402


def main():
    channel, target = None, None
    for text in sys.stdin:
        line = json.loads(text)
        if target_of(line) != target:
            if channel is not None:
                channel.close()
            channel, target = connect(line), target_of(line)
        threading.Thread(target=subscribe, args=(channel, line), daemon=True).start()


def connect(line):
    tls = line.get("tls")
    if tls is None:
        return grpc.insecure_channel(line["address"])
    return grpc.insecure_channel(tunnel(line["address"], tls))


def subscribe(channel, line):
    # A falco.output.request has one field, keepalive; a response has the first seven of a falco.outputs.response.
    request = b"\x08\x01" if line.get("request", {}).get("keepalive") else b""
    timeout_ms = line.get("timeout_ms")
    call = channel.unary_stream("/falco.output.service/subscribe")(
        request, timeout=None if timeout_ms is None else timeout_ms / 1000
    )
    alerts, status = [], OK
    try:
        for response in call:
            # What came later is unknown to it, and skipped.
            form = {**neutral(Alert.from_bytes(response)), "tags": [], "source": ""}
            form.pop("sequence", None)
            del form["json"]
            alerts.append(form)
            if line.get("report_progress"):
                write({"id": line["id"], "progress": {"alerts": len(alerts)}})
            if len(alerts) == line.get("cancel_after_alerts"):
                call.cancel()
                status = CANCELLED
                break
    except grpc.RpcError as error:
        status = {"code": error.code().value[0], "message": error.details()}
    write({"id": line["id"], "result": {"status": status, "alerts": alerts}})


main()
