"""Settings as a stack gives them, and texts that nobody would expect in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from diaspora_pod.boot.render import Secrets
from diaspora_pod.settings import Settings

from diaspora_cf.generator import ROOT

SCHEMA = ROOT / "packer/rootfs/usr/share/diaspora/pod.schema.json"
SETTINGS = {
    "region": "eu-west-1",
    "stack_id": "arn:aws:cloudformation:eu-west-1:123456789012:stack/pod/1a2b3c",
    "signal_resource": "PodInstance",
    "first_boot_deadline": "960",
    "log_group": "pod-PodLogGroup-AbC",
    "pod_name": "The Meadow",
    "domain_name": "pod.example.org",
    "owns_domain": "yes",
    "enable_registration": "false",
    "invitations_open": "true",
    "admin_account": "alice",
    "admin_email": "alice@example.org",
    "database_host": "pod.cluster-abc.eu-west-1.rds.amazonaws.com",
    "database_port": "5432",
    "database_name": "diaspora",
    "database_username_key": "/diaspora/database/username",
    "database_username_version": "1",
    "database_password_key": "database-password",
    "database_password_version": "12",
    "mail_enabled": "true",
    "mail_host": "email-smtp.eu-west-1.amazonaws.com",
    "mail_domain": "example.org",
    "mail_sender_address": "no-reply@example.org",
    "mail_username_key": "/diaspora/mail/username",
    "mail_username_version": "2",
    "mail_password_key": "/diaspora/mail/password",
    "mail_password_version": "3",
    "bucket": "pod-assetsbucket-1a2b3c",
    "secrets_path": "/diaspora/pod",
    "federation_patience": "240",
    "alarm_topic": "arn:aws:sns:eu-west-1:123456789012:pod-AlarmTopic-AbC",
    "automatic_reboot": "yes",
    "must_know": "",
}

# Everything that means something to TOML, YAML, ERB, HTML, nginx, Jinja or a shell.
HOSTILE = (
    "Bob's $pod `id` % # , ; <b>é</b> 漢字 🐘 \x7f {{x}} {% if %} <%= 1+1 %> [production] ' = !"
)
PASSWORDS = (
    "plain",
    HOSTILE,
    "a<%= 1+1 %>\"'#: \\ é,%s$x{}[]&*!|>`@",
    ' leading and trailing spaces "',
    "tab\t, line\nbreak, return\r, nul\x00, escape\x1b, next line\x85, others\u2028\u2029\ufeff",
    "\\x41 \\u0041 \\n \\",
    "true",
    "12345",
    "- a: b",
    "%YAML 1.1",
    "~",
)


def settings(**changes: str) -> Settings:
    return replace(Settings(**SETTINGS), **changes)


def secrets(**changes: Any) -> Secrets:
    made = Secrets(
        session_secret="0a" * 64,
        oidc_key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        database_username="pod",
        database_password="database password",
        mail_username="AKIA",
        mail_password="mail password",
    )
    return replace(made, **changes)
