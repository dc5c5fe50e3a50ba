"""The questions: answerable by a person, and deaf to answers that would break something."""

from __future__ import annotations

import base64
import copy
import json
import re
from typing import Any

import pytest

from diaspora_cf.template.rendering import Rendered, parameter_faults, render

from .answers import ASKED, CHOICES

try:
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # Python 3.10
    import sre_parse as parser

Template = dict[str, Any]

DOMAINS = ("pod.example.org", "example.org", "a.b.c.d.example.co", "xn--bcher-kva.example", "9.io")
BAD_DOMAINS = (
    "example",
    "Pod.example.org",
    "https://pod.example.org",
    "pod.example.org/",
    "pod.example.org.",
    ".example.org",
    "-pod.example.org",
    "pod-.example.org",
    "pod..example.org",
    "pod_1.example.org",
    "*.example.org",
    "pod.example.org:443",
    "1.2.3.4",
    f"{'a' * 64}.example.org",
    "bücher.example",
)
EMAILS = ("you@example.org", "a.b+c%d@sub.example.org", "_@example.org")
BAD_EMAILS = (
    "you",
    "@example.org",
    "you@",
    "you@example",
    "you@@example.org",
    "you @example.org",
    "You <you@example.org>",
    "you@example.org, me@example.org",
    "{{resolve:ssm:x:1}}@example.org",
    f"{'a' * 65}@example.org",
    "yöu@example.org",
    "-you@example.org",
    ".you@example.org",
    "you.@example.org",
    "y..ou@example.org",
)
LOCAL_PARTS = ("no-reply", "a.b+c%d", "_", "a" * 64)
BAD_LOCAL_PARTS = (
    "",
    "no-reply@example.org",
    "-a",
    ".a",
    "a.",
    "a..b",
    "a b",
    "ä",
    "a" * 65,
    "{{x}}",
)
KEYS = ("/diaspora/database/password", "password", "/a", "pod-1.db_user", "/db/awsome")
BAD_KEYS = (
    "",
    "/",
    "diaspora/password",
    "/diaspora/",
    "//diaspora",
    "/aws/secret",
    "aws-secret",
    "/SSM/x",
    "a:1",
    "a b",
    "${Key}",
    "{{x}}",
    "/a" * 16,
    f"/{'a' * 200}",
)
VERSIONS = ("1", "12", "999999")
BAD_VERSIONS = ("", "0", "01", "1.0", "-1", "latest", "1234567", " 1", "٣")
BUCKETS = ("my-pod-photos", "abc", "a" * 63, "my-xn--pod", "s3alias")
BAD_BUCKETS = (
    "ab",
    "a" * 64,
    "My-Pod",
    "pod.photos",
    "-pod",
    "pod-",
    "pod_photos",
    "s3://pod",
    "xn--pod",
    "sthree-pod",
    "amzn-s3-demo-pod",
    "pod-s3alias",
    "pod--ol-s3",
    "pod--x-s3",
    "pod--table-s3",
)

