from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import models
from django.db.models.functions import Coalesce, Left, Lower, NullIf, Upper

from ..config import config
from ..names import pull_request_branch, pull_request_slug, slugify, with_hash
from ..states import BranchState, Wanted
from .repository import Repository

#: In an order by time: who was never there comes last, and so does what never ends.
NEVER_OPENED = datetime(1970, 1, 1, tzinfo=UTC)
NEVER_ENDS = datetime(9999, 1, 1, tzinfo=UTC)
#: What lists are sorted by beside columns; the indexes below are on the same expressions.
BY_TITLE = Lower(Left(Coalesce(NullIf("title", models.Value("")), "name"), 80))
BY_VISIT = Coalesce("visited_at", models.Value(NEVER_OPENED))
BY_END = Coalesce("expires_at", models.Value(NEVER_ENDS))
#: What a branch may wait for, as the API says it.
APPROVAL = "approval"
_THERE = ~models.Q(state=BranchState.DESTROYED)


class Branch(models.Model):
    """One branch environment ("preview" in the interface): what is wanted, and what is.

    `wanted` and `generation` are written by intake alone, always together: each new wish raises
    the generation, and work for an older generation stops when it sees that.
    """

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="branches")
    name = models.CharField(max_length=255)
    #: The DNS label: made once, stored, never computed again.
    slug = models.CharField(max_length=63, unique=True)

    title = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=100, blank=True)
    author_avatar_url = models.CharField(max_length=500, blank=True)
    pull_request = models.PositiveIntegerField(null=True, blank=True)
    pull_request_url = models.CharField(max_length=500, blank=True)
    #: What the pull request is to be merged into.
    base_branch = models.CharField(max_length=255, blank=True, default="", db_default="")
    #: Whether it has the label that gives a preview in any case.
    has_start_label = models.BooleanField(default=False, db_default=False)
    #: GitHub's own time of the last change: an older event that arrives later is told by it.
    pull_request_updated_at = models.DateTimeField(null=True, blank=True)

    #: A stranger's: the pull request's head is in another repository, or that one is gone. Such a
    #: row is made so and stays so; nothing of it is deployed but commits that have an Approval.
    is_fork = models.BooleanField(default=False, db_default=False)
    #: Where the head is, for people to read: OWNER/NAME, empty where that is gone, and the branch.
    head_repository = models.CharField(max_length=200, blank=True, default="", db_default="")
    head_branch = models.CharField(max_length=255, blank=True, default="", db_default="")
    #: GitHub's word for what the author is to the repository.
    author_association = models.CharField(max_length=30, blank=True, default="", db_default="")
    #: The fork's newest commit, while it waits for somebody's approval.
    waiting_commit = models.CharField(max_length=64, blank=True, default="", db_default="")

    wanted = models.CharField(max_length=10, choices=Wanted, default=Wanted.PRESENT)
    wanted_commit = models.CharField(max_length=64, blank=True)
    generation = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=BranchState, default=BranchState.PENDING)
    state_changed_at = models.DateTimeField(auto_now_add=True)

    #: The newest attempt, whatever became of it.
    deployment = models.ForeignKey(
        "deployments.Deployment", models.SET_NULL, null=True, blank=True, related_name="+"
    )
    #: The deployment that the router sends visitors to. Going live is one compare-and-swap of it.
    live = models.ForeignKey(
        "deployments.Deployment", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    #: The head that was decided about last, whether it was deployed or skipped: the reconciler
    #: takes up only what nobody told of.
    seen_commit = models.CharField(max_length=64, blank=True, default="", db_default="")

    #: Seconds without a visit or a push after which it ends, as its own application says:
    #: None where that says nothing, and the repository's setting counts.
    expires_seconds = models.PositiveIntegerField(null=True, blank=True)
    #: When somebody opened it last, to a minute.
    visited_at = models.DateTimeField(null=True, blank=True)
    #: When it ends by itself, unless somebody visits it, pushes or pins it before.
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    #: Somebody asked for it until then, however little it is visited.
    kept_until = models.DateTimeField(null=True, blank=True)
    #: When people were warned of that end; None where they were not, or it has moved since.
    expiry_warned_at = models.DateTimeField(null=True, blank=True)
    #: Since when it is kept whatever happens, and who wanted that.
    pinned_at = models.DateTimeField(null=True, blank=True)
    pinned_by = models.CharField(max_length=150, blank=True, default="", db_default="")

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "branches"
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="branch_name")]
        indexes = [
            models.Index(fields=["state", "-updated_at"]),
            models.Index(fields=["-updated_at", "-id"]),
            # The list's other orders, and whose a preview is.
            models.Index(BY_TITLE, "id", name="branch_by_title", condition=_THERE),
            models.Index(
                BY_VISIT.desc(), models.F("id").desc(), name="branch_by_visit", condition=_THERE
            ),
            models.Index(BY_END, "id", name="branch_by_end", condition=_THERE),
            models.Index(Upper("author"), models.F("updated_at").desc(), name="branch_by_author"),
        ]

    def __str__(self) -> str:
        return f"{self.repository}:{self.name}"

    @property
    def url(self) -> str:
        return config().preview_url(self.slug)

    @property
    def display_title(self) -> str:
        return self.title or self.name

    @property
    def waiting_for(self) -> str:
        """What has to happen before its newest commit is deployed; empty where nothing has to."""
        return APPROVAL if self.waiting_commit and self.wanted == Wanted.PRESENT else ""

    @property
    def shown_name(self) -> str:
        """What people call it: a fork's branch as GitHub does, OWNER:BRANCH."""
        if not self.is_fork:
            return self.name
        owner = self.head_repository.partition("/")[0]
        return f"{owner}:{self.head_branch}" if owner else self.head_branch or self.name

    @classmethod
    def for_name(cls, repository: Repository, name: str, **new: str) -> "Branch":
        """The branch of that name, made with a free slug (and the values `new`) if it is new."""
        return cls._named(repository, name, slugify(name), new)

    @classmethod
    def for_fork(cls, repository: Repository, number: int, **new: str) -> "Branch":
        """The row of a pull request from a fork: never a row that any branch's name leads to."""
        name, slug = pull_request_branch(number), pull_request_slug(number)
        return cls._named(repository, name, slug, {"is_fork": True, **new})

    @classmethod
    def _named(
        cls, repository: Repository, name: str, slug: str, new: Mapping[str, str | bool]
    ) -> "Branch":
        try:
            return cls.objects.get(repository=repository, name=name)
        except cls.DoesNotExist:
            slug = _free_slug(repository, name, slug)
        branch, _ = cls.objects.get_or_create(
            repository=repository, name=name, defaults={"slug": slug, **new}
        )
        return branch


def _free_slug(repository: Repository, name: str, slug: str) -> str:
    if Branch.objects.filter(slug=slug).exists():
        # Another repository's branch has the label: tell this one apart by its full identity.
        slug = with_hash(slug, f"{repository.full_name.lower()}:{name}")
    return slug
