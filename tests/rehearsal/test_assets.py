"""A page from before an upgrade still finds the stylesheets and scripts that it names."""

from __future__ import annotations

import re
from hashlib import sha256

from .aws import Aws
from .patience import until
from .pod import Pod, Pods

OLDER = f"assets/main-{'0123456789abcdef' * 4}.css"
PLANTED = f"assets/planted-{'0123456789abcdef' * 4}.js"
CONTENT = b"p { color: red }"


def test_other_images_assets_are_served_and_this_ones_are_kept_for_later(
    pods: Pods, aws: Aws
) -> None:
    pod = pods.prepare()
    _know(pod, OLDER)
    for key, body in ((OLDER, CONTENT), (PLANTED, CONTENT)):
        aws.s3.put_object(Bucket=pod.settings["bucket"], Key=key, Body=body)
    pod.start()
    assert pod.wait_for_signal().status == "SUCCESS"
    pod.machine.wait_for_unit("diaspora-assets")

    older = pod.front.get(f"/{OLDER}")
    assert (older.status, older.body) == (200, CONTENT)
    # A pod that was taken over could have left it there.
    assert pod.front.get(f"/{PLANTED}").status == 404
    assert "immutable" in older.headers["cache-control"]
    own = re.search(r"assets/main-[0-9a-f]{64}\.css", pod.front.get("/users/sign_in").text)
    assert own is not None
    until(lambda: own[0] in _keys(pod, aws))
    assert not [key for key in _keys(pod, aws) if "sprockets-manifest" in key]


def test_assets_that_cannot_be_exchanged_fail_no_boot(pods: Pods) -> None:
    pod = pods.prepare()
    planted = pod.machine.root / "var/lib/diaspora-assets"
    planted.write_text("where a folder has to be")
    pod.start()
    assert pod.wait_for_signal().status == "SUCCESS"
    assert pod.machine.unit("diaspora-assets")["ActiveState"] == "failed"


def test_a_web_server_that_crashed_is_warmed_again(pods: Pods, aws: Aws) -> None:
    """Or its landing page would fail at the next visit while the database sleeps."""
    pod = pods.launch()
    assert pod.wait_for_signal().status == "SUCCESS"
    before = pod.machine.unit("diaspora-warm")["ExecMainStartTimestampMonotonic"]
    pod.machine.succeed("systemctl kill --signal=KILL diaspora-web")
    until(lambda: pod.machine.unit("diaspora-warm")["ExecMainStartTimestampMonotonic"] != before)
    pod.machine.wait_for_unit("diaspora-warm")


def _know(pod: Pod, key: str) -> None:
    """As the build of a later release would know an asset of this one."""
    file = pod.machine.root / "usr/share/diaspora/assets.sha256"
    line = f"{sha256(CONTENT).hexdigest()}  {key.removeprefix('assets/')}\n"
    file.write_text(file.read_text() + line)


def _keys(pod: Pod, aws: Aws) -> list[str]:
    found = aws.s3.list_objects_v2(Bucket=pod.settings["bucket"], Prefix="assets/")
    return [entry["Key"] for entry in found["Contents"]]
