"""The stack that is rehearsed: the committed template, rendered with answers."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diaspora_cf.template.rendering import Rendered, failed_rules, render

from ..loading import load

TEMPLATE = Path(__file__).resolve().parents[2] / "templates/low_cost/cf_template.yml"
REGION = "eu-west-1"
ACCOUNT = "123456789012"
PLAIN = {
    "PodAMI": "ami-0123456789abcdef0",
    "DomainName": "pod.example.org",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "AdminEmail": "you@example.org",
    # Messages are done as they come, and strangers wake the database as they like. What is so by
    # default is told where a database sleeps (``quiet.PATIENT``).
    "FederationPatience": "0",
    "MonthlyBudget": "100",
}
# What a person puts into Parameter Store before the stack is made; as wild as RDS and SES allow.
SECRETS = {
    "/diaspora/database/username": "diaspora",
    "/diaspora/database/password": "a<%=1+1%>'#:\\,%s$x{}[]&*!|>`-~",
    "/diaspora/mail/username": "AKIAIOSFODNN7EXAMPLE",
    "/diaspora/mail/password": 'BM+8"f,x\\y$z#w',
}
# The answers of a pod that sends mail; the domain is verified at SES.
MAIL = {"MailEnabled": "true", "MailDomain": "example.org", "MailSenderAddress": "pod"}
SENDER = f"{MAIL['MailSenderAddress']}@{MAIL['MailDomain']}"
MAIL_HOST = f"email-smtp.{REGION}.amazonaws.com"


def database_host(stack_name: str) -> str:
    """The name of a stack's cluster."""
    return f"{stack_name}-databasecluster-rehearsal.cluster-c0123456789a.{REGION}.rds.amazonaws.com"


DATABASE_HOST = database_host("pod")


@dataclass(frozen=True)
class RenderedStack:
    """One rendered stack, and what of it matters to the machine."""

    name: str
    instance_id: str
    rendered: Rendered

    @property
    def user_data(self) -> str:
        """What EC2 hands to the machine."""
        data = self.rendered.resources["PodLaunchTemplate"]["Properties"]["LaunchTemplateData"]
        return base64.b64decode(data["UserData"]).decode()

    @property
    def mappings(self) -> Mapping[str, str]:
        """How the front changes headers: the integration's RequestParameters."""
        mappings: Mapping[str, str] = self.rendered.resources["PodIntegration"]["Properties"][
            "RequestParameters"
        ]
        return mappings

    @property
    def host(self) -> str:
        """The name under which the front is reached."""
        return self.mappings["overwrite:header.Host"]

    @property
    def settings(self) -> dict[str, str]:
        """What has to arrive in pod.json, as the user data itself would write it.

        Read without running it: each setting is one line of base64 in a dictionary.
        """
        settings = {}
        for line in self.user_data.splitlines():
            key, _, value = line.strip().partition(": ")
            if line.startswith('    "'):
                settings[key.strip('"')] = base64.b64decode(value.strip('",')).decode()
        return settings


def rendered_stack(
    name: str, answers: Mapping[str, str], host: str = DATABASE_HOST, file: Path = TEMPLATE
) -> RenderedStack:
    """Render the committed template, or another one; ``host`` is that of the database.

    Raises ValueError for answers that the template's rules refuse.
    """
    template = load(file.read_text())
    # An older one does not ask for all of what is plain today.
    plain = {key: value for key, value in PLAIN.items() if key in template["Parameters"]}
    given = {**plain, **answers}
    if refused := failed_rules(template, given):
        raise ValueError("; ".join(refused))
    attributes: dict[str, dict[str, Any]] = {
        "DatabaseCluster": {"Endpoint.Address": host},
        "AssetsBucket": {"Ref": f"{name}-assetsbucket-rehearsal"},
        "PodLogGroup": {"Ref": f"{name}-PodLogGroup-REHEARSAL"},
        "AlarmTopic": {"Ref": f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}-AlarmTopic-REHEARSAL"},
        # As long as real ones are, and names must be in lower case to be found again.
        "HttpApi": {"Ref": "a1b2c3d4e5"},
    }
    rendered = render(
        template, given, region=REGION, account=ACCOUNT, stack_name=name, attributes=attributes
    )
    return RenderedStack(name, f"i-0{secrets.token_hex(8)}", rendered)
