"""diaspora* in an image of an older commit is upgraded to this one, with what people have there."""

from __future__ import annotations

import json

from ..figures import Figures
from ..older import COMMIT
from ..patience import until
from ..pictures import noise
from ..pod import Pods
from ..replace import beside, visited
from .conftest import ADMIN
from .person import Person, make_account


def test_an_older_image_is_upgraded_and_nobody_is_logged_out(
    older_pods: Pods, pods: Pods, figures: Figures
) -> None:
    old = older_pods.launch()
    signal = old.wait_for_signal()
    assert signal.status == "SUCCESS", f"{signal.step}\n{old.machine.journal()}"
    person = Person(old)
    assert person.log_in(ADMIN[0], make_account(old, *ADMIN)).status == 302
    post = {"status_message": {"text": "Written before"}, "aspect_ids": ["public"]}
    assert person.post_json("/stream", "/status_messages", json.dumps(post).encode()).status == 201
    photo = person.upload(noise(800, 600)).json()["data"]["photo"]["remote_photo_name"]
    small = "SELECT count(*) FROM photos WHERE processed_image <> ''"
    until(lambda: old.database.psql(small) == "1")
    before = old.front.get(f"/uploads/images/scaled_full_{photo}")
    with visited(old, "/users/sign_in") as visits:
        new = beside(pods, old)
        signal = new.wait_for_signal()
        assert signal.status == "SUCCESS", f"{signal.step}\n{new.machine.journal()}"
        new.take_front()
        old.machine.terminate()
    assert visits.failed == []
    figures.add("upgrade", f"requests while {COMMIT[:7]} was upgraded", f"{len(visits.found)}")
    # With the cookie of before.
    assert "Written before" in person.get("/stream.json").text
    assert new.front.get(f"/uploads/images/scaled_full_{photo}").body == before.body
