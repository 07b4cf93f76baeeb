from .branch import Branch
from .delivery import Delivery
from .deployment import Deployment
from .image import Image
from .log import BuildStep, LogChunk
from .repository import Repository
from .token import ApiToken
from .transition import Transition

__all__ = [
    "ApiToken",
    "Branch",
    "BuildStep",
    "Delivery",
    "Deployment",
    "Image",
    "LogChunk",
    "Repository",
    "Transition",
]
