"""How the promises read the built template."""

from __future__ import annotations

import base64
import re
from typing import Any

from diaspora_cf.rendering import Rendered, render

from ..answers import HOSTED

Template = dict[str, Any]
OPEN = ("0.0.0.0/0", "::/0")
POD_ROLE = "PodRole"


def rendered(template: Template, choice: dict[str, str] | None = None) -> Rendered:
    return render(template, HOSTED if choice is None else choice)


def properties(template: Template, title: str, choice: dict[str, str] | None = None) -> Any:
    return rendered(template, choice).resources[title]["Properties"]


def of_type(template: Template, kind: str) -> dict[str, Any]:
    found = {
        title: resource
        for title, resource in template["Resources"].items()
        if resource["Type"] == kind
    }
    assert found, f"the template has no {kind}"
    return found


def told_to_the_pod(template: Template, key: str, choice: dict[str, str] | None = None) -> str:
    """One of the settings in the user data, as it arrives at the pod."""
    data = properties(template, "PodLaunchTemplate", choice)["LaunchTemplateData"]["UserData"]
    (value,) = re.findall(f'^    "{key}": "(.*)",$', base64.b64decode(data).decode(), re.MULTILINE)
    return base64.b64decode(value).decode()
