"""The database: its secrets, its size, its backups, and where it is restored from."""

from ..template.question import Group, Question, all_of, answered, given, negated
from . import patterns

DATABASE_USERNAME_KEY = Question(
    "DatabaseUsernameKey",
    label="Which SSM parameter holds the database's user name?",
    text=(
        "The name of a String in SSM Parameter Store that you made beforehand, such as "
        "/diaspora/database/username. Never change it, nor what it says: another user name would "
        "make a new, empty database, and the update fails."
    ),
    default="/diaspora/database/username",
    pattern=patterns.PARAMETER_NAME,
    constraint=patterns.PARAMETER_NAME_TEXT,
    max_length=patterns.PARAMETER_NAME_LENGTH,
)
DATABASE_USERNAME_VERSION = Question(
    "DatabaseUsernameVersion",
    label="Which version of the user name?",
    text=(
        "The version of that parameter, such as 1. Never change it: another user name would make "
        "a new, empty database, and the update fails."
    ),
    default="1",
    pattern=patterns.VERSION,
    constraint=patterns.VERSION_TEXT,
)
DATABASE_PASSWORD_KEY = Question(
    "DatabasePasswordKey",
    label="Which SSM parameter holds the database's password?",
    text=(
        "The name of a SecureString in SSM Parameter Store that you made beforehand, such as "
        "/diaspora/database/password: 8 to 41 characters, without / @ and double quotes. Changing "
        "the name is a rotation, see the version."
    ),
    default="/diaspora/database/password",
    pattern=patterns.PARAMETER_NAME,
    constraint=patterns.PARAMETER_NAME_TEXT,
    max_length=patterns.PARAMETER_NAME_LENGTH,
)
DATABASE_PASSWORD_VERSION = Question(
    "DatabasePasswordVersion",
    label="Which version of the password?",
    text=(
        "The version of that parameter, such as 1. To rotate the password, store a new version "
        "and enter its number: the database changes first, then a new pod boots that knows it; "
        "the old one cannot log in meanwhile, an outage of a minute or two."
    ),
    default="1",
    pattern=patterns.VERSION,
    constraint=patterns.VERSION_TEXT,
)
DATABASE_KIND = Question(
    "DatabaseKind",
    label="Which kind of database?",
    text=(
        "aurora-serverless sleeps while nobody asks it anything, and costs by the hour that it is "
        "awake: for a pod of few people. rds-instance is a small machine that is always there, at "
        "the same price every month: for a pod that is asked something all day. The README says "
        "which is cheaper. Never change it after the stack was created: the other kind would "
        "start empty, and cannot read the snapshots of this one, so the update fails. The README "
        "shows how a pod moves from one kind to the other."
    ),
    default="aurora-serverless",
    allowed=("aurora-serverless", "rds-instance"),
)
DATABASE_INSTANCE_CLASS = Question(
    "DatabaseInstanceClass",
    label="How large is the database, if it is an rds-instance?",
    text=(
        "db.t4g.micro has 1 GiB of memory, small 2 and medium 4. Such as db.t4g.micro, which is "
        "enough for a small pod. It can be changed at any time, with an outage of some minutes. "
        "It means nothing for aurora-serverless."
    ),
    default="db.t4g.micro",
    allowed=("db.t4g.micro", "db.t4g.small", "db.t4g.medium"),
)
DATABASE_MIN_CAPACITY = Question(
    "DatabaseMinCapacity",
    label="May the database fall asleep?",
    text=(
        "The least capacity of an aurora-serverless database in ACU (2 GiB of memory each). 0: it "
        "falls asleep five minutes after the last connection and costs nothing while it sleeps; "
        "the first visitor afterwards waits some 15 seconds or more. 0.5 or 1: it never sleeps "
        "and is paid for all month. It can be changed at any time without an outage. It means "
        "nothing for an rds-instance, which never sleeps."
    ),
    default="0",
    allowed=("0", "0.5", "1"),
)
FEDERATION_PATIENCE = Question(
    "FederationPatience",
    label="For how many minutes may other pods' posts wait while nobody is there?",
    text=(
        "So that the database can sleep. While nobody is on your pod, what other pods send (posts, "
        "comments, private messages) is kept aside: it is taken in at once when somebody comes, "
        "and after this many minutes at the latest. Who looks sees no difference; mails that tell "
        "of it, and what your pod passes on to others, come that much later. What your own people "
        "write leaves at once, always. Such as 240; 0: everything is taken in at once, always, "
        "and the database hardly sleeps. It means nothing for a database that never sleeps. It "
        "can be changed at any time; the pod is replaced by a new one."
    ),
    default="240",
    allowed=("0", "30", "60", "120", "240", "480"),
)
DATABASE_MAX_CAPACITY = Question(
    "DatabaseMaxCapacity",
    label="How large may the database grow?",
    text=(
        "The most capacity in ACU that an aurora-serverless database may use, and that you pay "
        "for, under load: 1 is enough for a small pod. It can be changed at any time; some "
        "settings only follow when the database restarts. It means nothing for an rds-instance."
    ),
    default="1",
    allowed=("1", "2", "4", "8", "16", "32"),
)
BACKUP_RETENTION_DAYS = Question(
    "BackupRetentionDays",
    label="For how many days are backups kept?",
    text=(
        "The database can be restored to any second of this many days. Such as 7. It can be "
        "changed at any time."
    ),
    default="7",
    allowed=("1", "3", "7", "14", "21", "28", "35"),
)
DATABASE_DELETION_PROTECTION = Question(
    "DatabaseDeletionProtection",
    label="Is the database protected from deletion?",
    text=(
        "false while you create the stack: a first creation that fails could not be cleaned up. "
        "Switch it to true once the pod runs (the ProtectDatabase output says where), and back "
        "before you delete the stack."
    ),
    default="false",
    allowed=("true", "false"),
)

