"""Runs a command of the boot program as its unit does; what only AWS could tell it is made up.

`smoke.py settings` writes what the stack tells a pod; its other commands are the boot's own.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, fields

sys.path.insert(0, "/usr/lib/diaspora")

from diaspora_pod import aws, cli
from diaspora_pod.boot import prepare
from diaspora_pod.boot.own_secrets import new_oidc_key, new_session_secret
from diaspora_pod.boot.render import Secrets
from diaspora_pod.machine import Machine
from diaspora_pod.settings import Settings

# What means something here. Every other setting is "1", which the schema takes for all of them.
SAMPLE = {
    "region": "eu-west-1",
    "first_boot_deadline": "960",
    "pod_name": "Smoke",
    "domain_name": "pod.example.invalid",
    "owns_domain": "yes",
    "enable_registration": "true",
    "invitations_open": "true",
    "mail_enabled": "false",
    "database_host": "localhost",
    "database_port": "5432",
    "database_name": "diaspora",
    "bucket": "smoke",
    "secrets_path": "/diaspora/smoke",
    # It tells nobody, and does not restart itself.
    "alarm_topic": "",
    "automatic_reboot": "no",
    "must_know": "",
}
USERNAME = "diaspora"
# Each is a part of its own of what boto3 brings.
SERVICES = ("cloudformation", "logs", "s3", "sns", "ssm")


def main() -> int:
    """Run what the first argument names; returns a status."""
    command = sys.argv[1]
    if command == "settings":
        settings = {field.name: SAMPLE.get(field.name, "1") for field in fields(Settings)}
        Machine().settings.write_text(json.dumps(asdict(Settings(**settings))), encoding="utf-8")
        return 0
    prepare.read_secrets = made_up
    prepare.read_database_secrets = lambda ssm, settings: (USERNAME, os.environ["PASSWORD"])
    return cli.main([command])


def made_up(settings: Settings) -> Secrets:
    """The secrets, for which AWS's clients are made and not asked."""
    for service in SERVICES:
        aws.client(service, settings.region)
    return Secrets(
        session_secret=new_session_secret(),
        oidc_key=new_oidc_key(),
        database_username=USERNAME,
        database_password=os.environ["PASSWORD"],
    )


if __name__ == "__main__":
    sys.exit(main())
