"""The bugs: what would have to be written for Edaha to have them, and which tests notice."""

from dataclasses import dataclass

_DEPLOYMENTS = "tests/deployments/"
_DELIVERIES = f"{_DEPLOYMENTS}test_deliveries.py::"
_REFS = "tests/reconcile/test_refs.py"


@dataclass(frozen=True)
class Bug:
    name: str
    #: Who had it, and what came of it.
    story: str
    file: str
    #: Stands there exactly once.
    right: str
    wrong: str
    tests: tuple[str, ...]


BUGS = [
    Bug(
        "no fence",
        "Jenkins and many a queue: a worker that was given up for dead goes on writing.",
        "deployments/models/lease.py",
        "return Deployment.objects.filter(pk=self.deployment.pk, lease_owner=self.owner)",
        "return Deployment.objects.filter(pk=self.deployment.pk)",
        (
            f"{_DEPLOYMENTS}test_concurrency.py::test_who_lost_a_lease_writes_nothing_however_it_tries",
        ),
    ),
    Bug(
        "a repeated GUID is decided again",
        "coolify #11108: one delivery deploys twice.",
        "dashboard/webhooks/insert.py",
        "DO NOTHING RETURNING",
        "DO UPDATE SET state = 'pending' RETURNING",
        (
            "tests/webhooks/test_deliveries.py::test_a_repeated_guid_is_answered_200_and_does_nothing",
        ),
    ),
    Bug(
        "destroyed by the base branch's name",
        "coolify #2485: closing a pull request looks for the preview of the branch it goes into.",
        "deployments/payloads.py",
        'name, number, is_fork = _branch_name(head["ref"])',
        'name, number, is_fork = _branch_name(pull["base"]["ref"])',
        (f"{_DELIVERIES}TestPullRequests::test_closing_destroys",),
    ),
    Bug(
        "the payload's commit is deployed",
        "dokploy #5166: obsolete commits are built, because a late payload is believed.",
        "deployments/decisions.py",
        "        head = git.read_head(repository, event.branch)\n        if head is None:",
        "        head = event.commit or git.read_head(repository, event.branch)\n"
        "        if head is None:",
        (
            f"{_DELIVERIES}TestPushes::test_what_the_payload_says_the_head_is_does_not_matter",
            f"{_DELIVERIES}TestDisorder::test_the_newest_commit_wins_whatever_comes_last",
        ),
    ),
    Bug(
        "an older generation goes live after a newer one",
        "dokploy #5166: whatever finishes last is what visitors see.",
        "deployments/pipeline/golive.py",
        "        lease.check_not_overtaken()\n",
        "",
        (f"{_DEPLOYMENTS}test_concurrency.py::test_of_two_that_go_live_at_once_the_newer_stays",),
    ),
    Bug(
        "a queued older deployment is built all the same",
        "dokploy #5166: ten pushes are ten builds, one after the other.",
        "deployments/ending.py",
        "state=DeploymentState.QUEUED, generation__lt=branch.generation",
        "state=DeploymentState.QUEUED, generation__lt=0",
        (f"{_DEPLOYMENTS}test_intake.py",),
    ),
    Bug(
        "another pull request's close destroys",
        "GitLab's review apps: two merge requests of one branch, and closing one stops both.",
        "deployments/decisions.py",
        "if known.pull_request and known.pull_request != pull.number and",
        "if not known.pull_request and",
        (f"{_DELIVERIES}TestPullRequests::test_closing_one_of_two_for_a_branch_keeps_its_preview",),
    ),
    Bug(
        "an older event that comes late brings a preview back",
        "coolify #2679: previews outlive their pull request.",
        "deployments/pulls.py",
        "return pull.updated_at < known.pull_request_updated_at",
        "return False",
        (
            f"{_DELIVERIES}TestPullRequests::test_an_older_event_that_comes_late_brings_nothing_back",
        ),
    ),
    Bug(
        "a stranger's fork is built",
        "coolify #10342: code of anybody runs with the builder's credentials.",
        "deployments/payloads.py",
        'is_fork = _branch_name(head["ref"]), _number(pull["number"]), _is_fork(pull)',
        'is_fork = _branch_name(head["ref"]), _number(pull["number"]), False',
        (f"{_DELIVERIES}TestPullRequests::test_a_fork_is_not_built",),
    ),
    Bug(
        "a delivery is marked decided before it was",
        "coolify #9271, dokploy #4074: answered 200, and nothing happens.",
        "deployments/deliveries.py",
        "rows.update(attempts=delivery.attempts, due_at=timezone.now() + _CLAIM)",
        "rows.update(attempts=delivery.attempts, state=Delivery.State.DECIDED)",
        (f"{_DELIVERIES}TestTrouble::test_a_decider_that_dies_leaves_the_delivery_to_another",),
    ),
    Bug(
        "any COMPLETED deployment counts",
        "The ServicesStable waiter, and all that rely on it: content with a rollback.",
        "deployments/definitions/rollout.py",
        'next((d for d in deployments if d.get("id") == deployment_id), None)',
        "next(iter(deployments), None)",
        (f"{_DEPLOYMENTS}test_rollout.py::test_verdict",),
    ),
    Bug(
        "live before it answers",
        "UffizziCloud/roadmap #29: the link is shown, and gives 502 or 404.",
        "deployments/pipeline/verify.py",
        "    if all(sight.is_up for sight in seen):\n        go_live",
        "    if all(sight.judgement.verdict == Verdict.RUNNING for sight in seen):\n"
        "        go_live",
        (
            f"{_DEPLOYMENTS}test_verify.py::test_the_version_before_serves_until_the_new_one_answers",
        ),
    ),
    Bug(
        "DRAINING counts as gone",
        "terraform-provider-aws: a name is used again that ECS still drains.",
        "deployments/adapters/ecs.py",
        'return _delete_service(cluster, name) == "INACTIVE"',
        'return _delete_service(cluster, name) != "ACTIVE"',
        (f"{_DEPLOYMENTS}test_aws_faults.py::test_a_service_that_drains_is_waited_for",),
    ),
    Bug(
        "a Cloud Map service in use counts as deleted",
        "terraform-provider-aws: ResourceInUse, and the name stays for ever.",
        "deployments/adapters/cloudmap.py",
        '"InstanceNotFound"}:\n                return False',
        '"InstanceNotFound"}:\n                return True',
        (f"{_DEPLOYMENTS}test_aws_faults.py::test_a_discovery_service_in_use_is_tried_again",),
    ),
    Bug(
        "a lost wake-up is never made good",
        "Dokploy's queue in memory: after a restart, deployments wait for ever.",
        "deployments/reconcile/tick.py",
        "for state, task in _NEXT_TASK.items():",
        "for state, task in list(_NEXT_TASK.items())[:0]:",
        (f"{_DEPLOYMENTS}test_pipeline.py",),
    ),
    Bug(
        "a failed deployment takes the version before down",
        "mirage-ecs stops the old task first: a broken commit is an outage.",
        "deployments/pipeline/attempt.py",
        "    wakeups.wake(wakeups.CLEAN, lease.deployment.pk)\n    # Its worker is free",
        "    lease.deployment.branch.live = None\n"
        '    lease.deployment.branch.save(update_fields=["live"])\n'
        "    wakeups.wake(wakeups.CLEAN, lease.deployment.pk)\n    # Its worker is free",
        (f"{_DEPLOYMENTS}test_hooks.py::test_a_hook_that_fails_leaves_the_version_before_serving",),
    ),
    Bug(
        "retries without an end",
        "GitHub shows “pending” for ever: nobody says that it failed.",
        "deployments/pipeline/attempt.py",
        "if not problem.retry or attempts >= _MAX_ATTEMPTS:",
        "if not problem.retry:",
        (f"{_DEPLOYMENTS}test_aws_faults.py::test_trouble_that_does_not_end_is_told_as_such",),
    ),
    Bug(
        "a build's children go on after its end",
        "Coolify: a cancelled build's processes keep the machine busy.",
        "deployments/adapters/process.py",
        "os.killpg(self._process.pid, number)",
        "os.kill(self._process.pid, number)",
        ("tests/adapters/test_process.py",),
    ),
    Bug(
        "a pinned preview ends all the same",
        "dokploy: an expiry date that people set and nobody reads.",
        "deployments/models/expiry.py",
        "if not lasts or branch.pinned_at is not None:",
        "if not lasts:",
        ("tests/deployments/test_expiry.py",),
    ),
    Bug(
        "what others made is removed",
        "Clean-up scripts that go by a name's beginning: another team's service is gone.",
        "deployments/reconcile/sight.py",
        "return tags.get(TAG) == config().installation",
        "return True",
        ("tests/reconcile/test_aws.py::TestOrphans::test_what_is_not_ours_is_never_touched",),
    ),
    Bug(
        "a deletion that nobody told of is overlooked",
        "GitLab, “thousands left”: without its event, a preview stays.",
        "deployments/reconcile/refs.py",
        "    comparison.gone()\n",
        "",
        (_REFS,),
    ),
    Bug(
        "an empty answer destroys everything",
        "Argo CD's pull-request generator: GitHub answers with nothing, and all previews go.",
        "deployments/reconcile/refs.py",
        "if not heads and any(",
        "if len(heads) < 0 and any(",
        (_REFS,),
    ),
]
