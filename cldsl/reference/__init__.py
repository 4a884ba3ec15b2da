"""The evaluator: what a spec means, computed directly from its tree, eagerly, in float64, everything materialised.

Independent of the graph, the passes, the emission and the runtime, so that two implementations can be compared.
One function per rule of docs/language.md. Slow on purpose.
"""

from cldsl.reference.api import Evaluator
from cldsl.reference.errors import EvaluationError

__all__ = ["EvaluationError", "Evaluator"]
