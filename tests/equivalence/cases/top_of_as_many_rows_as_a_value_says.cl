# section 4: the k of a `top` may be a value, one for each item or anchor; the list has the rows whose rank is below it
#| {"seed": 5,
#| "sizes": {"item": 4, "time": 5, "dim": 3, "class": 3},
#| "indices": {"label": 3},
#| "given": {"emb": "item time dim", "w": "item time", "label": "item", "age": "item"},
#| "expressions": ["k", "peak", "low", "count[c in emb[time] top k by c.w](c)", "sum(peak * peak) else 0", "sum[c in rest[item, rank]](c.item * c[dim = 0])",
#|   "near(pull) else 7", "sum(near(pull))", "rest", "count[c in emb[time] if c.w > 0 top label by c.w](c)"]}
spec top_of_as_many_rows_as_a_value_says "Lists of several lengths"
data bags: emb[item, time, dim], w[item, time], label[item] -> class, age[item] from "rows.npz"
let k = floor(count[time](w if w > 0) / 2) + 1
let peak = mean[c in emb[time] top k by c.w](c)
let low = mean[c in emb[time] if c.w < 1 top label + 1 by -c.w](c)
let best = {c in emb[time] top k by c.w}
let rest = best if age > 0
let z = emb[time = 0]
contrast pull:
    anchor      a in z
    negative    c in rest[item, rank] top a.label + 2 by dot(a, c)
    positive    c in peak if c.item == a.item
    similarity  dot(a, c)
def near(R)[a in R] = mean[n in a.negative](R(a, n)) else 0
