# section 3: an axis that the argument makes is reduced in place
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "y", "sum(x) + sum(y) else 0"]}
spec size_of_a_made_axis "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = last[t](cat[t](w[item -> t], w[item -> t]))
let y = sum[rank](sort[item](w) ^ 2)
