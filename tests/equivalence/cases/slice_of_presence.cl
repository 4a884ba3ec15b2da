# section 2: presence has its own axes, and a slice and its new name reach them too
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "sum(x) else 0", "y"]}
spec slice_of_presence "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let x = (age if v > 0)[v = 0 : 1][v -> t]
let y = (age if v > 0)[v = 1 : 2][v -> t]
