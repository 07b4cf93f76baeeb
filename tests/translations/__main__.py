"""bin/messages: brings the catalogue up to date, and says what is to be translated."""

from .catalogue import PO, ROOT, update

missing = update()
for message in missing:
    print(f"  {message}")
print(f"{len(missing)} to translate in {PO.relative_to(ROOT)}; then run this once more.")
