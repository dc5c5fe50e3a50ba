"""A first boot that cannot succeed says at which step, and where a person can read it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .aws import Aws
from .pod import Pod, Pods

APP = "opt/diaspora"
Plant = Callable[[Path], None]


def _want_an_unknown_setting(root: Path) -> None:
    """As an image that is newer than the template would."""
    file = root / "usr/share/diaspora/pod.schema.json"
    schema = json.loads(file.read_text())
    schema["required"].append("of_a_later_template")
    file.write_text(json.dumps(schema))


def _fill_mount_point(root: Path) -> None:
    """What lies below a mount would be lost from sight: s3fs refuses to cover it."""
    (root / APP / "public/uploads/images/photo.webp").write_text("planted")


def _break_template(root: Path) -> None:
    (root / "usr/share/diaspora/templates/database.yml.j2").write_text("{% if %}")


def _break_migration(root: Path) -> None:
    (root / APP / "db/migrate/20990101000000_break.rb").write_text(
        "class Break < ActiveRecord::Migration[6.1]\n  def change = raise('planted')\nend\n"
    )


def _break_web(root: Path) -> None:
    _append(root / APP / "config/puma.rb", "raise 'planted'\n")


def _lose_page(root: Path) -> None:
    """A page that is not there stays away; one that fails may come back, and is waited for."""
    routes = root / APP / "config/routes.rb"
    routes.write_text(routes.read_text().replace('"users/sign_in"', '"users/planted"'))


def _break_sidekiq(root: Path) -> None:
    _append(root / APP / "config/initializers/sidekiq.rb", "raise 'planted' if Sidekiq.server?\n")


def _break_nginx(root: Path) -> None:
    (root / "etc/nginx/conf.d/99-planted.conf").write_text("planted on;\n")


@pytest.mark.parametrize(
    ("step", "plant"),
    [
        ("settings", _want_an_unknown_setting),
        ("render", _break_template),
        ("mount-images", _fill_mount_point),
        ("migrate", _break_migration),
        ("web", _break_web),
        ("warm", _lose_page),
        ("sidekiq", _break_sidekiq),
        ("nginx", _break_nginx),
    ],
)
def test_the_signal_names_the_failing_step(pods: Pods, aws: Aws, step: str, plant: Plant) -> None:
    pod = pods.prepare()
    plant(pod.machine.root)
    pod.machine.start()
    _assert_told(pod, aws, step)


def test_access_denied_to_the_secrets_is_told(pods: Pods, aws: Aws) -> None:
    aws.ssm.refuse = True
    _assert_told(pods.launch(), aws, "secrets")


def test_a_secret_that_is_not_there_is_told_by_its_name(pods: Pods, aws: Aws) -> None:
    pod = pods.prepare()
    key = pod.settings["database_password_key"]
    aws.ssm.delete(key)
    pod.machine.start()
    _assert_told(pod, aws, "secrets")
    assert key in pod.machine.console()


def test_a_bucket_that_is_not_there_is_told(pods: Pods, aws: Aws) -> None:
    pod = pods.prepare()
    aws.s3.delete_bucket(Bucket=pod.settings["bucket"])
    pod.machine.start()
    # Both folders are made at the same time.
    _assert_told(pod, aws, "mount-images", "mount-users")


def test_a_secret_that_would_be_run_as_code_is_refused(pods: Pods, aws: Aws) -> None:
    pod = pods.prepare()
    name = f"{pod.settings['secrets_path']}/session-secret"
    aws.ssm.put(name, '"; system("touch /tmp/run"); "')
    pod.machine.start()
    _assert_told(pod, aws, "secrets")


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
    actions = [call.action for call in aws.calls]
    assert actions.index("PutLogEvents") < actions.index("SignalResource")


def _append(file: Path, text: str) -> None:
    file.write_text(file.read_text() + text)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
