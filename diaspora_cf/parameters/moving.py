"""Restoring a pod, or moving it from one stack to another."""

from ..template.question import Group, Question, given, negated
from . import patterns
from .database import DATABASE_SNAPSHOT
from .essentials import OWNS_DOMAIN

ASSETS_BUCKET_NAME = Question(
    "AssetsBucketName",
    label="Optional. What is the new bucket for photos called?",
    text=(
        "A name that nobody in the world has taken, such as my-pod-photos. Leave it empty and AWS "
        "makes one up, which cannot collide when a failed creation is tried again. Changing it "
        "later makes a new, empty bucket and leaves the old one, with the photos, aside."
    ),
    default="",
    pattern=patterns.optional(patterns.NEW_BUCKET),
    constraint=patterns.BUCKET_TEXT,
)
EXISTING_BUCKET_NAME = Question(
    "ExistingBucketName",
    label="Optional. Which bucket already holds the pod's photos?",
    text=(
        "The name of a bucket of this account and region that an earlier stack left, such as "
        "my-pod-photos: it is used as it is. Empty: the stack makes a new one. Changing it later "
        "replaces the pod by a new one that uses the other bucket."
    ),
    default="",
    pattern=patterns.optional(patterns.BUCKET),
    constraint=patterns.BUCKET_TEXT,
)
SECRETS_PATH = Question(
    "SecretsPath",
    label="Optional. Where does the pod keep its own secrets?",
    text=(
        "A path in SSM Parameter Store, such as /diaspora/my-pod. Empty: /diaspora/ and the "
        "stack's name. A second stack for the same pod must be given the path of the first, or "
        "everybody is logged out. A path that holds another pod's secrets is refused by the pod as "
        "it boots. Changing it later makes new secrets."
    ),
    default="",
    pattern=patterns.optional(patterns.PARAMETER_PATH),
    constraint=patterns.PARAMETER_PATH_TEXT,
    max_length=patterns.PARAMETER_NAME_LENGTH,
)

GROUP = Group(
    "Restoring and moving a pod",
    (DATABASE_SNAPSHOT, ASSETS_BUCKET_NAME, EXISTING_BUCKET_NAME, SECRETS_PATH, OWNS_DOMAIN),
)

NAMES_BUCKET = given("NamesBucket", ASSETS_BUCKET_NAME)
KEEPS_BUCKET = given("KeepsBucket", EXISTING_BUCKET_NAME)
MAKES_BUCKET = negated("MakesBucket", KEEPS_BUCKET)
GIVES_SECRETS_PATH = given("GivesSecretsPath", SECRETS_PATH)
