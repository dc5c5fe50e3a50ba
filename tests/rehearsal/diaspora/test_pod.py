"""diaspora* itself, on the image: what its admin, its visitors and other pods get of it."""

from __future__ import annotations

import html
import json
import re

import pytest

from ..aws import Aws
from ..figures import Figures
from ..patience import until
from ..pictures import is_webp, noise
from ..pod import Pod, Pods
from .conftest import ADMIN
from .person import Person

# What must answer while the database sleeps.
QUIET_PAGES = (
    "/",
    "/users/sign_in",
    "/public",
    "/podmin",
    "/help",
    "/manifest.json",
    "/.well-known/nodeinfo",
    "/nodeinfo/1.0",
    "/nodeinfo/2.0",
    "/.well-known/host-meta",
    "/.well-known/openid-configuration",
    "/robots.txt",
)
S3_VERBS = ("PUT", "HEAD", "GET")
S3_BY_HAND = "70: 25 PUT, 38 HEAD, 7 GET"
S3_WHY = "files are written over in place: s3fs reads what it will write over, and empties nothing"


def test_the_landing_page_is_diasporas_own(pod: Pod) -> None:
    page = pod.front.get("/")
    assert page.status == 200
    assert pod.settings["pod_name"] in page.text


def test_one_command_makes_an_admin_whose_password_is_told_once(pod: Pod, password: str) -> None:
    again = pod.machine.succeed("sudo diaspora-pod admin {} {}".format(*ADMIN), seconds=120)
    assert password not in again
    assert "is an admin" in again


def test_the_admin_sees_the_jobs_and_nobody_else_does(pod: Pod, admin: Person) -> None:
    assert admin.get("/sidekiq").status == 200
    assert Person(pod).get("/sidekiq").status == 404


def test_a_name_that_cannot_be_an_account_is_told_in_one_line(pod: Pod) -> None:
    told = pod.machine.fail("sudo diaspora-pod admin root x@example.org", seconds=120)
    assert "root cannot be made" in told


def test_a_post_appears_in_the_stream(admin: Person) -> None:
    post = {"status_message": {"text": "Hello from the image"}, "aspect_ids": ["public"]}
    answer = admin.post_json("/stream", "/status_messages", json.dumps(post).encode())
    assert answer.status == 201, answer.text
    assert "Hello from the image" in admin.get("/stream.json").text


def test_a_photo_becomes_webp_in_the_bucket(
    pod: Pod, aws_now: Aws, admin: Person, figures: Figures
) -> None:
    before = len(aws_now.calls)
    answer = admin.upload(noise(1000, 700))
    assert answer.status == 200, answer.text
    url = re.search(r"/uploads/images/scaled_full_\w+\.webp", answer.text)
    assert url is not None, answer.text

    until(lambda: bool(aws_now.database.psql("SELECT 1 FROM photos WHERE processed_image <> ''")))
    asked = [call.action for call in aws_now.calls[before:] if call.service == "s3"]
    verbs = {verb: sum(action.startswith(verb) for action in asked) for verb in S3_VERBS}
    told = ", ".join(f"{count} {verb}" for verb, count in verbs.items())
    figures.add("photos", "S3 requests for one photo", f"{len(asked)}: {told}", S3_BY_HAND, S3_WHY)
    served = pod.front.get(url[0])
    kept = aws_now.s3.get_object(Bucket=pod.settings["bucket"], Key=url[0].lstrip("/"))
    assert (served.status, served.body) == (200, kept["Body"].read())
    assert is_webp(served.body)


@pytest.fixture
def aws_now(pod: Pod) -> Aws:
    """The world around the module's pod, as it is."""
    return pod.aws


def test_other_pods_find_whom_they_look_for(pod: Pod, admin: Person) -> None:
    handle = f"acct:alice@{pod.settings['domain_name']}"
    found = pod.front.get(f"/.well-known/webfinger?resource={handle}")
    assert found.status == 200
    assert found.json()["subject"] == handle
    assert pod.front.get("/.well-known/host-meta").status == 200
    assert pod.front.get("/nodeinfo/2.0").json()["software"]["name"] == "diaspora"


def test_a_public_message_is_taken(pod: Pod) -> None:
    envelope = b"<me:env xmlns:me='http://salmon-protocol.org/ns/magic-env'/>"
    headers = {"Content-Type": "application/magic-envelope+xml"}
    assert pod.front.post("/receive/public", envelope, headers=headers).status == 202


def test_while_the_database_is_away_quiet_pages_answer(pod: Pod) -> None:
    pod.aws.database.vanish()
    try:
        assert {page: pod.front.get(page).status for page in QUIET_PAGES} == dict.fromkeys(
            QUIET_PAGES, 200
        )
    finally:
        pod.aws.database.come_back()


def test_an_open_pod_of_any_name_shows_it_and_asks_strangers_for_its_captcha(
    pods: Pods, aws: Aws
) -> None:
    """Last: another pod takes the place of the module's."""
    name = "Bob's <b>漢字</b> {{x}} <%= 1+1 %> 🐘"
    pod = pods.launch(PodName=name, EnableRegistration="true")
    assert pod.wait_for_signal().status == "SUCCESS"
    # The address is made of Host and scheme as the application sees them.
    address = rf'src="https://{re.escape(pod.front.host)}(/simple_captcha\?[^"]+)"'
    picture = re.search(address, pod.front.get("/users/sign_up").text)
    assert picture is not None
    drawn = pod.front.get(html.unescape(picture[1]))
    assert (drawn.status, drawn.headers["content-type"]) == (200, "image/jpeg")
    shown = pod.front.get("/").text
    assert "Bob&#39;s &lt;b&gt;漢字&lt;/b&gt; {{x}} &lt;%= 1+1 %&gt; 🐘" in shown
