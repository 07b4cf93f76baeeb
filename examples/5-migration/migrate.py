import os

# Here a real one creates the branch's database where it is missing, and migrates it.
print("Migrated", os.environ["DATABASE"])
