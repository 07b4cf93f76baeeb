from .branch import Branch
from .build import Build
from .delivery import Delivery
from .deployment import Deployment
from .hook import Hook
from .image import Image
from .log import BuildStep, LogChunk
from .mappedrole import MappedRole
from .orphan import Orphan
from .pulse import Pulse
from .reconciliation import Reconciliation
from .repository import Repository
from .screenshot import Screenshot
from .service import Service
from .tally import Tally
from .token import ApiToken
from .transition import Transition

__all__ = [
    "ApiToken",
    "Branch",
    "Build",
    "BuildStep",
    "Delivery",
    "Deployment",
    "Hook",
    "Image",
    "LogChunk",
    "MappedRole",
    "Orphan",
    "Pulse",
    "Reconciliation",
    "Repository",
    "Screenshot",
    "Service",
    "Tally",
    "Transition",
]