# Parameter → (answers that are taken, answers that are not).
ANSWERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "DomainName": (DOMAINS, (*BAD_DOMAINS, "", f"{'a' * 60}.example.org")),
    "AdminEmail": (EMAILS, (*BAD_EMAILS, "")),
    "HostedZoneId": (
        ("", "Z0123456789ABCDEFGHIJ", "Z1"),
        ("z0123", "/hostedzone/Z0123", "example.org", "Z" * 33, "Z01 23"),
    ),
    "CertificateArn": (
        ("", "arn:aws:acm:eu-west-1:123456789012:certificate/0123-abcd"),
        (
            "certificate/0123",
            "arn:aws:iam::123456789012:server-certificate/x",
            "arn:aws:acm:eu-west-1:12345:certificate/0123",
            "arn:aws:acm:eu-west-1:123456789012:certificate/{{x}}",
        ),
    ),
    "PodName": (
        (
            "diaspora*",
            "Bob's pod",
            "漢字 🐘",
            "{{x}} <%= $y %> `z`",
            "a\tb",
            "\x7f x",
            "  a  ",
            "a" * 200,
            "🐘" * 100,
        ),
        (
            "",
            'a "quoted" pod',
            "back\\slash",
            "two\nlines",
            "two\r\nlines",
            "two\rlines",
            "two\x0blines",
            "two\x0clines",
            "two\x1clines",
            "two\x85lines",
            "two\u2028lines",
            "two\u2029lines",
            "nul\x00",
            "escape\x1b[31m",
            " ",
            "\t \xa0",
            "\u200b\u3000",
            "a" * 201,
            # Java counts what Unicode keeps beyond 16 bits twice.
            "🐘" * 101,
        ),
    ),
    "AdminAccount": (
        ("", "alice", "a_b.c-1"),
        ("Alice", "a b", "alice@pod.example.org", "a" * 33, "ålice"),
    ),
    "MailDomain": (("", *DOMAINS), BAD_DOMAINS),
    "MailSenderAddress": (LOCAL_PARTS, BAD_LOCAL_PARTS),
    "MailFromDomain": (
        ("", "bounce", "bounces", "mailfrom", "mail-from", "bounce-2"),
        ("bounce.example.org", "pod", "www", "Bounce", "bounce-", "bounce_2", "-bounce", "{{x}}"),
    ),
    "MailUsernameKey": (KEYS, BAD_KEYS),
    "MailUsernameVersion": (VERSIONS, BAD_VERSIONS),
    "MailPasswordKey": (KEYS, BAD_KEYS),
    "MailPasswordVersion": (VERSIONS, BAD_VERSIONS),
    "DatabaseUsernameKey": (KEYS, BAD_KEYS),
    "DatabaseUsernameVersion": (VERSIONS, BAD_VERSIONS),
    "DatabasePasswordKey": (KEYS, BAD_KEYS),
    "DatabasePasswordVersion": (VERSIONS, BAD_VERSIONS),
    "MonthlyBudget": (("0", "20", "999999"), ("", "-1", "007", "20.5", "20 USD", "$20", "1000000")),
    "PodKeyName": (("", "my laptop", "a.b_c@d+(e)-f"), ("a/b", "{{x}}", "é", "a" * 256)),
    "DatabaseSnapshot": (
        (
            "",
            "pod-before-move",
            "rds:pod-2026-11-24-03-07",
            "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:pod",
            "arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:rds:pod-2026",
            "arn:aws:rds:eu-west-1:123456789012:snapshot:pod",
        ),
        (
            "1pod",
            "pod snapshot",
            "arn:aws:rds:eu-west-1:123456789012:db:pod",
            "arn:aws:rds:eu-west-1:123456789012:cluster:pod",
            "{{x}}",
        ),
    ),
    "AssetsBucketName": (("", *BUCKETS, "pod-ban"), (*BAD_BUCKETS, "pod-an")),
    "ExistingBucketName": (("", *BUCKETS, "pod-an"), BAD_BUCKETS),
    "SecretsPath": (
        ("", "/diaspora/my-pod", "/a/b/c", "/diaspora/database-2"),
        (
            "diaspora",
            "/",
            "/diaspora",
            "/diaspora/",
            "/diaspora/database",
            "/diaspora/mail",
            "/aws/pod",
            "/ssm/pod",
            "/a b/c",
            "/a//b",
            "/a/*",
            "/a" * 15,
            f"/a/{'b' * 198}",
        ),
    ),
}

# What somebody's clipboard or malice brings; no question but the pod's name takes any of it.
HOSTILE = (
    "a'b",
    'a"b',
    "a\\b",
    "a;reboot",
    "a$(reboot)",
    "a`reboot`",
    "a|b",
    "a&b",
    "a\nb",
    "a\r\nb",
    "a\u2028b",
    "a\x85b",
    "a\x00b",
    "a: b # c",
    "!Ref a",
    "<b>a</b>",
    "漢字",
    "a\u200bb",
    "../../etc/passwd",
    "x" * 4097,
)


