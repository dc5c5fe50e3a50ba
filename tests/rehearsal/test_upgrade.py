"""An image of an older commit is upgraded to this one, with all that people have put there."""

from __future__ import annotations

from . import older
from .aws import Aws
from .figures import Figures
from .moves import send
from .patience import until
from .pictures import FORM, noise, photo_form
from .pod import Pod, Pods
from .replace import replace, visited
from .test_database import MIGRATIONS

WORDS = ["plain", "🐘 漢字 é", '"quoted"']


def test_an_older_image_is_upgraded_with_its_data(
    older_pods: Pods, pods: Pods, aws: Aws, figures: Figures
) -> None:
    old = older_pods.launch()
    signal = old.wait_for_signal()
    assert signal.status == "SUCCESS", f"{signal.step}\n{old.machine.journal()}"
    for word in WORDS:
        assert send(old, word) == 202
    photo = old.front.post("/photos", photo_form(noise(300, 300)), headers=FORM)
    until(lambda: aws.database.psql("SELECT count(*) FROM photos WHERE processed") == "1")
    until(lambda: set(old.front.get("/received").json()["received"]) == set(WORDS))
    secrets = _secrets(old)
    picture = old.front.get(photo.json()["url"])
    with visited(old) as visits:
        new = replace(pods, old)
    figures.add(
        "Upgrade", f"requests while {older.COMMIT[:7]} was upgraded", f"{len(visits.found)}"
    )
    assert visits.failed == []
    assert set(aws.database.psql("SELECT version FROM schema_migrations").split()) == MIGRATIONS
    assert "restore point: 20" in aws.logs.text(new.settings["log_group"], new.instance_id)
    assert set(new.front.get("/received").json()["received"]) == set(WORDS)
    assert _secrets(new) == secrets
    assert new.front.get(photo.json()["url"]).body == picture.body
    assert send(new, "new") == 202
    until(lambda: "new" in new.front.get("/received").json()["received"])


def _secrets(pod: Pod) -> tuple[str, str]:
    """Those of the pod's own: with others, everybody would be logged out."""
    found = pod.front.get("/settings").json()
    return found["secret_token"], found["oidc_key"]
