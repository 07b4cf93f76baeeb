"""The pages by name: where each is, whose eyes see it, and on which day."""

from dataclasses import dataclass

from .server import Served


@dataclass(frozen=True)
class Scene:
    name: str
    #: With ids of the story in braces.
    path: str
    #: Who is signed in; nobody where it is empty.
    person: str = "mika"
    story: str = "full"

    def address(self, server: Served) -> str:
        return server.address + self.path.format(**server.ids)


SCENES = [
    Scene("sign-in", "/sign-in", person=""),
    Scene("previews", "/"),
    Scene("previews-viewer", "/", person="vera"),
    Scene("previews-nothing-found", "/?q=unicorn"),
    Scene("previews-empty", "/", story="empty"),
    Scene("preview-live", "/branches/{live}"),
    Scene("preview-building", "/branches/{building}"),
    Scene("preview-failed", "/branches/{failed}"),
    Scene("preview-destroyed", "/branches/{destroyed}"),
    Scene("preview-waiting", "/branches/{waiting}"),
    Scene("approval", "/branches/{waiting}/approval"),
    Scene("approval-viewer", "/branches/{waiting}/approval", person="vera"),
    Scene("preview-viewer", "/branches/{live}", person="vera"),
    Scene("deploy", "/branches/{live}/deploy"),
    Scene("rollback", "/branches/{live}/rollback"),
    Scene("runtime-log", "/branches/{live}/logs"),
    Scene("me", "/me"),
    Scene("terminal", "/terminal"),
    Scene("terminal-asked", "/terminal?code=BCDF-GHJK"),
    Scene("log", "/deployments/{failed_deployment}/log"),
    Scene("destroy", "/branches/{live}/destroy"),
    Scene("cancel", "/branches/{building}/cancel"),
    Scene("deployment-live", "/deployments/{live_deployment}"),
    Scene("deployment-building", "/deployments/{building_deployment}"),
    Scene("deployment-failed", "/deployments/{failed_deployment}"),
    Scene("definitions", "/deployments/{live_deployment}/definitions"),
    Scene("deliveries", "/deliveries"),
    Scene("deliveries-empty", "/deliveries", story="empty"),
    Scene("delivery", "/deliveries/{delivery}"),
    Scene("repositories", "/repositories"),
    Scene("repository", "/repositories/{repository}"),
    Scene("repository-add", "/repositories/add"),
    Scene("repository-edit", "/repositories/{repository}/edit"),
    Scene("repository-remove", "/repositories/{repository}/remove"),
    Scene("secret-add", "/repositories/{repository}/secrets/add"),
    Scene("secret-replace", "/repositories/{repository}/secrets/{secret}/replace"),
    Scene("secret-remove", "/repositories/{repository}/secrets/{secret}/remove"),
    Scene("people", "/people"),
    Scene("tokens", "/tokens"),
    Scene("github", "/github"),
    Scene("github-empty", "/github", story="empty"),
    Scene("github-begin", "/github/begin?kind=organization&account=hinode", story="empty"),
    Scene("github-wrong", "/github/begin?kind=organization&account=", story="empty"),
    Scene("github-forget", "/github/forget"),
    Scene("subscriptions", "/subscriptions"),
    Scene("subscription", "/subscriptions/{subscription}"),
    Scene("subscription-add", "/subscriptions/add"),
    Scene("audit", "/audit"),
    Scene("activity", "/activity"),
    Scene("overview", "/overview"),
    Scene("overview-empty", "/overview", story="empty"),
    Scene("system", "/system"),
    Scene("not-found", "/nowhere"),
    Scene("forbidden", "/system", person="vera"),
]
