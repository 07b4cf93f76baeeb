import os

# Here a real one drops the branch's database.
print("Dropped", os.environ["DATABASE"])
