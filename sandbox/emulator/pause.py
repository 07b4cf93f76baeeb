"""The container that owns a task's network interface while the task's own come and go.

It is what ~internal~ecs~pause is on ECS. No image can be taken for granted on a machine, so
this one is made here: a program of a few bytes that sleeps until it is killed.
"""

import io
import struct
import tarfile
import threading
from typing import Any

IMAGE = ("localhost/edaha/pause", "1")
BASE = 0x400000  # where the program is loaded
ELF_HEADER, PROGRAM_HEADER = 64, 56  # bytes, elf(5)
PROGRAMS = {  # machine number of elf(5), code, by Docker's name of the architecture
    # again: mov eax, 34 (pause); syscall; jmp again
    "amd64": (62, bytes.fromhex("b822000000 0f05 ebf7")),
    # again: x0 to x3 = 0; x8 = 73 (ppoll); svc 0; b again
    "arm64": (
        183,
        struct.pack(
            "<7I",
            *(0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003),
            *(0xD2800928, 0xD4000001, 0x17FFFFFA),
        ),
    ),
}

_making = threading.Lock()


class NoPause(Exception):
    """The engine's machine is of a kind that no program was written for."""


def program(architecture: str) -> bytes:
    """A statically linked ELF file. Raises NoPause."""
    if architecture not in PROGRAMS:
        raise NoPause(f"several containers in a task are not supported on {architecture}")
    machine, code = PROGRAMS[architecture]
    start = ELF_HEADER + PROGRAM_HEADER
    size = start + len(code)
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        *("<HHIQQQIHHHHHH", 2, machine, 1, BASE + start, ELF_HEADER, 0, 0),
        *(ELF_HEADER, PROGRAM_HEADER, 1, 0, 0, 0),
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, BASE, BASE, size, size, 0x1000)
    return header + segment + code


def ensure_image(docker: Any) -> str:
    """The image's name; it is made where the engine has none."""
    repository, tag = IMAGE
    name = f"{repository}:{tag}"
    with _making:
        if not docker.images.list(name=name):
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                content = program(docker.version()["Arch"])
                file = tarfile.TarInfo("pause")
                file.size, file.mode = len(content), 0o755
                tar.addfile(file, io.BytesIO(content))
            docker.api.import_image_from_data(
                archive.getvalue(), repository, tag, changes=['ENTRYPOINT ["/pause"]']
            )
    return name
