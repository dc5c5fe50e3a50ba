"""The low cost stack: one pod behind API Gateway."""

from __future__ import annotations

from ..parameters import (
    community,
    database,
    essentials,
    expert,
    machine,
    mail,
    money,
    moving,
)
from ..parameters.rules import low_cost_rules
from ..resources.alarms import add_alarms, add_budget, add_topic
from ..resources.database import add_database, add_database_access
from ..resources.front.certificate import add_certificate
from ..resources.front.dns import add_records
from ..resources.front.gateway import add_gateway, add_vpc_link
from ..resources.logs import add_logs
from ..resources.machine.access import add_ssh
from ..resources.machine.commands import add_commands
from ..resources.machine.pod import add_pod, add_pod_security_group
from ..resources.mail import add_mail
from ..resources.network import add_network, add_s3_endpoint
from ..resources.outputs import add_outputs
from ..resources.storage import add_storage
from ..template.stack import Stack

NAME = "low_cost"
DESCRIPTION = (
    "A diaspora* pod at low cost: one EC2 instance behind API Gateway, Aurora PostgreSQL "
    "Serverless that sleeps when nobody is there or an RDS instance that is always there, and a "
    "private bucket for photos."
)
GROUPS = (
    essentials.GROUP,
    community.GROUP,
    mail.GROUP,
    money.GROUP,
    machine.GROUP,
    database.GROUP,
    moving.GROUP,
    expert.GROUP,
)


def build() -> Stack:
    """Build the stack anew; raises ValueError or TypeError where a resource is broken."""
    stack = Stack(NAME, DESCRIPTION, GROUPS, low_cost_rules())

    net = add_network(stack.section("Network"))
    storage = add_storage(stack.section("Storage: what users upload"))
    to_s3 = add_s3_endpoint(stack, net, storage)
    db = add_database(stack.section("Database"), net)
    logs = add_logs(stack.section("Logs"))
    topic = add_topic(stack.section("Mails to the admin"))

    pod_group = add_pod_security_group(stack.section("Who may talk to whom"), net)
    access = add_database_access(stack, db, pod_group)
    link = add_vpc_link(stack, net, pod_group)
    add_ssh(stack, net, pod_group)

    ready = (*net.ready, access, *link.ready)
    pod = add_pod(stack.section("Pod"), net, pod_group, storage, to_s3, db, logs, topic, ready)

    commands = add_commands(stack)

    certificate = add_certificate(stack.section("Front: TLS, API, way to the pod"))
    gateway = add_gateway(stack, link, pod, logs, certificate)
    add_records(stack.section("DNS"), gateway.front)
    add_mail(stack.section("Mail"))
    add_alarms(stack.section("Alarms and budget"), topic, pod, gateway, db)
    add_budget(stack)

    add_outputs(stack, pod, commands, gateway.front, storage, db, logs)
    return stack
