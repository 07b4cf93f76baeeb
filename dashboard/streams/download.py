"""A whole log as one file, in pieces: memory does not depend on its length."""

import zlib
from collections.abc import AsyncGenerator

from dashboard import loglines

from .hub import hub

#: Chunks read at a time: a few thousand lines.
_CHUNKS = 20
#: zlib's largest window, in gzip's format.
_GZIP = 31


async def text(deployment_id: int) -> AsyncGenerator[bytes]:
    """A deployment's log, without escape sequences: safe to print in a terminal."""
    after = 0
    while True:
        part, last = await hub().call(loglines.text_parts, deployment_id, after, _CHUNKS)
        if last == after:
            return
        after = last
        yield part.encode()


async def gzipped(parts: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """The same, packed on the way."""
    packer = zlib.compressobj(level=5, wbits=_GZIP)
    async for part in parts:
        if packed := packer.compress(part):
            yield packed
    yield packer.flush()
