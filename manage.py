#!/usr/bin/env python
"""Django's command line, with Edaha's settings."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    if sys.argv[1:2] == ["definitions"]:
        # It looks at files alone, on whatever machine: there is nothing to keep secret.
        os.environ.setdefault("EDAHA_SECRET_KEY", "nothing is signed by this command at all")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
