"""What somebody exported is larger than the front passes: it comes from the bucket itself.

All stories here look at one and the same pod.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from .fakes.front import MOST_BODY, Answer
from .patience import until
from .pod import Pod

BOB, ERIN = {"Cookie": "user=bob"}, {"Cookie": "user=erin"}
PHOTOS = "/user/download_photos"
SOCKET = "/run/diaspora-exports.sock"
# As the role would sign it for anything, if it were asked.
_SIGN = """
import sys
sys.path.insert(0, '/usr/lib/diaspora')
from diaspora_pod import aws
client = aws.client('s3', sys.argv[1], signature_version='s3v4')
what = {'Bucket': sys.argv[2], 'Key': sys.argv[3]}
print(client.generate_presigned_url('get_object', Params=what, ExpiresIn=int(sys.argv[4])))
"""


def test_fifty_megabytes_arrive_though_the_front_passes_ten(pod: Pod) -> None:
    archive = random.Random(0).randbytes(50_000_000)
    _put(pod, _export("bob"), archive)
    _put(pod, "uploads/images/large.webp", archive[: MOST_BODY + 1])
    assert pod.front.get("/uploads/images/large.webp").status == 500
    answer = pod.front.get(PHOTOS, headers=BOB)
    fetched = pod.aws.fetch(_address(answer))
    assert (fetched.status, fetched.body == archive) == (200, True)
    # It is saved, shown by nobody and kept by nobody.
    assert fetched.headers["content-disposition"] == "attachment"
    assert "no-store" in fetched.headers["cache-control"]


def test_who_follows_an_address_is_not_sent_with_where_he_was(pod: Pod) -> None:
    answer = pod.front.get(PHOTOS, headers=BOB)
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in answer.headers["cache-control"]
    assert answer.body == b""
    assert _address(answer).startswith(f"https://{_host(pod)}/{_export('bob')}?")


def test_everybody_gets_his_own_and_who_is_not_signed_in_none(pod: Pod) -> None:
    for person, name in ((BOB, "bob"), (ERIN, "erin")):
        for kind in ("photos", "profile"):
            answer = pod.front.get(f"/user/download_{kind}", headers=person)
            assert f"/uploads/users/diaspora_{name}_" in _address(answer)
    stranger = pod.front.get(PHOTOS)
    assert (stranger.status, "/users/sign_in" in stranger.headers["location"]) == (302, True)


def test_nobody_gets_there_by_the_name_alone(pod: Pod) -> None:
    name = _export("bob")
    _put(pod, name, b"x")
    pod.machine.succeed(f"test -s /opt/diaspora/public/{name}")
    file = name.rpartition("/")[2]
    for path in (f"/{name}", f"/-/exports/{file}", f"//{name}", f"/uploads/images/../users/{file}"):
        for person in ({}, BOB):
            wish = {**person, "X-Accel-Redirect": f"/-/exports/{file}"}
            assert (path, pod.front.get(path, headers=wish).status) == (path, 404)


def test_an_address_holds_for_five_minutes_for_one_file_and_as_long_as_its_keys(pod: Pod) -> None:
    _put(pod, _export("bob"), b"bob's")
    _put(pod, _export("erin"), b"erin's")
    address = _address(pod.front.get(PHOTOS, headers=BOB))
    assert "&X-Amz-Expires=300&" in address
    assert pod.aws.fetch(address).text == "bob's"
    assert pod.aws.fetch(address.replace("_bob_", "_erin_")).status == 403
    assert pod.aws.fetch(address.replace("Expires=300", "Expires=900")).status == 403
    short = _signed(pod, _export("bob"), seconds=3)
    assert pod.aws.fetch(short).status == 200
    time.sleep(4)
    assert pod.aws.fetch(short).status == 403
    pod.aws.metadata.expire()
    assert pod.aws.fetch(address).status == 403
    assert pod.aws.fetch(_address(pod.front.get(PHOTOS, headers=BOB))).text == "bob's"


def test_from_outside_the_role_opens_exports_and_nothing_else(pod: Pod) -> None:
    """Whatever is signed with its keys: S3 looks at the rights of who has signed."""
    statuses = {}
    for folder in ("uploads/users", "uploads/images", "assets", "transfer"):
        _put(pod, f"{folder}/a", b"x")
        statuses[folder] = pod.aws.fetch(_signed(pod, f"{folder}/a")).status
    assert statuses == {
        "uploads/users": 200,
        "uploads/images": 403,
        "assets": 403,
        "transfer": 403,
    }


def test_only_nginx_is_told_addresses_and_only_of_exports(pod: Pod) -> None:
    ask = f"curl --silent --unix-socket {SOCKET} --output /dev/null --write-out '%{{http_code}}'"
    as_nginx, as_app = "runuser -u www-data --", "runuser -u diaspora --"
    pod.machine.fail(f"{as_app} {ask} http://exports/a.zip")
    assert pod.machine.succeed(f"{as_nginx} {ask} http://exports/a.zip") == "302"
    for path in ("", "users/a.zip", "../images/a", "%2e%2e/images/a", "..", ".hidden", "a?b"):
        wanted = f"{as_nginx} {ask} --path-as-is 'http://exports/{path}'"
        assert (path, pod.machine.succeed(wanted)) == (path, "404")


def test_who_signs_has_the_keys_and_the_application_has_none(pod: Pod) -> None:
    ask = "curl --silent --max-time 5 --output /dev/null http://169.254.169.254/"
    assert pod.machine.run(f"runuser -u diaspora -- {ask}")[0] == 7
    assert pod.machine.run(f"runuser -u www-data -- {ask}")[0] == 7
    assert pod.machine.run(f"runuser -u diaspora-exports -- {ask}")[0] == 0
    main = pod.machine.unit("diaspora-exports.service")["MainPID"]
    owner = pod.machine.succeed(f"stat --format=%U /proc/{main}").strip()
    assert owner == "diaspora-exports"


def test_while_there_are_no_keys_a_readable_page_answers(pod: Pod) -> None:
    with _no_metadata(pod):
        answer = pod.front.get(PHOTOS, headers={**BOB, "Accept": "text/html"})
        assert (answer.status, pod.settings["pod_name"] in answer.text) == (503, True)
        assert answer.seconds < 25
    until(lambda: pod.front.get(PHOTOS, headers=BOB).status == 302)


@contextmanager
def _no_metadata(pod: Pod) -> Iterator[None]:
    pod.aws.metadata.down = True
    try:
        yield
    finally:
        pod.aws.metadata.down = False


def _export(name: str) -> str:
    """Where the stand-in's archive of somebody's photos lies."""
    return f"uploads/users/diaspora_{name}_photos_token.zip"


def _put(pod: Pod, key: str, body: bytes) -> None:
    pod.aws.s3.put_object(Bucket=pod.settings["bucket"], Key=key, Body=body)


def _host(pod: Pod) -> str:
    return f"{pod.settings['bucket']}.s3.{pod.settings['region']}.amazonaws.com"


def _address(answer: Answer) -> str:
    """The address of the bucket's that an answer leads to."""
    assert answer.status == 302, answer.text
    found = re.fullmatch(r"https://\S+[?&]X-Amz-Signature=[0-9a-f]{64}", answer.headers["location"])
    assert found is not None, answer.headers["location"]
    return found[0]


def _signed(pod: Pod, key: str, seconds: int = 60) -> str:
    words = f"{pod.settings['region']} {pod.settings['bucket']} {key} {seconds}"
    return pod.machine.succeed(f'python3 -c "{_SIGN}" {words}').strip()
