# section 3: an axis bound in brackets is bound in the body alone; a condition outside over its name is about other entries
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "sum(x)", "sum(y)"]}
spec guard_over_an_axis_bound_anew "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = (max[item](log(w) if w > 0.1) else 0) if age > 0 else 0.1
let y = sum[item](sqrt(abs(w))) if age > 0 else 0.1
