"""What a podmin types, with diaspora* itself behind it."""

from __future__ import annotations

import json
import re

from ..aws import Aws
from ..fakes.front import Answer
from ..moves import redis
from ..patience import until
from ..pod import Pod, Pods
from ..stack import MAIL
from .conftest import ADMIN
from .life import GONE
from .person import Person

NEW = "quite another 1"


def test_making_an_admin_warns_of_nothing_and_says_what_comes_next(pod: Pod) -> None:
    told = pod.machine.succeed("diaspora-pod admin {} {}".format(*ADMIN), seconds=120)
    print(told)
    made, password, login, granted = told.splitlines()
    assert made == "The account alice is made."
    assert re.fullmatch(r"Its password, which is shown this once: \w{20}", password)
    assert login == f"Log in at https://{pod.front.host}/ and change it."
    assert granted == "alice is an admin."


def test_an_admin_whose_making_is_kept_gets_a_link_that_works_once(pod: Pod) -> None:
    """As Run Command types it; its pod sends no mail."""
    told = pod.machine.succeed("diaspora-pod admin --unseen 'bob' 'bob@example.org'", 120)
    print(told)
    (key,) = re.findall(r"support/password-of-bob-\w+\.txt", told)
    kept = pod.aws.s3.get_object(Bucket=pod.settings["bucket"], Key=key)["Body"].read().decode()
    link = kept.strip().removeprefix(f"https://{pod.front.host}")
    token = link.partition("reset_password_token=")[2]
    assert len(token) >= 20
    assert token not in told + pod.machine.journal()
    assert "password, which is shown" not in told
    assert _set_password(pod, link, NEW).status == 302
    assert Person(pod).log_in("bob", NEW).status == 302
    # Who finds it later finds nothing.
    assert _set_password(pod, link, "a third one 3").status == 200
    assert Person(pod).log_in("bob", NEW).status == 302


def test_a_podmin_asks_the_application_itself(pod: Pod) -> None:
    asked = "echo 'puts User.find_by(username: %q(alice)).admin?' | diaspora-pod console"
    told = pod.machine.succeed(asked, 120)
    print(told)
    assert "true" in told.split()
    assert "warning" not in told


def test_a_delivery_that_was_given_up_is_tried_again(pod: Pod) -> None:
    """diaspora*'s own job, to a pod that is gone: it fails again, and is planned again."""
    where = [f"https://{GONE}/receive/public"]
    job = {
        "class": "Workers::SendPublic",
        "args": [1, "StatusMessage:lost", where, "<x/>", 0],
        "queue": "medium",
        "jid": "0123456789abcdef01234567",
        "retry": 0,
        "error_class": "StandardError",
    }
    redis(pod, f"ZADD dead 1 '{json.dumps(job)}'")
    assert "Workers::SendPublic: StandardError" in pod.machine.succeed("diaspora-pod jobs failed")
    assert "1 job to be done now" in pod.machine.succeed("diaspora-pod jobs retry")
    until(lambda: redis(pod, "ZCARD schedule") == "1", 90)
    assert redis(pod, "ZCARD dead") == "0"


def test_status_doctor_and_bundle_know_diaspora(pod: Pod) -> None:
    status, told = pod.machine.run("diaspora-pod status")
    print(told)
    assert status == 0, told
    status, told = pod.machine.run("diaspora-pod doctor", 180)
    print(told)
    assert status == 0, told
    told = pod.machine.succeed("diaspora-pod support-bundle", 120)
    packed = "/var/lib/diaspora-support/support-bundle.tar.gz"
    everything = pod.machine.succeed(f"tar --extract --gzip --to-stdout --file {packed}")
    asked = "SELECT serialized_private_key || chr(10) || email FROM users"
    lines = pod.database.psql(asked).splitlines()
    secrets = [line for line in lines if line and "-----" not in line]
    assert len(secrets) > 40
    assert [line for line in secrets if line in everything] == []


def test_where_mail_is_sent_the_link_is_mailed(pods: Pods, aws: Aws) -> None:
    """Last: another pod takes the place of the module's."""
    pod = pods.launch(**MAIL)
    assert pod.wait_for_signal().status == "SUCCESS"
    told = pod.machine.succeed("diaspora-pod admin --unseen bob bob@example.org", 120)
    assert "A mail to its address says how to set its password." in told
    until(lambda: bool(aws.mail.messages), 90)
    message = aws.mail.messages[-1]
    assert message.recipients == ["bob@example.org"]
    (token,) = set(re.findall(r"reset_password_token=([\w-]+)", message.text))
    assert token not in told
    link = f"/users/password/edit?reset_password_token={token}"
    assert _set_password(pod, link, NEW).status == 302
    assert Person(pod).log_in("bob", NEW).status == 302


def _set_password(pod: Pod, link: str, password: str) -> Answer:
    token = link.partition("reset_password_token=")[2]
    form = {
        "_method": "put",
        "user[reset_password_token]": token,
        "user[password]": password,
        "user[password_confirmation]": password,
    }
    return Person(pod).submit(link, "/users/password", form)
