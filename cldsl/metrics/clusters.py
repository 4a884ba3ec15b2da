"""Agreement of k-means clusters with classes.

Input: features [row, dim] and label [row]. Output: a float, or a dict of floats. There are as many clusters as classes
that occur; the starts are drawn from fixed seeds, so equal features give equal values.
"""

from __future__ import annotations

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from torch import Tensor

from cldsl.catalogue import CatalogueError
from cldsl.metrics.inputs import classes, distinct, rows


def clusters(z: Tensor, label: Tensor, starts: int = 10, measure: str = "all") -> float | dict[str, float]:
    """Mean over `starts` runs of k-means of normalised mutual information (nmi) and adjusted Rand index (ari).

    Raises CatalogueError when the rows hold fewer distinct points than there are classes.
    """
    z = rows("clusters", z)
    present, index, _ = distinct(classes("clusters", label, z.shape[0]))
    count = present.numel()
    points = z.cpu().numpy()
    if len(np.unique(points, axis=0)) < count:
        raise CatalogueError(f"clusters: fewer distinct rows than the {count} classes", "the features have collapsed")
    wanted = index.cpu().numpy()
    found = [KMeans(count, n_init=1, random_state=seed).fit_predict(points) for seed in range(starts)]
    functions = {"nmi": normalized_mutual_info_score, "ari": adjusted_rand_score}
    values = {
        name: float(sum(function(wanted, guess) for guess in found)) / starts for name, function in functions.items()
    }
    return values if measure == "all" else values[measure]
