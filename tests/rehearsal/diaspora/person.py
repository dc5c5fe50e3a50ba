"""Somebody who uses diaspora* through the front, with cookies and forms as a browser sends them."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from ..fakes.front import Answer
from ..patience import until
from ..pictures import BOUNDARY, FORM
from ..pod import Pod

_URLENCODED = {"Content-Type": "application/x-www-form-urlencoded"}
_HTML = {"Accept": "text/html"}
_JSON = {"Accept": "application/json"}


def make_account(pod: Pod, name: str, mail: str) -> str:
    """Make an account as an admin does who has the machine; returns its password."""
    told = pod.machine.succeed(f"sudo diaspora-pod admin {name} {mail}", seconds=120)
    found = re.search(r"shown this once: (\S+)", told)
    assert found is not None, told
    return found[1]


class Person:
    """A visitor of one pod who keeps cookies."""

    def __init__(self, pod: Pod) -> None:
        self.pod = pod
        self._front = pod.front
        self._cookies: dict[str, str] = {}

    def moves_to(self, pod: Pod) -> None:
        """Ask another pod of the same name from now on, with the cookies of the first."""
        self.pod = pod
        self._front = pod.front

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page, or for what the page's script would with these headers."""
        return self._kept(self._front.get(path, headers={**self._headers(), **(headers or {})}))

    def log_in(self, name: str, password: str) -> Answer:
        """Fill in the login form."""
        form = {"user[username]": name, "user[password]": password}
        return self.submit("/users/sign_in", "/users/sign_in", form)

    def submit(self, page: str, action: str, form: dict[str, str]) -> Answer:
        """Post a form of a page."""
        body = urlencode({"authenticity_token": _token(self.get(page)), **form}).encode()
        headers = {**self._headers(), **_URLENCODED, "Origin": f"https://{self._front.host}"}
        return self._kept(self._front.post(action, body, headers=headers))

    def post_json(self, page: str, action: str, body: bytes) -> Answer:
        """Send what the page's script would."""
        token = _token(self.get(page))
        headers = {"Content-Type": "application/json", **_JSON, "X-CSRF-Token": token}
        return self._kept(self._front.post(action, body, headers={**self._headers(), **headers}))

    def upload(self, picture: bytes) -> Answer:
        """Upload a photo as the publisher does; where there is no publisher, what came instead."""
        stream = self.get("/stream")
        if stream.status != 200:
            return stream
        fields = {"photo[pending]": "true", "photo[aspect_ids]": "all"}
        headers = {**FORM, **_JSON, "X-CSRF-Token": _token(stream)}
        body = _multipart(fields, picture)
        return self._kept(self._front.post("/photos", body, headers={**self._headers(), **headers}))

    def find(self, handle: str) -> dict[str, Any]:
        """Look somebody up by handle, as the search page does: it asks until there is an answer."""
        known = f"/people/refresh_search?q={quote(handle)}"
        assert self.get(f"/people?q={quote(handle)}").status == 200
        until(lambda: self.get(known).json()["contacts"] is not None)
        (contact,) = self.get(known).json()["contacts"]
        person: dict[str, Any] = contact["person"]
        return person

    def follow(self, handle: str) -> Answer:
        """Add somebody to the friends."""
        wanted = {"person_id": self.find(handle)["id"], "aspect_id": self.aspect("Friends")}
        return self.send("/aspect_memberships", wanted)

    def aspect(self, name: str) -> int:
        """The number of an aspect."""
        page = self.get("/stream").text
        user, _ = json.JSONDecoder().raw_decode(page.partition("gon.user=")[2])
        numbers: dict[str, int] = {aspect["name"]: aspect["id"] for aspect in user["aspects"]}
        return numbers[name]

    def send(self, action: str, content: object) -> Answer:
        """Send JSON, as the stream's script does."""
        return self.post_json("/stream", action, json.dumps(content).encode())

    def _headers(self) -> dict[str, str]:
        # Who takes anything gets some pages as telephones do.
        if not self._cookies:
            return _HTML
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return {**_HTML, "Cookie": cookies}

    def _kept(self, answer: Answer) -> Answer:
        given = answer.headers.get("set-cookie", "")
        self._cookies |= dict(re.findall(r"(_diaspora_session|remember_user_token)=([^;]*)", given))
        return answer


def _token(page: Answer) -> str:
    """What a page gives its forms to send along."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', page.text)
    assert found is not None, page.text
    return html.unescape(found[1])


def _multipart(fields: dict[str, str], picture: bytes) -> bytes:
    parts = [
        f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    disposition = 'Content-Disposition: form-data; name="qqfile"; filename="photo.png"'
    parts.append(f"{disposition}\r\nContent-Type: image/png\r\n\r\n".encode() + picture)
    edge = f"--{BOUNDARY}\r\n".encode()
    return b"".join(edge + part + b"\r\n" for part in parts) + f"--{BOUNDARY}--\r\n".encode()
