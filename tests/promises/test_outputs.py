"""What the console shows at the end is true, and what it says to type works."""

from __future__ import annotations

import re
from unittest.mock import patch

from diaspora_pod import cli

from ..answers import CHOICES
from .breaking import Mutation, output
from .reading import DATABASES, EVERYTHING, Template, rendered


def outputs(template: Template) -> dict[str, str]:
    return rendered(template).outputs


def test_the_admins_command_is_one_that_the_pod_knows(template: Template) -> None:
    sudo, program, *arguments = outputs(template)["AdminCommand"].split()
    assert (sudo, program) == ("sudo", "diaspora-pod")
    with patch("diaspora_pod.operator.admin.grant") as grant, patch("os.geteuid", return_value=0):
        cli.main(arguments)
    assert grant.call_args.args[1:] == ("NAME", "you@example.org")


def test_a_shell_is_opened_on_this_pod_in_this_region(template: Template) -> None:
    assert outputs(template)["ShellCommand"].split() == [
        *("aws", "ssm", "start-session"),
        *("--target", "PodInstance"),
        *("--region", "eu-west-1"),
    ]


def test_ssh_goes_through_the_endpoint_to_this_pod_in_this_region(template: Template) -> None:
    shown = rendered(template, CHOICES["shell by Instance Connect Endpoint"]).outputs
    assert shown["SshCommand"].split() == [
        *("aws", "ec2-instance-connect", "ssh"),
        *("--connection-type", "eice"),
        *("--os-user", "ubuntu"),
        *("--instance-id", "PodInstance"),
        *("--region", "eu-west-1"),
    ]


def test_logs_bucket_and_database_are_found_by_what_is_shown(template: Template) -> None:
    shown = outputs(template)
    assert (shown["PodLog"], shown["FrontLog"]) == ("PodLogGroup", "FrontLogGroup")
    for database, choice in DATABASES.items():
        found = rendered(template, choice).outputs["DatabaseEndpoint"]
        assert found == f"{database}.Endpoint.Address"
    assert shown["Bucket"] == "AssetsBucket"


def test_the_pods_address_is_its_domain_with_or_without_a_hosted_zone(template: Template) -> None:
    for choice in (EVERYTHING, CHOICES["foreign"]):
        assert rendered(template, choice).outputs["PodUrl"] == "https://pod.example.org"


def test_protecting_the_database_names_a_question_and_one_of_its_answers(
    template: Template,
) -> None:
    words = outputs(template)["ProtectDatabase"]
    ((question, answer),) = re.findall(r"set (\w+) to (\w+)", words)
    assert answer in template["Parameters"][question]["AllowedValues"]
    assert answer != template["Parameters"][question]["Default"]


MUTATIONS: dict[str, Mutation] = {
    "the_admins_command_is_one_that_the_pod_knows": output(
        "AdminCommand", to={"Fn::Sub": "sudo diaspora-pod admn NAME ${AdminEmail}"}
    ),
    "a_shell_is_opened_on_this_pod_in_this_region": output(
        "ShellCommand", to={"Fn::Sub": "aws ssm start-session --target ${PodInstance}"}
    ),
    "ssh_goes_through_the_endpoint_to_this_pod_in_this_region": output(
        "SshCommand", to={"Fn::Sub": "ssh ubuntu@${PodInstance}"}
    ),
    "logs_bucket_and_database_are_found_by_what_is_shown": output(
        "FrontLog", to={"Ref": "PodLogGroup"}
    ),
    "the_pods_address_is_its_domain_with_or_without_a_hosted_zone": output(
        "PodUrl",
        to={"Fn::If": ["MakesRecords", {"Fn::Sub": "https://${DomainName}"}, "https://elsewhere"]},
    ),
    "protecting_the_database_names_a_question_and_one_of_its_answers": output(
        "ProtectDatabase", to="set DatabaseDeletionProtection to on"
    ),
}
