"""Which gradients a case asks for.

Input: a Setup. Output: report -> inputs, in the order of the case.
"""

from __future__ import annotations

from cldsl.verify.errors import CaseError
from cldsl.verify.setup import Setup


def asked(prepared: Setup) -> dict[str, list[str]]:
    """Report -> the names its gradient is asked for. Raises CaseError for a gradient of what nothing reports."""
    found: dict[str, list[str]] = {}
    for each in prepared.case.expected():
        if each.wrt is None or each.name in prepared.undefined:
            continue
        if not prepared.stepwise and each.name not in prepared.reports:
            raise CaseError(f"the case has the gradient {each.key}, the binding reports no {each.name}")
        if prepared.stepwise and each.name != "loss":
            raise CaseError(
                f"the case has the gradient {each.key}: those of a step are of `loss`, which its minimize takes"
            )
        names = found.setdefault(each.name, [])
        if each.wrt not in names:
            names.append(each.wrt)
    return found
