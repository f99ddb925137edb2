"""The testee of falco-outputs for Python: its public API, as a user has it. Its argument is "async" or "sync"."""

import asyncio
import os
import sys

# gRPC logs each TLS handshake that fails, as the README of falco-outputs says, with the way to silence it.
os.environ["GRPC_VERBOSITY"] = "ERROR"

from serve_async import serve as serve_async  # noqa: E402
from serve_sync import serve as serve_sync  # noqa: E402

if sys.argv[1] == "async":
    asyncio.run(serve_async())
else:
    serve_sync()
