"""What everybody answers first: image, domain, and who runs the pod."""

from ..template.question import Condition, Group, Question, all_of, answered, given, negated
from . import patterns

POD_AMI = Question(
    "PodAMI",
    label="Which image does the pod run?",
    text=(
        "The id of the machine image that you built with Packer in this region, such as "
        "ami-0123456789abcdef0. Its architecture must fit the instance type: an x86_64 image on a "
        "t4g, or an arm64 image on a t3 or t3a, is refused by EC2 and the stack rolls back. "
        "Changing it later is how a pod is upgraded: a new pod boots from the new image, and "
        "replaces the old one once it answers."
    ),
    type="AWS::EC2::Image::Id",
)
DOMAIN_NAME = Question(
    "DomainName",
    label="At which domain will people find your pod?",
    text=(
        "The pod's own domain, such as pod.example.org or example.org, at most 64 characters (a "
        "limit of certificates). It becomes part of every user's address (name@pod.example.org): "
        "never change it once people have signed up, other pods know them by it."
    ),
    pattern=patterns.DOMAIN,
    constraint=patterns.DOMAIN_TEXT,
    max_length=64,
)
ADMIN_EMAIL = Question(
    "AdminEmail",
    label="What is your mail address?",
    text=(
        "Where the pod's visitors, AWS's alarms and the budget reach you, such as "
        "you@example.org. AWS sends one mail that asks you to confirm the alarms: do. It can be "
        "changed at any time; the pod is replaced by a new one that knows it."
    ),
    pattern=patterns.EMAIL,
    constraint=patterns.EMAIL_TEXT,
    max_length=254,
)
HOSTED_ZONE_ID = Question(
    "HostedZoneId",
    label="Optional. Which Route 53 hosted zone holds the domain?",
    text=(
        "The id of the public hosted zone that the domain is in, such as Z0123456789ABCDEFGHIJ: "
        "the stack then makes the DNS records and the certificate by itself. Leave it empty when "
        "your DNS is elsewhere, and give a certificate below. Changing it later moves the records "
        "(and the certificate) to the other zone."
    ),
    default="",
    pattern=patterns.optional("Z[A-Z0-9]{1,31}"),
    constraint="The id of a hosted zone, such as Z0123456789ABCDEFGHIJ, or nothing.",
)
CERTIFICATE_ARN = Question(
    "CertificateArn",
    label="Optional. Which certificate does the domain have?",
    text=(
        "The ARN of an issued ACM certificate for the domain in this region, such as "
        "arn:aws:acm:eu-west-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef. "
        "Needed when no hosted zone is given (the README shows how to get one), otherwise leave "
        "it empty and the stack makes one. It can be changed at any time without an outage."
    ),
    default="",
    pattern=patterns.optional(
        "arn:aws[a-z-]*:acm:[a-z0-9-]{1,32}:[0-9]{12}:certificate/[0-9a-f-]{1,64}"
    ),
    constraint="The ARN of a certificate in ACM, or nothing.",
    max_length=255,
)
POD_NAME = Question(
    "PodName",
    label="What is your pod called?",
    text=(
        "The name that visitors read in the pages' titles and in mails, such as The Meadow. Any "
        "language, at most 200 characters; no double quote, backslash or line break, which would "
        "garble the sender of every mail. It can be changed at any time; the pod is replaced by "
        "a new one that carries it."
    ),
    default="diaspora*",
    pattern=patterns.LINE,
    constraint=patterns.LINE_TEXT,
    max_length=200,
)

GROUP = Group(
    "Your pod",
    (POD_AMI, DOMAIN_NAME, ADMIN_EMAIL, HOSTED_ZONE_ID, CERTIFICATE_ARN, POD_NAME),
)

HAS_HOSTED_ZONE = given("HasHostedZone", HOSTED_ZONE_ID)
BRINGS_CERTIFICATE = given("BringsCertificate", CERTIFICATE_ARN)
MAKES_CERTIFICATE = all_of(
    "MakesCertificate", HAS_HOSTED_ZONE, negated("BringsNoCertificate", BRINGS_CERTIFICATE)
)

OWNS_DOMAIN = Question(
    "OwnsDomain",
    label="Does the domain belong to this stack?",
    text=(
        "yes, for an ordinary pod. no, for a second stack with the same domain (a restore, a move "
        "to another stack): it can be tried at the address in its PodUrl output, and sends no "
        "mail and no posts meanwhile. To hand the domain over, switch the first stack to no, then "
        "the second to yes: nobody answers for the minutes in between."
    ),
    default="yes",
    allowed=("yes", "no"),
)
HAS_DOMAIN = answered("HasDomain", OWNS_DOMAIN, "yes")
HAS_NO_DOMAIN = negated("HasNoDomain", HAS_DOMAIN)
MAKES_RECORDS = all_of("MakesRecords", HAS_DOMAIN, HAS_HOSTED_ZONE)
NEEDS_RECORD: Condition = all_of(
    "NeedsRecord", HAS_DOMAIN, negated("HasNoHostedZone", HAS_HOSTED_ZONE)
)
