"""Shared by the tests of scenarios: policies on the real benchmark in its small aggregation."""

from __future__ import annotations

from typing import Any

import pandas as pd
from tools import small_model

from cge import Solution
from cge.policy.case import SolvedCase, solve_case
from cge.scenario.schema import Scenario


def scenario(*policy: dict[str, Any], **keys: Any) -> Scenario:
    return Scenario.model_validate(
        {"name": "trial",
         "benchmark": {"table": "wiod2013", "aggregation": "small"}, "elasticities": ["fontagne"],
         "policy": list(policy), **keys}
    )  # fmt: skip


def solved(*policy: dict[str, Any], share: float = 1.0, **keys: Any) -> SolvedCase:
    return solve_case(small_model(), scenario(*policy, **keys), share=share)


def cells(solution: Solution, name: str, where: str) -> pd.DataFrame:
    """Return cells of a variable or outcome, by all their codes."""
    frame = solution.frame(name).query(where)
    return frame.set_index(list(frame.columns[:-3]))
