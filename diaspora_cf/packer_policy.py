"""The rights of whoever builds the image: what Packer's amazon-ebs builder does, and no more."""

from __future__ import annotations

from awacs import ec2
from awacs.aws import Condition, Null, PolicyDocument, Statement, StringEquals, StringLike

from .template.policies import allow, document

# What the builder names its key pair and its security group: "packer_" and a number.
PACKERS_OWN = "packer*"
# The name that packer_pod.json gives to its machine and disk, and to what it makes of them.
BUILD_NAME = "Packer: diaspora *"
IMAGE_NAME = "diaspora-*"

_EC2 = "arn:aws:ec2:*:*"
_IMAGES = ("arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*")
_MAKING = ["RunInstances", "CreateKeyPair", "CreateSecurityGroup"]


def packer_policy() -> str:
    """The policy document as JSON text, for ``packer/iam_policy.json``."""
    text: str = packer_document().to_json(indent=2, sort_keys=False)
    return f"{text}\n"


def packer_document() -> PolicyDocument:
    """One statement for each thing that happens in a build."""
    return document(
        _look_around(),
        *_key_pair_and_firewall(),
        *_machine(),
        *_image(),
        *_rebuild(),
    )


def _look_around() -> Statement:
    return allow(
        "LookAround",
        [
            ec2.DescribeImages,
            ec2.DescribeInstances,
            ec2.DescribeInstanceStatus,
            ec2.DescribeInstanceTypeOfferings,
            ec2.DescribeKeyPairs,
            ec2.DescribeRegions,
            ec2.DescribeSecurityGroups,
            ec2.DescribeSnapshots,
            ec2.DescribeSubnets,
            ec2.DescribeTags,
            ec2.DescribeVolumes,
            ec2.DescribeVpcs,
        ],
        # None of these can be limited to a resource.
        "*",
    )


def _key_pair_and_firewall() -> tuple[Statement, ...]:
    return (
        allow(
            "KeyPairForTheBuild",
            [ec2.CreateKeyPair, ec2.DeleteKeyPair],
            f"{_EC2}:key-pair/{PACKERS_OWN}",
        ),
        # A group's ARN holds no name, so it can only be told by a tag, which an old Packer does
        # not set in time.
        allow(
            "SecurityGroupForTheBuild",
            [
                ec2.CreateSecurityGroup,
                ec2.DeleteSecurityGroup,
                ec2.AuthorizeSecurityGroupIngress,
            ],
            f"{_EC2}:security-group/*",
            f"{_EC2}:vpc/*",
        ),
    )


def _machine() -> tuple[Statement, ...]:
    of_the_build = Condition(StringLike({"ec2:ResourceTag/Name": BUILD_NAME}))
    return (
        allow(
            "StartTheMachine",
            [ec2.RunInstances],
            "arn:aws:ec2:*::image/*",
            "arn:aws:ec2:*::snapshot/*",
            *(
                f"{_EC2}:{kind}/*"
                for kind in (
                    "instance",
                    "key-pair",
                    "network-interface",
                    "security-group",
                    "subnet",
                    "volume",
                )
            ),
        ),
        # Never somebody's pod.
        allow(
            "EndTheMachine",
            [ec2.StopInstances, ec2.TerminateInstances],
            f"{_EC2}:instance/*",
            Condition=of_the_build,
        ),
        allow(
            "NameTheMachine",
            [ec2.CreateTags],
            f"{_EC2}:instance/*",
            f"{_EC2}:volume/*",
            f"{_EC2}:key-pair/*",
            f"{_EC2}:security-group/*",
            # Only while they are made: a pod that got this name could be ended.
            Condition=Condition(
                [
                    StringEquals({"ec2:CreateAction": _MAKING}),
                    StringLike({"aws:RequestTag/Name": BUILD_NAME}),
                ]
            ),
        ),
        allow("RemoveItsDisk", [ec2.DeleteVolume], f"{_EC2}:volume/*", Condition=of_the_build),
    )


def _image() -> tuple[Statement, ...]:
    return (
        allow("MakeTheImage", [ec2.CreateImage], f"{_EC2}:instance/*", *_IMAGES),
        # Packer names both when they are there, and the snapshot twice. What has another name
        # keeps it: who could rename an image could remove it.
        allow(
            "NameTheImage",
            [ec2.CreateTags],
            *_IMAGES,
            Condition=Condition(
                [
                    StringLike({"aws:RequestTag/Name": IMAGE_NAME}),
                    Null({"ec2:ResourceTag/Name": "true"}),
                ]
            ),
        ),
        allow("NameTheImageAgain", [ec2.CreateTags], *_IMAGES, Condition=_named_as_an_image()),
    )


def _rebuild() -> tuple[Statement, ...]:
    """For force_deregister and force_delete_snapshot, and images of this name only."""
    named = _named_as_an_image()
    return (
        allow(
            "RemoveAnOlderImage",
            [ec2.DeregisterImage],
            "arn:aws:ec2:*::image/*",
            Condition=named,
        ),
        allow(
            "RemoveAnOlderSnapshot",
            [ec2.DeleteSnapshot],
            "arn:aws:ec2:*::snapshot/*",
            Condition=named,
        ),
    )


def _named_as_an_image() -> Condition:
    return Condition(StringLike({"ec2:ResourceTag/Name": IMAGE_NAME}))
