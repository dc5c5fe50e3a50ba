"""Patterns that several questions share.

CloudFormation matches a pattern against the whole answer and reads it as a Java pattern, so only
what Java and Python read alike is used here. Values that end up in a resource's property exclude
braces: CloudFormation would resolve a ``{{resolve:…}}`` in them.
"""

_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_TOP_LABEL = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?"

# SES wants a name that nothing else uses: not the pod's own, which no rule could compare with it.
BOUNCE_LABEL = "(bounces?|mail-?from)(-[a-z0-9]{1,20})?"
BOUNCE_LABEL_TEXT = (
    "bounce, bounces, mailfrom or mail-from, with a hyphen and up to 20 lower case letters and "
    "digits behind it where that is in use already, such as bounce-2; or nothing."
)

DOMAIN = rf"({_LABEL}\.)+{_TOP_LABEL}"
DOMAIN_TEXT = "A domain name in lower case without scheme or path, such as pod.example.org."

# What stands before the @. A hyphen in front would be an option to a command; dots that are outer
# or doubled are no address (RFC 5321, dot-string).
LOCAL_PART = "(?![^@]{65})[A-Za-z0-9_%+][A-Za-z0-9_%+-]*([.][A-Za-z0-9_%+-]+)*"
LOCAL_PART_TEXT = (
    "What stands before the @, such as no-reply: up to 64 letters, digits and . _ % + -, no hyphen "
    "in front, no dot at an end or beside another."
)
EMAIL = rf"{LOCAL_PART}@{DOMAIN}"
EMAIL_TEXT = (
    "A mail address with its domain in lower case, such as you@example.org; no hyphen in front, no "
    "dot at an end or beside another."
)

# A name with a slash must start with one, and AWS keeps names that start with aws or ssm.
PARAMETER_NAME = r"(?!/?([aA][wW][sS]|[sS][sS][mM]))((/[A-Za-z0-9_.-]+){1,15}|[A-Za-z0-9_.-]+)"
# Six of these are in the role's policies and five in the user data, which both have their limits.
PARAMETER_NAME_LENGTH = 200
PARAMETER_NAME_TEXT = (
    "A name in SSM Parameter Store: letters, digits, . _ and -, in levels that start with /, "
    "such as /diaspora/database/password, 200 characters at most. It cannot start with aws or ssm."
)

# Two levels at least, and not where a person's own secrets are: what holds others' secrets is no
# place for a pod's.
PARAMETER_PATH = r"(?!/([aA][wW][sS]|[sS][sS][mM]))(/[A-Za-z0-9_.-]+){2,14}(?<!/database)(?<!/mail)"
PARAMETER_PATH_TEXT = (
    "A path in SSM Parameter Store of two levels or more, 200 characters at most, that starts with "
    "/ and does not end with one, such as /diaspora/my-pod. It cannot start with /aws or /ssm, nor "
    "end with /database or /mail."
)

VERSION = "[1-9][0-9]{0,5}"
VERSION_TEXT = "The number of the parameter's version: 1 or more."

# A dot would break TLS: the bucket's name becomes a label under S3's wildcard certificate.
# Beginnings and endings are those that S3 keeps for itself (S3 User Guide, "General purpose bucket
# naming rules").
BUCKET = (
    "(?!xn--|sthree-|amzn-s3-demo-)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"
    "(?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)(?<!--table-s3)"
)
# One that is made must not be called as a bucket of an account's own namespace.
NEW_BUCKET = rf"{BUCKET}(?<!-an)"
BUCKET_TEXT = (
    "3 to 63 lower case letters, digits and hyphens, without dots and without the beginnings and "
    "endings that S3 keeps for itself, such as xn-- and -s3alias."
)

# Java's and Unicode's line breaks and what separates or controls text; a tab may stay.
_UNWANTED = r'"\\\x00-\x08\x0a-\x1f\x85\u2028\u2029'
# What nobody sees: of blanks only, a pod's name would be no name.
_BLANK = r"\x09\x20\x7f\xa0\xad\u1680\u2000-\u200f\u202a-\u202f\u205f-\u2064\u3000\ufeff"
LINE = f"[^{_UNWANTED}]*[^{_UNWANTED}{_BLANK}][^{_UNWANTED}]*"
LINE_TEXT = (
    "At least one character that can be seen; no double quote, backslash, line break or control "
    "code."
)


def optional(pattern: str) -> str:
    """The pattern, or nothing at all."""
    return f"({pattern})?"
