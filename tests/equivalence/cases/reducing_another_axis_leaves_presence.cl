# section 2, rule 3: reducing an axis on which presence does not depend leaves presence alone
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["sum[v](x)", "count[v](x)", "prod[v](x)", "logsumexp[v](x)", "mean[v](x)", "max[v](x)", "sum[v if v > 0](x)", "sum(sum[v](x)) else 0", "any[v](x > 0)"]}
spec reducing_another_axis_leaves_presence "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = w[item = item - 1]
