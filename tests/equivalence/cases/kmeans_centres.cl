# section 7: centres from given rows; absent rows and centres take no part; a centre without rows stays; restarts are an axis
#| {"seed": 3,
#| "sizes": {"item": 9, "v": 2, "dim": 3, "cluster": 3, "class": 3},
#| "indices": {"label": 3},
#| "given": {"emb": "item v dim", "age": "item", "label": "item"},
#| "expressions": ["near", "few", "bydot[cluster = 0]", "bycos", "mean(loss)", "best", "far[cluster = 2]", "gone else 7", "none"]}
spec kmeans_centres "Centres of clusters"
data rows_of: emb[item, v, dim], age[item], label[item] -> class from "rows.npz"
let x = emb[v = 0]
let first[cluster = 3] = x[item = 2 * cluster]
let near = kmeans[item -> cluster](x, start = first, rounds = 4)
let few = kmeans[item -> cluster](x if age > 0, start = first, rounds = 3)
let bydot = kmeans[item -> cluster](unit(emb), start = first, rounds = 2, by = "dot")
let bycos = kmeans[item -> cluster](x, start = first, rounds = 2, by = "cosine")
let far = kmeans[item -> cluster](x, start = (first + 100) if cluster == 2 else first)
let gone = kmeans[item -> cluster](x, start = first if cluster != 1, rounds = 3)
let none = kmeans[item -> cluster](x, start = first, rounds = 0)
let which = argmax[cluster](-dist2(x, near))
let loss = dist2(x, near[cluster = which])
let several[again = 4, cluster = 3] = x[item = (2 * cluster + again) % 9]
let tries = kmeans[item -> cluster](x, start = several, rounds = 5)
let cost = mean[item](min[cluster](dist2(x, tries)))
let best = tries[again = argmin[again](cost)]
