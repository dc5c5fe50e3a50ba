"""Logs: kept for as long as was asked, and no longer."""

from __future__ import annotations

from .breaking import Mutation, change
from .reading import EVERYTHING, Template, of_type, properties


def test_no_log_is_kept_longer_than_was_asked(template: Template) -> None:
    # Without a retention CloudWatch keeps a log for ever, with the visitors' addresses in it.
    kept = {
        properties(template, group, EVERYTHING)["RetentionInDays"]
        for group in of_type(template, "AWS::Logs::LogGroup")
    }
    assert kept == {EVERYTHING["LogRetentionDays"]}


MUTATIONS: dict[str, Mutation] = {
    "no_log_is_kept_longer_than_was_asked": change("FrontLogGroup", "RetentionInDays", to=3653),
}
