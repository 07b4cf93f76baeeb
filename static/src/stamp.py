"""Marks static/app.css with the hash of what it was built from, so that a forgotten build shows.

    python3 static/src/stamp.py            after a build (`npm run build` does it)
    python3 static/src/stamp.py --check    exits with 1 where something has changed since
"""

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
BUILT = ROOT / "static" / "app.css"
#: Whatever Tailwind looks for class names in, and what says how to build.
SOURCES = (
    "static/src/*.css",
    "static/**/*.js",
    "templates/**/*.html",
    "dashboard/repositories/forms.py",
    "package.json",
)
_STAMP = re.compile(r"\n/\* built from [0-9a-f]{16} \*/\n$")


def stamp() -> str:
    digest = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in ROOT.glob(pattern) if "vendor" not in path.parts}):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return f"\n/* built from {digest.hexdigest()[:16]} */\n"


def main(arguments: list[str]) -> int:
    css = BUILT.read_text()
    if arguments == ["--check"]:
        if css.endswith(stamp()):
            return 0
        print(f"{BUILT.relative_to(ROOT)} is older than its sources: run npm ci && npm run build")
        return 1
    BUILT.write_text(_STAMP.sub("", css).rstrip("\n") + stamp())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
