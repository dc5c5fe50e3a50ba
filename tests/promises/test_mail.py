"""Records for mail."""

from __future__ import annotations

from ..answers import CHOICES, HOSTED, IDENTITY, MAIL
from .breaking import Mutation, attribute
from .reading import Template, rendered


def test_mail_records_are_made_only_where_they_are_asked_for(template: Template) -> None:
    def records(choice: dict[str, str]) -> set[str]:
        return {title for title in rendered(template, choice).resources if title in _MAIL_RECORDS}

    assert records({**HOSTED, **MAIL}) == set()
    assert records({**HOSTED, **IDENTITY}) == {"DkimRecord1", "DkimRecord2", "DkimRecord3"}
    assert records(CHOICES["mail with DMARC"]) == {"DmarcRecord"}
    with_mail_from = records(CHOICES["mail with identity and MAIL FROM"])
    assert with_mail_from == set(_MAIL_RECORDS) - {"DmarcRecord"}


_MAIL_RECORDS = (
    "DkimRecord1",
    "DkimRecord2",
    "DkimRecord3",
    "MailFromMxRecord",
    "MailFromSpfRecord",
    "DmarcRecord",
)


MUTATIONS: dict[str, Mutation] = {
    "mail_records_are_made_only_where_they_are_asked_for": attribute(
        "DmarcRecord", "Condition", "MakesMailFrom"
    ),
}
