"""A first boot that cannot succeed says at which step, and where a person can read it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest

from .aws import Aws
from .pod import Pod, Pods
from .stack import MAIL

APP = "opt/diaspora"
Plant = Callable[[Pod, Aws], None]


def _want_an_unknown_setting(pod: Pod, _: Aws) -> None:
    """As an image that is newer than the template would."""
    file = pod.machine.root / "usr/share/diaspora/pod.schema.json"
    schema = json.loads(file.read_text())
    schema["required"].append("of_a_later_template")
    file.write_text(json.dumps(schema))


def _break_firewall(pod: Pod, _: Aws) -> None:
    _append(pod, "usr/share/diaspora/metadata.nft", "planted\n")


def _lose_secret(pod: Pod, aws: Aws) -> None:
    aws.ssm.delete(pod.settings["mail_password_key"])


def _make_secret_run_as_code(pod: Pod, aws: Aws) -> None:
    name = f"{pod.settings['secrets_path']}/session-secret"
    aws.ssm.put(name, '"; system("touch /tmp/run"); "')


def _keep_secrets_of_another_pod(pod: Pod, aws: Aws) -> None:
    aws.ssm.put(f"{pod.settings['secrets_path']}/domain-name", "friends.example.org")


def _lose_bucket(pod: Pod, aws: Aws) -> None:
    aws.s3.delete_bucket(Bucket=pod.settings["bucket"])


def _fill_mount_point(pod: Pod, _: Aws) -> None:
    """What lies below a mount would be lost from sight: s3fs refuses to cover it."""
    (pod.machine.root / APP / "public/uploads/images/photo.webp").write_text("planted")


def _break_template(pod: Pod, _: Aws) -> None:
    file = pod.machine.root / "usr/share/diaspora/templates/database.yml.j2"
    file.write_text("{% if %}")


def _break_migration(pod: Pod, _: Aws) -> None:
    (pod.machine.root / APP / "db/migrate/20990101000000_break.rb").write_text(
        "class Break < ActiveRecord::Migration[6.1]\n  def change = raise('planted')\nend\n"
    )


def _break_web(pod: Pod, _: Aws) -> None:
    _append(pod, f"{APP}/config/puma.rb", "raise 'planted'\n")


def _lose_page(pod: Pod, _: Aws) -> None:
    routes = pod.machine.root / APP / "config/routes.rb"
    routes.write_text(routes.read_text().replace('"users/sign_in"', '"users/planted"'))


def _break_sidekiq(pod: Pod, _: Aws) -> None:
    file = f"{APP}/config/initializers/sidekiq.rb"
    _append(pod, file, "raise 'planted' if Sidekiq.server?\n")


def _break_nginx(pod: Pod, _: Aws) -> None:
    (pod.machine.root / "etc/nginx/conf.d/99-planted.conf").write_text("planted on;\n")


# What is wrong → the steps that may say so, and how it comes to be wrong.
FAULTS: dict[str, tuple[set[str], Plant]] = {
    "unknown-setting": ({"settings"}, _want_an_unknown_setting),
    "firewall": ({"firewall"}, _break_firewall),
    "no-secret": ({"secrets"}, _lose_secret),
    "secret-that-is-code": ({"secrets"}, _make_secret_run_as_code),
    "secrets-of-another": ({"secrets"}, _keep_secrets_of_another_pod),
    "template": ({"render"}, _break_template),
    # Both folders are made at the same time.
    "no-bucket": ({"mount-images", "mount-users"}, _lose_bucket),
    "full-mount-point": ({"mount-images"}, _fill_mount_point),
    "migration": ({"migrate"}, _break_migration),
    "web": ({"web"}, _break_web),
    "warm": ({"warm"}, _lose_page),
    "sidekiq": ({"sidekiq"}, _break_sidekiq),
    "nginx": ({"nginx"}, _break_nginx),
}
# Only what stands for a minute and a half is told: half of them wait at the same time.
HALVES = [list(FAULTS)[:7], list(FAULTS)[7:]]


@pytest.mark.parametrize("faults", HALVES, ids=["before the mounts", "from the mounts on"])
def test_the_signal_names_the_failing_step(pods: Pods, aws: Aws, faults: list[str]) -> None:
    launched = {fault: _launched_with(pods, aws, fault) for fault in faults}
    for fault, pod in launched.items():
        _assert_told(pod, aws, *FAULTS[fault][0])


def _launched_with(pods: Pods, aws: Aws, fault: str) -> Pod:
    pod = pods.prepare(fault, **MAIL) if fault == "no-secret" else pods.prepare(fault)
    FAULTS[fault][1](pod, aws)
    pod.start()
    return pod


def test_what_iam_has_not_spread_yet_fails_no_first_boot(pods: Pods, aws: Aws) -> None:
    """A role is changed at the same time as the machine that needs it."""
    aws.ssm.refuse = True
    pod = pods.launch()
    pod.machine.wait_for_journal("secrets: .*AccessDenied")
    aws.ssm.refuse = False
    assert pod.wait_for_signal().status == "SUCCESS"


def test_access_denied_that_stays_is_told_with_the_secrets_name(pods: Pods, aws: Aws) -> None:
    aws.ssm.refuse = True
    pod = pods.launch()
    _assert_told(pod, aws, "secrets")
    assert pod.settings["database_username_key"] in pod.machine.console()
    actions = [call.action for call in aws.calls]
    assert actions.index("PutLogEvents") < actions.index("SignalResource")


def test_a_first_boot_that_takes_too_long_says_where_it_is(pods: Pods, aws: Aws) -> None:
    """The deadline is the only answer that is not the template's: its own takes a quarter hour."""
    pod = pods.prepare()
    user_data = pod.machine.root / "var/lib/cloud/seed/nocloud/user-data"
    deadline = _base64(pod.settings["first_boot_deadline"])
    assert user_data.read_text().count(f'"{deadline}"') == 1
    user_data.write_text(user_data.read_text().replace(f'"{deadline}"', f'"{_base64("45")}"'))
    aws.database.vanish()
    pod.machine.start()
    _assert_told(pod, aws, "database")
    # It goes on, and comes up when it can.
    aws.database.come_back()
    pod.machine.wait_for_unit("diaspora-sidekiq")
    assert pod.front.get("/people").status == 200
    assert len(aws.signals) == 1


def test_a_refused_signal_fails_nothing(pods: Pods, aws: Aws) -> None:
    aws.refuse_signals = True
    pod = pods.launch()
    pod.machine.wait_for_unit("diaspora-sidekiq")
    pod.machine.wait_until_succeeds('test "$(systemctl show -P Result diaspora-signal)" = success')
    assert pod.front.get("/").status == 200
    assert pod.machine.succeed("systemctl list-units --failed --plain --no-legend").strip() == ""


def _assert_told(pod: Pod, aws: Aws, *steps: str) -> None:
    """In the stack's event, at the console, in the journal, and in the log that stays."""
    signal = pod.wait_for_signal()
    assert signal.status == "FAILURE"
    assert signal.step in steps
    shipped = aws.logs.text(pod.settings["log_group"], pod.instance_id)
    for place in (pod.machine.console(), pod.machine.journal(), shipped):
        assert f"failed at the step {signal.step}: " in place


def _append(pod: Pod, path: str, text: str) -> None:
    file = pod.machine.root / path
    file.write_text(file.read_text() + text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
