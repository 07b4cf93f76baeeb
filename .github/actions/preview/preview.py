"""The action's only step; what it does is in cli/edaha_actions."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "cli"))

from edaha_actions.preview import main

sys.exit(main())
