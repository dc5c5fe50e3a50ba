"""What the pod may do on AWS: what it needs by name, and nothing else."""

from __future__ import annotations

from awacs import cloudformation, logs, s3, sns, ssm
from awacs.aws import Condition, Statement, StringEquals
from troposphere import AWSHelperFn, Join, Ref, Split, Sub, iam

from ...parameters.database import DATABASE_PASSWORD_KEY, DATABASE_USERNAME_KEY
from ...parameters.mail import MAIL_PASSWORD_KEY, MAIL_USERNAME_KEY, SENDS_MAIL
from ...template.policies import allow, deny, inline, trust
from ...template.question import Question
from ...template.stack import Stack
from ..logs import Logs
from ..network import S3Endpoint
from ..storage import HANDOVER, SUPPORT, TRANSFER, Storage
from .access import session_manager_policy
from .settings import secrets_path

# What users upload, and public assets; everything else in the bucket is none of the pod's business.
UPLOADS = "uploads"
EXPORTS = f"{UPLOADS}/users"
ASSETS = "assets"
# As the boot program calls them, below the path of the pod's own secrets.
OWN_SECRETS = ("session-secret", "oidc-key", "domain-name")


def add_instance_profile(
    stack: Stack, storage: Storage, to_s3: S3Endpoint, logs: Logs, topic: Ref
) -> iam.InstanceProfile:
    """Add the pod's role and the profile that hands it to the machine.

    All policies are inside the role: one beside it would be referred to by nobody, and the pod
    could boot before it is there.
    """
    role = stack.add(
        iam.Role(
            "PodRole",
            AssumeRolePolicyDocument=trust("ec2.amazonaws.com"),
            Policies=[
                inline("database-secrets", _read_secrets("Database", _DATABASE_KEYS)),
                stack.choose(SENDS_MAIL, inline("mail-secrets", _read_secrets("Mail", _MAIL_KEYS))),
                inline("own-secrets", *_own_secrets(secrets_path(stack))),
                inline("uploads", *_uploads(storage, to_s3)),
                inline("assets", _assets(storage, to_s3)),
                inline("transfer", _transfer(storage, to_s3)),
                inline("handover", _handover(storage, secrets_path(stack), to_s3)),
                inline("support", _support(storage, to_s3)),
                inline("log", _write_log(logs)),
                inline("signal", _signal()),
                inline("mail-the-admin", _mail_the_admin(topic)),
                session_manager_policy(stack),
            ],
        )
    )
    return stack.add(iam.InstanceProfile("PodInstanceProfile", Roles=[Ref(role)]))


_PARAMETERS = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter"
_DATABASE_KEYS = (DATABASE_USERNAME_KEY, DATABASE_PASSWORD_KEY)
_MAIL_KEYS = (MAIL_USERNAME_KEY, MAIL_PASSWORD_KEY)


def _read_secrets(subject: str, keys: tuple[Question, ...]) -> Statement:
    """The secrets that a person made. AWS's own key decrypts them with no right of its own."""
    return allow(
        f"Read{subject}Secrets", [ssm.GetParameter], *(_parameter_arn(key) for key in keys)
    )


def _parameter_arn(key: Question) -> AWSHelperFn:
    """The ARN of a parameter whose name may start with a slash, of which the ARN has just one."""
    return Join("/", Split("//", Sub(f"{_PARAMETERS}/${{{key.name}}}")))


def _own_secrets(path: AWSHelperFn) -> tuple[Statement, Statement]:
    """The secrets that the first boot makes up: by name, written once, never overwritten."""
    arns = [Sub(f"{_PARAMETERS}${{Path}}/{name}", Path=path) for name in OWN_SECRETS]
    return (
        allow("ReadAndMakeOwnSecrets", [ssm.GetParameter, ssm.PutParameter], *arns),
        deny(
            "NeverOverwriteSecrets",
            [ssm.PutParameter],
            "*",
            Condition=Condition(StringEquals({"ssm:Overwrite": "true"})),
        ),
    )


def _uploads(storage: Storage, to_s3: S3Endpoint) -> tuple[Statement, ...]:
    """What s3fs does: list the bucket, and everything with the objects under its mounts."""
    return (
        allow("ListBucket", [s3.ListBucket], storage.arn(), Condition=_from_here(to_s3)),
        allow(
            "Uploads",
            [s3.GetObject, s3.PutObject, s3.DeleteObject, s3.AbortMultipartUpload],
            storage.arn(f"/{UPLOADS}/*"),
            Condition=_from_here(to_s3),
        ),
        # An address that is signed for an export is used by its owner, from anywhere.
        allow(
            "Exports",
            [s3.GetObject],
            storage.arn(f"/{EXPORTS}/*"),
            Condition=Condition(StringEquals(_OWN_ACCOUNT)),
        ),
    )


def _assets(storage: Storage, to_s3: S3Endpoint) -> Statement:
    """Public assets are kept for later images and fetched from there; none is ever deleted."""
    return allow(
        "Assets",
        [s3.GetObject, s3.PutObject],
        storage.arn(f"/{ASSETS}/*"),
        Condition=_from_here(to_s3),
    )


def _transfer(storage: Storage, to_s3: S3Endpoint) -> Statement:
    """A dump is sent in parts, and read by the pod of another stack. The bucket forgets it."""
    return allow(
        "Transfer",
        [s3.GetObject, s3.PutObject, s3.AbortMultipartUpload],
        storage.arn(f"/{TRANSFER}/*"),
        Condition=_from_here(to_s3),
    )


def _support(storage: Storage, to_s3: S3Endpoint) -> Statement:
    """What a podmin fetches in the console. The pod need not read it, and the bucket forgets it."""
    return allow(
        "Support",
        [s3.PutObject],
        storage.arn(f"/{SUPPORT}/*"),
        Condition=_from_here(to_s3),
    )


def _handover(storage: Storage, path: AWSHelperFn, to_s3: S3Endpoint) -> Statement:
    """What waits goes from one machine to the next, of pods that share their secrets."""
    return allow(
        "Handover",
        [s3.GetObject, s3.PutObject, s3.DeleteObject, s3.AbortMultipartUpload],
        storage.arn(f"/{HANDOVER}${{Path}}/*", Path=path),
        Condition=_from_here(to_s3),
    )


# A bucket's name says nothing of whose it is: deleted, it may become somebody else's.
_OWN_ACCOUNT = {"aws:ResourceAccount": Ref("AWS::AccountId")}


def _from_here(to_s3: S3Endpoint) -> Condition:
    """Only from inside the VPC: credentials that were carried off open nothing elsewhere."""
    return Condition(StringEquals({**_OWN_ACCOUNT, "aws:SourceVpce": to_s3.endpoint}))


def _write_log(logs_: Logs) -> Statement:
    """The group's ARN ends in ``:*``, which stands for its streams."""
    return allow("WriteOwnLog", [logs.CreateLogStream, logs.PutLogEvents], logs_.pod_arn)


def _signal() -> Statement:
    """Telling CloudFormation, once, whether the first boot worked."""
    return allow("SignalOwnStack", [cloudformation.SignalResource], Ref("AWS::StackId"))


def _mail_the_admin(topic: Ref) -> Statement:
    """What the pod sees of itself goes where AWS's alarms go, and to no other topic or number."""
    return allow("MailTheAdmin", [sns.Publish], topic)
