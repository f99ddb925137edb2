"""TLS without ALPN, which the C core of today always offers: a channel speaks plainly to a tunnel, which speaks TLS."""

import asyncio
import ssl
import tempfile
import threading
from pathlib import Path


def tunnel(address, tls):
    """Returns the address of a unix socket whose connections go on to `address` over mutual TLS."""
    host, port = address.rsplit(":", 1)
    context = ssl.create_default_context(cafile=tls["ca"])
    context.load_cert_chain(tls["cert"], tls["key"])
    path = Path(tempfile.mkdtemp()) / "tunnel.sock"
    ready = threading.Event()

    async def forward(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port, ssl=context)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

    async def serve():
        await asyncio.start_unix_server(forward, path)
        ready.set()
        await asyncio.Event().wait()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    ready.wait()
    return f"unix:{path}"


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # Whichever side broke off, the end tells the other.
    finally:
        writer.close()
