"""What a call is made with, and what was seen of it: the same for both clients."""

import grpc
from falco_outputs import Alert, FalcoError, InvalidArgumentError, Lost, Reconnect
from protocol import write

OK = {"code": 0, "message": ""}
CANCELLED = {"code": 1, "message": ""}


def client_options(line):
    """The keywords of a client."""
    tls = line.get("tls")
    if tls is None:
        return {"address": line["address"], "insecure": not line["address"].startswith("unix:")}
    return {"address": line["address"], **tls}


def call_options(line):
    """The keywords of every call."""
    timeout_ms = line.get("timeout_ms")
    return {
        "timeout_s": None if timeout_ms is None else timeout_ms / 1000,
        "headers": line.get("headers"),
    }


def read_alert(text):
    """Makes an alert of a line of Falco's JSON."""
    return {"status": OK, "alerts": [neutral(Alert.from_json(text))]}


def status_of(error: FalcoError):
    """A failure as the runner takes it."""
    code, _ = error.code.value
    return {"code": code, "message": error.message}


def neutral_version(version):
    """A version as the runner takes it."""
    return {"status": OK, "version": dict(vars(version))}


def neutral(alert):
    """An alert as the runner takes it."""
    form = {
        "priority": int(alert.priority),
        "source_deprecated": int(alert.source_deprecated),
        "rule": alert.rule,
        "output": alert.output,
        "output_fields": alert.output_fields,
        "hostname": alert.hostname,
        "tags": alert.tags,
        "source": alert.source,
        "json": alert.to_json(),
    }
    if alert.time_ns is not None:
        seconds, nanos = divmod(alert.time_ns, 1_000_000_000)
        whole = alert.time.replace(microsecond=0, tzinfo=None).isoformat()
        form["time"] = f"{whole}.{nanos:09d}Z"
    if alert.sequence != 0:
        form["sequence"] = str(alert.sequence)
    return form


class StreamCall:
    """A `sub` or a `get`, and what it has seen so far."""

    def __init__(self, line):
        self.line = line
        self.stream = None
        self.alerts = []
        self.statuses = []
        self._held = {}
        self._order = list(line.get("acknowledge", []))

    def options(self):
        """The keywords of `sub` or `get`."""
        line = self.line
        request = dict(line.get("request", {}))
        after, acknowledged = request.pop("after", None), request.pop("acknowledged", None)
        if after is not None:
            request["after"] = int(after)
        if "acknowledge" in line:
            request["acknowledge"] = "manual"
        elif acknowledged is not None:
            request["acknowledge"] = True
        if "drain_timeout_ms" in line:
            request["drain_timeout_s"] = line["drain_timeout_ms"] / 1000
        if line.get("filter_locally") is not None:
            request["filter_locally"] = line["filter_locally"]
        # A wait is nothing that a case is about.
        reconnect = Reconnect(initial_delay_s=0.01, max_delay_s=0.1) if line.get("reconnect") else False
        return {**request, **call_options(line), "reconnect": reconnect, "on_status": self._tell}

    def begin(self, client):
        """Makes the stream."""
        options = self.options()
        follows = self.line["method"] == "sub" and options.pop("follow", False)
        self.stream = getattr(client, self.line["method"])(**options)
        if follows:
            # There is no such keyword, which a case wants to be refused.
            raise InvalidArgumentError("follow: sub follows anyway, it is for get", grpc.StatusCode.INVALID_ARGUMENT)
        return self.stream

    def took(self, alert):
        """An alert came. Gives whether it was the last one to come."""
        self.alerts.append(neutral(alert))
        count = len(self.alerts)
        if self.line.get("report_progress"):
            write({"id": self.line["id"], "progress": {"alerts": count}})
        self._held[count] = alert
        while self._order and self._order[0] in self._held:
            self.stream.acknowledge(self._held[self._order.pop(0)])
        return count == self.line.get("cancel_after_alerts")

    def acknowledge_when_stopped(self):
        """What handlers do that are still at work when a stream is stopped."""
        for place in self.line.get("acknowledge_when_stopped", []):
            self.stream.acknowledge(self._held[place])

    def result(self, status):
        """What the runner gets in the end."""
        return {"status": status, "alerts": self.alerts, "statuses": self.statuses}

    def _tell(self, status):
        form = {"type": type(status).__name__.lower(), "alerts": len(self.alerts)}
        if isinstance(status, Lost):
            loss = {**vars(status.loss), "cause": status.loss.cause_text}
            del loss["cause_text"]
            form["loss"] = {name: str(value) for name, value in loss.items() if value is not None}
        self.statuses.append(form)
        if self.line.get("report_progress"):
            write({"id": self.line["id"], "progress": {"statuses": len(self.statuses)}})
