"""bin/test chaos, and by itself: python -m tests.chaos

EDAHA_CHAOS_MINUTES=30 makes it long, EDAHA_CHAOS_SEED repeats a plan, EDAHA_CHAOS_DROPPED=0 loses
no delivery, EDAHA_CHAOS_KEEP=FOLDER keeps the processes' logs.
"""

import os
import shutil
import signal
import sys

import django

from .options import from_environment
from .stack import stack


def main() -> None:
    for name in [name for name in os.environ if name.startswith(("EDAHA_", "AWS_"))]:
        if not name.startswith("EDAHA_CHAOS_"):
            del os.environ[name]
    # What was started ends, too, where somebody ends the run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = from_environment()
    print(f"chaos: EDAHA_CHAOS_SEED={options.seed}, {options.trouble:.0f} s of trouble", flush=True)
    with stack(options) as made:
        # This process reads the same database, by connections that it opens anew each time.
        os.environ |= made.environment | {"EDAHA_DATABASE_POOL": "0"}
        django.setup()
        from .run import Run

        try:
            run = Run(options, made)
            verdict = run.make()
            is_meaningful = run.had_trouble()
        finally:
            if kept := os.environ.get("EDAHA_CHAOS_KEEP"):
                shutil.copytree(made.folder / "logs", kept, dirs_exist_ok=True)
    if not is_meaningful:
        sys.exit("chaos: some kind of trouble never came; make the run longer")
    sys.exit(0 if verdict.is_good else 1)


if __name__ == "__main__":
    main()
