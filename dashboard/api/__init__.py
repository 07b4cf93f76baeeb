"""The REST API below /api/v1/, described by itself at /api/v1/openapi.json.

Who asks shows a token (`manage token create`); cookies count for nothing here. Lists are paged
by the last row's key: follow the Link header. Errors are problem details (RFC 9457) that say
what is wrong, where, and what to do.
"""

from .addresses import urls

__all__ = ["urls"]
