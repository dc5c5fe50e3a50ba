"""What a machine is made of: image, type, disk, key, rights, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from troposphere import AWSHelperFn, GetAtt, Ref, Sub, Tags, ec2, iam

from ...parameters.essentials import POD_AMI
from ...parameters.machine import HAS_KEY, POD_DISK_SIZE, POD_KEY_NAME
from ...parameters.money import CPU_CREDITS
from ...template.question import Question
from ...template.stack import Stack
from .user_data import user_data


@dataclass(frozen=True)
class LaunchTemplate:
    """A template's handles: whoever refers to ``version`` is made anew with each change."""

    id: Ref
    version: GetAtt


def add_launch_template(
    stack: Stack,
    instance_type: Question,
    interface: ec2.NetworkInterfaces,
    profile: iam.InstanceProfile,
    settings: Mapping[str, str | AWSHelperFn],
) -> LaunchTemplate:
    """Add the template of a machine of this type, with its way to the network and its settings."""
    template = stack.add(
        ec2.LaunchTemplate(
            "PodLaunchTemplate",
            LaunchTemplateData=ec2.LaunchTemplateData(
                ImageId=POD_AMI.ref,
                InstanceType=instance_type.ref,
                KeyName=stack.choose(HAS_KEY, POD_KEY_NAME.ref),
                IamInstanceProfile=ec2.IamInstanceProfile(Arn=GetAtt(profile, "Arn")),
                # Given even where it is the default: T3 and T4g start with no credits at all.
                CreditSpecification=ec2.LaunchTemplateCreditSpecification(
                    CpuCredits=CPU_CREDITS.ref
                ),
                MetadataOptions=ec2.MetadataOptions(
                    HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=1
                ),
                BlockDeviceMappings=[_disk()],
                NetworkInterfaces=[interface],
                TagSpecifications=[_name("instance"), _name("volume")],
                UserData=user_data(settings),
            ),
        )
    )
    return LaunchTemplate(Ref(template), GetAtt(template, "LatestVersionNumber"))


def _name(kind: str) -> ec2.TagSpecifications:
    return ec2.TagSpecifications(ResourceType=kind, Tags=Tags(Name=Sub("${AWS::StackName} pod")))


def _disk() -> ec2.LaunchTemplateBlockDeviceMapping:
    """The root disk under the name that Ubuntu's images give it."""
    return ec2.LaunchTemplateBlockDeviceMapping(
        DeviceName="/dev/sda1",
        Ebs=ec2.EBSBlockDevice(
            VolumeType="gp3",
            VolumeSize=POD_DISK_SIZE.ref,
            Encrypted=True,
            DeleteOnTermination=True,
        ),
    )
