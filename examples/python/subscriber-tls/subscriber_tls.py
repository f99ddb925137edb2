"""Prints alerts as JSON from a server on another machine, over mutual TLS, until Ctrl-C. It needs no event loop.

python -m venv venv && venv/bin/pip install -r requirements.txt
venv/bin/python subscriber_tls.py ADDRESS FOLDER

ADDRESS is host:port; FOLDER holds ca.crt, client.crt and client.key, which are read again for each connection. Until
falco-outputs is published: venv/bin/pip install CLONE/packages/python.
"""

import sys
from pathlib import Path

from falco_outputs import Client, Disconnected, FalcoError, StreamStatus


def tell(status: StreamStatus) -> None:
    if isinstance(status, Disconnected):
        print(f"{status.error}; next attempt in {status.retry_in_s:.1f} s", file=sys.stderr)


address, folder = (sys.argv[1:] + ["localhost:5060", "/etc/falco/certs"][len(sys.argv) - 1 :])[:2]
certificates = Path(folder)

try:
    with Client(
        address,
        ca=certificates / "ca.crt",
        cert=certificates / "client.crt",
        key=certificates / "client.key",
    ) as falco:
        for alert in falco.sub(broadcast=True, on_status=tell):
            print(alert.to_json(), flush=True)
except KeyboardInterrupt:
    pass
except FalcoError as error:
    # The message says what was tried and what to do: a wrong name, an expired certificate, nobody there ...
    sys.exit(f"{error.code_name}: {error}")