GROUP = Group(
    "Database",
    (
        DATABASE_USERNAME_KEY,
        DATABASE_USERNAME_VERSION,
        DATABASE_PASSWORD_KEY,
        DATABASE_PASSWORD_VERSION,
        DATABASE_KIND,
        DATABASE_MIN_CAPACITY,
        FEDERATION_PATIENCE,
        DATABASE_MAX_CAPACITY,
        DATABASE_INSTANCE_CLASS,
        BACKUP_RETENTION_DAYS,
        DATABASE_DELETION_PROTECTION,
    ),
)

USES_AURORA = answered("UsesAurora", DATABASE_KIND, "aurora-serverless")
USES_INSTANCE = negated("UsesInstance", USES_AURORA)
MAY_SLEEP = all_of("MaySleep", USES_AURORA, answered("HasNoMinimum", DATABASE_MIN_CAPACITY, "0"))
# Where nothing waits, other pods keep it awake all day, as was asked for.
EXPECTS_SLEEP = all_of(
    "ExpectsSleep",
    MAY_SLEEP,
    negated("HasPatience", answered("HasNoPatience", FEDERATION_PATIENCE, "0")),
)

DATABASE_SNAPSHOT = Question(
    "DatabaseSnapshot",
    label="Optional. From which snapshot is the database restored?",
    text=(
        "The name or ARN of a snapshot, such as pod-before-move, to start with its data; of a "
        "cluster for aurora-serverless, of an instance for an rds-instance, neither can read the "
        "other's. The user name must be the one that it was made with. Empty: a new, empty "
        "database. Keep the answer for ever after: without it an update fails, and another one "
        "makes another database."
    ),
    default="",
    pattern=patterns.optional(
        "(arn:aws[a-z-]*:rds:[a-z0-9-]{1,32}:[0-9]{12}:(cluster-)?snapshot:)?"
        "(rds:|awsbackup:)?[A-Za-z][A-Za-z0-9-]{0,254}"
    ),
    constraint="The name or the ARN of a snapshot of a database, or nothing.",
    max_length=350,
)
RESTORES = given("Restores", DATABASE_SNAPSHOT)
