# section 2: over nothing, where the nothing is an axis of no entries; split and merged too
#| {"seed": 4,
#| "sizes": {"item": 5, "v": 2, "dim": 3},
#| "given": {"emb": "item v dim"},
#| "expressions": ["emb + sum(none)", "emb * (mean[near](none) else 7)", "max[near](none) else emb", "sum[near](none) + emb",
#|   "emb * prod[near](none)", "emb + count(none)", "emb if not any[near](none > 0)", "emb if all[near](none > 0)",
#|   "emb + (mean[near, dim](none) else 2)", "emb + (max[near](std[dim](none)) else 1)", "max[t](parts) else emb",
#|   "emb * sum[part, t](parts)", "emb + (mean[c in none](dot(c, c)) else 3)", "emb if logsumexp[near](none) < -9"]}
spec over_an_axis_of_no_entries "Nothing, as an axis"
data rows_of: emb[item, v, dim] from "rows.npz"
let none = emb[item = 0 : 0][item -> near]
let parts = emb[item = 0 : 5 - 5][item -> (part = 4, t)]
