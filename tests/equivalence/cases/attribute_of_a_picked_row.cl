# section 4: a row of a list, picked by its rank, has the attributes of the row
#| {"seed": 3,
#| "sizes": {"item": 5, "v": 2, "dim": 3, "slot": 4, "class": 3},
#| "indices": {"label": 3},
#| "given": {"emb": "item v dim", "label": "item", "age": "item"},
#| "expressions": ["hard[rank = 0].age", "hard[rank = 1].item", "hard[rank = 2].rank", "hard[rank = 4].age", "hard[rank = label].age",
#|   "hard[rank = label].label == label", "hard[rank = 0].age * age[item = 1]", "near[rank = 0].age else 5", "mean(gap(pull)) else 0",
#|   "hard[rank = 1 : 3][rank = 0].age"]}
spec attribute_of_a_picked_row "Attributes of rows of a list"
data rows_of: emb[item, v, dim], label[item] -> class, age[item] from "rows.npz"
let z = emb[v = 0]
let hard = {n in z top 3 by n.age}
let near = {n in z if n.age > 9 top 3 by n.age}
contrast pull:
    anchor      a in z
    positive    c in z if c.label == a.label and c != a
    negative    c in z if c.label != a.label
    similarity  dot(a, c)
def gap(R)[a in R]:
    let mine = {n in a.negative top 2 by R(a, n)}
    (mine[rank = 0].age - a.age) ^ 2 + (mine[rank = 1].item == a.item)
