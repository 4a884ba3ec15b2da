# section 7: sinkhorn with masses and a stopping test; lanes rest apart; absent entries take no part
#| {"seed": 4,
#| "sizes": {"item": 5, "v": 2, "dim": 3, "class": 3},
#| "indices": {"label": 3},
#| "given": {"emb": "item v dim", "age": "item", "label": "item"},
#| "expressions": ["plan", "mean(plan * s)", "even", "mean(even * s)", "few", "mean(few * s else 0)", "sum[item](uneven)", "mean(uneven * s)", "long"]}
spec transport_until_it_rests "Entropic transport"
data rows_of: emb[item, v, dim], age[item], label[item] -> class from "rows.npz"
let s = emb / 0.5
let plan = sinkhorn[dim, item](s, rounds = 60, until = 1e-3, masses = (1 / size(dim) + 1e-3, 1 / size(item)))
let even = sinkhorn[item, dim](s, rounds = 40, until = 0.01)
let few = sinkhorn[item, dim](s if age > 0, rounds = 30, until = 0.01)
let weights = exp(age) / sum(exp(age))
let uneven = sinkhorn[dim, item](s, rounds = 3, masses = (1 / size(dim), weights))
let long = sum[item](sinkhorn[item, dim](s, rounds = 200, until = 1e-9)) - 1 < 1e-6
