"""What the pod may cost, and whether it is there at all."""

from ..template.question import Group, Question, all_of, answered, negated

MONTHLY_BUDGET = Question(
    "MonthlyBudget",
    label="How many US dollars may a month cost?",
    text=(
        "AWS mails you at 80 % of this amount, and when the month is forecast to exceed it; "
        "nothing is switched off. Taxes are not counted; everything else in this AWS account is, "
        "not only the pod. 25 is for a quiet pod with the answers that are given here, which "
        "stays below the first mail; the README says what other answers cost. 0 for no budget. It "
        "can be changed at any time."
    ),
    default="25",
    pattern="0|[1-9][0-9]{0,5}",
    constraint="A whole number of US dollars, 0 to 999999, without a leading zero.",
)
POD_STATE = Question(
    "PodState",
    label="Is the pod switched on?",
    text=(
        "online, or offline to take the machine away and keep database, photos and domain: for a "
        "pause, at the cost of storage. Visitors get an error meanwhile. Switching back to online "
        "boots a new pod with everything that was there."
    ),
    default="online",
    allowed=("online", "offline"),
)
CPU_CREDITS = Question(
    "CpuCredits",
    label="May the machine use more CPU than it has earned?",
    text=(
        "unlimited, and the pod always has its full CPU: these machines start with no credits, "
        "and a new pod boots in seconds instead of minutes. Steady load beyond the credits "
        "earned costs extra (an alarm mails you). standard, and it slows down instead. Changing "
        "it replaces the pod by a new one."
    ),
    default="unlimited",
    allowed=("unlimited", "standard"),
)

GROUP = Group("Money", (MONTHLY_BUDGET, POD_STATE, CPU_CREDITS))

HAS_BUDGET = negated("HasBudget", answered("HasNoBudget", MONTHLY_BUDGET, "0"))
IS_ONLINE = answered("IsOnline", POD_STATE, "online")
WATCHES_CREDITS = all_of(
    "WatchesCredits", IS_ONLINE, answered("HasUnlimitedCredits", CPU_CREDITS, "unlimited")
)
