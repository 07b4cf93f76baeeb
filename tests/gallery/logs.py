"""What builds print, and what ECS is told, in the story."""

import hashlib
from datetime import timedelta
from typing import Any

from deployments.causes import Cause
from deployments.models import Branch, BuildStep, Deployment, LogChunk

Step = tuple[str, float, float, bool]

#: Name, when it began and ended (seconds after the start), whether it was cached.
STEPS: list[Step] = [
    ("Check out", 0, 0.4, False),
    ("Read definitions", 0.4, 0.7, False),
    ("[internal] load build definition from Dockerfile", 0.9, 1.0, False),
    ("[internal] load metadata for docker.io/library/node:22-slim", 1.0, 2.3, False),
    ("[internal] load build context", 2.3, 3.1, False),
    ("[deps 1/4] FROM docker.io/library/node:22-slim", 2.3, 2.4, True),
    ("[deps 2/4] WORKDIR /app", 2.4, 2.4, True),
    ("[deps 3/4] COPY package.json package-lock.json ./", 3.1, 3.2, False),
    ("[deps 4/4] RUN npm ci", 3.2, 24.6, False),
    ("[build 1/2] COPY . .", 24.6, 25.2, False),
    ("[build 2/2] RUN npm run build", 25.2, 58.0, False),
    ("exporting to image", 58.0, 61.3, False),
    ("pushing layers", 61.3, 66.0, False),
]

_LINES = [
    (0, "Commit {commit}: Keep the filter when the page is turned"),
    (0, "1 service (web), 1 image, described in edaha.yml"),
    (9, "npm warn deprecated inflight@1.0.6: This module is not supported, and leaks memory."),
    (9, ""),
    (9, "added 418 packages, and audited 419 packages in 19s"),
    (9, "\x1b[32mfound 0 vulnerabilities\x1b[0m"),
    (11, ""),
    (11, "> hinode-coffee@3.14.0 build"),
    (11, "> vite build"),
    (11, ""),
    (11, "\x1b[36mvite v6.4.1 \x1b[32mbuilding for production...\x1b[39m"),
    (11, "transforming..."),
    (11, "\x1b[32m✓\x1b[39m 1204 modules transformed."),
    (11, "dist/index.html                   1.42 kB │ gzip:  0.62 kB"),
    (11, "dist/assets/index-BxV2r0aL.css   38.90 kB │ gzip:  7.31 kB"),
    (11, "dist/assets/index-D4f6tJ8s.js   241.77 kB │ gzip: 78.12 kB"),
    (11, "\x1b[32m✓ built in 31.48s\x1b[39m"),
]

_ERROR = [
    (11, "\x1b[36mvite v6.4.1 \x1b[32mbuilding for production...\x1b[39m"),
    (11, "src/till/coupon.ts(48,17): error TS2345: Argument of type 'string' is not assignable"
         " to parameter of type 'Yen'."),
    (11, "src/till/coupon.ts(51,9): error TS2322: Type 'undefined' is not assignable to type"
         " 'Yen'."),
    (11, "npm error Lifecycle script `build` failed with error:"),
    (11, "npm error code 2"),
]  # fmt: skip


#: In the registry, by its digest.
IMAGE = "registry/acme/hinode-coffee@sha256:" + "5e" * 32


def commit(number: int) -> str:
    return hashlib.sha1(str(number).encode(), usedforsecurity=False).hexdigest()


def commits(generation: int) -> list[dict[str, Any]]:
    said = ["Keep the filter when the page is turned", "Ask for allergens once"]
    return [
        {"commit": commit(900 + number), "author": "Kenji Mori", "subject": subject,
         "at": 1_795_000_000 - 3600 * number}
        for number, subject in enumerate(said[:generation])
    ]  # fmt: skip


def of_a_build(deployment: Deployment, *, ended: bool) -> None:
    steps = STEPS if ended else STEPS[:11]
    _steps(deployment, steps, running=not ended)
    _write(deployment, _LINES if ended else _LINES[:12])


def of_a_failure(deployment: Deployment) -> None:
    _steps(deployment, STEPS[:11], failed=True)
    _write(deployment, _LINES[:10] + _ERROR)
    deployment.cause = Cause.DOCKERFILE
    deployment.error = (
        "The image could not be built: step “[build 2/2] RUN npm run build” failed at "
        "Dockerfile:14: exit code: 2"
    )
    deployment.hint = "What this step printed is in the log."
    deployment.error_line = 12
    deployment.save()


def definition(branch: Branch) -> dict[str, Any]:
    return {
        "family": f"edaha-{branch.slug}",
        "cpu": "512",
        "memory": "1024",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [
            {
                "name": "web",
                "image": IMAGE,
                "portMappings": [{"containerPort": 3000}],
                "environment": [
                    {"name": "DATABASE_URL", "value": "postgres://shared-staging/coffee"},
                    {"name": "EDAHA_BRANCH", "value": branch.name},
                    {"name": "PORT", "value": "3000"},
                ],
                "secrets": [
                    {"name": "STRIPE_KEY", "valueFrom": "arn:aws:ssm:…:parameter/coffee/stripe"}
                ],
            }
        ],
    }


def _steps(
    deployment: Deployment, steps: list[Step], *, running: bool = False, failed: bool = False
) -> None:
    began = deployment.started_at
    assert began
    for number, (name, start, end, cached) in enumerate(steps, start=1):
        is_last = number == len(steps)
        BuildStep.objects.create(
            deployment=deployment,
            number=number,
            name=name,
            started_at=began + timedelta(seconds=start),
            completed_at=None if running and is_last else began + timedelta(seconds=end),
            cached=cached,
            error="exit code: 2" if failed and is_last else "",
        )


def _write(deployment: Deployment, lines: list[tuple[int, str]]) -> None:
    began = deployment.started_at
    assert began
    told = [
        [began.timestamp() + number, step, text.format(commit=deployment.short_commit)]
        for number, (step, text) in enumerate(lines)
    ]
    size = sum(len(text) for _step, text in lines)
    LogChunk.objects.create(deployment=deployment, first=1, lines=told, size=size)