def refused(template: Template, name: str, value: str) -> bool:
    return any(
        fault.startswith(f"{name}:") for fault in parameter_faults(template, {**ASKED, name: value})
    )


def free_text(template: Template) -> set[str]:
    """The parameters that a person types, and AWS itself does not check."""
    return {
        name
        for name, parameter in template["Parameters"].items()
        if "AllowedValues" not in parameter and parameter["Type"] == "String"
    }


def test_every_typed_answer_has_a_pattern_that_is_tested(template: Template) -> None:
    assert free_text(template) == set(ANSWERS)
    assert all("AllowedPattern" in template["Parameters"][name] for name in ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_good_answers_are_taken(template: Template, name: str) -> None:
    good, _ = ANSWERS[name]
    assert [value for value in good if refused(template, name, value)] == []


@pytest.mark.parametrize("name", ANSWERS)
def test_bad_answers_are_refused(template: Template, name: str) -> None:
    _, bad = ANSWERS[name]
    assert [value for value in bad if not refused(template, name, value)] == []


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - {"PodName"}))
def test_hostile_answers_are_refused(template: Template, name: str) -> None:
    taken = [value for value in HOSTILE if not refused(template, name, value)]
    assert taken == []


def test_more_than_a_hundred_and_twenty_bad_answers_were_tried() -> None:
    assert sum(len(bad) for _, bad in ANSWERS.values()) >= 120


def test_patterns_mean_the_same_in_java_and_python(template: Template) -> None:
    # \d, \w, \s, \b, \v, \h and anchors differ between the two, or with their flags.
    risky = re.compile(r"\\[dDwWsSbBvVhHzZAG]|[\^$](?!\[)")
    for name in ANSWERS:
        pattern = template["Parameters"][name]["AllowedPattern"].replace("[^", "[")
        assert not risky.search(pattern), name


def test_four_questions_at_most_have_to_be_answered(template: Template) -> None:
    asked = [name for name, body in template["Parameters"].items() if "Default" not in body]
    assert asked == ["PodAMI", "DomainName", "AdminEmail"]


