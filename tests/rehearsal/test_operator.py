"""What a podmin types: on a pod that is well, on pods that lack something, and for strangers.

Not here: Run Command itself, of which AWS has the console and the agent.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable

import pytest

from .moves import ENCODED, redis
from .patience import until
from .pod import Pod
from .stack import MAIL, SECRETS

LINES = (
    *("units", "mounts", "database", "jobs", "disk", "memory", "versions", "image", "reboot"),
    "last boot",
)


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    return MAIL


def test_a_pod_that_is_well_says_so_and_wakes_nobody(pod: Pod) -> None:
    until(lambda: not _connected(pod))
    before = pod.database.connections
    status, told = pod.machine.run("diaspora-pod status")
    print(told)
    assert status == 0, told
    assert tuple(line[2:13].strip() for line in told.splitlines() if line[2] != " ") == LINES
    assert pod.database.connections == before
    assert "migrations done" in pod.machine.succeed("diaspora-pod status --database")
    assert pod.database.connections == before + 1


def test_the_doctor_finds_nothing_in_a_pod_that_is_well(pod: Pod) -> None:
    status, told = pod.machine.run("diaspora-pod doctor", 120)
    print(told)
    assert status == 0, told
    assert told.splitlines()[-1] == "All is well."
    asked = {line.split()[1] for line in told.splitlines() if line.startswith("ok")}
    assert {"database-login", "queue", "uploads", "credentials", "mail", "front"} <= asked
    # A greeting and no more: a login would be one of those that SES counts.
    assert pod.aws.mail.logins == []


def test_jobs_that_failed_are_told_and_tried_again(pod: Pod) -> None:
    pod.machine.systemctl("stop diaspora-sidekiq")
    job = {"class": "Workers::ReceivePublic", "args": ["my business"], "queue": "urgent"}
    failed = json.dumps({**job, "jid": "j1", "error_class": "Gone", "retry_count": 10})
    redis(pod, f"ZADD dead 1 '{failed}'")
    told = pod.machine.succeed("diaspora-pod jobs failed")
    assert "Workers::ReceivePublic: Gone" in told
    assert "business" not in told
    assert "1 job to be done now" in pod.machine.succeed("diaspora-pod jobs retry")
    assert "1 wait" in pod.machine.succeed("diaspora-pod jobs")
    pod.machine.systemctl("start diaspora-sidekiq")
    until(lambda: "business" in str(pod.front.get("/received").json()))
    assert "0 wait" in pod.machine.succeed("diaspora-pod jobs")


def test_the_console_is_the_applications_own(pod: Pod) -> None:
    asked = "echo 'puts Note.name, Process.uid, ENV.key?(%q(FEDERATION_PATIENCE))'"
    told = pod.machine.succeed(f"{asked} | diaspora-pod console", 120)
    user = pod.machine.succeed("id --user diaspora").strip()
    assert f"Note\n{user}\ntrue\n" in told.replace("\r", "")
    assert "warning" not in told
    pod.machine.fail("runuser -u diaspora -- diaspora-pod console")


def test_a_support_bundle_has_no_secret_and_names_nobody(pod: Pod) -> None:
    planted = _plant(pod)
    told = pod.machine.succeed("diaspora-pod support-bundle", 120)
    print(told)
    (key,) = re.findall(r"support/support-\w+\.tar\.gz", told)
    packed = pod.aws.s3.get_object(Bucket=pod.settings["bucket"], Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        files = [archive.extractfile(member) for member in archive]
        everything = "\n".join(file.read().decode() for file in files if file)
    assert {kind: word for kind, word in planted.items() if word in everything} == {}
    # It says all the same what happened.
    assert "planted: the end" in everything
    assert re.search(r'nginx.service: \[address \d+\] "GET /people" 200', everything)
    assert "all 11 run" in everything
    # The same is on the machine, and nobody but root reads it.
    pod.machine.fail("runuser -u diaspora -- ls /var/lib/diaspora-support")


def _stop_redis(pod: Pod) -> None:
    pod.machine.systemctl("stop redis-server")


def _take_bucket(pod: Pod) -> None:
    pod.aws.down("s3")


def _take_database(pod: Pod) -> None:
    pod.database.vanish()


def _change_password(pod: Pod) -> None:
    pod.database.refuse_password()


def _fill_disk(pod: Pod) -> None:
    pod.machine.succeed(
        "fallocate --length $(($(df --output=avail --block-size=1 / | tail -n 1) * 9 / 10)) /full"
    )


def _take_mail(pod: Pod) -> None:
    pod.aws.mail.certificate_of(None)


def _open_metadata(pod: Pod) -> None:
    pod.machine.succeed("nft delete table inet diaspora")


def _close_folder(pod: Pod) -> None:
    pod.machine.succeed("chown root:root /opt/diaspora/public/uploads/tmp")


def _lose_secret(pod: Pod) -> None:
    pod.aws.ssm.delete(pod.settings["mail_password_key"])


def _front_of_somebody_else(pod: Pod) -> None:
    pod.aws.front.certificate_of("nobody", pod.stack.host)


def _switch_a_unit_off(pod: Pod) -> None:
    pod.machine.systemctl("mask --now diaspora-photos")


# What is done to a pod → what the doctor finds wrong, and a word of what is then to be done. Each
# may find more: without a bucket there are no uploads.
FAULTS: dict[str, tuple[Callable[[Pod], None], str, str]] = {
    "the queue is away": (_stop_redis, "queue", "systemctl restart redis-server"),
    "the bucket is away": (_take_bucket, "bucket", "S3 console"),
    "the database is away": (_take_database, "database-port", "RDS console"),
    "the password is another": (_change_password, "database-login", "DatabasePasswordVersion"),
    "the disk is nearly full": (_fill_disk, "disk", "PodDiskSize"),
    "the mail server has no TLS": (_take_mail, "mail", "port 587"),
    "the firewall is gone": (_open_metadata, "credentials", "metadata-firewall"),
    "a folder is somebody else's": (_close_folder, "folders", "systemd-tmpfiles --create"),
    "a secret was deleted": (_lose_secret, "secrets", "SSM parameter"),
    "the front is somebody else's": (_front_of_somebody_else, "front", "certificate"),
    "a unit is off": (_switch_a_unit_off, "units", "diaspora-pod logs"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_doctor_says_what_is_wrong_and_what_to_do_when(pod: Pod, fault: str) -> None:
    break_it, check, remedy = FAULTS[fault]
    break_it(pod)
    try:
        status, told = pod.machine.run("diaspora-pod doctor", 200)
        print(told)
    finally:
        _mend(pod)
    assert status == 1
    wrong = dict(re.findall(r"^WRONG (\S+) +((?:.|\n(?!WRONG|ok|\d))*)", told, re.MULTILINE))
    assert check in wrong
    assert remedy in " ".join(wrong[check].split())


def _mend(pod: Pod) -> None:
    password = SECRETS["/diaspora/database/password"].replace("'", "''")
    user = SECRETS["/diaspora/database/username"]
    pod.aws.up("s3")
    pod.database.come_back()
    pod.database.psql(f"ALTER ROLE {user} PASSWORD '{password}'")
    pod.aws.mail.certificate_of("us")
    pod.aws.front.certificate_of("us", pod.stack.host)
    if pod.aws.ssm.get(pod.settings["mail_password_key"]) is None:
        pod.aws.ssm.put(pod.settings["mail_password_key"], SECRETS["/diaspora/mail/password"])
    pod.machine.succeed("rm -f /full; systemd-tmpfiles --create; systemctl unmask diaspora-photos")
    pod.machine.systemctl("reload-or-restart metadata-firewall")
    pod.machine.systemctl("start redis-server diaspora-photos diaspora-sidekiq")
    pod.machine.wait_until_succeeds("diaspora-pod status", 120)


def _plant(pod: Pod) -> dict[str, str]:
    """Secrets of every kind, where a log may come to have them; each with what must not be seen."""
    key = pod.machine.read("/opt/diaspora/config/oidc_key.pem").splitlines()
    user = pod.machine.succeed("openssl genrsa -traditional 2048").splitlines()
    session = pod.aws.ssm.get(f"{pod.settings['secrets_path']}/session-secret") or ""
    role = _credentials(pod)
    planted = {
        "database's password": SECRETS["/diaspora/database/password"],
        "mail's password": SECRETS["/diaspora/mail/password"],
        "mail's user": SECRETS["/diaspora/mail/username"],
        "session secret": session,
        "oidc key": key[7],
        "a user's key": user[7],
        "the end of a user's key": user[-2],
        "role's key": role["AccessKeyId"],
        "role's secret": role["SecretAccessKey"],
        "role's token": role["Token"],
        "session cookie": "BAh7CEkiD3Nlc3Npb25faWQGOgZFVEkiJTlmMTIzNDU2Nzg5MGFiY2RlZg",
        "reset token": "sK-s1mTz_qW3eR5tY7uI",
        "invitation": "3f9a0c1d2e4b",
        "mail address": "carol@mail.example.net",
        "visitor": "198.51.100.7",
    }
    assert all(len(word) > 8 for word in planted.values()), planted
    lines = [
        *(f"the {kind}: {word}" for kind, word in planted.items()),
        *key,
        *user,
        f"Cookie: _diaspora_session={planted['session cookie']}",
        f"GET /users/password/edit?reset_password_token={planted['reset token']}",
        "planted: the end",
    ]
    pod.machine.write("/run/planted", "\n".join(lines))
    pod.machine.succeed(
        "systemd-run --quiet --wait --unit=diaspora-planted --property=StandardOutput=journal "
        "cat /run/planted"
    )
    # And where the pod's own parts would log them.
    reset = f"/users/password/edit?reset_password_token={planted['reset token']}"
    for path in ("/people", reset, f"/i/{planted['invitation']}"):
        pod.front.get(path, {"Cookie": f"_diaspora_session={planted['session cookie']}"})
    pod.front.post("/receive/public", f"xml={planted['mail address']}".encode(), ENCODED)
    return planted


def _credentials(pod: Pod) -> dict[str, str]:
    where = "http://169.254.169.254/latest"
    token = "X-aws-ec2-metadata-token"
    asked = (
        f"t=$(curl -s -X PUT -H '{token}-ttl-seconds: 60' {where}/api/token); "
        f"r={where}/meta-data/iam/security-credentials/; "
        f'curl -s -H "{token}: $t" $r$(curl -s -H "{token}: $t" $r)'
    )
    found: dict[str, str] = json.loads(pod.machine.succeed(asked))
    return found


def _connected(pod: Pod) -> bool:
    port = pod.settings["database_port"]
    return pod.machine.run(f"ss -Htn state established dport = :{port} | grep -q .")[0] == 0
