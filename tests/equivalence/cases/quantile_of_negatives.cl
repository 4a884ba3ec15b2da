# section 3: quantile over the rows of a set; a set whose threshold is one
#| {"seed": 5,
#| "sizes": {"item": 6, "v": 2, "dim": 3, "class": 3},
#| "indices": {"label": 3},
#| "given": {"emb": "item v dim", "label": "item", "age": "item"},
#| "expressions": ["mean(hardest(pull))", "mean(rest(pull)) else 0", "threshold(pull)", "sum[a in pull](threshold(pull)[item = 0, v = 0])",
#|   "mean[a in pull](quantile[n in a.candidate if pull(a, n) > 0](pull(a, n), 0.5) else 0)",
#|   "quantile[a in pull, c in z if c != a](dot(a, c), 0.75)"]}
spec quantile_of_negatives "The negatives above a share of them"
param share: real in 0 .. 1 = 0.9, tau: real > 0 = 0.2
data rows_of: emb[item, v, dim], label[item] -> class, age[item] from "rows.npz"
let z = unit(emb)
contrast pull:
    anchor      a in z
    positive    c in z if c.item == a.item and c.v != a.v
    negative    c in z if c.label != a.label
    similarity  dot(a, c)
    temperature tau
def threshold(R)[a in R] = quantile[n in a.negative](R(a, n), share)
def hardest(R)[a in R]:
    let bar = quantile[n in a.negative](R(a, n), share)
    (logsumexp[n in a.negative if R(a, n) >= bar](R(a, n)) if present(bar) else 0) - mean[p in a.positive](R(a, p))
def rest(R)[a in R]:
    let bar = quantile[n in a.negative](stop(R(a, n)), 0.5)
    sum[n in a.negative if R(a, n) < bar](exp(R(a, n)) * sigmoid(bar))
