"""The pod's machine, and how one gets a shell on it."""

from ..template.question import Group, Question, answered, given

_TYPES = tuple(
    f"{family}.{size}" for family in ("t3a", "t3", "t4g") for size in ("micro", "small", "medium")
)

POD_INSTANCE_TYPE = Question(
    "PodInstanceType",
    label="How large is the machine?",
    text=(
        "micro has 1 GiB of memory, small 2, medium 4; t3a and t3 run x86_64 images, t4g runs "
        "arm64 ones. t3a.micro is enough for a quiet pod. A type that does not fit the image's "
        "architecture makes the change fail and roll back; so does one that the first "
        "availability zone does not have. Changing it replaces the pod by a new one."
    ),
    default="t3a.micro",
    allowed=_TYPES,
)
POD_DISK_SIZE = Question(
    "PodDiskSize",
    label="How large is the machine's disk, in GiB?",
    text=(
        "Room for the system, diaspora* and its log; photos live in the bucket. 10 is enough. It "
        "cannot be smaller than the image's own disk. Changing it replaces the pod by a new one."
    ),
    default="10",
    allowed=("8", "10", "12", "16", "20", "30", "40", "60", "100"),
)
AUTOMATIC_REBOOT = Question(
    "AutomaticReboot",
    label="May the pod restart itself when an update of its system needs that?",
    text=(
        "yes, and it does so in the night, between 4:45 and 5:00 UTC, unless somebody is logged in "
        "to the machine or moves the pod just then: nobody reaches it for some seconds, and no job "
        "is lost. no, and a mail asks you to do it yourself; until then an old kernel and old "
        "libraries go on running. It can be changed at any time; the pod is replaced by a new one."
    ),
    default="yes",
    allowed=("yes", "no"),
)
SSH_ACCESS = Question(
    "SshAccess",
    label="How do you get a shell on the pod?",
    text=(
        "session-manager: from the AWS console or command line, with no key and no open port; and "
        "only so can the console run commands on the pod. instance-connect-endpoint: ssh through "
        "AWS's free bastion. vpc: port 22 for machines in the pod's network, such as a bastion of "
        "your own. None opens the pod to the internet. Changing it later changes the firewall and "
        "the pod's rights, not the pod."
    ),
    default="session-manager",
    allowed=("session-manager", "instance-connect-endpoint", "vpc"),
)
POD_KEY_NAME = Question(
    "PodKeyName",
    label="Optional. Which EC2 key pair may log in by ssh?",
    text=(
        "The name of a key pair in this region, such as my-laptop, when you want to use ssh with "
        "a key of your own. Not for session-manager. Changing it replaces the pod by a new one."
    ),
    default="",
    pattern="[A-Za-z0-9 ._@+()-]{0,255}",
    constraint="The name of a key pair: letters, digits, spaces and . _ @ + ( ) -",
)

GROUP = Group(
    "Machine", (POD_INSTANCE_TYPE, POD_DISK_SIZE, AUTOMATIC_REBOOT, SSH_ACCESS, POD_KEY_NAME)
)

HAS_KEY = given("HasKey", POD_KEY_NAME)
USES_SESSION_MANAGER = answered("UsesSessionManager", SSH_ACCESS, "session-manager")
USES_CONNECT_ENDPOINT = answered("UsesConnectEndpoint", SSH_ACCESS, "instance-connect-endpoint")
OPENS_SSH_IN_VPC = answered("OpensSshInVpc", SSH_ACCESS, "vpc")
