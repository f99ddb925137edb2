"""Works off alerts of a group, five at a time, and loses none.

What this process did not finish when it dies goes to another member of the group, or comes again when it is started
anew.

pip install -r requirements.txt
python acknowledge.py [ADDRESS]        ADDRESS: unix:///path (default: unix:///run/falco/falco.sock)
"""

import asyncio
import random
import signal
import sys

from falco_outputs import DEFAULT_ENDPOINT, Alert, AlertStream, Client


async def handle(alert: Alert) -> None:
    """What is to be done for each alert: here, a call to a slow service."""
    await asyncio.sleep(random.random() * 0.02)
    print(f"handled {alert.sequence} {alert.rule}", flush=True)


async def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else DEFAULT_ENDPOINT
    async with Client(address) as falco:
        alerts = falco.sub(group="tickets", acknowledge="manual")
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, alerts.stop)
        await work_off(alerts)


# With one handler at a time, `acknowledge=True` does it all: an alert is done when the loop comes back.
async def work_off(alerts: AlertStream[Alert]) -> None:
    at_once = asyncio.Semaphore(5)
    handlers: set[asyncio.Task[None]] = set()

    async def finish(alert: Alert) -> None:
        try:
            await handle(alert)
            alerts.acknowledge(alert)
        except Exception as error:
            print(f"will come again: {error!r}", file=sys.stderr)
        finally:
            at_once.release()

    async for alert in alerts:
        await at_once.acquire()
        handler = asyncio.create_task(finish(alert))
        handlers.add(handler)
        handler.add_done_callback(handlers.discard)
    await asyncio.gather(*handlers)


asyncio.run(main())
