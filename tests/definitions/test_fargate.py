"""Fargate's sizes, against AWS's table:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

import pytest

from deployments.definitions.sizes import cpu_units, mebibytes
from deployments.fargate import SIZES, is_fargate, offered

#: CPU units → memory as the table words it: the least, the most and the step, in GB.
TABLE = {
    512: (1, 4, 1),
    1024: (2, 8, 1),
    2048: (4, 16, 1),
    4096: (8, 30, 1),
    8192: (16, 60, 4),
    16384: (32, 120, 8),
}


def test_the_smallest_has_three_sizes() -> None:
    assert list(SIZES[256]) == [512, 1024, 2048]


@pytest.mark.parametrize("cpu", TABLE)
def test_each_has_the_tables_sizes_and_no_other(cpu: int) -> None:
    least, most, step = TABLE[cpu]
    expected = [gb * 1024 for gb in range(least, most + 1, step)]
    assert [mib for mib in range(0, 130 * 1024, 256) if mib in SIZES[cpu]] == expected


def test_there_are_no_others() -> None:
    assert set(SIZES) == {256, *TABLE}
    assert sum(len(sizes) for sizes in SIZES.values()) == 74


@pytest.mark.parametrize(
    ("cpu", "words"),
    [
        (256, "512, 1024, 2048"),
        (512, "1024 to 4096 in steps of 1024"),
        (8192, "16384 to 61440 in steps of 4096"),
    ],
)
def test_they_are_told_in_words(cpu: int, words: str) -> None:
    assert offered(cpu) == words


@pytest.mark.parametrize(
    ("written", "units"),
    [
        # https://github.com/kayac/ecspresso/blob/v2/diff_test.go, testSuiteToNumberCPU
        ("256", 256),
        ("0.25 vCPU", 256),
        ("0.5vcpu", 512),
        ("4 vcpu", 4096),
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
        (".25 vCPU", 256),
        (256, 256),
        ("16 vCPU", 16384),
        ("half", None),
        ("0.25", None),
        ("-1", None),
        ("9" * 50, None),
        (None, None),
        (True, None),
    ],
)
def test_cpu_is_understood(written: object, units: int | None) -> None:
    assert cpu_units(written) == units


@pytest.mark.parametrize(
    ("written", "mib"),
    [
        # https://github.com/kayac/ecspresso/blob/v2/diff_test.go, testSuiteToNumberMemory
        ("512", 512),
        ("0.5 GB", 512),
        ("4GB", 4096),
        (1024, 1024),
        ("1 gb", 1024),
        ("1 MB", None),
        ("", None),
    ],
)
def test_memory_is_understood(written: object, mib: int | None) -> None:
    assert mebibytes(written) == mib


@pytest.mark.parametrize(
    ("providers", "answer"),
    [
        (["FARGATE"], True),
        (["FARGATE_SPOT", "FARGATE"], True),
        (["FARGATE", "ours"], False),
        (["FARGATE-like"], False),
        ([], False),
    ],
)
def test_fargates_own_capacity_providers_are_known(providers: list[str], answer: bool) -> None:
    assert is_fargate(providers) is answer
