"""Names: a branch's DNS label, and what its resources are called in AWS.

A branch name may be anything that git accepts (`feature/x`, `機能/検索`, `$(id)`); only what these
functions return ever reaches DNS, AWS or a file system.
"""

import hashlib
import re

#: RFC 1035, section 2.3.4: a label has at most 63 octets.
LABEL_MAX = 63
#: Below it are the parameters of SSM that Edaha itself makes. No repository's files may name it.
KEPT = "kept-by-edaha"
_HASH_LENGTH = 7
_ENDS_LIKE_A_HASH = re.compile(rf"-[0-9a-f]{{{_HASH_LENGTH}}}$")
_REPOSITORY_MAX = 120
#: Addresses of pull requests from forks: no branch of the repository itself ever has one.
_PULL_REQUEST = re.compile(r"pr-[0-9]+")

#: Never a preview's address: they would pass for the company's own, or for the router's.
RESERVED = frozenset(
    "www api app admin dashboard edaha mail smtp imap ftp ns ns1 ns2 mx static assets cdn auth "
    "login sso status localhost test invalid example local internal wpad autodiscover "
    "autoconfig".split()
)


def slugify(name: str, *, limit: int = LABEL_MAX) -> str:
    """The DNS label for a raw branch name; different names give different labels.

    Lowercase, every run of anything outside `[a-z0-9]` becomes one `-`. Whenever that lost
    information (a slash, a capital, a cut), a hash of the raw name follows; so it does where a
    name ends like such a hash by itself.
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    if plain == name and len(plain) <= limit and not _is_taken_by_rule(plain):
        return plain
    return with_hash(plain, name, limit=limit)


def pull_request_branch(number: int) -> str:
    """What a pull request from a fork is called among a repository's branches.

    git refuses a colon in the name of any ref, so that no branch is ever called so:
    https://git-scm.com/docs/git-check-ref-format
    """
    return f"pull:{number}"


def pull_request_slug(number: int) -> str:
    """The DNS label of a pull request from a fork; `slugify` never gives it to a branch."""
    return f"pr-{number}"


def with_hash(plain: str, source: str, *, limit: int = LABEL_MAX) -> str:
    """`plain` cut to fit, followed by a hash of `source`."""
    digest = hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_LENGTH]
    stem = plain[: limit - _HASH_LENGTH - 1].strip("-")
    return f"{stem}-{digest}" if stem else f"branch-{digest}"


def is_label(text: str) -> bool:
    """Whether `text` is a lowercase DNS label."""
    return len(text) <= LABEL_MAX and bool(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", text))


def address_label(slug: str, service: str) -> str:
    """The DNS label of a service that is not the preview's default one: `<service>--<slug>`.

    No slug has two hyphens in a row, so it is never another branch's.
    """
    plain = f"{service}--{slug}"
    return plain if len(plain) <= LABEL_MAX else with_hash(plain, plain)


def release_name(
    installation: str, slug: str, branch_id: int, generation: int, service: str = ""
) -> str:
    """One deployment's ECS service and Cloud Map service: a DNS label.

    `service` is empty for the default one. Each deployment has services of its own, so that a
    retried call can only ever find what the same deployment made before.
    """
    tail = "-".join(["", *([service] if service else []), str(branch_id), str(generation)])
    stem = slug[: LABEL_MAX - len(installation) - 1 - len(tail)].rstrip("-")
    return f"{installation}-{stem}{tail}"


def family(installation: str, slug: str, branch_id: int, service: str = "") -> str:
    """The family that a branch's task definitions belong to; each service has its own."""
    # The id comes last, as in a release's name: no slug and service look like another branch's.
    return "-".join([installation, slug, *([service] if service else []), str(branch_id)])


def image_repository(installation: str, full_name: str) -> str:
    """The ECR repository of an application.

    ECR allows `[a-z0-9]` with single `.`, `_`, `__`, `-` or `/` between, 2 to 256 characters
    (`RepositoryName` in ECR's service model).
    """
    owner, _, name = full_name.lower().partition("/")
    plain = re.sub(r"[^a-z0-9]+", "-", f"{owner}-{name}").strip("-")
    # "a-b/c" and "a/b-c" would share one name: the owner's own hyphens lose information too.
    is_exact = plain == f"{owner}-{name}" and "-" not in owner
    if not is_exact or len(plain) > _REPOSITORY_MAX or _ENDS_LIKE_A_HASH.search(plain):
        plain = with_hash(plain, f"{owner}/{name}", limit=_REPOSITORY_MAX)
    return f"{installation}/{plain}"


def log_group(installation: str, full_name: str) -> str:
    """The CloudWatch Logs group of an application: `[.\\-_/#A-Za-z0-9]`, at most 512."""
    return f"/{installation}/{re.sub(r'[^A-Za-z0-9._/-]', '-', full_name)[:400]}"


def parameters(installation: str, branch_id: int | None = None) -> str:
    """Where SSM has what Edaha keeps for containers: of one branch, or of all."""
    return f"/{installation}/{KEPT}" + (f"/{branch_id}" if branch_id is not None else "")


def parameter(installation: str, branch_id: int, name: str, serial: str) -> str:
    """One value of one secret, for one branch: never overwritten, so that what runs keeps its own.

    Letters, digits, `.-_/`: https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
    """
    return f"{parameters(installation, branch_id)}/{name}/{serial}"


def image_tag(slug: str, commit: str, image: str) -> str:
    """A slug has no dot: the image's name stands behind one."""
    return f"{slug}-{commit[:12]}.{image}"


def cache_tag(slug: str, image: str) -> str:
    return f"cache-{slug}.{image}"


def _is_taken_by_rule(plain: str) -> bool:
    is_reserved = plain in RESERVED or bool(_PULL_REQUEST.fullmatch(plain))
    return not plain or is_reserved or bool(_ENDS_LIKE_A_HASH.search(plain))
