"""Handles the alerts of a group, five at a time, and loses none.

SIGTERM or Ctrl-C ends it gracefully: it takes no further alerts, and its handlers finish and acknowledge theirs.
What a process did not finish when it dies goes to another member of the group, or is delivered again when it restarts.

python -m venv venv && venv/bin/pip install -r requirements.txt
venv/bin/python acknowledge.py [ADDRESS]

Until falco-outputs is published: venv/bin/pip install CLONE/packages/python. ADDRESS is unix:///path; by default it is
where `falco-outputs serve` listens by default.
"""

import asyncio
import random
import signal
import sys

from falco_outputs import Alert, AsyncAlertStream, AsyncClient, Disconnected, FalcoError, StreamStatus


async def handle(alert: Alert) -> None:
    """The work for each alert: here, a call to a slow service."""
    await asyncio.sleep(random.random() * 0.02)
    print(f"handled {alert.sequence} {alert.rule}", flush=True)


def tell(status: StreamStatus) -> None:
    if isinstance(status, Disconnected):
        print(f"{status.error}; next attempt in {status.retry_in_s:.1f} s", file=sys.stderr)


async def main() -> None:
    async with AsyncClient(sys.argv[1] if len(sys.argv) > 1 else None) as falco:
        alerts = falco.sub(group="tickets", acknowledge="manual", on_status=tell)
        for number in (signal.SIGINT, signal.SIGTERM):
            # The loop ends; the stream stays open until every alert that it yielded is acknowledged, or 10 s pass.
            asyncio.get_running_loop().add_signal_handler(number, alerts.stop)
        await handle_all(alerts)


# With one handler at a time, `acknowledge=True` is enough: an alert is done when the loop asks for the next one.
async def handle_all(alerts: AsyncAlertStream) -> None:
    at_once = asyncio.Semaphore(5)
    handlers: set[asyncio.Task[None]] = set()

    async def finish(alert: Alert) -> None:
        try:
            await handle(alert)
            alerts.acknowledge(alert)
        except Exception as error:
            print(f"will be delivered again: {error!r}", file=sys.stderr)
        finally:
            at_once.release()

    async for alert in alerts:
        await at_once.acquire()
        handler = asyncio.create_task(finish(alert))
        handlers.add(handler)
        handler.add_done_callback(handlers.discard)
    await asyncio.gather(*handlers)


try:
    asyncio.run(main())
except FalcoError as error:
    sys.exit(f"{error.code_name}: {error}")
