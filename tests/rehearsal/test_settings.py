"""What a person answers, and what lies in Parameter Store, reaches the application as it is."""

from __future__ import annotations

import hashlib

from .aws import Aws
from .pod import Pods

POD_NAME = "Bob's `pod` $(id) ${AWS::Region} {{x}} <%= 1 %> %s #,; [production] <b>é 漢字 🐘\x7f\t"
ANSWERS = {
    "PodName": POD_NAME,
    "AdminAccount": "a.d-m_1n",
    "AdminEmail": "a_b.c+pod%2@example.org",
    "EnableRegistration": "false",
    "InvitationsOpen": "false",
    "MailEnabled": "true",
    "MailDomain": "example.org",
    "MailSenderAddress": "no-reply",
}


def test_hostile_answers_and_secrets_arrive_byte_for_byte(pods: Pods, aws: Aws) -> None:
    pod = pods.launch(**ANSWERS)
    assert pod.wait_for_signal().status == "SUCCESS"
    read = pod.front.get("/settings").json()

    toml = read["toml"]
    assert toml["settings"]["pod_name"] == POD_NAME
    assert toml["settings"]["enable_registrations"] is False
    assert toml["settings"]["invitations"]["open"] is False
    assert toml["admins"] == {
        "account": ANSWERS["AdminAccount"],
        "podmin_email": ANSWERS["AdminEmail"],
    }
    assert toml["environment"]["url"] == f"https://{pod.settings['domain_name']}/"
    assert toml["mail"]["enable"] is True
    assert toml["mail"]["smtp"]["password"] == _sha256(
        aws.ssm.get(pod.settings["mail_password_key"])
    )

    database = read["database"]
    assert database["password"] == _sha256(aws.ssm.get(pod.settings["database_password_key"]))
    assert database["username"] == aws.ssm.get(pod.settings["database_username_key"])
    assert database["host"] == pod.settings["database_host"]
    assert database["sslmode"] == "verify-full"

    secrets_path = pod.settings["secrets_path"]
    assert read["secret_token"] == _sha256(aws.ssm.get(f"{secrets_path}/session-secret"))
    assert read["oidc_key"] == _sha256(aws.ssm.get(f"{secrets_path}/oidc-key"))
    assert list(read["schedule"]) == [
        "check_birthday",
        "clean_cached_files",
        "cleanup_old_exports",
        "cleanup_pending_photos",
        "queue_users_for_removal",
        "recheck_scheduled_pods",
        "recurring_pod_check",
    ]
    # It was found good, and not written anew.
    assert "diaspora-pod" in pod.machine.read("/opt/diaspora/config/schedule.yml")


def test_a_pod_that_does_not_own_the_domain_runs_no_jobs(pods: Pods) -> None:
    pod = pods.launch(OwnsDomain="no")
    assert pod.wait_for_signal().status == "SUCCESS"
    page = pod.front.get("/")
    assert page.status == 200
    # A stack beside the one that owns the domain is no second pod for search engines.
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    assert pod.machine.unit("diaspora-sidekiq.service")["ActiveState"] == "inactive"
    pod.machine.fail("pgrep --full '[s]idekiq'")


def _sha256(text: str | None) -> str:
    assert text is not None
    return hashlib.sha256(text.encode()).hexdigest()
