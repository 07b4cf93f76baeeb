"""What the actions of others take and give, by their own published action.yml.

Addresses are those of the versions that were read; ours are pinned in .github/actions.
"""

#: https://github.com/docker/build-push-action/blob/0259cb088b9283926c6ffe4374b2a06a25c8c131/action.yml
_BUILD = """add-hosts allow annotations attests build-args build-contexts builder cache-from
cache-to
call cgroup-parent context file labels load network no-cache no-cache-filters outputs platforms
provenance pull push sbom secrets secret-envs secret-files shm-size ssh tags target ulimit
github-token"""

#: https://github.com/docker/setup-buildx-action/blob/5334dd0cdd27e0ac92d6c98d35f3398fcc13195f/action.yml
_BUILDX = """version driver driver-opts buildkitd-flags buildkitd-config buildkitd-config-inline
install use endpoint platforms append cache-binary cleanup config config-inline"""

#: https://github.com/docker/setup-qemu-action/blob/0d7f78d53b85e8f2e65e8e5a3594425049239b86/action.yml
_QEMU = "image platforms cache-image"

#: https://github.com/aws-actions/amazon-ecr-login/blob/98f33d2eaf29c215bd8a595c94896c64d126dbb7/action.yml
_ECR = "http-proxy mask-password registries registry-type skip-logout"

#: https://github.com/aws-actions/configure-aws-credentials/blob/eb745fe265a565d3784b246250884f97a7826c75/action.yml
_CREDENTIALS = """audience aws-access-key-id aws-secret-access-key aws-session-token aws-region
mask-aws-account-id role-to-assume web-identity-token-file role-duration-seconds role-session-name
role-external-id role-skip-session-tagging"""

INPUTS = {
    "aws-actions/configure-aws-credentials": set(_CREDENTIALS.split()),
    "aws-actions/amazon-ecr-login": set(_ECR.split()),
    "docker/setup-qemu-action": set(_QEMU.split()),
    "docker/setup-buildx-action": set(_BUILDX.split()),
    "docker/build-push-action": set(_BUILD.split()),
}

OUTPUTS = {
    "aws-actions/configure-aws-credentials": {"aws-account-id"},
    "aws-actions/amazon-ecr-login": {"registry"},
    "docker/setup-qemu-action": {"platforms"},
    "docker/setup-buildx-action": {"name", "driver", "platforms", "nodes"},
    "docker/build-push-action": {"imageid", "digest", "metadata"},
}
