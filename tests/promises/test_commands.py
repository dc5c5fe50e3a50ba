"""What may be run on the pod from AWS's console: commands that it knows, and nothing else.

What AWS and its agent make of the documents nobody has tried. The agent is played as its source
has it: the answer takes the place of its name in the text, which sh then reads.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from diaspora_pod import cli

from ..answers import CHOICES
from .breaking import Mutation, change, output
from .reading import Template, of_type, properties, rendered

DOCUMENTS = ("RunStatus", "RunDoctor", "RunAdmin", "RunSupportBundle")
ANSWERS = {"Name": "alice", "Email": "alice@example.org"}
NAMES = ("alice", "a", "Alice_2", "b.c-d", "x" * 32)
EMAILS = ("a@b.org", "alice+pod@mail.example.org", "a_b%c-d.e@x-y.example")
HOSTILE = (
    *("", "-h", "--help", "a b", "a'b", 'a"b', "a`id`", "$(id)", "${IFS}", "a;id", "a|id", "a&id"),
    *("a\nid", "a\n", "a\r", "a>b", "a<b", "a*", "a?", "a\\", "a#", "!a", "~a", "é", "{{ Email }}"),
    *("{{ssm:/diaspora/database/password}}", "../a", "a/b", "' ; touch /tmp/owned ; '"),
)
HOSTILE_EMAILS = (
    *(f"{it}@example.org" for it in HOSTILE),
    *(f"a@{it}" for it in HOSTILE),
    "a",
    "@b",
)


def content(template: Template, title: str) -> Any:
    return properties(template, title)["Content"]


def words(template: Template, title: str, answers: dict[str, str]) -> list[str]:
    """What arrives at the program, by the way of the agent and of a shell."""
    (step,) = content(template, title)["mainSteps"]
    (line,) = step["inputs"]["runCommand"]
    for name, answer in answers.items():
        line = line.replace(f"{{{{ {name} }}}}", answer)
    return shlex.split(line)


def takes(template: Template, name: str, answer: str) -> bool:
    """Whether a pattern lets an answer pass, found anywhere in it, as the agent looks for it."""
    pattern = content(template, "RunAdmin")["parameters"][name]["allowedPattern"]
    # To Go a dollar is the end of all, and no line break may follow it.
    return re.search(pattern.replace("$", r"\Z"), answer) is not None


def test_each_command_of_the_console_is_one_that_the_pod_knows(template: Template) -> None:
    assert set(of_type(template, "AWS::SSM::Document")) == set(DOCUMENTS)
    given = {}
    for title in DOCUMENTS:
        program, *arguments = words(template, title, ANSWERS)
        assert program == "/usr/sbin/diaspora-pod"
        given[title] = cli.parser().parse_args(arguments)
    assert [given[title].command for title in DOCUMENTS] == [
        *("status", "doctor", "admin", "support-bundle"),
    ]
    assert (given["RunAdmin"].name, given["RunAdmin"].email) == ("alice", "alice@example.org")


def test_what_is_kept_of_an_admins_making_has_no_password(template: Template) -> None:
    assert "--unseen" in words(template, "RunAdmin", ANSWERS)
    # A look at the pod that AWS keeps wakes nobody who is paid for.
    assert "--database" not in words(template, "RunStatus", {})


def test_no_answer_means_anything_to_the_shell_that_it_comes_to(template: Template) -> None:
    for name, hostile, harmless in (
        ("Name", (*HOSTILE, "x" * 33), NAMES),
        ("Email", HOSTILE_EMAILS, EMAILS),
    ):
        assert [answer for answer in hostile if takes(template, name, answer)] == []
        for answer in harmless:
            assert takes(template, name, answer)
            assert answer in words(template, "RunAdmin", {**ANSWERS, name: answer})
    asked = content(template, "RunAdmin")["parameters"]
    assert {question["type"] for question in asked.values()} == {"String"}
    assert set(asked) == set(ANSWERS)


def test_the_console_lists_commands_of_their_kind_under_names_that_stay(template: Template) -> None:
    for title in DOCUMENTS:
        found = properties(template, title)
        assert (found["DocumentType"], found["UpdateMethod"]) == ("Command", "NewVersion")
        assert found["TargetType"] == "/AWS::EC2::Instance"
        assert "Name" not in found
        assert found["Content"]["schemaVersion"] == "2.2"
        (step,) = found["Content"]["mainSteps"]
        assert (step["action"], step["name"]) == ("aws:runShellScript", "run")
        # Longer than a database that wakes, and an application that starts on a tenth of a CPU.
        assert step["inputs"]["timeoutSeconds"] == "600"


def test_where_the_machine_has_no_agent_no_command_is_offered(template: Template) -> None:
    for choice in ("shell by Instance Connect Endpoint", "shell from the VPC with a key"):
        made = rendered(template, CHOICES[choice])
        assert not set(DOCUMENTS) & set(made.resources)
        assert "RunInConsole" not in made.outputs


def test_the_way_to_them_names_each_and_the_machine(template: Template) -> None:
    shown = rendered(template).outputs["RunInConsole"]
    assert shown.startswith("Systems Manager console > Run Command > Run command > ")
    assert "Owned by me > RunStatus, RunDoctor, RunAdmin or RunSupportBundle > " in shown
    assert shown.endswith("Choose instances manually > PodInstance > Run")


MUTATIONS: dict[str, Mutation] = {
    "each_command_of_the_console_is_one_that_the_pod_knows": change(
        *("RunDoctor", "Content", "mainSteps", 0, "inputs", "runCommand", 0),
        to="/usr/sbin/diaspora-pod docter",
    ),
    "what_is_kept_of_an_admins_making_has_no_password": change(
        *("RunAdmin", "Content", "mainSteps", 0, "inputs", "runCommand", 0),
        to="/usr/sbin/diaspora-pod admin '{{ Name }}' '{{ Email }}'",
    ),
    "no_answer_means_anything_to_the_shell_that_it_comes_to": change(
        *("RunAdmin", "Content", "parameters", "Name", "allowedPattern"), to="^[^']*$"
    ),
    "the_console_lists_commands_of_their_kind_under_names_that_stay": change(
        "RunStatus", "UpdateMethod", to="Replace"
    ),
    "where_the_machine_has_no_agent_no_command_is_offered": lambda template: template["Resources"][
        "RunAdmin"
    ].pop("Condition"),
    "the_way_to_them_names_each_and_the_machine": output(
        "RunInConsole", to="Systems Manager console > Run Command"
    ),
}
