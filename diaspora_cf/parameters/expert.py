"""What hardly anybody has to change."""

from ..question import Group, Question, given

_ZONE = "([a-z]{2}(-[a-z]+)+-[0-9][a-z])?"
_ZONE_TEXT = "The name of an availability zone, such as eu-west-1a, or nothing."
_ZONE_RULE = "Answer for both zones or for none, and never change it after the stack was created."

LOG_RETENTION_DAYS = Question(
    "LogRetentionDays",
    label="For how many days are logs kept?",
    text=(
        "The front's log holds visitors' addresses: keep it no longer than you need. Such as 14. "
        "It can be changed at any time."
    ),
    default="14",
    allowed=("1", "3", "5", "7", "14", "30", "60", "90", "180", "365"),
)
AVAILABILITY_ZONE_1 = Question(
    "AvailabilityZone1",
    label="Optional. In which availability zone does the pod run?",
    text=(
        "Pod, database and front share it; such as eu-west-1a. Empty: AWS's first one. Needed "
        f"only where that zone lacks the instance type or API Gateway's VPC links. {_ZONE_RULE}"
    ),
    default="",
    pattern=_ZONE,
    constraint=_ZONE_TEXT,
)
AVAILABILITY_ZONE_2 = Question(
    "AvailabilityZone2",
    label="Optional. Which availability zone is the second one?",
    text=(
        "Another zone of the region, such as eu-west-1b: the database needs a second one to move "
        f"to. Empty: AWS's second one. {_ZONE_RULE}"
    ),
    default="",
    pattern=_ZONE,
    constraint=_ZONE_TEXT,
)

GROUP = Group("For experts", (LOG_RETENTION_DAYS, AVAILABILITY_ZONE_1, AVAILABILITY_ZONE_2))

CHOOSES_ZONES = given("ChoosesZones", AVAILABILITY_ZONE_1)
