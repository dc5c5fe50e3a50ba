"""The budget mails nobody for what was answered: an answer that alone reaches its first mail is
told so before anything is made.

What it does not prove: that a pod is used like the quiet one, or is all that the account holds.
"""

from __future__ import annotations

from typing import Any

from diaspora_cf.cost.bill import STAND_INS, low_cost_case
from diaspora_cf.cost.profiles import PROFILES
from diaspora_cf.cost.usage import HOURS
from diaspora_cf.template.rendering import failed_rules

Template = dict[str, Any]
# A bill is that of a month of middle length.
LONGEST = 31 * 24 / HOURS


def test_an_answer_is_refused_beside_the_usual_budget_where_it_alone_reaches_the_first_mail(
    template: Template,
) -> None:
    budget = template["Resources"]["Budget"]["Properties"]
    shares = [it["Notification"]["Threshold"] for it in budget["NotificationsWithSubscribers"]]
    usual = template["Parameters"]["MonthlyBudget"]["Default"]
    first_mail = float(usual) * min(shares) / 100
    months = {
        (name, answer): month(template, name, answer)
        for name, parameter in template["Parameters"].items()
        for answer in parameter.get("AllowedValues", [])
        if not failed_rules(template, {**STAND_INS, name: answer})
    }
    assert len(months) > 50
    assert {it for it, usd in months.items() if usd > first_mail} == {
        it for it in months if refused(template, *it, usual)
    }


def month(template: Template, name: str, answer: str) -> float:
    """USD that a quiet pod's longest month costs with one answer of its own."""
    return low_cost_case(template, PROFILES["quiet"], **{name: answer}).bill().total * LONGEST


def refused(template: Template, name: str, answer: str, budget: str) -> bool:
    """Whether another budget is asked for."""
    told = failed_rules(template, {**STAND_INS, "MonthlyBudget": budget, name: answer})
    return any("MonthlyBudget" in text for text in told)
