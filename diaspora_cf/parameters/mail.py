"""Whether and how the pod sends mail."""

from ..template.question import Group, Question, all_of, answered, given
from . import patterns
from .essentials import HAS_DOMAIN, HAS_HOSTED_ZONE

MAIL_ENABLED = Question(
    "MailEnabled",
    label="Does the pod send mail?",
    text=(
        "true, to send notifications and password resets through Amazon SES: prepare it as the "
        "README says, then fill in the answers below. false, to send none. It can be changed at "
        "any time; the pod is replaced by a new one."
    ),
    default="false",
    allowed=("true", "false"),
)
MAIL_DOMAIN = Question(
    "MailDomain",
    label="Optional. From which domain does mail come?",
    text=(
        "The domain that SES sends for, such as example.org. Needed when mail is on; if the stack "
        "makes its records, it must lie in the hosted zone. Changing it later replaces the pod "
        "by a new one (and makes a new identity, if the stack makes it)."
    ),
    default="",
    pattern=patterns.optional(patterns.DOMAIN),
    constraint=patterns.DOMAIN_TEXT,
    max_length=253,
)
MAIL_SENDER_ADDRESS = Question(
    "MailSenderAddress",
    label="From which address does mail come?",
    text=(
        "What stands before the @ of the sender's address, such as no-reply: the mail domain is "
        "put behind it, because SES sends for no other. Only used when mail is on. It can be "
        "changed at any time; the pod is replaced by a new one."
    ),
    default="no-reply",
    pattern=patterns.LOCAL_PART,
    constraint=patterns.LOCAL_PART_TEXT,
    max_length=64,
)
CREATE_MAIL_IDENTITY = Question(
    "CreateMailIdentity",
    label="Shall the stack prove to SES that the mail domain is yours?",
    text=(
        "yes, to make the SES identity of the mail domain and its DKIM records in the hosted "
        "zone; no, when the identity exists already in this account and region (a second one "
        "makes the stack roll back) or when the DNS is elsewhere. Switching to no later deletes "
        "identity and records, and SES refuses the pod's mail."
    ),
    default="no",
    allowed=("yes", "no"),
)
MAIL_FROM_DOMAIN = Question(
    "MailFromDomain",
    label="Optional. Which subdomain receives bounces?",
    text=(
        "The name of a subdomain that nothing else uses, such as bounce, in front of the mail "
        "domain: the stack makes it the identity's MAIL FROM domain, with its MX and SPF records, "
        "which helps mail past spam filters. It can be changed at any time."
    ),
    default="",
    pattern=patterns.optional(patterns.BOUNCE_LABEL),
    constraint=patterns.BOUNCE_LABEL_TEXT,
)
CREATE_DMARC_RECORD = Question(
    "CreateDmarcRecord",
    label="Shall the stack make a DMARC record?",
    text=(
        "yes, to make the record _dmarc of the mail domain in the hosted zone with the policy "
        "none; no, when there is one already (a second one makes the stack roll back). It can be "
        "changed at any time."
    ),
    default="no",
    allowed=("yes", "no"),
)
MAIL_USERNAME_KEY = Question(
    "MailUsernameKey",
    label="Which SSM parameter holds the SMTP user name?",
    text=(
        "The name of the parameter in SSM Parameter Store, such as /diaspora/mail/username. Only "
        "read when mail is on. Changing it replaces the pod by a new one that reads the other."
    ),
    default="/diaspora/mail/username",
    pattern=patterns.PARAMETER_NAME,
    constraint=patterns.PARAMETER_NAME_TEXT,
    max_length=patterns.PARAMETER_NAME_LENGTH,
)
MAIL_USERNAME_VERSION = Question(
    "MailUsernameVersion",
    label="Which version of the SMTP user name?",
    text=(
        "The version of that parameter, such as 1. To rotate the user name, store a new version "
        "and enter its number: the pod is replaced by a new one that uses it."
    ),
    default="1",
    pattern=patterns.VERSION,
    constraint=patterns.VERSION_TEXT,
)
MAIL_PASSWORD_KEY = Question(
    "MailPasswordKey",
    label="Which SSM parameter holds the SMTP password?",
    text=(
        "The name of the SecureString in SSM Parameter Store, such as /diaspora/mail/password. "
        "Only read when mail is on. Changing it replaces the pod by a new one that reads the "
        "other."
    ),
    default="/diaspora/mail/password",
    pattern=patterns.PARAMETER_NAME,
    constraint=patterns.PARAMETER_NAME_TEXT,
    max_length=patterns.PARAMETER_NAME_LENGTH,
)
MAIL_PASSWORD_VERSION = Question(
    "MailPasswordVersion",
    label="Which version of the SMTP password?",
    text=(
        "The version of that parameter, such as 1. To rotate the password, store a new version "
        "and enter its number: the pod is replaced by a new one that uses it."
    ),
    default="1",
    pattern=patterns.VERSION,
    constraint=patterns.VERSION_TEXT,
)

GROUP = Group(
    "Mail",
    (
        MAIL_ENABLED,
        MAIL_DOMAIN,
        MAIL_SENDER_ADDRESS,
        CREATE_MAIL_IDENTITY,
        MAIL_FROM_DOMAIN,
        CREATE_DMARC_RECORD,
        MAIL_USERNAME_KEY,
        MAIL_USERNAME_VERSION,
        MAIL_PASSWORD_KEY,
        MAIL_PASSWORD_VERSION,
    ),
)

SENDS_MAIL = answered("SendsMail", MAIL_ENABLED, "true")
# A second stack must not take the identity or the records of the first one from it.
MAKES_IDENTITY = all_of(
    "MakesIdentity",
    HAS_DOMAIN,
    HAS_HOSTED_ZONE,
    answered("WantsIdentity", CREATE_MAIL_IDENTITY, "yes"),
)
MAKES_MAIL_FROM = all_of("MakesMailFrom", MAKES_IDENTITY, given("WantsMailFrom", MAIL_FROM_DOMAIN))
MAKES_DMARC = all_of(
    "MakesDmarc",
    HAS_DOMAIN,
    HAS_HOSTED_ZONE,
    answered("WantsDmarc", CREATE_DMARC_RECORD, "yes"),
)
