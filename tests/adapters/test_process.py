import time
from pathlib import Path

from deployments.adapters.process import Process


def test_everything_that_a_command_has_started_ends_with_it(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    # The command itself ends at SIGTERM; what it started would go on writing.
    script = f"(while true; do date +%N > {sign}; sleep 0.05; done) & wait"
    with Process(["sh", "-c", script], {"PATH": "/usr/bin:/bin"}) as process:
        next(process.lines(every=0.5))
        assert sign.exists()
    before = sign.read_text()
    time.sleep(0.3)
    assert sign.read_text() == before
