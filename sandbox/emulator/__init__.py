"""MiniStack as this sandbox needs it; run by the emulator's own Python.

MiniStack is pinned (see requirements.txt), and each change is made where that version offers
no setting. What it does to a task is replaced as a whole, so that tasks live as on real ECS:

- launch.py brings a task up, in the order of its dependencies (order.py), on one network
  interface (pause.py), with all that a definition may say of a container (containers.py);
- watch.py looks at a running one, ending.py takes it down and keeps the exit codes;
- run_task.py makes RunTask repeatable.

The rest keeps what it knows over a kill: registry.py the images, snapshots.py the state.
"""
