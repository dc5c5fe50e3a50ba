"""Who may join, and whom visitors may write to."""

from ..template.question import Group, Question

ENABLE_REGISTRATION = Question(
    "EnableRegistration",
    label="May anybody sign up?",
    text=(
        "true, and strangers can make an account on your pod; false, and only people with an "
        "invitation can. Your own account needs neither: see the AdminCommand output. It can be "
        "changed at any time; the pod is replaced by a new one."
    ),
    default="false",
    allowed=("true", "false"),
)
INVITATIONS_OPEN = Question(
    "InvitationsOpen",
    label="May your users invite others?",
    text=(
        "true, and every user has links to invite friends with; false, and only admins can let "
        "somebody in. It can be changed at any time; the pod is replaced by a new one."
    ),
    default="true",
    allowed=("true", "false"),
)
ADMIN_ACCOUNT = Question(
    "AdminAccount",
    label="Optional. Which account on the pod is yours?",
    text=(
        "The user name of the account that greets new users and is shown as the pod's contact, "
        "such as alice. It grants no rights: the AdminCommand output does. Enter it now or when "
        "the account exists; changing it replaces the pod by a new one."
    ),
    default="",
    pattern="[a-z0-9_.-]{0,32}",
    constraint="Up to 32 lower case letters, digits, dots, hyphens and underscores.",
)

GROUP = Group("Who may join", (ENABLE_REGISTRATION, INVITATIONS_OPEN, ADMIN_ACCOUNT))
