"""What a call is made with, and what was seen of it: the same for both clients."""

from datetime import datetime

import grpc
from falco_outputs import Alert, Disconnected, FalcoError, Filter, InvalidArgumentError, Lost, Reconnect
from protocol import write

OK = {"code": 0, "message": ""}
CANCELLED = {"code": 1, "message": ""}

not_for_sub = {
    "follow": "sub follows anyway, it is for get",
    "until": "only a get of a broadcast that does not follow can end at a time",
}


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


def filter_of(form):
    """A filter of the contract as the client takes it."""
    fields = {field["name"]: field.get("values", []) for field in form.get("fields", [])}
    return Filter(**{**form, "fields": fields})


def nanoseconds_of(text):
    """An RFC 3339 time in UTC as nanoseconds since 1970."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return int(datetime.fromisoformat(f"{whole}+00:00").timestamp()) * 1_000_000_000 + int(fraction.ljust(9, "0"))


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
        for name in request.keys() & {"allow", "deny"}:
            request[name] = [filter_of(form) for form in request[name]]
        for name in request.keys() & {"since", "until"}:
            request[name] = nanoseconds_of(request[name])
        if "acknowledge" in line:
            request["acknowledge"] = "manual"
        elif acknowledged is not None:
            request["acknowledge"] = True
        if "drain_timeout_ms" in line:
            request["drain_timeout_s"] = line["drain_timeout_ms"] / 1000
        if line.get("filter_locally") is not None:
            request["filter_locally"] = line["filter_locally"]
        # No case is about how long it waits.
        reconnect = Reconnect(initial_delay_s=0.01, max_delay_s=0.1) if line.get("reconnect") else False
        return {**request, **call_options(line), "reconnect": reconnect, "on_status": self._tell}

    def begin(self, client):
        """Makes the stream."""
        options = self.options()
        # Keywords that `sub` does not have, where the cases expect a refusal.
        names = not_for_sub.keys() & options.keys() if self.line["method"] == "sub" else set()
        refused = [name for name in names if options.pop(name)]
        self.stream = getattr(client, self.line["method"])(**options)
        for name in refused:
            raise InvalidArgumentError(f"{name}: {not_for_sub[name]}", grpc.StatusCode.INVALID_ARGUMENT)
        return self.stream

    def took(self, alert):
        """An alert came. Returns whether it was the last one that was wanted."""
        self.alerts.append(neutral(alert))
        count = len(self.alerts)
        if self.line.get("report_progress"):
            write({"id": self.line["id"], "progress": {"alerts": count}})
        self._held[count] = alert
        while self._order and self._order[0] in self._held:
            self.stream.acknowledge(self._held[self._order.pop(0)])
        return count == self.line.get("cancel_after_alerts")

    def acknowledge_when_stopped(self):
        """Acknowledges what handlers finish after the stream was stopped."""
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
        if isinstance(status, Disconnected) and status.last_heard_at is not None:
            form["last_heard"] = True
        self.statuses.append(form)
        if self.line.get("report_progress"):
            write({"id": self.line["id"], "progress": {"statuses": len(self.statuses)}})
