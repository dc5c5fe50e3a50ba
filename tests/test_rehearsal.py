"""The rehearsal's own parts do what its stories take for granted. No root, no network."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from .rehearsal import __main__ as rehearsal_main
from .rehearsal import checks, host, isolation, lanes, older, report, sources
from .rehearsal.bake import TEMPLATE
from .rehearsal.cache import digest
from .rehearsal.fakes.cloudformation import CloudFormation
from .rehearsal.fakes.cloudwatch import Logs
from .rehearsal.fakes.front import mapped
from .rehearsal.fakes.metadata import Instance, Metadata
from .rehearsal.fakes.names import Names
from .rehearsal.figures import Figures
from .rehearsal.packer import template_to_run
from .rehearsal.stack import rendered_stack

INSTANCE = Instance("i-0123456789abcdef0", "10.0.0.11", "#!/bin/sh", "eu-west-1", "123456789012")
TTL = {"x-aws-ec2-metadata-token-ttl-seconds": "60"}


def test_packer_gets_the_committed_template_with_another_builder_and_nothing_else() -> None:
    committed = json.loads(TEMPLATE.read_text())
    run = template_to_run(committed, {"type": "null"})
    assert run.pop("builders") == [{"type": "null"}]
    assert committed.pop("builders")[0]["type"] == "amazon-ebs"
    assert run == committed


def test_whoever_is_not_root_is_told_so_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "root" in checks.fault()
    assert "\n" not in checks.fault()


def test_missing_tools_are_named_by_their_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name, path: None if name == "nft" else name)
    assert "nftables" in checks.missing_packages()
    assert "packer" not in checks.missing_packages()
    assert "nftables" in checks.fault()


def test_who_has_no_package_of_packer_is_told_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name, path: None if name == "packer" else name)
    assert "developer.hashicorp.com/packer/install" in checks.fault()
    assert "\n" not in checks.fault()


def test_the_hosts_mirror_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archives = ["http://mirror.example.org/debian-security", "http://mirror.example.org/debian/"]
    monkeypatch.setattr(host, "_archives", lambda: archives)
    monkeypatch.setattr(host, "_apt_settings", lambda: "")
    monkeypatch.setattr(host, "_npm_registry", lambda: "")
    settings = host.host_settings()
    assert (settings.security, settings.mirror) == tuple(archives)


def test_an_image_is_baked_anew_when_anything_of_it_changes(tmp_path: Path) -> None:
    script = tmp_path / "folder" / "script.sh"
    script.parent.mkdir()
    script.write_text("true\n")
    digests = {digest(script.parent)}
    script.write_text("false\n")
    digests.add(digest(script.parent))
    script.chmod(0o755)
    digests.add(digest(script.parent))
    script.rename(script.with_name("other.sh"))
    digests.add(digest(script.parent))
    assert len(digests) == 4


def test_an_image_is_baked_once_for_all_checkouts(tmp_path: Path) -> None:
    for name in ("one", "other-diaspora"):
        shutil.copytree(sources.STANDIN, tmp_path / name / "standin")
    (tmp_path / "one/standin/Gemfile").chmod(0o664)
    keys = {digest(*chosen(tmp_path / name).contents()) for name in ("one", "other-diaspora")}
    assert len(keys) == 1
    (tmp_path / "one/standin/Gemfile").write_text("")
    keys.add(digest(*chosen(tmp_path / "one").contents()))
    assert len(keys) == 2


def chosen(checkout: Path) -> sources.Sources:
    return sources.Sources(str(checkout / "standin"), "v1", str(checkout / "gems"))


def test_a_repository_is_what_its_tag_holds_wherever_it_lies(tmp_path: Path) -> None:
    git = ["git", "-C", str(tmp_path / "one"), "-c", "user.name=a", "-c", "user.email=a@b.org"]
    subprocess.run(["git", "init", "--quiet", tmp_path / "one"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=first"], check=True)
    subprocess.run([*git, "tag", "v1"], check=True)
    shutil.copytree(tmp_path / "one", tmp_path / "other")
    (tmp_path / "other/left-over").touch()
    one, other = (sources.Sources(str(tmp_path / name), "v1", "") for name in ("one", "other"))
    assert one.contents() == other.contents()
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message=second"], check=True)
    subprocess.run([*git, "tag", "--force", "v1"], check=True, stdout=subprocess.DEVNULL)
    assert one.contents() != other.contents()


def test_a_shallow_clone_gets_the_older_commit_where_it_can_be_had(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def git(*words: object) -> str:
        names = ("-c", "user.name=a", "-c", "user.email=a@b.org")
        command = ["git", *names, *map(str, words)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    whole, shallow = tmp_path / "whole", tmp_path / "shallow"
    git("init", "--quiet", whole)
    (whole / "packer").mkdir()
    (whole / "packer/older").touch()
    git("-C", whole, "add", "--all")
    git("-C", whole, "commit", "--quiet", "--message=older")
    monkeypatch.setattr(older, "COMMIT", git("-C", whole, "rev-parse", "HEAD"))
    monkeypatch.setattr(older, "_PARTS", ("packer",))
    git("-C", whole, "commit", "--quiet", "--allow-empty", "--message=newer")
    git("clone", "--quiet", "--depth=1", whole.as_uri(), shallow)
    monkeypatch.setattr(older, "_GIT", ("git", "-C", str(shallow)))
    assert not older.is_there()
    older.fetch()
    assert older.is_there()
    assert (older.write_tree(tmp_path / "tree") / "packer/older").is_file()
    monkeypatch.setattr(older, "COMMIT", "0" * 40)
    older.fetch()
    assert "no older image is upgraded" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "looks"),
    [
        ([], False),
        (["diaspora"], True),
        (["diaspora", "tests/rehearsal/diaspora/test_mail.py"], True),
        # What lanes.py passes, from a checkout whose folder is called so too.
        (["/srv/diaspora-pod/tests/rehearsal", "--ignore=tests/rehearsal/diaspora"], False),
    ],
)
def test_only_who_rehearses_diaspora_needs_a_browser(
    arguments: list[str], looks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def fault(looks: bool) -> str:
        asked.append(looks)
        return "no rehearsal here"

    monkeypatch.delenv(isolation.RUN, raising=False)
    monkeypatch.setattr(rehearsal_main, "fault", fault)
    assert rehearsal_main.main(arguments) == 1
    assert asked == [looks]


def test_a_report_says_what_ran_and_wants_no_browser_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    manifest = {
        "diaspora": {"version": "v1", "commit": "c0ffee"},
        "packages": defaultdict(str),
        "system": "Debian",
        "architecture": "x86_64",
    }
    page, run = report.PAGES["outages"], report.Run(manifest, {}, "5d7af2f")
    figures = Figures(tmp_path)
    figures.add("Moving", "dump, seconds", "12")
    told = report._text(page, run, figures)
    assert "| the stand-in, in place of diaspora\\* | v1 (c0ffee) |" in told
    assert "| dump, seconds | 12 |" in told
    assert "browser" not in told


def test_the_stories_that_measure_outages_are_there() -> None:
    *stories, option = lanes.OUTAGES
    assert option.removeprefix("--report=") in report.PAGES
    assert stories
    for story in stories:
        file, _, name = story.partition("::")
        assert f"def {name or 'test_'}" in Path(file).read_text("utf-8")


def test_a_report_is_old_when_what_it_is_about_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "program" / "main.py"
    program.parent.mkdir()
    program.write_text("pass\n")
    monkeypatch.setattr(report, "SUBJECTS", {"the program": "program"})
    monkeypatch.setattr(report, "PACKER", tmp_path)
    monkeypatch.setattr(report, "REPORT", tmp_path / "report.md")
    assert report.changed() == ["the program"]
    (fingerprint,) = report.fingerprints(tmp_path).values()
    report.REPORT.write_text(f"| the program | `{fingerprint}` |\n")
    assert report.changed() == []
    # How a checkout sets modes says nothing about what was run.
    program.chmod(0o775)
    assert report.changed() == []
    program.write_text("fail\n")
    assert report.changed() == ["the program"]


def test_the_settings_are_read_from_the_user_data_byte_for_byte() -> None:
    name = "Bob's ${pod} {é} 漢字 🐘 'x' `y` $z"
    settings = rendered_stack("pod", {"PodName": name}).settings
    assert settings["pod_name"] == name
    schema = json.loads((TEMPLATE.parent / "rootfs/usr/share/diaspora/pod.schema.json").read_text())
    assert set(schema["required"]) <= set(settings) <= set(schema["properties"])


def test_answers_that_the_template_refuses_are_refused() -> None:
    with pytest.raises(ValueError, match="CertificateArn"):
        rendered_stack("pod", {"HostedZoneId": ""})


def test_the_front_folds_and_maps_headers_as_an_http_api_does() -> None:
    sent = [
        ("Host", "a.execute-api.example"),
        ("X-Forwarded-For", "1.2.3.4"),
        ("X-Forwarded-Proto", "http"),
        ("X-Client-IP", "1.2.3.4"),
        ("Connection", "close"),
        ("Cookie", "kept"),
    ]
    mappings = {
        "overwrite:header.Host": "pod.example.org",
        "overwrite:header.X-Client-IP": "$context.identity.sourceIp",
    }
    assert mapped(sent, mappings, "198.51.100.7") == [
        ("Cookie", "kept"),
        (
            "Forwarded",
            "for=1.2.3.4;by=203.0.113.10;for=198.51.100.7;host=a.execute-api.example;proto=https",
        ),
        ("Via", "HTTP/1.1 AmazonAPIGateway"),
        ("Host", "pod.example.org"),
        ("X-Client-IP", "198.51.100.7"),
    ]


def test_metadata_is_for_who_brings_a_token() -> None:
    metadata = Metadata()
    metadata.add(INSTANCE)
    path = "/latest/meta-data/instance-id"
    assert metadata.respond("10.0.0.11", "GET", path, {}) == (401, "")
    assert metadata.respond("10.0.0.11", "GET", "/latest/api/token", TTL)[0] == 400
    assert metadata.respond("10.0.0.11", "PUT", "/latest/api/token", {})[0] == 400
    status, token = metadata.respond("10.0.0.11", "PUT", "/latest/api/token", TTL)
    assert status == 200
    headers = {"x-aws-ec2-metadata-token": token}
    assert metadata.respond("10.0.0.11", "GET", path, headers) == (200, INSTANCE.instance_id)
    assert metadata.respond("10.0.0.12", "GET", path, headers)[0] == 404


def test_keys_of_the_role_change_and_end() -> None:
    metadata = Metadata()
    first = _key(metadata)
    metadata.rotate()
    second = _key(metadata)
    assert first != second
    assert metadata.good(first)
    assert metadata.good(second)
    metadata.expire()
    assert not metadata.good(second)
    assert metadata.good(_key(metadata))


def test_names_answer_and_wildcards_stand_for_one_label() -> None:
    names = Names()
    names.add("*.s3.eu-west-1.amazonaws.com", "203.0.113.20")
    assert names.address("Bucket.s3.eu-west-1.amazonaws.com.") == "203.0.113.20"
    assert names.address("a.b.s3.eu-west-1.amazonaws.com") is None
    labels = b"".join(bytes([len(it)]) + it for it in b"b.s3.eu-west-1.amazonaws.com".split(b"."))
    question = labels + b"\0\0\1\0\1"
    header = bytes.fromhex("abcd01000001000000000000")
    answer = names.answer(header + question)
    assert answer is not None
    assert answer[:12] == bytes.fromhex("abcd85800001000100000000")
    assert answer.endswith(bytes([203, 0, 113, 20]))
    unknown = names.answer(header + b"\1x\0\0\1\0\1")
    assert unknown is not None
    assert unknown[3] & 15 == 3


def test_cloudformation_refuses_a_signal_with_a_name_that_is_too_long() -> None:
    cloudformation = CloudFormation()
    fields = "Action=SignalResource&StackName=s&LogicalResourceId=Pod&Status=FAILURE&UniqueId="
    assert cloudformation.respond(f"{fields}{'i' * 65}".encode())[0] == 400
    assert cloudformation.signals == []
    assert cloudformation.respond(f"{fields}i-1.web".encode())[0] == 200
    assert [(it.status, it.step) for it in cloudformation.signals] == [("FAILURE", "web")]


def test_log_events_need_a_stream_and_an_order() -> None:
    logs = Logs()
    body = {"logGroupName": "g", "logStreamName": "s", "logEvents": [_event(2), _event(1)]}
    assert logs.respond("PutLogEvents", json.dumps(body).encode())[0] == 400
    assert logs.respond("CreateLogStream", json.dumps(body).encode())[0] == 200
    assert logs.respond("PutLogEvents", json.dumps(body).encode())[0] == 400
    body["logEvents"] = [_event(1), _event(2)]
    assert logs.respond("PutLogEvents", json.dumps(body).encode())[0] == 200
    assert logs.text("g", "s") == "event 1\nevent 2\n"


def _event(time: int) -> dict[str, object]:
    return {"timestamp": time, "message": f"event {time}"}


def _key(metadata: Metadata) -> str:
    metadata.add(INSTANCE)
    _, token = metadata.respond("10.0.0.11", "PUT", "/latest/api/token", TTL)
    folder = "/latest/meta-data/iam/security-credentials"
    headers = {"x-aws-ec2-metadata-token": token}
    role = metadata.respond("10.0.0.11", "GET", f"{folder}/", headers)[1]
    document = json.loads(metadata.respond("10.0.0.11", "GET", f"{folder}/{role}", headers)[1])
    return str(document["AccessKeyId"])
