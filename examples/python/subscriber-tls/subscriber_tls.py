"""Prints Falco's alerts as JSON from a server on another machine, over mutual TLS, until Ctrl-C. It needs no event loop.

pip install -r requirements.txt
python subscriber_tls.py ADDRESS FOLDER    ADDRESS: host:port; FOLDER holds ca.crt, client.crt and client.key
"""

import sys
from pathlib import Path

from falco_outputs import FalcoError, SyncClient

address, folder = (sys.argv[1:] + ["localhost:5060", "/etc/falco/certs"][len(sys.argv) - 1 :])[:2]
certificates = Path(folder)

try:
    with SyncClient(
        address,
        client_crt=certificates / "client.crt",
        client_key=certificates / "client.key",
        ca_root=certificates / "ca.crt",
    ) as falco:
        for alert in falco.sub():
            print(alert.to_json(), flush=True)
except KeyboardInterrupt:
    pass
except FalcoError as error:
    # The message says what was tried and what to do: a wrong name, an expired certificate, nobody there ...
    sys.exit(f"{error.code_name}: {error}")
