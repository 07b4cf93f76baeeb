"""bin/test security: scanners of our code and of what it is built on, and how old they are."""
