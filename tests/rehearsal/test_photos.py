"""Photos outlive the machine: what is answered with success lies in the bucket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .aws import Aws
from .patience import until
from .pictures import FORM, is_webp, noise, photo_form
from .pod import Pod, Pods

SMALL = photo_form(noise(100, 100))


def test_a_photo_is_the_same_in_the_browser_and_in_the_bucket(pods: Pods, aws: Aws) -> None:
    """Before its job has run and after; and on a second pod once the first is gone."""
    first = _launched(pods)
    picture = noise(1000, 1000)
    assert len(picture) > 3_000_000

    first.machine.systemctl("stop diaspora-sidekiq")
    answer = first.front.post("/photos", photo_form(picture), headers=FORM)
    assert answer.status == 200
    url = answer.json()["url"]
    assert first.front.get(url).body == picture == _in_bucket(first, aws, url)

    first.machine.systemctl("start diaspora-sidekiq")
    until(lambda: is_webp(_in_bucket(first, aws, url)))
    small = first.front.get(url)
    assert small.body == _in_bucket(first, aws, url)
    assert small.headers["content-type"] == "image/webp"
    assert "max-age" in small.headers["cache-control"]
    first.machine.crash()

    second = _launched(pods)
    assert second.front.get(url).body == small.body


def test_a_mount_that_is_killed_comes_back_and_loses_nothing(pods: Pods, aws: Aws) -> None:
    pod = _launched(pods)
    web = pod.machine.unit("diaspora-web")["MainPID"]
    uploads = _Uploads(pod, photo_form(noise(500, 500)))
    for pause in (0.1, 0.3, 0.5):
        with uploads.under_way():
            pod.machine.succeed(f"sleep {pause}; pkill -KILL --full '[s]3fs.*uploads/images'")
        until(uploads.one, 30)
    # Those under fire may all be refused; the one after each is taken.
    pod.machine.say(f"{len(uploads.answered)} taken, of {uploads.sent} under fire and 3 after it")
    assert pod.machine.unit("diaspora-web")["MainPID"] == web
    _assert_all_in_bucket(pod, aws, uploads.answered)


def test_the_web_server_starts_anew_while_a_mount_is_dead(pods: Pods, aws: Aws) -> None:
    pod = _launched(pods)
    pod.machine.succeed("pkill -STOP --full '[s]3fs.*uploads/images'")
    pod.machine.succeed("systemctl restart --no-block diaspora-web")
    pod.machine.succeed("sleep 5; pkill -KILL --full '[s]3fs.*uploads/images'")
    until(lambda: _upload(pod) is not None, 60)


def test_nothing_is_written_below_a_mount_that_is_not_there(pods: Pods) -> None:
    pod = _launched(pods)
    pod.machine.systemctl("stop diaspora-mount@images diaspora-mount@users")
    for name in ("images", "users"):
        folder = f"/opt/diaspora/public/uploads/{name}"
        pod.machine.fail(f"mountpoint --quiet {folder}")
        pod.machine.fail(f"runuser -u diaspora -- touch {folder}/photo")
        assert pod.machine.succeed(f"ls --almost-all {folder}") == ""


def test_while_the_bucket_is_away_pages_answer_and_uploads_fail_in_time(
    pods: Pods, aws: Aws
) -> None:
    pod = _launched(pods)
    before = _upload(pod)
    bucket = f"{pod.settings['bucket']}.s3.{pod.settings['region']}.amazonaws.com"
    aws.down("s3")
    _assert_refused_in_time(pod)
    aws.up("s3")
    until(lambda: _upload(pod) is not None)
    pod.machine.block(bucket)
    _assert_refused_in_time(pod)
    pod.machine.unblock(bucket)
    until(lambda: _upload(pod) is not None)
    assert before is not None
    _assert_all_in_bucket(pod, aws, [before])


def test_a_bucket_that_is_away_at_boot_is_waited_for(pods: Pods, aws: Aws) -> None:
    aws.down("s3")
    pod = pods.launch()
    pod.machine.wait_for_journal("mount-images.*waiting")
    aws.up("s3")
    assert pod.wait_for_signal().status == "SUCCESS"
    assert _upload(pod) is not None


def test_mounts_live_through_a_change_of_credentials(pods: Pods, aws: Aws) -> None:
    """s3fs asks for new keys when those that it has are good for less than 20 minutes."""
    pod = pods.prepare()
    aws.metadata.rotate(life=20 * 60 + 30)
    pod.start()
    assert pod.wait_for_signal().status == "SUCCESS"
    process = pod.machine.unit("diaspora-mount@images")["MainPID"]
    uploads = _Uploads(pod)
    uploads.some()
    first = _last_key(aws)
    aws.metadata.rotate()
    pod.machine.succeed("sleep 30")
    uploads.some()
    assert _last_key(aws) != first
    assert len(uploads.answered) == uploads.sent
    assert pod.machine.unit("diaspora-mount@images")["MainPID"] == process
    _assert_all_in_bucket(pod, aws, uploads.answered)


def _last_key(aws: Aws) -> str:
    """The access key that the last upload into the bucket came with."""
    return [call.key for call in aws.calls if call.action.startswith("PUT /uploads/images/")][-1]


def _assert_refused_in_time(pod: Pod) -> None:
    answer = pod.front.post("/photos", SMALL, headers=FORM)
    assert answer.status >= 500
    assert answer.seconds < 30
    assert pod.front.get("/people").status == 200


class _Uploads:
    """Photos sent at the same time; remembers the addresses of those that were taken."""

    AT_ONCE = 3

    def __init__(self, pod: Pod, form: bytes = SMALL) -> None:
        self.answered: list[str] = []
        self.sent = 0
        self._pod = pod
        self._form = form

    def some(self) -> None:
        """Send some and wait for their answers."""
        with self.under_way():
            pass

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """While some are being sent; ends with their answers."""
        self.sent += self.AT_ONCE
        threads = [threading.Thread(target=self.one) for _ in range(self.AT_ONCE)]
        for thread in threads:
            thread.start()
        yield
        for thread in threads:
            thread.join()

    def one(self) -> bool:
        """Send one; whether it was taken."""
        if url := _upload(self._pod, self._form):
            self.answered.append(url)
        return url is not None


def _upload(pod: Pod, form: bytes = SMALL) -> str | None:
    """Upload a photo; returns its address, or None where it was not taken."""
    answer = pod.front.post("/photos", form, headers=FORM)
    return str(answer.json()["url"]) if answer.status == 200 else None


def _in_bucket(pod: Pod, aws: Aws, url: str) -> bytes:
    found = aws.s3.get_object(Bucket=pod.settings["bucket"], Key=url.lstrip("/"))
    return bytes(found["Body"].read())


def _assert_all_in_bucket(pod: Pod, aws: Aws, urls: list[str]) -> None:
    """Each as a whole picture, made small by its job sooner or later."""
    assert urls
    for url in urls:
        until(lambda url=url: is_webp(_in_bucket(pod, aws, url)), 120)  # type: ignore[misc]


def _launched(pods: Pods) -> Pod:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod
