"""The parts of pages that are written by the generator, and where they go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def parameter_table(template: dict[str, Any]) -> str:
    """Every parameter by group, as Markdown tables: name, default, and what it asks."""
    interface = template["Metadata"]["AWS::CloudFormation::Interface"]
    labels = interface["ParameterLabels"]
    lines: list[str] = []
    for group in interface["ParameterGroups"]:
        lines += [
            f"**{group['Label']['default']}**",
            "",
            "| Parameter | Default |  |",
            "|---|---|---|",
        ]
        for name in group["Parameters"]:
            parameter = template["Parameters"][name]
            text = f"*{labels[name]['default']}* {parameter['Description']}"
            lines.append(f"| `{name}` | {_default(parameter)} | {_cell(text)} |")
        lines.append("")
    return "\n".join(lines).rstrip()


def splice(text: str, parts: Mapping[str, str]) -> str:
    """The text with each part between its markers; raises ValueError for a missing marker."""
    for name, part in parts.items():
        start, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
        pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise ValueError(f"it needs {start} and {end}, once each")
        block = f"{start}\n{part}\n{end}"
        text = pattern.sub(lambda _, block=block: block, text)  # type: ignore[misc]
    return text


def _default(parameter: dict[str, Any]) -> str:
    if "Default" not in parameter:
        return "*asked*"
    return f"`{_cell(parameter['Default'])}`" if parameter["Default"] else ""


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