def test_every_question_is_asked_in_words_in_one_group(template: Template) -> None:
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    grouped = [name for group in interface["ParameterGroups"] for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert grouped[:3] == ["PodAMI", "DomainName", "AdminEmail"]
    for name, parameter in template["Parameters"].items():
        label = interface["ParameterLabels"][name]["default"]
        assert label.rstrip().endswith("?"), name
        assert len(parameter["Description"]) > 60, name
        assert len(parameter["Description"]) <= 1000, name
        if parameter.get("Default") == "":
            assert label.startswith("Optional. "), name


def test_every_question_says_what_a_later_change_does(template: Template) -> None:
    words = re.compile("chang|later|rotate|switch|keep the answer", re.IGNORECASE)
    silent = [
        name
        for name, parameter in template["Parameters"].items()
        if not words.search(parameter["Description"])
    ]
    assert silent == []


def test_every_pattern_comes_with_words(template: Template) -> None:
    for name in ANSWERS:
        assert len(template["Parameters"][name]["ConstraintDescription"]) > 20


def test_the_names_of_2021_are_kept(template: Template) -> None:
    kept = """PodInstanceType PodKeyName PodAMI AssetsBucketName DomainName HostedZoneId PodName
        EnableRegistration InvitationsOpen AdminAccount AdminEmail DatabaseUsernameKey
        DatabasePasswordKey DatabaseUsernameVersion DatabasePasswordVersion MailEnabled MailDomain
        MailSenderAddress MailUsernameKey MailPasswordKey MailUsernameVersion
        MailPasswordVersion""".split()
    assert set(kept) <= set(template["Parameters"])
    assert template["Parameters"]["EnableRegistration"]["Default"] == "false"
    assert template["Parameters"]["PodInstanceType"]["Default"] == "t3a.micro"


def test_no_typed_parameter_of_awss_can_be_left_empty(template: Template) -> None:
    typed = {n: p for n, p in template["Parameters"].items() if p["Type"].startswith("AWS::")}
    assert list(typed) == ["PodAMI"]
    assert not [name for name, parameter in typed.items() if "Default" in parameter]


def test_no_number_is_inserted_as_it_was_typed(template: Template) -> None:
    assert not [n for n, p in template["Parameters"].items() if p["Type"] == "Number"]


def test_defaults_pass_their_own_checks(template: Template) -> None:
    assert parameter_faults(template, ASKED) == []
    typed = {n: p["Default"] for n, p in template["Parameters"].items() if "Default" in p}
    assert parameter_faults(template, {**ASKED, **typed}) == []


def test_what_a_list_offers_is_what_aws_takes(template: Template) -> None:
    offered = {
        name: parameter["AllowedValues"]
        for name, parameter in template["Parameters"].items()
        if "AllowedValues" in parameter
    }
    # CloudWatch's list, and Aurora's range (API references of Logs and RDS).
    retention = {1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653}
    assert {int(days) for days in offered["LogRetentionDays"]} <= retention
    assert all(1 <= int(days) <= 35 for days in offered["BackupRetentionDays"])
    capacities = offered["DatabaseMinCapacity"] + offered["DatabaseMaxCapacity"]
    assert all((2 * float(capacity)).is_integer() for capacity in capacities)
    assert max(map(float, offered["DatabaseMinCapacity"])) <= min(
        map(float, offered["DatabaseMaxCapacity"])
    )
    assert all(1 <= int(size) <= 16384 for size in offered["PodDiskSize"])


def test_every_choice_of_the_tests_is_made_of_good_answers(template: Template) -> None:
    assert {name: parameter_faults(template, a) for name, a in CHOICES.items()} == {
        name: [] for name in CHOICES
    }


# AWS's limits: on a role's inline policies, white space not counted (IAM and STS quotas), and on
# user data before it is encoded (EC2 User Guide).
POLICY_CHARACTERS = 10_240
USER_DATA_BYTES = 16 * 1024


def longest(template: Template) -> dict[str, str]:
    """For every typed answer the longest that its limits allow, of letters that take most room."""
    return {
        name: ("漢" if name == "PodName" else "a")
        * min(int(body.get("MaxLength", 4096)), greatest_width(body["AllowedPattern"]))
        for name, body in template["Parameters"].items()
        if name in ANSWERS
    }


def greatest_width(pattern: str) -> int:
    """The characters of the longest text that a pattern matches, look-arounds aside."""
    return int(parser.parse(pattern).getwidth()[1])


def filled(template: Template) -> Rendered:
    """The template with the longest answers, whatever their patterns say of letters."""
    free = copy.deepcopy(template)
    for name in ANSWERS:
        free["Parameters"][name].pop("AllowedPattern")
    answers = {**CHOICES["mail with identity"], **longest(template)}
    return render(free, answers, region="ap-northeast-1", stack_name="s" * 128)


def test_every_typed_answer_has_a_greatest_length(template: Template) -> None:
    lengths = {name: len(answer) for name, answer in longest(template).items()}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


def test_the_longest_answers_fit_the_pods_role(template: Template) -> None:
    role = filled(template).resources["PodRole"]["Properties"]
    documents = [policy["PolicyDocument"] for policy in role["Policies"]]
    written = sum(len(json.dumps(document, separators=(",", ":"))) for document in documents)
    assert 0 < written <= POLICY_CHARACTERS


def test_the_longest_answers_fit_the_user_data(template: Template) -> None:
    launch = filled(template).resources["PodLaunchTemplate"]["Properties"]["LaunchTemplateData"]
    assert 0 < len(base64.b64decode(launch["UserData"])) <= USER_DATA_BYTES
