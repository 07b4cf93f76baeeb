"""python -m sandbox.emulator: MiniStack with this sandbox's changes, until a signal ends it."""

from ministack import app

from sandbox.emulator import ending, launch, registry, run_task, snapshots, watch


def leave_containers_at_the_end() -> None:
    """bin/up stops all of them at once; those of a run that was killed go at the next start."""
    remove = app._stop_docker_containers

    def remove_at_the_start(include_unlabelled: bool = False) -> None:
        if include_unlabelled:  # as it is called at its start only
            remove(include_unlabelled)

    app._stop_docker_containers = remove_at_the_start


def main() -> None:
    for change in (registry, launch, watch, ending, run_task, snapshots):
        change.install()
    leave_containers_at_the_end()
    app.main()


if __name__ == "__main__":
    main()
