"""What other applications have in the same account: their files, and their logs.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/efs-volumes.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
"""

from collections.abc import Iterator

from ...allowed import allows
from ..problems import Problem
from ..references import texts
from .subject import Subject

#: EFS and FSx have an id, S3 Files an ARN.
_FILE_SYSTEM = ("fileSystemId", "fileSystemArn")


def problems(subject: Subject) -> Iterator[Problem]:
    yield from _file_systems(subject)
    yield from _logs(subject)


def _file_systems(subject: Subject) -> Iterator[Problem]:
    """Whoever may mount one reads and changes all of its files."""
    allowed = subject.described.platform.allowed
    for path, name in texts(subject.task):
        if path[-1] in _FILE_SYSTEM and not allows(allowed, "file-system", name):
            yield subject.in_task(
                path,
                f"The file system {name} is not one that this repository may use.",
                subject.how_to_allow(f"file-system:{name}"),
            )


def _logs(subject: Subject) -> Iterator[Problem]:
    """Edaha's groups are of one repository each; all execution roles may write to all of them."""
    own = subject.described.platform.log_group
    every = f"/{subject.described.preview.installation}/"
    places = (
        (subject.in_task, subject.task),
        (subject.in_service, subject.definition.service),
    )
    for tell, document in places:
        for path, group in texts(document):
            is_edahas = path[-1] == "awslogs-group" and f"{group}/".startswith(every)
            if is_edahas and group != own:
                yield tell(
                    path,
                    f"The log group {group} is Edaha's, and not this repository's.",
                    f"Its own is {own}: leave “logConfiguration” out, or name one that is not "
                    f"below {every}.",
                )
