"""Writes the files of a boot from sample settings and secrets that are made up on the spot."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, fields

from diaspora_pod.machine import Machine
from diaspora_pod.own_secrets import new_oidc_key, new_session_secret
from diaspora_pod.render import Secrets, render, write
from diaspora_pod.settings import Settings, load

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
    "secrets_path": "/diaspora/smoke",
}


def main() -> None:
    """Do what the first step of a boot does, without AWS."""
    machine = Machine()
    settings = Settings(**{field.name: SAMPLE.get(field.name, "1") for field in fields(Settings)})
    machine.settings.write_text(json.dumps(asdict(settings)), encoding="utf-8")
    secrets = Secrets(
        session_secret=new_session_secret(),
        oidc_key=new_oidc_key(),
        database_username="diaspora",
        database_password=os.environ["PASSWORD"],
    )
    write(machine, render(machine, load(machine), secrets))
    (machine.run / "runs-jobs").touch()


if __name__ == "__main__":
    main()
