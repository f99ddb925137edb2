"""The testee of client-py 0.4.0, "falco" on PyPI: what a program sees that was written for it."""

import json
import os
import sys
import threading

# gRPC logs each TLS handshake that fails.
os.environ["GRPC_VERBOSITY"] = "ERROR"

import falco  # noqa: E402
import grpc  # noqa: E402

writing = threading.Lock()
numbers = {name: number for number, name in falco.OutputsResponse.PB_PRIORITY_TO_PRIORITY_MAP.items()}
sources = {name: number for number, name in falco.OutputsResponse.PB_SOURCE_TO_SOURCE_MAP.items()}
ok = {"code": 0, "message": ""}
cancelled = {"code": 1, "message": ""}


def main():
    client, target = None, None
    for text in sys.stdin:
        line = json.loads(text)
        if "cancel" in line:
            raise NotImplementedError("a generator that runs in a thread cannot be closed from another one")
        if [line["address"], line.get("tls")] != target:
            target = [line["address"], line.get("tls")]
            client = connect(line)
        threading.Thread(target=call, args=(client, line), daemon=True).start()


def connect(line):
    tls = line.get("tls", {})
    return falco.Client(
        endpoint=line["address"],
        client_crt=tls.get("cert"),
        client_key=tls.get("key"),
        ca_root=tls.get("ca"),
    )


def call(client, line):
    alerts = []
    result = {} if line["method"] == "version" else {"alerts": alerts}
    try:
        if line["method"] == "version":
            result["version"] = neutral_version(client.version())
            result["status"] = ok
        else:
            result["status"] = stream(getattr(client, line["method"])(), line, alerts)
    except grpc.RpcError as error:
        result["status"] = {"code": error.code().value[0], "message": error.details()}
    except Exception as error:
        # Neither gRPC's nor its own, e.g. a KeyError: 2 is UNKNOWN.
        result["status"] = {"code": 2, "message": repr(error)}
    write({"id": line["id"], "result": result})


def stream(responses, line, alerts):
    for response in responses:
        alerts.append(neutral(response))
        if line.get("report_progress"):
            write({"id": line["id"], "progress": {"alerts": len(alerts)}})
        if len(alerts) == line.get("cancel_after_alerts"):
            responses.close()
            return cancelled
    return ok


def neutral(alert):
    return {
        "time": f"{alert.time.replace(tzinfo=None).isoformat(timespec='microseconds')}000Z",
        "priority": numbers[alert.priority],
        "source_deprecated": sources[alert.source],
        "rule": alert.rule,
        "output": alert.output,
        "output_fields": alert.output_fields,
        "hostname": alert.hostname,
        "tags": alert.tags,
        "source": "",
    }


def neutral_version(version):
    # The engine's version was a single number then, in the field that is its minor one now.
    names = ["version", "major", "minor", "patch", "prerelease", "build", "engine_fields_checksum"]
    return {**{name: getattr(version, name) for name in names}, "engine_minor": version.engine_version}


def write(line):
    text = json.dumps(line)
    with writing:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


main()
