"""What a visitor gets: through the front, from nginx, and of the application.

All stories here look at one and the same pod.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from .patience import until
from .pictures import FORM, noise, photo_form
from .pod import Pod
from .quiet import HTML, JSON, POLL, SCRIPT, fall_quiet

VISITOR, OTHER_VISITOR, THIRD_VISITOR = "198.51.100.9", "198.51.100.10", "198.51.100.11"
CRAWLER = "198.51.100.12"
# Of no visitor, and not of the VPC.
FORGED, STRANGER = "203.0.113.66", "192.0.2.66"
ENCODED = {"Content-Type": "application/x-www-form-urlencoded"}


def test_pages_answer(pod: Pod) -> None:
    paths = ("/", "/users/sign_in", "/.well-known/nodeinfo", "/people", "/robots.txt")
    assert {path: pod.front.get(path).status for path in paths} == dict.fromkeys(paths, 200)


def test_the_application_sees_host_address_and_scheme_of_the_visit(pod: Pod) -> None:
    seen = pod.front.get("/whoami", source=VISITOR).json()
    assert seen["host"] == pod.settings["domain_name"]
    assert (seen["address"], seen["remote"]) == (VISITOR, VISITOR)
    assert seen["scheme"] == "https"


def test_what_a_visitor_says_of_himself_is_not_believed(pod: Pod) -> None:
    forged = {
        "X-Forwarded-For": FORGED,
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "evil.example",
        "X-Real-IP": FORGED,
        "X-Client-IP": FORGED,
        "X-Client-Proto": "http",
        "Client-IP": FORGED,
        "Forwarded": f"for={FORGED};host=evil.example;proto=http",
    }
    answer = pod.front.get("/whoami", headers=forged, source=VISITOR)
    assert answer.status == 200
    seen = answer.json()
    assert (seen["address"], seen["remote"]) == (VISITOR, VISITOR)
    assert (seen["host"], seen["scheme"]) == (pod.settings["domain_name"], "https")
    assert FORGED not in answer.text
    assert "evil.example" not in answer.text


def test_who_comes_past_the_front_is_not_believed(pod: Pod) -> None:
    """The machine asks itself from an address that is not of the VPC, as a stranger would."""
    pod.machine.succeed(f"ip address add {STRANGER}/32 dev lo")
    ask = (
        f"curl --silent --interface {STRANGER} --output /dev/null --write-out '%{{http_code}}' "
        f"-H 'X-Client-IP: {FORGED}' -H 'X-Client-Proto: https' http://{STRANGER}/"
    )
    # It is taken for plain HTTP, and so sent to https.
    assert pod.machine.succeed(ask) == "301"


def test_https_is_never_redirected_to_itself(pod: Pod) -> None:
    for path in ("/", "/users/sign_in", "/people"):
        assert "location" not in pod.front.get(path).headers


def test_plain_http_is_sent_to_https(pod: Pod) -> None:
    answer = pod.inside("GET", "/", headers={"Host": pod.settings["domain_name"]})
    assert answer.status == 301
    assert answer.headers["location"] == f"https://{pod.settings['domain_name']}/"


def test_pages_carry_security_headers_once_each(pod: Pod) -> None:
    headers = pod.front.get("/users/sign_in").headers
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "x-robots-tag" not in headers
    _assert_guarded(headers)


def test_files_carry_security_headers(pod: Pod) -> None:
    for path in ("/robots.txt", _asset(pod, "css")):
        _assert_guarded(pod.front.get(path).headers)


def test_nobody_is_told_which_nginx_it_is(pod: Pod) -> None:
    for path in ("/robots.txt", "/uploads/tmp/"):
        answer = pod.front.get(path)
        assert not re.search(r"nginx/\d", answer.text + answer.headers.get("server", ""))


def test_assets_come_compressed_beforehand_and_are_kept_for_ever(pod: Pod) -> None:
    for kind in ("css", "js"):
        path = _asset(pod, kind)
        plain = pod.front.get(path)
        packed = pod.front.get(path, headers={"Accept-Encoding": "gzip"})
        assert "immutable" in packed.headers["cache-control"]
        assert packed.headers["content-encoding"] == "gzip"
        assert gzip.decompress(packed.body) == plain.body
        # The very bytes that the image holds, and not made anew for each visitor.
        size = pod.machine.succeed(f"stat --format=%s /opt/diaspora/public{path}.gz")
        assert int(size) == len(packed.body)


def test_a_missing_asset_is_not_kept_for_ever(pod: Pod) -> None:
    answer = pod.front.get("/assets/main-0000.css")
    assert answer.status == 404
    assert "immutable" not in answer.headers.get("cache-control", "")


def test_uploads_of_users_are_not_listed(pod: Pod) -> None:
    for path in ("/uploads/users/", "/uploads/users", "/uploads/images/", "/uploads/tmp/"):
        answer = pod.front.get(path)
        assert (path, answer.status in (301, 403, 404)) == (path, True)
        assert "Index of" not in answer.text


def test_hidden_files_are_not_served(pod: Pod) -> None:
    (manifest,) = pod.machine.succeed("ls /opt/diaspora/public/assets/.sprockets-*").split()
    manifest = manifest.removeprefix("/opt/diaspora/public")
    public = "/opt/diaspora/public"
    planted = ("/.git/config", "/.bundle/config", "/uploads/.hidden", "/assets/.hidden")
    for path in planted:
        pod.machine.succeed(f"install -D --mode=0644 /etc/hostname {public}{path}")
    for path in (manifest, *planted):
        assert (path, pod.front.get(path).status) == (path, 404)
    pod.machine.succeed(f"rm -r {public}/.git {public}/.bundle")
    pod.machine.succeed(f"rm {public}/uploads/.hidden {public}/assets/.hidden")


def test_what_is_too_large_is_said_in_words(pod: Pod) -> None:
    body = photo_form(b"x" * 9_500_000)
    answer = pod.front.post("/photos", body, headers=FORM, source=OTHER_VISITOR)
    assert answer.status == 413
    assert "too large" in answer.text
    assert pod.settings["pod_name"] in answer.text


def test_a_photo_of_eight_megabytes_is_not_too_large(pod: Pod) -> None:
    body = photo_form(noise(1700, 1550))
    assert 7_500_000 < len(body) < 9_000_000
    answer = pod.front.post("/photos", body, headers=FORM, source=OTHER_VISITOR)
    assert answer.status == 200


def test_large_bodies_are_refused_where_no_file_is_sent(pod: Pod) -> None:
    """They would be read, and logged, before anybody is asked who they are."""
    for size, refused in ((900_000, False), (1_100_000, True)):
        answer = pod.front.post("/status_messages", b"x" * size, headers=ENCODED)
        assert (size, answer.status == 413) == (size, refused)


def test_a_photo_without_content_is_kept_by_nobody(pod: Pod) -> None:
    for name, body, kept in (("empty", b"", False), ("whole", b"x", True)):
        key = f"uploads/images/{name}.webp"
        pod.aws.s3.put_object(Bucket=pod.settings["bucket"], Key=key, Body=body)
        caching = pod.front.get(f"/{key}").headers["cache-control"]
        assert (name, caching != "no-store") == (name, kept)


def test_a_crawler_that_asks_for_all_at_once_delays_nobody_else(pod: Pod) -> None:
    alone = pod.front.get("/people", source=OTHER_VISITOR).seconds
    with ThreadPoolExecutor(50) as pool:
        asked = [pool.submit(pod.front.get, "/people", source=CRAWLER) for _ in range(50)]
        until(lambda: sum(task.done() for task in asked) > 5)
        other = pod.front.get("/people", source=OTHER_VISITOR)
        waiting = sum(not task.done() for task in asked)
    pod.machine.say(f"a page beside a crawler took {other.seconds / alone:.1f} times as long")
    assert other.status == 200
    assert waiting > 20
    assert {task.result().status for task in asked} == {200}


def test_where_the_database_never_sleeps_nothing_is_in_the_way(pod: Pod) -> None:
    stock = pod.machine.read("/opt/diaspora/public/robots.txt")
    assert pod.front.get("/robots.txt").text == stock
    fall_quiet(pod)
    # There are no notifications in it: so it was asked.
    assert pod.front.get(POLL, headers=SCRIPT).status == 404


def test_what_other_pods_send_becomes_a_job_that_is_done(pod: Pod) -> None:
    answer = pod.front.post("/receive/public", b"xml=%3Cpost%2F%3E", headers=ENCODED)
    assert answer.status == 202
    until(lambda: pod.front.get("/received").json()["received"] == ["<post/>"])


def test_a_body_of_six_hundred_kilobytes_never_reaches_the_queue(pod: Pod) -> None:
    for size, status in ((100_000, 202), (600_000, 413)):
        answer = pod.front.post("/receive/public", b"xml=" + b"a" * size, headers=ENCODED)
        assert (size, answer.status) == (size, status)


def test_who_sends_too_often_waits_and_nobody_else(pod: Pod) -> None:
    def send(visitor: str) -> int:
        return pod.front.post("/receive/public", b"xml=a", headers=ENCODED, source=visitor).status

    statuses = {send(THIRD_VISITOR) for _ in range(80)}
    assert statuses == {202, 429}
    assert send(OTHER_VISITOR) == 202


def test_a_slow_answer_becomes_a_readable_page_before_the_front_gives_up(pod: Pod) -> None:
    answer = pod.front.get("/slow/40", headers=HTML)
    assert answer.status == 503
    assert answer.seconds < 30
    _assert_readable(pod, answer.text, answer.headers)


def test_while_the_web_server_is_away_a_readable_page_answers(pod: Pod) -> None:
    pod.machine.systemctl("stop diaspora-web")
    answer, script = (pod.front.get("/people", headers=reads) for reads in (HTML, JSON))
    assert (answer.status, script.status) == (503, 503)
    _assert_readable(pod, answer.text, answer.headers)
    assert script.headers["content-type"] == "text/plain; charset=utf-8"
    assert f"{pod.settings['pod_name']} is waking up" in script.text
    assert script.headers["retry-after"] == answer.headers["retry-after"]
    photo = pod.front.post("/photos", photo_form(noise(1200, 900)), headers={**FORM, **HTML})
    assert photo.status == 503
    _assert_readable(pod, photo.text, photo.headers)
    pod.machine.systemctl("start diaspora.target")
    until(lambda: pod.front.get("/people").status == 200)


def test_a_web_server_that_ends_is_started_again(pod: Pod) -> None:
    pod.machine.succeed("kill -TERM $(systemctl show --property=MainPID --value diaspora-web)")
    # Puma was once seen not to end in the first second of its life; systemd waits for 60 s then.
    pod.machine.wait_until_succeeds("test $(systemctl show -P NRestarts diaspora-web) = 1", 90)
    until(lambda: pod.front.get("/people").status == 200)


def _asset(pod: Pod, kind: str) -> str:
    page = pod.front.get("/users/sign_in").text
    found = re.search(rf'"(/assets/main-[0-9a-f]+\.{kind})"', page)
    assert found, page
    return found[1]


def _assert_guarded(headers: Mapping[str, str]) -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in headers["permissions-policy"]


def _assert_readable(pod: Pod, text: str, headers: Mapping[str, str]) -> None:
    assert pod.settings["pod_name"] in text
    assert 'http-equiv="refresh"' in text
    assert int(headers["retry-after"]) > 0
    assert headers["cache-control"] == "no-store"
