"""One comment: heard, checked, done and answered."""

from django.db import transaction
from django.utils import timezone

from ..adapters import git, hosts, wakeups
from ..errors import PlatformError, UserError
from ..models import Branch, Command, Repository
from ..payloads import Comment, Event
from ..pulls import Decision, remember
from ..states import BranchState, Wanted
from . import answers, hearing
from .doing import DEPLOYS, TELLS, Done, do
from .parsing import Asked, Misunderstood, Verb, parse

_NO_WRITE = "Only people with write access to this repository may tell me what to do."


def obey(repository: Repository, event: Event) -> Decision:
    """Do what a comment says, once. Raises EdahaError where that may succeed later."""
    comment = event.comment
    reason = hearing.reason_not_to_read(event.action, comment)
    if reason or comment is None:
        return Decision(f"ignored: {reason}")
    asked = parse(comment.body)
    if asked is None:
        return Decision("ignored: the comment has no command")
    row = hearing.take_down(repository, comment)
    if row.done_at is not None:
        return Decision(f"ignored: this comment was here before; {row.outcome}")
    if reason := hearing.reason_to_refuse(row, comment):
        return _end(row, Done(f"ignored: {reason}", False))
    try:
        return _ask(repository, comment, row, asked)
    except PlatformError:
        answers.react(row, answers.SEEN)
        raise


def _ask(
    repository: Repository, comment: Comment, row: Command, asked: Asked | Misunderstood
) -> Decision:
    if not hosts.of(repository).may_write(repository, comment.author):
        return _refuse(row)
    if not hearing.is_as_told(comment, hosts.of(repository).comment(repository, comment.number)):
        return _end(row, Done("ignored: GitHub does not have this comment as it was told", False))
    if isinstance(asked, Misunderstood):
        return _confused(row, asked.problem)
    if asked.verb == Verb.HELP:
        return _tell(row, None, answers.HELP)
    try:
        branch, head = _found(repository, comment, asked.verb)
    except UserError as problem:
        return _confused(row, f"{problem.message} {problem.hint}".strip())
    if asked.verb in TELLS:
        said = answers.status(branch) if asked.verb == Verb.STATUS else answers.log(branch)
        return _tell(row, branch, said)
    return _do(row, asked, branch, head)


def _found(repository: Repository, comment: Comment, verb: Verb) -> tuple[Branch, str]:
    """The pull request's row, and its head where that is to be deployed."""
    rows = Branch.objects.filter(repository=repository, pull_request=comment.pull_request)
    branch = rows.order_by("wanted", "pk").last()
    if verb in DEPLOYS and not (branch and branch.is_fork):
        return _made(repository, comment.pull_request)
    if branch is None:
        raise UserError("There is no preview of this pull request.", hint="`/preview` deploys one.")
    if branch.is_fork and verb not in TELLS:
        raise UserError(
            "This pull request comes from a fork: somebody with the role deployer decides about "
            "its commits at the dashboard, where they are seen.",
            hint=answers.page(branch),
        )
    return branch, ""


def _made(repository: Repository, number: int) -> tuple[Branch, str]:
    """The row and the head of an open pull request, as its host and git have them now."""
    event = hosts.of(repository).pull_request(repository, number)
    pull = event.pull_request
    if pull is None or not pull.is_open:
        raise UserError("This pull request is closed.", hint="Reopen it first.")
    if pull.is_fork:
        raise UserError(
            "This pull request comes from a fork, and no preview waits for an approval: this "
            "repository gives forks none, or left this one out."
        )
    head = git.read_head(repository, event.branch)
    if head is None:
        raise UserError("The branch of this pull request is no longer there.", hint="Push it.")
    branch = Branch.for_name(
        repository, event.branch, wanted=Wanted.ABSENT, state=BranchState.DESTROYED
    )
    remember(branch, pull)
    return branch, head


def _do(row: Command, asked: Asked, branch: Branch, head: str) -> Decision:
    with transaction.atomic():
        held = Command.objects.select_for_update().get(pk=row.pk)
        if held.done_at is not None:
            return Decision(f"ignored: this comment was here before; {held.outcome}", branch)
        try:
            with transaction.atomic():
                done = do(asked, branch, actor=row.author, head=head)
        except UserError as problem:
            return _confused(row, f"{problem.message} {problem.hint}".strip(), branch)
        decision = _end(row, done, branch)
        answers.react(row, answers.DONE)
    _wake_again(branch)
    return decision


def _wake_again(branch: Branch) -> None:
    """Whoever was woken up within the transaction may have found nothing yet."""
    branch.refresh_from_db(fields=["state", "deployment"])
    if branch.state == BranchState.PENDING and branch.deployment_id is not None:
        wakeups.wake(wakeups.BUILD, branch.deployment_id)
    elif branch.state == BranchState.DESTROYING:
        wakeups.wake(wakeups.DESTROY, branch.pk)
    wakeups.notify(branch=branch.pk)


def _refuse(row: Command) -> Decision:
    """Told in words once: whoever tries again sees the reaction alone."""
    with transaction.atomic():
        before = Command.objects.filter(
            repository=row.repository, pull_request=row.pull_request, author=row.author
        )
        if not before.filter(is_refused=True).exists():
            answers.reply(row, _NO_WRITE)
        answers.react(row, answers.REFUSED)
        row.is_refused = True
        return _end(row, Done(f"refused: {row.author} has no write access", False))


def _confused(row: Command, says: str, branch: Branch | None = None) -> Decision:
    with transaction.atomic():
        answers.reply(row, says)
        answers.react(row, answers.CONFUSED)
        return _end(row, Done(f"refused: {says}", False), branch)


def _tell(row: Command, branch: Branch | None, says: str) -> Decision:
    with transaction.atomic():
        answers.reply(row, says)
        answers.react(row, answers.DONE)
        return _end(row, Done("answered", False), branch)


def _end(row: Command, done: Done, branch: Branch | None = None) -> Decision:
    row.done_at, row.outcome = timezone.now(), done.text[:300]
    row.save(update_fields=["done_at", "outcome", "is_refused"])
    return Decision(done.text, branch)
