"""The bucket that holds what users upload."""

from __future__ import annotations

from dataclasses import dataclass

from awacs import s3 as s3_actions
from awacs.aws import Bool, Condition, Principal
from troposphere import AWSHelperFn, Ref, Sub, s3

from ..parameters.moving import (
    ASSETS_BUCKET_NAME,
    EXISTING_BUCKET_NAME,
    KEEPS_BUCKET,
    MAKES_BUCKET,
    NAMES_BUCKET,
)
from ..template.policies import deny, document
from ..template.stack import Stack

# Each photo leaves some twenty old versions behind when its thumbnails are made: keep them long
# enough to undo a mistake, not longer.
OLD_VERSIONS_DAYS = 14
# Where a database is that moves to another stack; all that people ever wrote must not lie about.
TRANSFER = "transfer"
TRANSFER_DAYS = 7
# What is meant for a podmin's eyes: logs, and links that set a password once.
SUPPORT = "support"
SUPPORT_DAYS = 7
# What waits in a queue when its machine ends, until another one takes it. For as long a pod may be
# offline without losing it.
HANDOVER = "handover"
HANDOVER_DAYS = 90


@dataclass(frozen=True)
class Storage:
    """The bucket, made here or brought along."""

    bucket: AWSHelperFn

    def arn(self, objects: str = "", **more: AWSHelperFn) -> Sub:
        """The bucket's ARN, or that of objects in it, such as ``/uploads/*``.

        ``more`` is what is put in by its name.
        """
        return _arn(self.bucket, objects, **more)


def add_storage(stack: Stack) -> Storage:
    """Add the bucket and its policy, unless an existing bucket is given."""
    bucket = _add_bucket(stack)
    _add_bucket_policy(stack, bucket)
    return Storage(stack.choose(KEEPS_BUCKET, EXISTING_BUCKET_NAME.ref, Ref(bucket)))


def _arn(bucket: AWSHelperFn, objects: str = "", **more: AWSHelperFn) -> Sub:
    return Sub(f"arn:${{AWS::Partition}}:s3:::${{Bucket}}{objects}", Bucket=bucket, **more)


def _add_bucket(stack: Stack) -> s3.Bucket:
    # Retain, and not RetainExceptOnCreate: a pod that boots writes an object, and the rollback of
    # a failed first creation would fail on the bucket that is no longer empty.
    return stack.add(
        s3.Bucket(
            "AssetsBucket",
            Condition=stack.when(MAKES_BUCKET),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            BucketName=stack.choose(NAMES_BUCKET, ASSETS_BUCKET_NAME.ref),
            BucketEncryption=s3.BucketEncryption(
                ServerSideEncryptionConfiguration=[
                    s3.ServerSideEncryptionRule(
                        ServerSideEncryptionByDefault=s3.ServerSideEncryptionByDefault(
                            SSEAlgorithm="AES256"
                        )
                    )
                ]
            ),
            OwnershipControls=s3.OwnershipControls(
                Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
            ),
            PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
                BlockPublicAcls=True,
                BlockPublicPolicy=True,
                IgnorePublicAcls=True,
                RestrictPublicBuckets=True,
            ),
            VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
            LifecycleConfiguration=s3.LifecycleConfiguration(Rules=_lifecycle_rules()),
        )
    )


def _lifecycle_rules() -> list[s3.LifecycleRule]:
    return [
        s3.LifecycleRule(
            Id="ExpireOldVersions",
            Status="Enabled",
            NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(
                NoncurrentDays=OLD_VERSIONS_DAYS
            ),
        ),
        s3.LifecycleRule(
            Id="ForgetDeletedAndUnfinished",
            Status="Enabled",
            ExpiredObjectDeleteMarker=True,
            AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(DaysAfterInitiation=1),
        ),
        _forget("Transfers", TRANSFER, TRANSFER_DAYS),
        _forget("Handovers", HANDOVER, HANDOVER_DAYS),
        _forget("Support", SUPPORT, SUPPORT_DAYS),
    ]


def _forget(what: str, folder: str, days: int) -> s3.LifecycleRule:
    """Have S3 delete what lies in a folder for so many days.

    Of two rules that would expire a version, it follows the one that is done with it sooner (User
    Guide, "Conflicts in lifecycle configuration").
    """
    return s3.LifecycleRule(
        Id=f"Forget{what}",
        Status="Enabled",
        Prefix=f"{folder}/",
        ExpirationInDays=days,
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=1),
    )


def _add_bucket_policy(stack: Stack, bucket: s3.Bucket) -> None:
    # Kept with its bucket: deleted alone, it would leave a bucket that takes plain HTTP.
    stack.add(
        s3.BucketPolicy(
            "AssetsBucketPolicy",
            Condition=stack.when(MAKES_BUCKET),
            DeletionPolicy="Retain",
            UpdateReplacePolicy="Retain",
            Bucket=Ref(bucket),
            PolicyDocument=document(
                deny(
                    "TlsOnly",
                    [s3_actions.Action("*")],
                    _arn(Ref(bucket)),
                    _arn(Ref(bucket), "/*"),
                    Principal=Principal("*"),
                    Condition=Condition(Bool({"aws:SecureTransport": "false"})),
                )
            ),
        )
    )
