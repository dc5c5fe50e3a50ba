"""What hardly anybody has to change."""

from ..template.question import Group, Question, given

# The letter alone: of a zone of another region, or of a local zone, there is nothing to be said.
_LETTERS = ("", "a", "b", "c", "d", "e", "f")
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
        "Its letter, such as b for eu-west-1b; pod, database and front share it. Empty: AWS's "
        "first one. Needed only where that zone lacks the instance type or API Gateway's VPC "
        f"links. {_ZONE_RULE}"
    ),
    default="",
    allowed=_LETTERS,
)
AVAILABILITY_ZONE_2 = Question(
    "AvailabilityZone2",
    label="Optional. Which availability zone is the second one?",
    text=(
        "The letter of another zone, such as c for eu-west-1c: the database needs a second one to "
        f"move to. Empty: AWS's second one. {_ZONE_RULE}"
    ),
    default="",
    allowed=_LETTERS,
)

GROUP = Group("For experts", (LOG_RETENTION_DAYS, AVAILABILITY_ZONE_1, AVAILABILITY_ZONE_2))

CHOOSES_ZONES = given("ChoosesZones", AVAILABILITY_ZONE_1)
