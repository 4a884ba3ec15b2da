"""The metrics by name: arguments, the direction that is better, and whether they are fitted on a training split.

Input: a name and a call's arguments. Output: a MetricEntry. Imports no torch. A fitted metric is called as
fn(train, test, **options) with a tuple of tensors each, any other as fn(*tensors, **options); both return a float, or
a dict of floats with `measure = "all"`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cldsl.catalogue import Entry, Parameter, find


@dataclass(frozen=True)
class MetricEntry(Entry):
    """A metric. fits: its tensors are wanted for the training split too. inputs: how many tensors come first.

    higher_is_better is None where the value has no better end. A metric of several measures names them in `measures`.
    """

    fits: bool = False
    higher_is_better: bool | None = None
    inputs: int = 1
    measures: tuple[str, ...] = ()


_BALANCED = Parameter("balanced", "bool", False, "mean over classes of their recall")
_ERRORS = ("mae", "mse", "gmean", "pearson", "r2")
_CUT = Parameter("k", "int", 1, "ranks counted", low=1)

_WITHIN = Parameter("within", "int", 0, "ranks beyond count 0; 0: no limit", low=0)


def _l2(default: float) -> Parameter:
    return Parameter("l2", "real", default, "weight of the squared norm beside the mean loss", low=0.0)


def _of(file: str, attribute: str) -> str:
    return f"cldsl.metrics.{file}:{attribute}"


_FITTED = (
    MetricEntry(
        "knn",
        "Accuracy of a vote of the nearest training rows by cosine; inputs features, label.",
        (
            Parameter("k", "int", 20, "voters", low=1),
            Parameter("temperature", "real", None, "votes weigh exp(cosine / temperature); none: one each", low=1e-6),
            _BALANCED,
        ),
        _of("neighbours", "knn"),
        fits=True,
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "linear_probe",
        "Accuracy of multinomial logistic regression on standardised features; inputs features, label.",
        (
            _l2(1e-3),
            _BALANCED,
            Parameter("iterations", "int", 300, "of the optimiser, at most", low=1),
            Parameter("measure", "text", "accuracy", "", ("accuracy", "macro_f1", "mean_iou")),
        ),
        _of("probes", "linear_probe"),
        fits=True,
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "regress",
        "Errors of ridge regression on standardised features; inputs features, target.",
        (_l2(1e-3), Parameter("measure", "text", "all", "", ("all", *_ERRORS))),
        _of("probes", "regress"),
        fits=True,
        inputs=2,
        measures=_ERRORS,
    ),
    MetricEntry(
        "forecast",
        "Errors of ridge regression to what lies ahead, its penalty chosen on the last quarter of the training rows; "
        "inputs features, future.",
        (Parameter("measure", "text", "all", "", ("all", "mse", "mae")),),
        _of("series", "forecast"),
        fits=True,
        higher_is_better=False,
        inputs=2,
        measures=("mse", "mae"),
    ),
    MetricEntry(
        "svm",
        "Accuracy of a support vector machine with a Gaussian kernel, its penalty chosen by cross-validation; "
        "inputs features, label.",
        (Parameter("folds", "int", 5, "of the cross-validation", low=2),),
        _of("series", "svm"),
        fits=True,
        higher_is_better=True,
        inputs=2,
    ),
)

_GEOMETRY = (
    MetricEntry(
        "uniformity",
        "log mean exp(-t |a - b|^2) over unordered pairs of distinct rows; lower is more uniform.",
        (Parameter("t", "real", 2.0, low=0.0),),
        _of("geometry", "uniformity"),
        higher_is_better=False,
    ),
    MetricEntry(
        "tolerance",
        "Mean cosine of pairs of one class; inputs features, label.",
        (Parameter("over", "text", "same", "mean over pairs of one class, or over all pairs", ("same", "all")),),
        _of("geometry", "tolerance"),
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "alignment",
        "Mean squared distance of matched rows; inputs a, b.",
        (),
        _of("geometry", "alignment"),
        higher_is_better=False,
        inputs=2,
    ),
    MetricEntry(
        "effective_rank",
        "exp of the entropy of the singular values' shares.",
        (Parameter("centre", "bool", False, "subtract the mean row first"),),
        _of("geometry", "effective_rank"),
        higher_is_better=True,
    ),
    MetricEntry(
        "effective_classes",
        "exp of the entropy of the mean distribution, from rows of probabilities.",
        (Parameter("each", "bool", False, "mean of each row's value instead"),),
        _of("geometry", "effective_classes"),
    ),
)

_AGREEMENT = (
    MetricEntry(
        "mae",
        "Mean absolute error; inputs prediction, target.",
        (),
        _of("agreement", "mae"),
        inputs=2,
        higher_is_better=False,
    ),
    MetricEntry(
        "mse",
        "Mean squared error; inputs prediction, target.",
        (),
        _of("agreement", "mse"),
        inputs=2,
        higher_is_better=False,
    ),
    MetricEntry(
        "gmean_error",
        "Geometric mean of absolute errors; inputs prediction, target.",
        (),
        _of("agreement", "gmean_error"),
        higher_is_better=False,
        inputs=2,
    ),
    MetricEntry(
        "r2",
        "Explained share of the variance; inputs prediction, target.",
        (),
        _of("agreement", "r2"),
        inputs=2,
        higher_is_better=True,
    ),
    MetricEntry("pearson", "Linear correlation.", (), _of("agreement", "pearson"), inputs=2, higher_is_better=True),
    MetricEntry(
        "spearman",
        "Rank correlation, tied values share their mean rank.",
        (),
        _of("agreement", "spearman"),
        inputs=2,
        higher_is_better=True,
    ),
)

_CLASSES = (
    MetricEntry(
        "accuracy",
        "Share of right rows; inputs prediction, label.",
        (),
        _of("classes", "accuracy"),
        inputs=2,
        higher_is_better=True,
    ),
    MetricEntry(
        "balanced_accuracy",
        "Mean over the label's classes of their recall; inputs prediction, label.",
        (),
        _of("classes", "balanced_accuracy"),
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "macro_f1",
        "Mean F1 of the classes in prediction or label.",
        (),
        _of("classes", "macro_f1"),
        inputs=2,
        higher_is_better=True,
    ),
    MetricEntry(
        "micro_f1",
        "F1 of all classes together; inputs prediction, label.",
        (Parameter("ignored", "int", -1, "a class that is none, as of rows that show nothing", low=-1),),
        _of("classes", "micro_f1"),
        inputs=2,
        higher_is_better=True,
    ),
    MetricEntry(
        "mean_iou",
        "Mean over the classes in prediction or label of their intersection over union; inputs prediction, label.",
        (),
        _of("classes", "mean_iou"),
        inputs=2,
        higher_is_better=True,
    ),
    MetricEntry(
        "matthews",
        "Matthews' correlation; inputs prediction, label.",
        (),
        _of("classes", "matthews"),
        inputs=2,
        higher_is_better=True,
    ),
    MetricEntry(
        "auc",
        "Area under the ROC curve; inputs score, label (0 or 1).",
        (),
        _of("detection", "auc"),
        inputs=2,
        higher_is_better=True,
    ),
    MetricEntry(
        "average_precision",
        "Area under precision and recall; inputs score, label (0 or 1).",
        (Parameter("rule", "text", "step", "of integration", ("step", "trapezoid")),),
        _of("detection", "average_precision"),
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "clusters",
        "Agreement of k-means clusters with classes; inputs features, label.",
        (
            Parameter("starts", "int", 10, "runs from seeds 0, 1, ..., averaged", low=1),
            Parameter("measure", "text", "all", "", ("all", "nmi", "ari")),
        ),
        _of("clusters", "clusters"),
        higher_is_better=True,
        inputs=2,
        measures=("nmi", "ari"),
    ),
    MetricEntry(
        "best_f1",
        "The largest F1 over all thresholds; inputs score, label (0 or 1).",
        (),
        _of("detection", "best_f1"),
        higher_is_better=True,
        inputs=2,
    ),
)

_FEW_SHOT = (
    MetricEntry(
        "few_shot",
        "Accuracy over drawn episodes of a classifier made from a few rows of each class; inputs features, label.",
        (
            Parameter("way", "int", 5, "classes of an episode", low=2),
            Parameter("shot", "int", 1, "support rows of each class", low=1),
            Parameter("ask", "int", 15, "other rows of each class", low=1),
            Parameter("episodes", "int", 600, "", low=1),
            Parameter(
                "classify", "text", "nearest", "by the nearest mean or by logistic regression", ("nearest", "logistic")
            ),
            Parameter("measure", "text", "all", "interval: half its width, of 95 %", ("all", "accuracy", "interval")),
            Parameter("seed", "int", 0, "of the episodes", low=0),
        ),
        _of("few_shot", "few_shot"),
        higher_is_better=True,
        inputs=2,
        measures=("accuracy", "interval"),
    ),
)

_RETRIEVAL = (
    MetricEntry(
        "recall_at",
        "Share of queries whose own row is among the k nearest by cosine; inputs query, candidate.",
        (_CUT,),
        _of("neighbours", "recall_at"),
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "reciprocal_rank",
        "Mean of 1 / rank of the own row by cosine; inputs query, candidate.",
        (_WITHIN,),
        _of("neighbours", "reciprocal_rank"),
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "hit_at",
        "Share of rows whose target is among the k best scores; inputs score, target.",
        (_CUT,),
        _of("ranking", "hit_at"),
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "ndcg_at",
        "Mean of 1 / log2(1 + rank) of the one target, 0 beyond k; inputs score, target.",
        (_CUT,),
        _of("ranking", "ndcg_at"),
        higher_is_better=True,
        inputs=2,
    ),
    MetricEntry(
        "mrr",
        "Mean of 1 / rank of the one target among all scores; inputs score, target.",
        (_WITHIN,),
        _of("ranking", "mrr"),
        higher_is_better=True,
        inputs=2,
    ),
)

METRICS: tuple[MetricEntry, ...] = (*_FITTED, *_GEOMETRY, *_AGREEMENT, *_CLASSES, *_FEW_SHOT, *_RETRIEVAL)


def metric_entry(name: str) -> MetricEntry:
    """The metric of this name. Raises CatalogueError with the nearest name."""
    return find(METRICS, name, "metric")
