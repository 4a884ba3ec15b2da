# section 2, rule 3: presence that does not depend on what is sorted stays
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "prod[place](x)", "sum[place](x)", "sum(x) else 0"]}
spec sort_leaves_other_presence "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = sort[item](w if v > 0)[rank -> place]
