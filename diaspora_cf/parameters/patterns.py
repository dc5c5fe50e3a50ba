"""Patterns that several questions share.

CloudFormation matches a pattern against the whole answer and reads it as a Java pattern, so only
what Java and Python read alike is used here. Values that end up in a resource's property exclude
braces: CloudFormation would resolve a ``{{resolve:…}}`` in them.
"""

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_TOP_LABEL = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?"

DOMAIN = rf"({_LABEL}\.)+{_TOP_LABEL}"
DOMAIN_TEXT = "A domain name in lower case without scheme or path, such as pod.example.org."

EMAIL = rf"[A-Za-z0-9._%+-]{{1,64}}@{DOMAIN}"
EMAIL_TEXT = "A mail address with its domain in lower case, such as you@example.org."

# A name with a slash must start with one, and AWS keeps names that start with aws or ssm.
PARAMETER_NAME = r"(?!/?([aA][wW][sS]|[sS][sS][mM]))((/[A-Za-z0-9_.-]+){1,15}|[A-Za-z0-9_.-]+)"
PARAMETER_NAME_TEXT = (
    "A name in SSM Parameter Store: letters, digits, . _ and -, in levels that start with /, "
    "such as /diaspora/database/password. It cannot start with aws or ssm."
)

PARAMETER_PATH = r"(?!/([aA][wW][sS]|[sS][sS][mM]))(/[A-Za-z0-9_.-]+){1,14}"
PARAMETER_PATH_TEXT = (
    "A path in SSM Parameter Store that starts with / and does not end with one, such as "
    "/diaspora/my-pod. It cannot start with /aws or /ssm."
)

VERSION = "[1-9][0-9]{0,5}"
VERSION_TEXT = "The number of the parameter's version: 1 or more."

# A dot would break TLS: the bucket's name becomes a label under S3's wildcard certificate.
BUCKET = "[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
BUCKET_TEXT = "3 to 63 lower case letters, digits and hyphens; no dots."


def optional(pattern: str) -> str:
    """The pattern, or nothing at all."""
    return f"({pattern})?"
