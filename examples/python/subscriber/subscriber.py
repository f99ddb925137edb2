"""Prints every alert as it arrives, until Ctrl-C. Others that subscribe get every alert, too.

Copy this folder, and run it in an environment of its own:

python -m venv venv && venv/bin/pip install -r requirements.txt
venv/bin/python subscriber.py [ADDRESS]

Until falco-outputs is published: venv/bin/pip install CLONE/packages/python. ADDRESS is unix:///path; by default it is
where `falco-outputs serve` listens by default.
"""

import asyncio
import json
import sys

from falco_outputs import Alert, AsyncClient, Connected, Disconnected, FalcoError, Lost, Resumed, StreamStatus

colors = [35, 35, 31, 31, 33, 36, 32, 90]


def show(alert: Alert) -> None:
    name = f"{alert.priority_name:<13}"
    if sys.stdout.isatty() and alert.priority < len(colors):
        name = f"\x1b[{colors[alert.priority]}m{name}\x1b[0m"
    # An alert quotes what an attacker typed: JSON keeps control characters away from the terminal.
    print(alert.to_dict().get("time"), name, alert.rule, json.dumps(alert.output), flush=True)


def tell(status: StreamStatus) -> None:
    match status:
        case Connected() | Resumed():
            if sys.stderr.isatty():
                print("connected; waiting for alerts", file=sys.stderr)
        case Disconnected(error, seconds):
            print(f"{error}; next attempt in {seconds:.1f} s", file=sys.stderr)
        case Lost(loss):
            print(f"{loss.lost or 'an unknown number of'} alerts lost ({loss.cause})", file=sys.stderr)


async def main() -> None:
    async with AsyncClient(sys.argv[1] if len(sys.argv) > 1 else None) as falco:
        # Falco's own server has the shared queue only: `falco.sub()`, which takes each alert away from others.
        async for alert in falco.sub(broadcast=True, on_status=tell):
            show(alert)


try:
    asyncio.run(main())
except KeyboardInterrupt:
    pass
except FalcoError as error:
    sys.exit(f"{error.code_name}: {error}")
