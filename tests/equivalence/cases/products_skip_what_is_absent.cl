# section 2, rule 3: a sum over an axis on which presence depends skips the absent entries
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["dot(x, emb)", "cos(x, y)", "dist2(x, y)", "norm(x)", "sq(x)", "unit(x)", "sum(dot(x, y)) + sum(cos(x, y)) + sum(dist2(x, emb)) + sum(norm(x)) + sum(atan(unit(x)))"]}
spec products_skip_what_is_absent "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = emb if emb > 0
let y = emb[v = 1 - v] if dim < 2
