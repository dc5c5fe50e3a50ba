"""The pod's machine: what it is made of, and when it counts."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

from diaspora_cf.generator import ROOT

from ..answers import CHOICES, HOSTED, INSTANCE
from .breaking import Mutation, add, change, resource
from .reading import (
    DATABASES,
    EVERYTHING,
    Template,
    databases,
    needed_by,
    properties,
    rendered,
    told_to_the_pod,
)


def launch_data(template: Template, choice: dict[str, str] | None = None) -> Any:
    return properties(template, "PodLaunchTemplate", choice)["LaunchTemplateData"]


def test_the_metadata_service_answers_version_two_only(template: Template) -> None:
    options = launch_data(template)["MetadataOptions"]
    assert options["HttpEndpoint"] == "enabled"
    assert options["HttpTokens"] == "required"
    assert options["HttpPutResponseHopLimit"] == 1


def test_the_pod_disk_is_encrypted_gp3(template: Template) -> None:
    (disk,) = launch_data(template)["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"] is True
    assert disk["Ebs"]["VolumeType"] == "gp3"


def test_the_disk_that_is_enlarged_is_the_one_the_system_is_on(template: Template) -> None:
    (disk,) = launch_data(template)["BlockDeviceMappings"]
    packer = json.loads((ROOT / "packer/packer_pod.json").read_text("utf-8"))
    (built,) = packer["builders"][0]["launch_block_device_mappings"]
    assert disk["DeviceName"] == built["device_name"]


def test_a_replaced_machine_leaves_nothing_to_be_paid_for(template: Template) -> None:
    (disk,) = launch_data(template)["BlockDeviceMappings"]
    (interface,) = launch_data(template)["NetworkInterfaces"]
    assert disk["Ebs"]["DeleteOnTermination"] is True
    assert interface["DeleteOnTermination"] is True


def test_the_machine_is_the_one_that_was_asked_for(template: Template) -> None:
    launched = launch_data(template, EVERYTHING)
    (disk,) = launched["BlockDeviceMappings"]
    assert {
        "PodAMI": launched["ImageId"],
        "PodInstanceType": launched["InstanceType"],
        "PodKeyName": launched["KeyName"],
        "PodDiskSize": disk["Ebs"]["VolumeSize"],
    }.items() <= EVERYTHING.items()
    for choice in CHOICES.values():
        assert launch_data(template, choice).get("KeyName") == choice.get("PodKeyName")


def test_the_pod_is_told_every_answer_under_the_questions_name(template: Template) -> None:
    answers = rendered(template, EVERYTHING).parameters
    told = settings(template, EVERYTHING)
    asked = {key: answers[question(key)] for key in told if question(key) in answers}
    asked["mail_sender_address"] += "@example.org"
    assert len(asked) >= 15
    assert {key: told[key] for key in asked} == asked


def question(setting: str) -> str:
    """The parameter that a setting is named after."""
    return "".join(word.capitalize() for word in setting.split("_"))


def test_the_pod_is_told_where_everything_is_that_it_needs(template: Template) -> None:
    told = settings(template, HOSTED)
    assert told["stack_id"].startswith("arn:aws:cloudformation:eu-west-1:123456789012:stack/pod/")
    assert {
        "region": "eu-west-1",
        "signal_resource": "PodInstance",
        "log_group": "PodLogGroup",
        "database_port": "5432",
        "mail_host": "email-smtp.eu-west-1.amazonaws.com",
        "alarm_topic": "AlarmTopic",
        "bucket": "AssetsBucket",
        "secrets_path": "/diaspora/pod",
    }.items() <= told.items()
    assert settings(template, CHOICES["existing bucket"])["bucket"] == "my-pod-photos"
    for title, named in (("DatabaseCluster", "DatabaseName"), ("DatabaseInstance", "DBName")):
        told = settings(template, DATABASES[title])
        assert told["database_host"] == f"{title}.Endpoint.Address"
        assert told["database_name"] == databases(template)[title][named]


def test_the_pod_is_started_without_waiting_for_it(template: Template) -> None:
    # Cloud-init, which runs the program, would wait for the boot to end, and the boot for it.
    assert started(template) == ["systemctl", "start", "--no-block", "diaspora.target"]


def settings(template: Template, choice: dict[str, str]) -> dict[str, str]:
    """What the user data writes for the boot program."""
    return _run_user_data(template, choice)[0]


def started(template: Template) -> list[str]:
    """What the user data runs at its end."""
    return _run_user_data(template, HOSTED)[1]


def _run_user_data(template: Template, choice: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    program = base64.b64decode(launch_data(template, choice)["UserData"]).decode()
    with TemporaryDirectory() as folder, patch("subprocess.run") as run:
        exec(program.replace("/etc/diaspora", folder), {})
        (call,) = run.call_args_list
        return json.loads((Path(folder) / "pod.json").read_text("utf-8")), call.args[0]


def test_the_pod_has_an_address_from_which_it_reaches_other_pods(template: Template) -> None:
    (interface,) = launch_data(template)["NetworkInterfaces"]
    assert interface["AssociatePublicIpAddress"] is True
    assert interface["Ipv6AddressCount"] == 1
    assert interface["SubnetId"] == "PublicSubnetA"


def test_no_subnet_stands_beside_a_network_interface(template: Template) -> None:
    beside = {"SubnetId", "SecurityGroupIds", "NetworkInterfaces"}
    assert not beside & set(template["Resources"]["PodInstance"]["Properties"])
    assert not {"SecurityGroupIds", "SecurityGroups"} & set(launch_data(template))


def test_the_pod_boots_with_its_full_cpu(template: Template) -> None:
    assert launch_data(template)["CreditSpecification"] == {"CpuCredits": "unlimited"}


def test_the_pod_must_signal_before_it_counts(template: Template) -> None:
    signal = template["Resources"]["PodInstance"]["CreationPolicy"]["ResourceSignal"]
    assert signal == {"Count": 1, "Timeout": "PT20M"}


def test_the_pod_gives_up_while_cloudformation_still_listens(template: Template) -> None:
    timeout = template["Resources"]["PodInstance"]["CreationPolicy"]["ResourceSignal"]["Timeout"]
    minutes = int(timeout.removeprefix("PT").removesuffix("M"))
    seconds = int(told_to_the_pod(template, "first_boot_deadline"))
    assert 10 * 60 <= seconds <= (minutes - 3) * 60


def test_any_change_of_the_settings_makes_a_new_pod(template: Template) -> None:
    launch = template["Resources"]["PodInstance"]["Properties"]
    assert launch == {
        "LaunchTemplate": {
            "LaunchTemplateId": {"Ref": "PodLaunchTemplate"},
            "Version": {"Fn::GetAtt": ["PodLaunchTemplate", "LatestVersionNumber"]},
        }
    }


def test_what_the_pod_needs_to_boot_is_there_before_it(template: Template) -> None:
    for choice, machine in ((HOSTED, "DatabaseWriter"), (INSTANCE, "DatabaseInstance")):
        assert needed_by(template, "PodInstance", choice) >= {
            machine,
            "DatabaseIngressFromPod",
            "PublicRouteIpv4",
            "PublicRouteIpv6",
            "PublicSubnetARouteTableAssociation",
            "S3Endpoint",
            "PodIngressFromVpcLink",
            "PodRole",
            "PodLogGroup",
            "AssetsBucket",
        }


def test_no_right_of_the_pod_comes_after_it(template: Template) -> None:
    beside = {"AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"}
    assert not beside & {resource["Type"] for resource in template["Resources"].values()}


def test_the_user_data_fits_and_leaves_room(template: Template) -> None:
    long = {**HOSTED, "PodName": "é" * 200, "DomainName": "a" * 60 + ".org"}
    assert 0 < len(launch_data(template, long)["UserData"]) * 3 / 4 < 12 * 1024


def test_the_user_data_names_secrets_and_holds_none(template: Template) -> None:
    data = json.dumps(
        template["Resources"]["PodLaunchTemplate"]["Properties"]["LaunchTemplateData"]["UserData"]
    )
    assert "DatabasePasswordKey" in data
    assert "resolve:" not in data


def _user_data(template: Template) -> Any:
    """The program and its values."""
    data = resource(template, "PodLaunchTemplate")["Properties"]["LaunchTemplateData"]
    return data["UserData"]["Fn::Base64"]["Fn::Sub"]


_DATA = ("LaunchTemplateData",)

MUTATIONS: dict[str, Mutation] = {
    "the_metadata_service_answers_version_two_only": change(
        "PodLaunchTemplate", *_DATA, "MetadataOptions", "HttpTokens", to="optional"
    ),
    "the_pod_disk_is_encrypted_gp3": change(
        "PodLaunchTemplate", *_DATA, "BlockDeviceMappings", 0, "Ebs", "Encrypted", to=False
    ),
    "the_disk_that_is_enlarged_is_the_one_the_system_is_on": change(
        "PodLaunchTemplate", *_DATA, "BlockDeviceMappings", 0, "DeviceName", to="/dev/xvda"
    ),
    "a_replaced_machine_leaves_nothing_to_be_paid_for": change(
        "PodLaunchTemplate",
        *_DATA,
        "BlockDeviceMappings",
        0,
        "Ebs",
        "DeleteOnTermination",
        to=False,
    ),
    "the_machine_is_the_one_that_was_asked_for": change(
        "PodLaunchTemplate", *_DATA, "InstanceType", to="t3a.micro"
    ),
    "the_pod_is_told_every_answer_under_the_questions_name": lambda template: _user_data(template)[
        1
    ].__setitem__("AdminEmail", {"Fn::Base64": {"Ref": "AdminAccount"}}),
    "the_pod_is_told_where_everything_is_that_it_needs": lambda template: _user_data(template)[
        1
    ].__setitem__("DatabasePort", {"Fn::Base64": "3306"}),
    "the_pod_is_started_without_waiting_for_it": lambda template: _user_data(template).insert(
        0, _user_data(template).pop(0).replace('"--no-block", ', "")
    ),
    "the_pod_has_an_address_from_which_it_reaches_other_pods": change(
        "PodLaunchTemplate", *_DATA, "NetworkInterfaces", 0, "AssociatePublicIpAddress", to=False
    ),
    "no_subnet_stands_beside_a_network_interface": change(
        "PodLaunchTemplate", *_DATA, "SecurityGroupIds", to=[{"Ref": "PodSecurityGroup"}]
    ),
    "the_pod_boots_with_its_full_cpu": change(
        "PodLaunchTemplate", *_DATA, "CreditSpecification", "CpuCredits", to="standard"
    ),
    "the_pod_must_signal_before_it_counts": lambda template: resource(template, "PodInstance")[
        "CreationPolicy"
    ]["ResourceSignal"].__setitem__("Count", 0),
    "the_pod_gives_up_while_cloudformation_still_listens": lambda template: _user_data(template)[
        1
    ].__setitem__("FirstBootDeadline", {"Fn::Base64": "1080"}),
    "any_change_of_the_settings_makes_a_new_pod": change(
        "PodInstance", "LaunchTemplate", "Version", to="$Latest"
    ),
    "what_the_pod_needs_to_boot_is_there_before_it": lambda template: resource(
        template, "PodInstance"
    )["DependsOn"].remove("DatabaseIngressFromPod"),
    "no_right_of_the_pod_comes_after_it": add(
        "Late", {"Type": "AWS::IAM::Policy", "Properties": {"Roles": [{"Ref": "PodRole"}]}}
    ),
    "the_user_data_fits_and_leaves_room": lambda template: _user_data(template).insert(
        0, _user_data(template).pop(0) + "#" * 16000
    ),
    "the_user_data_names_secrets_and_holds_none": lambda template: _user_data(template)[
        1
    ].__setitem__("PodName", "{{resolve:ssm:/diaspora/database/username:1}}"),
}
