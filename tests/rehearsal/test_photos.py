"""Photos outlive the machine: what is answered with success lies in the bucket.

Told of either application (applications.py). One pod goes through the faults, one after another;
the stories at the end launch others, which take its place at the front.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

import pytest

from .applications import Application, Photographer
from .aws import Aws
from .figures import Figures
from .patience import until
from .pictures import is_webp, noise, width
from .pod import Pod, Pods

SMALL = noise(100, 100)
LARGE = noise(1000, 1000)
UPLOADS = "/opt/diaspora/public/uploads"
# The front gives up after 30 seconds, nginx after 25. Who waits shall hear it from the application.
NGINX_GIVES_UP = 25
# A job that failed is tried again after 15 to 25 seconds, then after twice that.
JOBS_DONE = 180
# For so long nginx keeps a photo without asking whether it is still the same.
KEPT = 60
# What a pod may take for a page, and to refuse what it knows it must, on a busy host.
AT_ONCE = 5


@pytest.fixture(scope="module")
def alice(pod: Pod, application: Application) -> Photographer:
    """Who uploads."""
    return application.photographer(pod)


def test_a_photo_is_the_same_in_the_browser_and_in_the_bucket(
    pod: Pod, alice: Photographer, figures: Figures
) -> None:
    """Before its job has run, when pages show it already, and after."""
    assert len(LARGE) > 3_000_000
    pod.machine.systemctl("stop diaspora-sidekiq")
    called = len(pod.aws.calls)
    answer = alice.send(LARGE)
    path = alice.path(answer)
    assert path is not None, answer.text
    files = alice.files(path, 1000)
    contents = [_same_in_bucket(pod, file) for file in files]
    assert {width(content) for content in contents} == {1000}
    # Who looks first must not be left with the large one.
    caching = {file: pod.front.get(file).headers["cache-control"] for file in files}
    short, long = "public, max-age=60", "public, max-age=604800"
    assert caching == {file: short if side < 1000 else long for file, side in files.items()}
    figures.add("photos", "upload of 3 MB, answered after", f"{answer.seconds:.1f} s")

    pod.machine.systemctl("start diaspora-sidekiq")
    _wait_until_done(pod, alice, [path], 1000)
    asked = sum(call.service == "s3" for call in pod.aws.calls[called:])
    figures.add("photos", "S3 requests for it, its job and a look at each file", str(asked))
    for file, side in files.items():
        until(lambda file=file: _in_front(pod, file) == _in_bucket(pod, file), KEPT + 10, every=1)  # type: ignore[misc]
        assert width(_in_front(pod, file)) == side
    assert pod.front.get(path).headers["content-type"] == "image/webp"


def test_what_is_on_its_way_waits_on_the_disk_and_not_in_tmp(pod: Pod, alice: Photographer) -> None:
    """/tmp is memory."""
    web, s3fs = (
        pod.machine.unit(unit)["MainPID"] for unit in ("diaspora-web", "diaspora-mount@images")
    )
    pod.machine.succeed(f"kill -STOP {s3fs}")
    with _sending(alice, LARGE) as sent:
        pod.machine.succeed("sleep 3")
        held = _open_files(pod, web)
        pod.machine.succeed(f"kill -CONT {s3fs}")
    assert sent == [True]
    written = pod.machine.succeed(
        f"exec 3>{UPLOADS}/images/half-written; head --bytes=3M /dev/zero >&3\n"
        f"find /proc/{s3fs}/fd -printf '%l\\n'"
    ).splitlines()
    assert any(file.startswith("/var/tmp/") for file in held), held
    assert any(file.startswith("/var/cache/diaspora-s3fs/") for file in written), written
    assert not [file for file in held + written if file.startswith("/tmp/")]
    assert "tmpfs" not in pod.machine.succeed(
        f"stat --file-system --format=%T /proc/{web}/root/var/tmp /var/cache/diaspora-s3fs"
    )


def test_a_mount_that_is_killed_comes_back_and_loses_nothing(
    pod: Pod, alice: Photographer, figures: Figures
) -> None:
    web = pod.machine.unit("diaspora-web")["MainPID"]
    uploads = _Uploads(alice, noise(500, 500))
    back = 0.0
    for pause in (0.1, 0.3, 0.8):
        with uploads.under_way():
            pod.machine.succeed(f"sleep {pause}; {_signal('KILL')}")
        back = max(back, until(uploads.one, 30, every=1))
    # Those under fire may all be refused; the one after each is taken.
    pod.machine.say(f"{len(uploads.answered)} taken, of {uploads.sent} sent")
    figures.add("photos", "s3fs killed: the next photo is taken after at most", f"{back:.1f} s")
    assert pod.machine.unit("diaspora-web")["MainPID"] == web
    _wait_until_done(pod, alice, uploads.answered, 500)


@pytest.mark.parametrize("signal", ["KILL", "STOP"])
def test_the_web_server_starts_anew_while_a_mount_is_dead(
    pod: Pod, alice: Photographer, signal: str
) -> None:
    """Or hangs: then it is ended once somebody waits for it."""
    pod.machine.succeed(f"{_signal(signal)}; systemctl restart --no-block diaspora-web")
    until(lambda: alice.upload(SMALL) is not None, 120, every=1)


def test_a_job_that_loses_the_bucket_half_way_leaves_a_whole_photo(
    pod: Pod, alice: Photographer
) -> None:
    """It writes over what the upload has stored. Nothing must be lost between the two."""
    pod.machine.systemctl("stop diaspora-sidekiq")
    path = alice.upload(SMALL)
    assert path is not None
    pod.aws.down("s3", after=f"PUT {path}")
    pod.machine.systemctl("start diaspora-sidekiq")
    until(lambda: pod.aws.calls[-1].status == 503)
    pod.machine.wait_for_journal("ProcessPhoto.* INFO: fail", 90)
    pod.aws.up("s3")
    _wait_until_done(pod, alice, [path], 100)


def test_a_job_that_finds_no_mount_is_tried_again(pod: Pod, alice: Photographer) -> None:
    """CarrierWave takes a file that is not there for nothing to do."""
    sidekiq = pod.machine.unit("diaspora-sidekiq")["MainPID"]
    pod.machine.succeed(f"kill -STOP {sidekiq}")
    path = alice.upload(SMALL)
    assert path is not None
    pod.aws.down("s3")
    pod.machine.succeed(_signal("KILL"))
    pod.machine.wait_until_fails(f"mountpoint --quiet {UPLOADS}/images")
    pod.machine.succeed(f"kill -CONT {sidekiq}; sleep 5")
    pod.aws.up("s3")
    _wait_until_done(pod, alice, [path], 100)


@contextmanager
def _answers_503(pod: Pod) -> Iterator[None]:
    pod.aws.down("s3")
    try:
        yield
    finally:
        pod.aws.up("s3")


@contextmanager
def _cannot_be_reached(pod: Pod) -> Iterator[None]:
    bucket = f"{pod.settings['bucket']}.s3.{pod.settings['region']}.amazonaws.com"
    pod.machine.block(bucket)
    try:
        yield
    finally:
        pod.machine.unblock(bucket)


@pytest.mark.parametrize("away", [_answers_503, _cannot_be_reached])
def test_while_the_bucket_is_away_pages_answer_and_uploads_fail_in_time(
    pod: Pod,
    alice: Photographer,
    figures: Figures,
    away: Callable[[Pod], AbstractContextManager[None]],
) -> None:
    before = alice.upload(SMALL)
    assert before is not None
    with away(pod), ThreadPoolExecutor(9) as people:
        upload = people.submit(alice.send, SMALL)
        photos = [people.submit(pod.front.get, before) for _ in range(8)]
        pod.machine.succeed("sleep 1")
        for page in ("/", alice.page):
            answer = pod.front.get(page)
            assert (answer.status, answer.seconds < AT_ONCE) == (200, True), page
        refused = upload.result()
        assert refused.status >= 500
        slowest = max(photo.result().seconds for photo in photos)
        assert max(slowest, refused.seconds) < NGINX_GIVES_UP
        # The next ones need not find out for themselves.
        again = alice.send(SMALL)
        assert again.status >= 500
        assert again.seconds < AT_ONCE
    back = until(lambda: alice.upload(SMALL) is not None, every=1)
    fault = f"bucket {away.__name__.strip('_').replace('_', ' ')}"
    figures.add("photos", f"{fault}: an upload is refused after", f"{refused.seconds:.1f} s")
    figures.add("photos", f"{fault}: a photo is answered after", f"{slowest:.1f} s")
    figures.add("photos", f"{fault}, then back: a photo is taken after", f"{back:.1f} s")
    _wait_until_done(pod, alice, [before], 100)


def test_nothing_is_written_below_a_mount_that_is_not_there(pod: Pod, alice: Photographer) -> None:
    pod.machine.systemctl("stop diaspora-mount@images diaspora-mount@users")
    for name in ("images", "users"):
        folder = f"{UPLOADS}/{name}"
        pod.machine.fail(f"mountpoint --quiet {folder}")
        pod.machine.fail(f"runuser -u diaspora -- touch {folder}/photo")
        assert pod.machine.succeed(f"ls --almost-all {folder}") == ""
    pod.machine.systemctl("start diaspora.target")
    until(lambda: alice.upload(SMALL) is not None, 120, every=1)


def test_pods_that_overlap_see_each_others_photos_and_the_second_keeps_them(
    module_pods: Pods, pod: Pod, alice: Photographer
) -> None:
    """As at every update: the next pod boots while this one serves."""
    path = alice.upload(LARGE)
    assert path is not None
    _wait_until_done(pod, alice, [path], 1000)
    seen = {file: pod.front.get(file).body for file in alice.files(path, 1000)}
    second = _launched(module_pods)
    new = "/uploads/images/new.webp"
    for content in ("first", "changed"):
        # What is not there is remembered for some seconds, and asking more often than that renews
        # the memory; what was another, until nginx looks again.
        before = second.inside("GET", new)
        assert content not in before.text
        pod.machine.succeed(f"printf {content} >/opt/diaspora/public{new}")
        until(lambda content=content: second.inside("GET", new).text == content, KEPT + 20, every=6)  # type: ignore[misc]
    pod.machine.crash()
    assert {file: second.front.get(file).body for file in seen} == seen


def test_a_bucket_that_is_away_at_boot_is_waited_for(
    module_pods: Pods, region: Aws, application: Application
) -> None:
    region.down("s3")
    pod = module_pods.launch()
    pod.machine.wait_for_journal("mount-images.*waiting")
    region.up("s3")
    assert pod.wait_for_signal().status == "SUCCESS"
    assert application.photographer(pod).upload(SMALL) is not None


def test_mounts_live_through_changes_of_credentials(
    module_pods: Pods, region: Aws, application: Application
) -> None:
    """s3fs asks for new keys when those that it has are good for less than 20 minutes."""
    life = 20 * 60 + 30
    pod = module_pods.prepare()
    region.metadata.rotate(life)
    pod.start()
    assert pod.wait_for_signal().status == "SUCCESS"
    process = pod.machine.unit("diaspora-mount@images")["MainPID"]
    photographer = application.photographer(pod)
    uploads = _Uploads(photographer)
    assert uploads.one()
    keys = [_last_key(region)]
    for _ in range(3):
        region.metadata.rotate(life)
        until(lambda: uploads.one() and _last_key(region) not in keys, 90, every=10)
        keys.append(_last_key(region))
    assert len(uploads.answered) == uploads.sent
    assert pod.machine.unit("diaspora-mount@images")["MainPID"] == process
    _wait_until_done(pod, photographer, uploads.answered, 100)


def _last_key(aws: Aws) -> str:
    """The access key that the last upload into the bucket came with."""
    return [call.key for call in aws.calls if call.action.startswith("PUT /uploads/images/")][-1]


class _Uploads:
    """Photos sent at the same time; remembers the paths of those that were taken."""

    AT_ONCE = 3

    def __init__(self, photographer: Photographer, picture: bytes = SMALL) -> None:
        self.answered: list[str] = []
        self.sent = 0
        self._photographer = photographer
        self._picture = picture

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """While some are being sent; ends with their answers."""
        with ThreadPoolExecutor() as people:
            for _ in range(self.AT_ONCE):
                people.submit(self.one)
            yield

    def one(self) -> bool:
        """Send one; whether it was taken."""
        self.sent += 1
        path = self._photographer.upload(self._picture)
        if path is not None:
            self.answered.append(path)
        return path is not None


@contextmanager
def _sending(photographer: Photographer, picture: bytes) -> Iterator[list[bool]]:
    """While a photo is being sent; the list then tells whether it was taken."""
    taken: list[bool] = []
    sending = threading.Thread(
        target=lambda: taken.append(photographer.upload(picture) is not None)
    )
    sending.start()
    yield taken
    sending.join()


def _signal(name: str) -> str:
    """A command that sends a signal to what mounts the photos."""
    return f"pkill -{name} --full '^s3fs .*/uploads/images '"


def _open_files(pod: Pod, process: str) -> list[str]:
    return pod.machine.succeed(f"find /proc/{process}/fd -printf '%l\\n'").splitlines()


def _same_in_bucket(pod: Pod, file: str) -> bytes:
    """What the front serves, which is what the bucket holds."""
    content = _in_front(pod, file)
    assert content == _in_bucket(pod, file)
    return content


def _in_front(pod: Pod, file: str) -> bytes:
    answer = pod.front.get(file)
    assert answer.status == 200
    return answer.body


def _in_bucket(pod: Pod, file: str) -> bytes:
    found = pod.aws.s3.get_object(Bucket=pod.settings["bucket"], Key=file.lstrip("/"))
    return bytes(found["Body"].read())


def _wait_until_done(pod: Pod, photographer: Photographer, paths: list[str], side: int) -> None:
    """Each file of each photo is in the bucket, as a whole picture made small by its job.

    ``side`` is that of the pictures which were sent.
    """
    assert paths
    files = {file: most for path in paths for file, most in photographer.files(path, side).items()}

    def done(file: str) -> bool:
        content = _in_bucket(pod, file)
        return is_webp(content) and width(content) == files[file]

    for file in files:
        until(lambda file=file: done(file), JOBS_DONE)  # type: ignore[misc]


def _launched(pods: Pods) -> Pod:
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    return pod
