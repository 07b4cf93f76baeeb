"""The process in which one jsonnet file is evaluated. It opens no file: it asks its parent.

Started by adapters/jsonnet.py with nothing but Python's standard library; it must not import
anything of Edaha's. Speaks frames of JSON, each after its length in 4 bytes, on its first two
file descriptors.
"""

import base64
import ctypes
import importlib.util
import json
import os
import resource
import sys
from typing import Any

_PR_SET_NO_NEW_PRIVS = 38
#: The three it has, and the two that Go's runtime waits with.
_DESCRIPTORS = 5


def main() -> None:
    library, memory_bytes, cpu_seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    jsonnet = _load(library)
    # Go's runtime starts beside the library and reserves addresses: it is to be there already.
    jsonnet.evaluate_snippet("", "1")
    _confine(memory_bytes, cpu_seconds)
    _send({"ready": True})
    task = _receive()
    try:
        result = jsonnet.evaluate_snippet(
            task["path"],
            task["source"],
            ext_vars=task["ext_str"],
            ext_codes=task["ext_code"],
            import_callback=_import,
            native_callbacks={
                name: (tuple(parameters), _native(name))
                for name, parameters in task["natives"].items()
            },
        )
    except RuntimeError as problem:
        _send({"error": str(problem)})
    else:
        _send({"result": result})


def _load(library: str) -> Any:
    """The jsonnet module: Python's own search for modules is off."""
    spec = importlib.util.spec_from_file_location("_gojsonnet", library)
    if spec is None or spec.loader is None:
        raise SystemExit(f"no jsonnet at {library}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _confine(memory_bytes: int, cpu_seconds: int) -> None:
    """From here on: no more files, sockets and rights, bounded memory and time."""
    if sys.platform == "linux":
        # Addresses that are taken by now do not count.
        with open("/proc/self/statm") as statm:  # noqa: PTH123 (pathlib is one more import)
            memory_bytes += int(statm.read().split()[0]) * resource.getpagesize()
        ctypes.CDLL(None).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))


def _import(folder: str, name: str) -> tuple[str, bytes]:
    answer = _ask({"import": [folder, name]})
    return answer["path"], base64.b64decode(answer["content"])


def _native(name: str) -> Any:
    return lambda *arguments: _ask({"native": [name, list(arguments)]})["value"]


def _ask(question: dict[str, Any]) -> Any:
    _send(question)
    answer = _receive()
    if "failure" in answer:
        raise RuntimeError(answer["failure"])
    return answer


def _send(message: dict[str, Any]) -> None:
    content = json.dumps(message).encode()
    left = len(content).to_bytes(4, "big") + content
    while left:
        left = left[os.write(1, left) :]


def _receive() -> Any:
    return json.loads(_read(int.from_bytes(_read(4), "big")))


def _read(size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = os.read(0, size - len(content))
        if not part:
            raise SystemExit(0)
        content += part
    return content


if __name__ == "__main__":
    main()
