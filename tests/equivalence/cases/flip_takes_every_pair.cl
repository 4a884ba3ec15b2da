# section 5: `flip(R)`: the candidates become anchors; a candidate is positive or negative
#| {"seed": 7,
#| "sizes": {"item": 4, "v": 2, "dim": 3, "slot": 3, "class": 3},
#| "given": {"emb": "item v dim", "w": "item v", "age": "item"},
#| "expressions": ["own(flip(pull))", "own(pull)", "sum(own(flip(pull))) else 0"]}
spec flip_takes_every_pair "A text that once disagreed"
data rows_of: emb[item, v, dim], w[item, v], age[item] from "rows.npz"
let z = emb[v = 0]
contrast pull:
    anchor      a in z
    positive    c in z if c.age > a.age and c != a
    negative    c in z if c.age <= a.age and c != a
    similarity  cos(a, c)
    temperature 0.5
def own(R)[a in R] = (max[c in a.candidate](R.similarity(a, c)) else 0) + 0.1 * sum[c in a.negative](R(a, c))
