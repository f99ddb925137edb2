"""Prints Falco's alerts as they arrive, until Ctrl-C.

pip install -r requirements.txt
python subscriber.py [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)
"""

import asyncio
import json
import sys

from falco_outputs import DEFAULT_ENDPOINT, Alert, Client

colors = [35, 35, 31, 31, 33, 36, 32, 90]


def show(alert: Alert) -> None:
    name = f"{alert.priority_name:<13}"
    if sys.stdout.isatty() and alert.priority < len(colors):
        name = f"\x1b[{colors[alert.priority]}m{name}\x1b[0m"
    # An alert quotes what an attacker typed: JSON keeps control characters away from the terminal.
    print(alert.to_dict().get("time"), name, alert.rule, json.dumps(alert.output), flush=True)


async def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_ENDPOINT
    async with Client(address) as falco:
        async for alert in falco.sub():
            show(alert)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
