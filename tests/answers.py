"""Answers to the low cost template's questions: one set for every choice that it offers."""

from __future__ import annotations

ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"

ASKED = {
    "PodAMI": "ami-0123456789abcdef0",
    "DomainName": "pod.example.org",
    "AdminEmail": "you@example.org",
}
HOSTED = {**ASKED, "HostedZoneId": "Z0123456789ABCDEFGHIJ"}
FOREIGN = {**ASKED, "CertificateArn": ARN}
MAIL = {
    "MailEnabled": "true",
    "MailDomain": "example.org",
}
IDENTITY = {**MAIL, "CreateMailIdentity": "yes"}
INSTANCE = {**HOSTED, "DatabaseKind": "rds-instance", "MonthlyBudget": "40"}
# What a second stack of a pod is told of the first.
MOVED = {
    "DatabaseSnapshot": "pod-before-move",
    "ExistingBucketName": "my-pod-photos",
    "SecretsPath": "/diaspora/my-pod",
    "OwnsDomain": "no",
}

CHOICES: dict[str, dict[str, str]] = {
    "hosted": HOSTED,
    "foreign": FOREIGN,
    "hosted with a certificate of its own": {**HOSTED, "CertificateArn": ARN},
    "second stack, hosted": {**HOSTED, "OwnsDomain": "no"},
    "second stack, foreign": {**ASKED, "OwnsDomain": "no"},
    "mail": {**FOREIGN, **MAIL},
    "mail with identity": {**HOSTED, **IDENTITY},
    "mail with identity and MAIL FROM": {
        **HOSTED,
        **IDENTITY,
        "MailFromDomain": "bounce",
    },
    "mail with DMARC": {**HOSTED, **MAIL, "CreateDmarcRecord": "yes"},
    "second stack with mail": {
        **HOSTED,
        **IDENTITY,
        "MailFromDomain": "bounce",
        "CreateDmarcRecord": "yes",
        "OwnsDomain": "no",
    },
    "shell by Instance Connect Endpoint": {**HOSTED, "SshAccess": "instance-connect-endpoint"},
    "shell from the VPC with a key": {**HOSTED, "SshAccess": "vpc", "PodKeyName": "my laptop"},
    "named bucket": {**HOSTED, "AssetsBucketName": "my-pod-photos"},
    "existing bucket": {**HOSTED, "ExistingBucketName": "my-pod-photos"},
    "restore": {**HOSTED, **MOVED},
    "offline": {**HOSTED, "PodState": "offline"},
    "offline with shell": {
        **HOSTED,
        "PodState": "offline",
        "SshAccess": "instance-connect-endpoint",
    },
    "no budget": {**HOSTED, "MonthlyBudget": "0"},
    "standard credits": {**HOSTED, "CpuCredits": "standard"},
    "never asleep": {**HOSTED, "DatabaseMinCapacity": "0.5", "MonthlyBudget": "80"},
    "nothing waits": {**HOSTED, "FederationPatience": "0", "MonthlyBudget": "80"},
    "rds instance": INSTANCE,
    "large rds instance": {**INSTANCE, "DatabaseInstanceClass": "db.t4g.medium"},
    "restored rds instance": {**INSTANCE, **MOVED},
    "protected": {**HOSTED, "DatabaseDeletionProtection": "true"},
    "chosen zones": {
        **HOSTED,
        "AvailabilityZone1": "b",
        "AvailabilityZone2": "c",
    },
    "names of secrets without a slash": {
        **HOSTED,
        "DatabaseUsernameKey": "pod-db-user",
        "DatabasePasswordKey": "pod-db-password",
        "DatabasePasswordVersion": "7",
    },
}
