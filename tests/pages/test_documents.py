"""What the documents speak of is there: commands, files, places, questions, outputs, figures."""

from __future__ import annotations

import re
from typing import Any

import pytest

from diaspora_cf.generator import ROOT
from diaspora_cf.resources.storage import OLD_VERSIONS_DAYS, TRANSFER_DAYS

Template = dict[str, Any]
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]


def test_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"`make ([a-z-]+)`", readme)) | set(
        re.findall(r"^make ([a-z-]+)", readme, re.MULTILINE)
    )
    assert {"generate", "test"} <= targets
    assert targets <= set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))


def test_files_that_the_documents_link_to_exist() -> None:
    for document in DOCUMENTS:
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8"))
        missing = [link for link in links if not (document.parent / link).exists()]
        assert missing == [], document


def test_places_that_the_documents_link_to_exist() -> None:
    for document in DOCUMENTS:
        for path, place in re.findall(
            r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text("utf-8")
        ):
            target = document.parent / path if path else document
            assert place in places(target.read_text("utf-8")), f"{document.name}: {path}#{place}"


def places(text: str) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_what_the_documents_call_a_question_is_one(template: Template) -> None:
    called = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"\*((?:[A-Z][a-z]+\d?){2,})\*(?!\*)", document.read_text("utf-8"))
    }
    assert len(called) > 30
    assert called - set(template["Resources"]) <= set(template["Parameters"])


def test_what_the_documents_call_an_output_is_one(template: Template) -> None:
    found = {
        name
        for document in DOCUMENTS
        for name in re.findall(r"\boutputs? `(\w+)`", document.read_text("utf-8"))
    }
    assert {"Bucket", "DnsRecord"} <= found
    assert found <= set(template["Outputs"])


@pytest.mark.parametrize("page", ["operations", "drills"])
def test_deleted_files_can_be_had_back_for_as_long_as_is_told(page: str) -> None:
    text = (ROOT / f"docs/{page}.md").read_text("utf-8")
    assert re.search(rf"\b{OLD_VERSIONS_DAYS} days", text)


def test_a_dump_can_be_taken_home_for_as_long_as_is_told() -> None:
    assert "for a week" in (ROOT / "docs/operations.md").read_text("utf-8")
    assert TRANSFER_DAYS == 7
