# section 2, rule 5: stand-ins enter before the operation, where the condition is one number
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["x", "y", "sum(x) else 0", "sum(y) else 0"]}
spec guard_without_axes "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let low = min[item, v](tanh(w))
let x = sqrt(low) if low > 0
let y = log(low) if low > 0 else 0
