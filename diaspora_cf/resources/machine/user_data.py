"""What a new machine is told: settings only, and then to start.

The settings travel as one base64 text each, so that no quote, brace or line of a pod's name means
anything to a shell, to Python or to YAML. They hold no secret, only the names of secrets.
"""

from __future__ import annotations

from collections.abc import Mapping

from troposphere import AWSHelperFn, Base64, Sub

SETTINGS_FILE = "/etc/diaspora/pod.json"
# What a launch template takes, before it is encoded (EC2 User Guide, "User data").
MAX_BYTES = 16 * 1024

_BEFORE = """\
#!/usr/bin/python3
# Writes the pod's settings and starts it. They are base64 so that any name is safe in here.
import base64, json, os, subprocess

SETTINGS = {
"""
_AFTER = f"""\
}}

decoded = {{key: base64.b64decode(value).decode("utf-8") for key, value in SETTINGS.items()}}
os.makedirs("{SETTINGS_FILE.rpartition("/")[0]}", exist_ok=True)
with open("{SETTINGS_FILE}.new", "w", encoding="utf-8") as file:
    json.dump(decoded, file, indent=2, ensure_ascii=False)
os.replace("{SETTINGS_FILE}.new", "{SETTINGS_FILE}")
# Not waiting: cloud-init, which runs this, would wait for the boot to end.
subprocess.run(["systemctl", "start", "--no-block", "diaspora.target"], check=True)
"""


def user_data(settings: Mapping[str, str | AWSHelperFn]) -> Base64:
    """A program that writes the settings file and starts the pod's target.

    ``settings`` maps the keys of ``pod.schema.json`` to values of the template; every one of them
    arrives as a string.
    """
    lines = [f'    "{key}": "${{{_variable(key)}}}",\n' for key in settings]
    values = {_variable(key): Base64(value) for key, value in settings.items()}
    return Base64(Sub(_BEFORE + "".join(lines) + _AFTER, **values))


def _variable(key: str) -> str:
    """The name that a setting's value has inside ``Fn::Sub``: letters and digits only."""
    return "".join(word.capitalize() for word in key.split("_"))
