from .approval import Approval
from .audit import AuditEntry, AuditHead
from .branch import Branch
from .build import Build
from .bypass import Bypass
from .command import Command
from .delivery import Delivery
from .deployment import Deployment
from .githubapp import GitHubApp, HookLook, MadeApp, Redelivery
from .hook import Hook
from .image import Image
from .imageset import ImageSet
from .log import BuildStep, LogChunk
from .mappedrole import MappedRole
from .orphan import Orphan
from .outgoing import Messenger, Outgoing
from .poll import Poll
from .pulse import Pulse
from .reconciliation import Reconciliation
from .redeemed import Redeemed
from .repository import Repository
from .screenshot import Screenshot
from .secret import Secret
from .service import Service
from .share import Share
from .subscription import Attempt, Event, Notice, Subscription
from .tally import Tally
from .token import ApiToken
from .transition import Transition

__all__ = [
    "ApiToken",
    "Approval",
    "Attempt",
    "AuditEntry",
    "AuditHead",
    "Branch",
    "Build",
    "BuildStep",
    "Bypass",
    "Command",
    "Delivery",
    "Deployment",
    "Event",
    "GitHubApp",
    "Hook",
    "HookLook",
    "Image",
    "ImageSet",
    "LogChunk",
    "MadeApp",
    "MappedRole",
    "Messenger",
    "Notice",
    "Orphan",
    "Outgoing",
    "Poll",
    "Pulse",
    "Reconciliation",
    "Redeemed",
    "Redelivery",
    "Repository",
    "Screenshot",
    "Secret",
    "Service",
    "Share",
    "Subscription",
    "Tally",
    "Transition",
]
