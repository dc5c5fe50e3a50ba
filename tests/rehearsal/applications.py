"""The applications that an image may hold, as people see them who upload photos.

The stories of photos are the same for both. Here is what differs.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from .bake import Image
from .diaspora.person import Person, make_account
from .fakes.front import Answer
from .pictures import FORM, photo_form
from .pod import Pod
from .sources import STANDIN


class Photographer(ABC):
    """Somebody who uploads square pictures to one pod.

    ``page`` asks the database and is for everybody. ``sides`` has what stands in front of a photo's
    name in each of its files, and the most pixels that a side of it has once its job is done.
    """

    page: ClassVar[str]
    sides: ClassVar[Mapping[str, float]]

    @abstractmethod
    def send(self, picture: bytes) -> Answer:
        """Send a picture; what the front answered."""

    @abstractmethod
    def path(self, answer: Answer) -> str | None:
        """The path of the photo that an answer is about; None where none was taken."""

    def upload(self, picture: bytes) -> str | None:
        """Send a picture; the path of the photo, or None where it was not taken."""
        return self.path(self.send(picture))

    def files(self, path: str, side: int) -> dict[str, float]:
        """The paths of a photo's files, and the pixels of a side of each once its job is done.

        ``side`` is that of the picture which was sent.
        """
        folder, _, name = path.rpartition("/")
        return {f"{folder}/{before}{name}": min(most, side) for before, most in self.sides.items()}


class Application(ABC):
    """One of them."""

    @abstractmethod
    def photographer(self, pod: Pod) -> Photographer:
        """Somebody who may upload photos to a pod that runs."""


def application_of(image: Image) -> Application:
    """The application in an image."""
    return _Standin() if image.repository == str(STANDIN) else _Diaspora()


class _Anybody(Photographer):
    """The stand-in knows no accounts, and keeps two files."""

    page = "/people"
    sides: ClassVar[Mapping[str, float]] = {"": math.inf, "scaled_full_": 700}

    def __init__(self, pod: Pod) -> None:
        self._front = pod.front

    def send(self, picture: bytes) -> Answer:
        return self._front.post("/photos", photo_form(picture), headers=FORM)

    def path(self, answer: Answer) -> str | None:
        return str(answer.json()["url"]) if answer.status == 200 else None


class _Standin(Application):
    def photographer(self, pod: Pod) -> Photographer:
        return _Anybody(pod)


class _Member(Photographer):
    """diaspora* wants a login, and keeps five files."""

    page = "/tags/photos"
    sides: ClassVar[Mapping[str, float]] = {
        "": math.inf,
        "thumb_small_": 50,
        "thumb_medium_": 100,
        "thumb_large_": 300,
        "scaled_full_": 700,
    }

    def __init__(self, person: Person) -> None:
        self._person = person

    def send(self, picture: bytes) -> Answer:
        return self._person.upload(picture)

    def path(self, answer: Answer) -> str | None:
        # Some errors of diaspora* come as a success that says it is none.
        if answer.status != 200 or not answer.json()["success"]:
            return None
        return f"/uploads/images/{answer.json()['data']['photo']['remote_photo_name']}"


class _Diaspora(Application):
    """Remembers the password: an account is made once in a database, whatever pods come and go."""

    ACCOUNT = ("alice", "alice@example.org")

    def __init__(self) -> None:
        self._password = ""

    def photographer(self, pod: Pod) -> Photographer:
        person = Person(pod)
        if not self._logs_in(person):
            self._password = make_account(pod, *self.ACCOUNT)
            assert self._logs_in(person)
        return _Member(person)

    def _logs_in(self, person: Person) -> bool:
        if not self._password:
            return False
        return person.log_in(self.ACCOUNT[0], self._password).status == 302
