# section 7: the anchor's gate on both sides of a cosine, of a dot, of a length and of a distance; gates and rows of zeros
#| {"seed": 11,
#| "sizes": {"item": 5, "v": 2, "dim": 3, "class": 3},
#| "indices": {"label": 3, "pair": 3},
#| "given": {"emb": "item v dim", "key": "item v dim", "filter": "item dim", "label": "item", "pair": "item"},
#| "expressions": ["gaps(gated) else 0", "gaps(shut) else 0", "gaps(unheld)", "mean[a in emb, c in key](norm(a.filter * c))",
#|   "mean[a in emb, c in key](dist2(a.filter * a, a.filter * c))", "mean[a in emb, c in key](cos(a.some * a, stop(a.some * c)))",
#|   "sum[a in emb, c in key](dot(a, unit(a.item * c)))", "mean[a in emb, c in key if a.h > 0](cos(a, a.h * a.filter * c)) else 0"]}
spec rows_gated_by_their_anchor "Rows of candidates in the subspace of the anchor"
data rows_of: emb[item, v, dim], key[item, v, dim], filter[item, dim], label[item] -> class, pair[item] -> class from "rows.npz"
let gate = sigmoid(filter)
let some = gate if gate > 0.5 else 0        # some entries are shut, some gates altogether
let h = filter[dim = 0] if filter[dim = 1] > 0
contrast gated:
    anchor      a in emb
    positive    c in key if c.v != a.v and c.label == a.pair
    negative    c in key if c.v != a.v and c.label != a.pair and c.label != a.label
    similarity  cos(a.gate * a, a.gate * c)
    temperature 0.5
contrast shut from gated:
    similarity  cos(a.some * a, a.some * c)
contrast unheld from gated:
    similarity  dot(a.gate * a, a.gate * c)
def gaps(R) = mean[a in R, p in a.positive](logaddexp(R(a, p), logsumexp[n in a.negative](R(a, n))) - R(a, p)) else 0
