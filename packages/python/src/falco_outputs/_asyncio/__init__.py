"""Streams in an event loop of asyncio."""

from .io import AsyncIO

__all__ = ["AsyncIO"]
