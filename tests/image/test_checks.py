"""validate.sh passes a good image, and each of its checks fails on the fault that it is there for.

What only a real machine can show is proved where the image is really built: that the system's own
nginx, nft, ldd, ss and systemd-analyze answer as the stand-ins of these tests do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from .samples import PACKER, SETTINGS_OF_APT, Image, good_image

Fault = Callable[[Image], None]


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return good_image(tmp_path)


def put(path: str, content: str = "x", mode: int = 0o644) -> Fault:
    return lambda image: image.put(path, content, mode)


def append(path: str, line: str) -> Fault:
    def plant(image: Image) -> None:
        image.put(path, (image.root / path).read_text("utf-8") + line + "\n")

    return plant


def remove(path: str) -> Fault:
    return lambda image: (image.root / path).unlink()


def mode(path: str, bits: int) -> Fault:
    return lambda image: (image.root / path).chmod(bits)


def answer(command: str, script: str) -> Fault:
    return lambda image: image.answer(command, script)


KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
# A check, what is wrong, and what its line has to say.
FAULTS: list[tuple[str, Fault, str]] = [
    (
        "check_no_application_secret",
        put("opt/diaspora/config/initializers/secret_token.rb"),
        "secret_token.rb",
    ),
    ("check_no_application_secret", put("opt/diaspora/config/oidc_key.pem"), "oidc_key.pem"),
    ("check_no_application_secret", put("opt/diaspora/config/database.yml"), "database.yml"),
    ("check_no_application_secret", put("opt/diaspora/config/diaspora.toml"), "diaspora.toml"),
    ("check_no_application_secret", put("opt/diaspora/config/schedule.yml"), "schedule.yml"),
    ("check_no_application_secret", put("etc/diaspora/pod.json"), "pod.json"),
    ("check_no_application_secret", put("etc/nginx/diaspora/pod.conf"), "pod.conf"),
    ("check_no_private_key", put("var/lib/forgotten/key", KEY), "forgotten/key"),
    ("check_no_private_key", put("opt/diaspora/config/other.pem", KEY), "other.pem"),
    ("check_no_host_key", put("etc/ssh/ssh_host_ed25519_key"), "ssh_host_ed25519_key"),
    ("check_no_authorized_key", put("home/ubuntu/.ssh/authorized_keys"), "authorized_keys"),
    ("check_no_authorized_key", put("root/.ssh/authorized_keys"), "authorized_keys"),
    ("check_empty_machine_id", put("etc/machine-id", "uninitialized\n"), "machine-id"),
    ("check_empty_machine_id", remove("etc/machine-id"), "machine-id"),
    ("check_empty_machine_id", put("var/lib/dbus/machine-id"), "dbus/machine-id"),
    ("check_no_uuid_state", put("tmp/ruby-uuid"), "ruby-uuid"),
    ("check_no_uuid_state", put("var/lib/diaspora/.ruby-uuid"), ".ruby-uuid"),
    ("check_no_cloud_init_state", put("var/lib/cloud/instances/i-1/boot-finished"), "i-1"),
    (
        "check_no_cloud_init_state",
        put("var/log/cloud-init-output.log", ""),
        "cloud-init-output.log",
    ),
    ("check_no_history", put("home/ubuntu/.bash_history"), ".bash_history"),
    ("check_no_history", put("root/.python_history"), ".python_history"),
    ("check_no_agent_identity", put("var/lib/amazon/ssm/Vault/Store"), "amazon/ssm"),
    ("check_no_agent_identity", put("var/lib/systemd/random-seed"), "random-seed"),
    ("check_no_agent_identity", put("var/lib/diaspora-boot/signalled"), "signalled"),
    ("check_no_agent_identity", put("var/lib/diaspora-worries/told"), "told"),
    ("check_no_agent_identity", put("var/snap/amazon-ssm-agent/common/x"), "amazon-ssm-agent"),
    ("check_no_agent_identity", put("var/lib/chrony/time.example.nts"), "chrony"),
    (
        "check_no_timer_has_run",
        put("var/lib/systemd/timers/stamp-apt-daily-upgrade.timer"),
        "stamp-apt-daily-upgrade",
    ),
    ("check_no_crash_report", put("var/crash/_usr_bin_ruby.0.crash"), "_usr_bin_ruby"),
    ("check_no_crash_report", put("usr/share/apport/apport"), "apport"),
    (
        "check_nothing_writes_any_more",
        answer("systemctl", "echo 'rsyslog.service loaded active running System Logging'"),
        "still at work: rsyslog.service",
    ),
    ("check_no_log", put("var/log/nginx/access.log"), "access.log"),
    (
        "check_app_user_has_no_sudo",
        put("etc/sudoers.d/pod", "diaspora ALL=(ALL) NOPASSWD: ALL\n"),
        "sudo",
    ),
    (
        "check_app_user_has_no_sudo",
        put("etc/sudoers.d/all", "ALL ALL=(ALL) NOPASSWD: ALL\n"),
        "sudo",
    ),
    ("check_app_user_has_no_sudo", append("etc/group", "adm:x:4:syslog,diaspora"), "adm"),
    ("check_app_user_has_no_sudo", append("etc/group", "docker:x:9:www-data"), "docker"),
    ("check_no_password", append("etc/shadow", "eve:$y$j9T$x:20000::::::"), "eve"),
    ("check_no_password", append("etc/shadow", "mallory::20000::::::"), "mallory"),
    (
        "check_services_have_no_shell",
        append("etc/passwd", "postgres:x:115:115::/var/lib/postgresql:/bin/bash"),
        "postgres",
    ),
    (
        "check_services_have_no_shell",
        append("etc/passwd", "toor:x:0:0::/root:/usr/sbin/nologin"),
        "toor",
    ),
    (
        "check_ssh_wants_keys",
        put("etc/ssh/sshd_config.d/05-odd.conf", "PasswordAuthentication yes\n"),
        "passwords",
    ),
    ("check_ssh_wants_keys", remove("etc/ssh/sshd_config.d/10-diaspora.conf"), "passwords"),
    ("check_needed_programs", remove("usr/bin/convert"), "convert"),
    ("check_needed_programs", remove("usr/bin/s3fs"), "s3fs"),
    ("check_no_build_tool", put("usr/bin/gcc"), "gcc"),
    ("check_no_build_tool", put("usr/local/bin/yarn"), "yarn"),
    ("check_no_build_tool", put("usr/bin/node"), "node"),
    ("check_no_build_tool", put("opt/diaspora/node_modules/x/package.json"), "node_modules"),
    ("check_no_build_tool", answer("dpkg-query", "echo 'ii libpq-dev'"), "libpq-dev"),
    ("check_no_build_tool", answer("dpkg-query", "echo 'ii gcc-14'"), "gcc-14"),
    ("check_needed_files", remove("opt/diaspora/public/source.tar.gz"), "source.tar.gz"),
    (
        "check_needed_files",
        remove("opt/diaspora/public/assets/.sprockets-manifest-0.json"),
        "sprockets-manifest",
    ),
    ("check_needed_files", remove("usr/share/diaspora/manifest.json"), "manifest.json"),
    (
        "check_needed_files",
        remove("opt/diaspora/vendor/compiled/x-0/bootsnap/compile-cache-iseq"),
        "vendor/compiled",
    ),
    ("check_libraries", answer("ldd", "echo 'libidn.so.12 => not found'"), "libidn.so.12"),
    ("check_libraries", answer("ldconfig", "echo 'libjemalloc.so.2 (x)'"), "libcurl.so.4"),
    ("check_code_is_read_only", mode("opt/diaspora/bin/puma", 0o666), "bin/puma"),
    ("check_code_is_read_only", mode("opt/diaspora/config", 0o777), "config"),
    (
        "check_code_is_read_only",
        mode("usr/lib/diaspora/diaspora_pod/cli.py", 0o664),
        "cli.py",
    ),
    (
        "check_uploads_wait_for_the_bucket",
        mode("opt/diaspora/public/uploads/images", 0o755),
        "uploads/images",
    ),
    (
        "check_uploads_wait_for_the_bucket",
        lambda image: (image.root / "opt/diaspora/public/uploads/users").rmdir(),
        "uploads/users",
    ),
    (
        "check_uploads_wait_for_the_bucket",
        put("var/cache/diaspora-photos/8/db/de97"),
        "diaspora-photos",
    ),
    ("check_free_disk", answer("df", "echo ' Avail IAvail'; echo ' 900 200000'"), "900 MB"),
    ("check_free_disk", answer("df", "echo ' Avail IAvail'; echo ' 9000 100'"), "100 inodes"),
    (
        "check_units",
        answer("systemd-analyze", "echo 'diaspora-web.service: Unknown key Foo' >&2"),
        "Unknown key",
    ),
    (
        "check_enabled_units",
        remove("etc/systemd/system/multi-user.target.wants/diaspora.target"),
        "diaspora.target",
    ),
    (
        "check_enabled_units",
        put("etc/systemd/system/multi-user.target.wants/nginx.service"),
        "nginx.service",
    ),
    ("check_nginx", answer("nginx", "echo 'unknown directive' >&2; exit 1"), "unknown directive"),
    ("check_firewall", answer("nft", "echo 'syntax error' >&2; exit 1"), "syntax error"),
    (
        "check_enabled_units",
        remove("etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer"),
        "apt-daily-upgrade.timer",
    ),
    (
        "check_updates_come_by_themselves",
        answer("apt-config", f"echo '{SETTINGS_OF_APT}' | sed 's/false/true/'"),
        'Automatic-Reboot "false"',
    ),
    (
        "check_updates_come_by_themselves",
        answer("apt-config", f"echo '{SETTINGS_OF_APT}' | sed 's/-Upgrade \"1/-Upgrade \"0/'"),
        'Unattended-Upgrade "1"',
    ),
    (
        "check_no_package_was_changed",
        answer("dpkg", "echo '??5?????? c /etc/nginx/nginx.conf'"),
        "/etc/nginx/nginx.conf",
    ),
    (
        "check_no_package_was_changed",
        answer("dpkg", "echo '??5??????   /usr/bin/false'"),
        "/usr/bin/false",
    ),
    (
        "check_words_of_stat",
        answer("stat", '[[ $1 == --format* ]] && exec /usr/bin/stat "$@"; echo entity not found'),
        "entity not found",
    ),
    ("check_services_may_start", put("usr/sbin/policy-rc.d"), "policy-rc.d"),
    (
        "check_no_gem_mirror",
        put("opt/diaspora/.bundle/config", 'BUNDLE_MIRROR__HTTPS://RUBYGEMS__ORG/: "http://x"'),
        "mirror",
    ),
    (
        "check_ports",
        answer("ss", "echo 'tcp LISTEN 0 128 0.0.0.0:6379 0.0.0.0:*'"),
        "tcp:6379 at 0.0.0.0",
    ),
    ("check_ports", answer("ss", "echo 'udp UNCONN 0 0 [::]:5355 [::]:*'"), "udp:5355"),
    ("check_ports", answer("ss", "echo 'tcp LISTEN 0 9 10.0.0.7:3000 0.0.0.0:*'"), "tcp:3000"),
]


def test_a_good_image_passes_every_check(image: Image) -> None:
    result = image.validate()
    assert result.returncode == 0, result.stderr
    assert f"{len(all_checks())} checks passed" in result.stdout


@pytest.mark.parametrize(
    ("check", "plant", "says"), FAULTS, ids=[f"{fault[0]}-{fault[2]}" for fault in FAULTS]
)
def test_a_fault_fails_the_build_with_one_clear_line(
    image: Image, check: str, plant: Fault, says: str
) -> None:
    plant(image)
    result = image.validate()
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("   check_")]
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith(f"   {check}: ")
    assert says in lines[0]


def test_every_check_has_a_fault_that_it_fails_on() -> None:
    assert {fault[0] for fault in FAULTS} == all_checks()


def test_all_complaints_are_told_at_once(image: Image) -> None:
    image.put("etc/ssh/ssh_host_rsa_key")
    image.put("usr/bin/gcc")
    result = image.validate()
    assert "check_no_host_key" in result.stderr
    assert "check_no_build_tool" in result.stderr
    assert "2 complaints" in result.stderr


def all_checks() -> set[str]:
    texts = [path.read_text("utf-8") for path in (PACKER / "scripts/checks").glob("*.sh")]
    return {name for text in texts for name in re.findall(r"^(check_\w+)\(\)", text, re.MULTILINE)}
